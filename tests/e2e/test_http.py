"""The page, its headers, and the JSON API."""
import asyncio
import gzip
import http.client
import json
import os
import re
import shutil
import socket
import subprocess

import pytest

from client import Client, meet, new_name
from daemon import DEADLINE_S


def api(daemon, method, path, body=None, key=None, **headers):
    if key:
        headers["Authorization"] = f"Bearer {key}"
    status, _, text = daemon.http(method, "/api/v1" + path, body, headers)
    return status, json.loads(text)


# ---- the page

def test_the_page_is_served_with_strict_headers(daemon):
    status, headers, body = daemon.http("GET", "/", headers={"Accept-Encoding": "gzip"})
    assert status == 200 and headers["content-type"].startswith("text/html")
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    assert b"<html" in body.lower()
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "unsafe-" not in policy and "frame-ancestors" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers


def test_the_page_is_known_by_its_etag(daemon):
    status, headers, _ = daemon.http("GET", "/", headers={"Accept-Encoding": "gzip"})
    etag = headers["etag"]
    status, _, body = daemon.http("GET", "/", headers={"Accept-Encoding": "gzip",
                                                        "If-None-Match": etag})
    assert status == 304 and body == b""


def test_head_has_no_body(daemon):
    status, _, body = daemon.http("HEAD", "/")
    assert status == 200 and body == b""


@pytest.mark.parametrize("path", [
    "/nowhere", "/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/....//etc/passwd", "/static/../../etc/passwd", "//etc/passwd", "/.%00/index.html",
    "/index.html%00.js", "/admin/v1/status", "/admin/v1/rooms", "/admin/v1/do",
])
def test_what_is_not_there_is_not_found(shared, path):
    with socket.create_connection(("127.0.0.1", shared.port), DEADLINE_S) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{shared.port}\r\n"
                    "Connection: close\r\n\r\n".encode())
        answer = b""
        while got := raw.recv(65536):
            answer += got
    assert b"root:" not in answer
    assert not answer or int(answer.split()[1]) in (400, 403, 404), answer[:200]


# ---- health and metrics

def test_whoever_comes_is_told_where_they_are(make_daemon):
    daemon = make_daemon({"server.name": "마을 회관", "rooms.first": "foyer"})
    status, _, body = daemon.http("GET", "/api/v1/server")
    told = json.loads(body)
    assert (status, told["name"], told["first_room"]) == (200, "마을 회관", "foyer")
    assert told["version"] and told["address"] == f"http://127.0.0.1:{daemon.port}"


def test_healthz_says_ok(daemon):
    status, _, body = daemon.http("GET", "/healthz")
    assert status == 200 and json.loads(body) == {"status": "ok"}


def metrics(daemon):
    """Every sample by its name and labels."""
    lines = daemon.http("GET", "/metrics")[2].decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


async def test_metrics_tell_of_storage_clock_and_joins(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    await mina.try_ask("join", room="nowhere")
    before = metrics(daemon)
    assert before["hearth_database_bytes"] > 10_000 and before["hearth_last_backup_timestamp_seconds"] == 0
    assert before['hearth_joins_total{scheme="http"}'] == 1 and before["hearth_joins_failed_total"] == 1
    states = [value for name, value in before.items() if name.startswith("hearth_clock_state{")]
    assert sum(states) == 1 and len(states) >= 3
    daemon.administrator("backup", path=str(tmp_path / "copy.db"))
    made = metrics(daemon)["hearth_last_backup_timestamp_seconds"]
    assert made == daemon.administrator("status")["last_backup"] / 1000 > 0
    await mina.close()
    daemon.restart()
    assert metrics(daemon)["hearth_last_backup_timestamp_seconds"] == made


async def test_promtool_has_nothing_to_say(daemon):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    [mina] = await meet(daemon, "mina")
    text = daemon.http("GET", "/metrics")[2]
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=DEADLINE_S)
    assert checked.returncode == 0 and not checked.stdout + checked.stderr, checked.stdout + checked.stderr
    await mina.close()


