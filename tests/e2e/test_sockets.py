"""What daemon/net does with sockets, under both loops: streams, smuggling, strangers, descriptors."""
import asyncio
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import websockets

from client import Client, meet
from daemon import DEADLINE_S, Daemon, HEARTHD
from test_frames import close_code, handshake, upgraded

LOOPS = ["auto", "poll"]


@pytest.fixture(params=LOOPS)
def looped(request, make_daemon):
    """make_daemon, once with each loop."""
    def make(settings=None, **options):
        return make_daemon({"server.loop": request.param, **(settings or {})}, **options)
    return make


def rests(daemon):
    """Looked at a hundred times it mostly waits; whoever spins is always about to run."""
    states = []
    for _ in range(100):
        states.append(Path(f"/proc/{daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()[0])
        time.sleep(0.005)
    return states.count("R") < 50


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)


def request(daemon, line, *headers, body=b""):
    head = "\r\n".join([line + " HTTP/1.1", f"Host: 127.0.0.1:{daemon.port}", *headers])
    return head.encode() + b"\r\n\r\n" + body


def answers(daemon, sent):
    """Everything that comes back until the end, or until it has been quiet for a while."""
    with connect(daemon) as raw:
        raw.sendall(sent)
        raw.settimeout(2)
        got = b""
        try:
            while part := raw.recv(65536):
                got += part
        except (TimeoutError, ConnectionResetError):
            pass
    return got


def read_until(raw, what, got=b""):
    while what not in got:
        part = raw.recv(65536)
        assert part, got[-500:]
        got += part
    return got


# ---- requests that two servers would see differently

@pytest.mark.parametrize("headers, body", [
    (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n"),
    (["Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    (["Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
    (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], b"0\r\n\r\n"),
    (["Content-Length: 5", "Content-Length: 6"], b"helloGET /healthz HTTP/1.1\r\n\r\n"),
    (["Content-Length: 5, 6"], b"hello!"), (["Content-Length: -1"], b"hello"),
    (["Content-Length: +5"], b"hello"), (["Content-Length: 0x5"], b"hello"),
    (["Content-Length: 5x"], b"hello"), (["Content-Length: 99999999999999999999"], b"hello"),
    (["Content-Length:"], b"hello"), ([], b"hello"),
])
def test_a_smuggled_request_is_not_answered(shared, headers, body):
    sent = request(shared, "POST /api/v1/rooms/lobby/messages", *headers, body=body)
    got = answers(shared, sent + request(shared, "GET /healthz"))
    assert got.count(b"HTTP/1.1 ") <= 1 and b'"ok"' not in got
    assert not got or int(got.split()[1]) in (400, 411, 413)


def test_a_body_where_none_belongs_is_refused(shared):
    got = answers(shared, request(shared, "GET /healthz", "Content-Length: 5", body=b"hello"))
    assert got.count(b"HTTP/1.1 ") == 1 and got.split()[1] == b"400"


@pytest.mark.parametrize("first", ["GET", "POST"])
@pytest.mark.parametrize("second", ["GET", "POST", "garbage"])
def test_what_is_pipelined_is_not_read_and_stalls_nobody(looped, first, second):
    """lws 4.1.6 never comes back from a POST that it has read together with another request."""
    daemon = looped()
    path = "/api/v1/rooms/lobby/messages"
    requests = {
        "GET": request(daemon, f"GET {path}"),
        "POST": request(daemon, f"POST {path}", "Content-Length: 12", body=b'{"text":"x"}'),
        "garbage": b"garbage",
    }
    got = answers(daemon, requests[first] + requests[second] + requests["POST"])
    assert got.count(b"HTTP/1.1 ") == 1
    assert daemon.http("GET", "/healthz")[0] == 200


def test_odd_upgrades_harm_nothing(looped):
    daemon = looped()
    for upgrade in ("foo", "h2c", "websocket, foo", "TLS/1.0"):
        answers(daemon, request(daemon, "GET /healthz")
                + request(daemon, "GET /healthz", f"Upgrade: {upgrade}", "Connection: Upgrade"))
    assert daemon.http("GET", "/healthz")[0] == 200


def test_a_wish_for_http2_is_passed_over(looped):
    daemon = looped()
    got = answers(daemon, request(daemon, "GET /healthz", "Connection: Upgrade, HTTP2-Settings",
                                  "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"))
    assert got.count(b"HTTP/1.1 ") == 1 and got.startswith(b"HTTP/1.1 200 ")


def test_a_page_elsewhere_may_not_post(daemon):
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        status, _, _ = daemon.http("POST", "/api/v1/do", {"type": "ping"}, headers)
        assert status == 403
    origin = f"http://127.0.0.1:{daemon.port}"
    status, _, _ = daemon.http("POST", "/api/v1/do", {"type": "ping"}, {"Origin": origin})
    assert status != 403


# ---- the conversation behind POST /api/v1/do

def test_a_guest_can_live_by_http_alone(looped):
    daemon = looped()

    def do(key, type, **fields):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        status, _, body = daemon.http("POST", "/api/v1/do", {"type": type, **fields}, headers)
        return status, json.loads(body)

    status, welcome = do(None, "hello", name="mina")
    assert status == 200 and welcome["type"] == "welcome"
    key = welcome["session"]
    status, ack = do(key, "send", room="lobby", text="hi", nonce="1", ref=7)
    assert status == 200 and ack["type"] == "ack" and ack["ref"] == 7
    assert do(key, "edit", room="lobby", target=ack["seq"], text="hi all")[0] == 200
    assert do(key, "react", room="lobby", target=ack["seq"], emoji="👍", on=True)[0] == 200
    status, history = do(key, "history", room="lobby")
    assert history["messages"][0]["text"] == "hi all"
    assert do(key, "send", room="nowhere", text="x", nonce="2")[0] == 404
    assert do(key, "logout")[0] == 200
    assert do(key, "rooms")[0] == 401
    assert do(None, "send", room="lobby", text="x", nonce="3")[0] == 401
    assert do(key, "nonsense")[0] == 400


# ---- streams

def stream(daemon, *headers, path="/api/v1/rooms/lobby/stream?history=0"):
    raw = connect(daemon)
    raw.sendall(request(daemon, f"GET {path}", *headers))
    return raw, read_until(raw, b'"live"')


async def test_a_stream_speaks_event_stream_to_those_who_ask(looped):
    daemon = looped()
    [mina] = await meet(daemon, "mina")
    raw, got = stream(daemon, "Accept: text/event-stream")
    with raw:
        head, body = got.split(b"\r\n\r\n", 1)
        assert b"Content-Type: text/event-stream" in head and body.startswith(b'data: {"type":"joined"')
        said = await mina.send("over the stream")
        got = read_until(raw, b"over the stream")
        lines = [line for line in got.decode().split("\n") if line.startswith("data: ")]
        events = [json.loads(line[len("data: "):]) for line in lines]
        assert [e["seq"] for e in events if e["type"] == "message"] == [said["seq"]]
    await mina.close()


async def test_a_stream_that_is_read_late_misses_nothing(looped):
    daemon = looped({"limits.room_log_bytes": 65536})
    [mina] = await meet(daemon, "mina")
    raw, got = stream(daemon)
    with raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        acks = await asyncio.gather(*(mina.send(f"{i} " + "x" * 1990) for i in range(1000)))
        seqs = [ack["seq"] for ack in acks]
        got = read_until(raw, b'"text":"999 ', got.split(b'"live"')[1].split(b"\n", 1)[1])
        lines = [json.loads(line) for line in got.split(b"\n")[:-1]]
        heard = [line["seq"] for line in lines if line["type"] == "message"]
        assert heard == seqs[:len(heard)] and len(heard) >= 999
    await mina.close()


def test_streams_of_those_who_have_gone_cost_nothing(looped):
    daemon = looped()
    ways = {"closed": lambda raw: raw.close(), "half": lambda raw: raw.shutdown(socket.SHUT_WR),
            "more": lambda raw: raw.sendall(request(daemon, "GET /healthz"))}
    opened = [(how, stream(daemon)[0]) for how in ways for _ in range(5)]
    for how, raw in opened:
        ways[how](raw)
    assert rests(daemon)
    for how, raw in opened:
        if how == "half":
            while raw.recv(65536):  # it hangs up once it has noticed
                pass
    for _, raw in opened:
        raw.close()
    assert daemon.http("GET", "/healthz")[0] == 200


def test_a_request_whose_client_leaves_early_harms_nothing(looped):
    daemon = looped()
    for _ in range(20):
        for path in ("/api/v1/rooms", "/api/v1/rooms/lobby/messages", "/", "/metrics"):
            with connect(daemon) as raw:
                raw.sendall(request(daemon, f"GET {path}"))
                raw.shutdown(socket.SHUT_WR)
    assert rests(daemon)
    assert daemon.http("GET", "/healthz")[0] == 200


# ---- strangers and bounds

async def test_silent_strangers_keep_nobody_out(looped):
    daemon = looped()
    strangers = [connect(daemon) for _ in range(300)]
    for i, raw in enumerate(strangers):
        raw.sendall(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n"[:i % 30])
    [mina] = await meet(daemon, "mina")
    await mina.send("in")
    await mina.close()
    for raw in strangers:
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass
        raw.close()


async def meet_when_there_is_room(daemon):
    """The daemon turns newcomers away until it has seen the others go."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            [mina] = await meet(daemon, "mina")
            return mina
        except Exception:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("loop", LOOPS)
async def test_out_of_descriptors_it_rests_and_comes_back(tmp_path, loop):
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is not here")
    daemon = Daemon(tmp_path, {"server.loop": loop})
    daemon.start(prefix=["prlimit", "--nofile=48:48", "--"])
    crowd = [connect(daemon) for _ in range(200)]
    for raw in crowd[100:110]:
        raw.settimeout(0.2)
        try:
            raw.sendall(request(daemon, "GET /healthz"))
            raw.recv(4096)
        except OSError:
            pass
    assert rests(daemon)
    for raw in crowd:
        raw.close()
    mina = await meet_when_there_is_room(daemon)
    await mina.send("room again")
    await mina.close()
    assert sum(map(len, daemon.log)) < 200_000
    daemon.finish()


def test_descriptors_return_to_where_they_were(looped):
    daemon = looped()
    folder = Path(f"/proc/{daemon.pid}/fd")
    assert daemon.http("GET", "/healthz")[0] == 200
    count = len(list(folder.iterdir()))
    for i in range(200):
        with connect(daemon) as raw:
            raw.sendall(handshake(daemon)[:i * 3])
    while len(list(folder.iterdir())) > count:
        daemon.http("GET", "/healthz")


# ---- the sockets themselves

HAND_OVER = """
import os, socket, sys
tcp = socket.create_server(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
unix.listen()
os.dup2(tcp.fileno(), 20)
os.dup2(unix.fileno(), 21)
os.dup2(20, 3)
os.dup2(21, 4)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.argv[2], sys.argv[2:])
"""


async def test_sockets_are_taken_over_from_systemd(make_daemon, tmp_path):
    daemon = make_daemon({"listen.port": 1, "admin.socket": tmp_path / "never"}, start=False)
    daemon.start(prefix=[sys.executable, "-c", HAND_OVER, str(tmp_path / "handed")])
    assert daemon.port not in (0, 1)
    [mina] = await meet(daemon, "mina")
    daemon.socket = tmp_path / "handed"
    assert daemon.administrator("status")["users_here"] == 1
    assert not (tmp_path / "never").exists()
    await mina.close()
    daemon.finish()
    assert (tmp_path / "handed").exists(), "it is systemd's to remove"


KEPT = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_whoever_connects_while_it_restarts_is_not_refused(make_daemon):
    """As systemd keeps the socket, this test does: who comes between two daemons waits in it, and is answered."""
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            asking = http.client.HTTPConnection("127.0.0.1", kept.getsockname()[1], timeout=DEADLINE_S)
            try:
                asking.request("GET", "/healthz")
                answers.append(asking.getresponse().status)
            except (ConnectionResetError, http.client.RemoteDisconnected): # it was under way at the stop
                answers.append("ended")
            except ConnectionRefusedError:
                answers.append("refused")
            asking.close()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as kept:
        daemon = make_daemon(start=False)
        began = dict(prefix=[sys.executable, "-c", KEPT, str(kept.fileno())], descriptors=[kept.fileno()])
        daemon.start(**began)
        visitors = [threading.Thread(target=ask) for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        for _ in range(3):
            before = answers.count(200)
            while answers.count(200) < before + 20:
                stop.wait(0.01)
            daemon.stop()
            daemon.start(**began)
        stop.set()
        for visitor in visitors:
            visitor.join()
        daemon.stop()
    assert set(answers) <= {200, "ended"} and answers.count("ended") < answers.count(200), answers


def test_a_second_daemon_does_not_take_the_first_ones_socket(daemon, tmp_path):
    done = subprocess.run([HEARTHD, "--set=listen.address=127.0.0.1", "--set=listen.port=0",
                           f"--set=storage.path={tmp_path / 'other.db'}",
                           f"--set=admin.socket={daemon.socket}"],
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 1
    assert "Another hearthd is running" in done.stderr.strip().splitlines()[-1]
    assert daemon.admin("GET", "/admin/v1/status")[0] == 200
    assert not (tmp_path / "other.db").exists(), "nothing was touched"


def test_a_file_in_the_sockets_place_is_left_alone(make_daemon, tmp_path):
    (tmp_path / "precious").write_text("keep me")
    daemon = make_daemon({"admin.socket": tmp_path / "precious"}, start=False)
    done = subprocess.run(daemon.command(), capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 1 and "precious" in done.stderr
    assert (tmp_path / "precious").read_text() == "keep me"


def test_the_admin_api_is_not_reached_by_naming_it(shared):
    for host in ("admin", "localhost", "hearth"):
        got = answers(shared, f"GET /admin/v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert got.split()[1] in (b"403", b"404")


# ---- the page from a folder

def test_a_page_from_a_folder_does_not_lead_out_of_it(make_daemon, tmp_path):
    page = tmp_path / "page"
    (page / "sub").mkdir(parents=True)
    (page / "index.html").write_text("<html>mine</html>")
    (page / "sub" / "a.js").write_text("1")
    (page / ".hidden").write_text("no")
    (tmp_path / "secret").write_text("secret")
    (page / "link").symlink_to(tmp_path / "secret")
    (page / "out").symlink_to(tmp_path)
    daemon = make_daemon({"http.page_dir": page})
    for path, wanted in {"/": b"mine", "/r/lobby": b"mine", "/sub/a.js": b"1"}.items():
        status, headers, body = daemon.http("GET", path)
        assert status == 200 and wanted in body and "content-security-policy" in headers
        etag = headers["etag"]
        assert daemon.http("GET", path, headers={"If-None-Match": etag})[0] == 304
    for path in ("/link", "/out/secret", "/.hidden", "/sub", "/sub/", "/sub/../../secret",
                 "/..%2fsecret", "/nowhere"):
        status, _, body = daemon.http("GET", path)
        assert status in (400, 403, 404) and b"secret" not in body, path


# ---- the echo of conformance suites

@pytest.mark.parametrize("subprotocols", [["hearth.echo"], None])
async def test_the_echo_says_what_it_hears(looped, subprotocols):
    daemon = looped()
    url = f"ws://127.0.0.1:{daemon.port}/test/echo"
    try:
        echo = await websockets.connect(url, subprotocols=subprotocols, max_size=None,
                                        compression=None)
    except websockets.InvalidStatusCode:
        pytest.skip("built without HEARTH_TEST_ENDPOINTS")
    for text in ("", "x", "é" * 100, "y" * 126, "z" * 65536, b"", b"\x00\xff" * 40000,
                 "big" * 300_000):
        await echo.send(text)
        assert await echo.recv() == text
    await echo.send(["frag", "ments ", "한국", "어"])
    assert await echo.recv() == "fragments 한국어"
    with pytest.raises(websockets.ConnectionClosed):
        await echo.send(b"x" * (16 * 1024 * 1024 + 1))
        await echo.recv()
    assert echo.close_code == 1009


async def test_a_stop_closes_everybody_with_1001(looped):
    daemon = looped()
    people = await meet(daemon, *(f"user{i}" for i in range(30)))
    raw, _ = stream(daemon)
    await asyncio.to_thread(daemon.stop)
    for person in people:
        assert (await person.wait_closed())[0] == 1001
    with raw:
        while raw.recv(65536):
            pass


async def test_a_stop_does_not_wait_for_silent_phones(looped):
    daemon = looped()
    [mina] = await meet(daemon, "mina")
    with upgraded(daemon) as phone:
        phone.settimeout(DEADLINE_S)
        await asyncio.to_thread(daemon.stop)
        assert close_code(phone) == 1001
    assert (await mina.wait_closed())[0] == 1001
    assert any("good-bye connections=1 after_ms=1000" in line for line in daemon.log)