async def test_metrics_are_prometheus_text(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("hi")
    status, headers, body = daemon.http("GET", "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    described, found, samples = set(), set(), set()
    for line in body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split()
            assert family not in described, f"{family} is there twice"
            assert family.endswith("_total") == (kind == "counter"), line
            assert not re.search("_(ms|kb|micro|milli)", family), f"{family}: seconds, bytes"
            described.add(family)
        elif line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            float(value)
            assert name not in samples, f"a sample is there twice: {line}"
            samples.add(name)
            found.add(name.split("{")[0])
    assert "hearth_storage_written_bytes_total" in found
    bases = {name for name in found for end in ("_bucket", "_sum", "_count") if name.endswith(end)}
    assert found - bases <= described
    assert b"mina" not in body
    await mina.close()


# ---- the API

async def test_rooms_and_messages_can_be_read(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(f"text {i}"))["seq"] for i in range(10)]
    status, reply = api(daemon, "GET", "/rooms")
    assert status == 200 and [room["name"] for room in reply["rooms"]] == ["lobby"]
    status, reply = api(daemon, "GET", "/rooms/lobby/messages?limit=3")
    assert status == 200 and [m["seq"] for m in reply["messages"]] == seqs[-3:] and reply["more"]
    status, reply = api(daemon, "GET", f"/rooms/lobby/messages?before={seqs[3]}&limit=200")
    assert [m["seq"] for m in reply["messages"]] == seqs[:3] and not reply["more"]
    status, reply = api(daemon, "GET", f"/rooms/lobby/messages?after={seqs[7]}")
    assert [m["seq"] for m in reply["messages"]] == seqs[8:]
    await mina.close()


async def test_a_message_is_posted_with_a_key(daemon):
    [mina] = await meet(daemon, "mina")
    status, reply = api(daemon, "POST", "/rooms/lobby/messages", {"text": "by hand", "nonce": "n"},
                        key=mina.key)
    assert status == 201 and reply["room"] == "lobby" and reply["seq"] and reply["ts"]
    heard = await mina.next("message")
    assert (heard["seq"], heard["from"], heard["text"]) == (reply["seq"], "mina", "by hand")
    again = api(daemon, "POST", "/rooms/lobby/messages", {"text": "by hand", "nonce": "n"},
                key=mina.key)
    assert again[0] in (200, 201) and again[1]["seq"] == reply["seq"]
    status, reply = api(daemon, "POST", "/rooms/lobby/messages", "plain words", key=mina.key,
                        **{"Content-Type": "text/plain"})
    assert status == 201
    assert (await mina.next("message"))["text"] == "plain words"
    await mina.close()


@pytest.mark.parametrize("method, path, body, key, status, code", [
    ("GET", "/rooms/nowhere/messages", None, None, 404, "room_not_found"),
    ("GET", "/rooms/lobby/messages?limit=0", None, None, 400, "bad_request"),
    ("GET", "/rooms/lobby/messages?limit=x", None, None, 400, "bad_request"),
    ("GET", "/nowhere", None, None, 404, None),
    ("DELETE", "/rooms", None, None, 405, None),
    ("PUT", "/rooms/lobby/messages", None, None, 405, None),
    ("POST", "/rooms/lobby/messages", {"text": "x", "nonce": "n"}, None, 401, "unauthorized"),
    ("POST", "/rooms/lobby/messages", {"text": "x", "nonce": "n"}, "f" * 64, 401, "unauthorized"),
    ("POST", "/rooms/lobby/messages", {"nonce": "n"}, "mina", 400, "bad_request"),
    ("POST", "/rooms/lobby/messages", {"text": "x" * 5000, "nonce": "n"}, "mina", 413, "too_long"),
    ("POST", "/rooms/nowhere/messages", {"text": "x", "nonce": "n"}, "mina", 404, "room_not_found"),
])
async def test_errors_have_the_fitting_status(shared, method, path, body, key, status, code):
    [mina] = await meet(shared, new_name())
    key = mina.key if key == "mina" else key
    got, reply = api(shared, method, path, body, key=key)
    assert got == status and reply["message"], reply
    assert code is None or reply["error_code"] == code
    await mina.close()


@pytest.mark.parametrize("method, path, field", [
    ("GET", "/rooms/%ff/messages", "room"), ("GET", "/rooms/a%c3/stream", "room"),
    ("POST", "/rooms/%ed%a0%80/messages", "room"), ("GET", "/rooms/lobby/stream?log=%ff", "log"),
    ("POST", "/rooms/lobby/messages", "text"),
])
async def test_what_is_not_utf8_is_named(shared, method, path, field):
    [mina] = await meet(shared, new_name())
    status, reply = api(shared, method, path, b"caf\xe9" if method == "POST" else None,
                        key=mina.key, **{"Content-Type": "text/plain"})
    assert (status, reply["error_code"], reply["field"]) == (400, "bad_request", field)
    await mina.close()


async def test_a_body_too_large_is_refused(daemon):
    [mina] = await meet(daemon, "mina")
    try:
        status, _ = api(daemon, "POST", "/rooms/lobby/messages", "x" * 1_000_000, key=mina.key,
                        **{"Content-Type": "text/plain"})
        assert status == 413
    except (BrokenPipeError, ConnectionResetError, http.client.HTTPException):
        pass  # it may hang up on the rest
    assert (await mina.ask("ping"))["type"] == "pong"
    await mina.close()


class Stream:
    """curl -N, by hand."""

    def __init__(self, daemon, path, key=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=DEADLINE_S)
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key
                                else {})
        self.response = self.connection.getresponse()

    def next(self, *types):
        while line := self.response.readline():
            frame = json.loads(line)
            if frame["type"] in types:
                return frame
        raise ConnectionError("the stream ended")

    def close(self):
        self.response.close()
        self.connection.close()


async def test_a_stream_stays_open(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(f"text {i}"))["seq"] for i in range(3)]
    stream = Stream(daemon, f"/api/v1/rooms/lobby/stream?after={seqs[0]}")
    assert stream.response.status == 200
    assert [stream.next("message")["seq"] for _ in range(2)] == seqs[1:]
    assert stream.next("live")["room"] == "lobby"
    later = await mina.send("later")
    assert stream.next("message")["seq"] == later["seq"]
    stream.close()
    await mina.close()


async def test_without_anonymous_reading_a_key_is_needed(make_daemon):
    daemon = make_daemon({"http.anonymous_read": "false"})
    [mina] = await meet(daemon, "mina")
    assert api(daemon, "GET", "/rooms/lobby/messages")[0] == 401
    assert api(daemon, "GET", "/rooms/lobby/messages", key=mina.key)[0] == 200
    await mina.close()


async def test_private_rooms_are_not_read_without_being_in_them(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den", visibility="private")
    jun = await Client.connect(daemon, "jun")
    assert api(daemon, "GET", "/rooms/den/messages")[0] in (401, 403, 404)
    assert api(daemon, "GET", "/rooms/den/messages", key=jun.key)[0] in (403, 404)
    assert api(daemon, "GET", "/rooms/den/messages", key=mina.key)[0] == 200
    assert [r["name"] for r in api(daemon, "GET", "/rooms")[1]["rooms"]] == ["lobby"]
    await mina.close()
    await jun.close()


@pytest.mark.parametrize("language, title", [("ko-KR,ko;q=0.9,en;q=0.8", "이름을 모릅니다"), ("ko", "이름을 모릅니다"),
                                             ("en-US,ko;q=0.5", "does not know itself"), ("kok", "does not know itself"),
                                             (None, "does not know itself")])
def test_who_comes_by_an_unknown_name_is_told_in_words(shared, language, title):
    headers = {"Host": "evil.example\"><script>", "Accept": "text/html,*/*;q=0.8", "Accept-Language": language}
    status, got, page = shared.http("GET", "/", headers={k: v for k, v in headers.items() if v})
    text = page.decode()
    assert status == 403 and got["content-type"] == "text/html; charset=utf-8"
    assert title in text and "allowed_hosts" in text and "evil.example&#34;&#62;&#60;script&#62;" in text
    assert "<script" not in text and "default-src 'none'" in got["content-security-policy"]
    status, got, body = shared.http("GET", "/", headers={"Host": "evil.example"})
    assert status == 403 and "allowed_hosts" in json.loads(body)["message"]


def test_cors_is_only_for_allowed_origins(make_daemon):
    daemon = make_daemon({"http.allowed_origins": "https://chat.example.org"})
    _, headers, _ = daemon.http("GET", "/api/v1/rooms", headers={"Origin":
                                                                 "https://chat.example.org"})
    assert headers["access-control-allow-origin"] == "https://chat.example.org"
    status, headers, _ = daemon.http("GET", "/api/v1/rooms", headers={"Origin":
                                                                      "https://evil.example"})
    assert "access-control-allow-origin" not in headers


def test_bodies_that_do_not_come_are_bounded_together(make_daemon):
    daemon = make_daemon({"limits.http_bytes": 262144, "limits.connections_per_address": 100})
    waiting = []
    for _ in range(262144 // 16384):
        raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)
        raw.sendall(b"POST /api/v1/rooms/lobby/messages HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Length: 16384\r\n\r\n")
        waiting.append(raw)

    def until(expected):
        for _ in range(1000):
            status = api(daemon, "POST", "/rooms/lobby/messages", {"text": "hi"})[0]
            if status == expected:
                return
        raise AssertionError(f"{status} instead of {expected}")
    until(503)
    assert daemon.http("GET", "/healthz")[0] == 200
    for raw in waiting:
        raw.close()
    until(401)


async def test_a_long_reply_comes_whole(make_daemon):
    """Longer than what a turn of the loop writes to one connection."""
    daemon = make_daemon({"limits.reply_bytes": 4 << 20, "limits.replies_bytes": 32 << 20,
                          "limits.http_bytes": 16 << 20, "storage.durability": "process_crash"})
    [mina] = await meet(daemon, "mina")
    for i in range(150):
        await mina.send(f"{i} " + "\U0001f600" * 1000)
    status, _, body = await asyncio.to_thread(daemon.http, "GET",
                                              "/api/v1/rooms/lobby/messages?limit=150")
    page = json.loads(body)
    assert status == 200 and len(body) > 512 * 1024
    assert len(page["messages"]) == 150 and not page["more"]
    await mina.close()


def test_a_file_of_any_size_is_sent_whole_and_known_by_its_etag(make_daemon, tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    content = os.urandom(9 << 20)
    (page / "index.html").write_bytes(b"<!doctype html>")
    (page / "large.bin").write_bytes(content)
    (page / "empty.txt").write_bytes(b"")
    daemon = make_daemon({"http.page_dir": page})
    status, headers, body = daemon.http("GET", "/large.bin")
    assert status == 200 and body == content
    assert daemon.http("GET", "/large.bin", headers={"If-None-Match": headers["etag"]})[0] == 304
    status, headers, body = daemon.http("HEAD", "/large.bin")
    assert (status, headers["content-length"], body) == (200, str(len(content)), b"")
    assert daemon.http("GET", "/empty.txt")[::2] == (200, b"")
    assert daemon.http("GET", "/none.txt")[0] == 404


def test_a_file_that_shrinks_while_it_is_sent_is_not_passed_off_as_whole(make_daemon, tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_bytes(b"<!doctype html>")
    large = page / "large.bin"
    large.write_bytes(bytes(9 << 20))
    daemon = make_daemon({"http.page_dir": page})
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(DEADLINE_S)
    raw.connect(("127.0.0.1", daemon.port))
    raw.sendall(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
    got = len(raw.recv(4096))
    os.truncate(large, 1 << 20)
    try:
        while data := raw.recv(1 << 16):
            got += len(data)
    except ConnectionResetError:
        pass
    assert got < 9 << 20
    assert daemon.http("GET", "/large.bin")[2] == bytes(1 << 20)
    raw.close()


def test_connect_is_refused(daemon):
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) as raw:
        raw.sendall(b"CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n")
        answer = b""
        while part := raw.recv(4096):
            answer += part
    assert answer.split()[1] == b"405" and b"\r\nAllow: " in answer
