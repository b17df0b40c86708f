"""Every kind of refusal has a counter, a line in the log with the address, and a sentence."""
import json
import re
import socket
import time
from pathlib import Path

import pytest

from client import Client, part
from daemon import DEADLINE_S
from test_frames import handshake
from test_http import metrics

TABLE = (Path(__file__).parents[2] / "daemon/net/refusals.def").read_text(encoding="utf-8")
REASONS = re.findall(r"^REFUSAL\((\w+),", TABLE, re.M)
LIMITED = {"limits.exempt": "", "limits.connections": 4}
HELD = []


@pytest.fixture(autouse=True)
def let_go():
    yield
    while HELD:
        HELD.pop().close()


def send(daemon, raw, source="127.0.0.1"):
    """What is answered, in full or as far as it comes by itself."""
    opened = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, (source, 0))
    HELD.append(opened)
    opened.sendall(raw)
    got = b""
    try:
        while b"\r\n\r\n" not in got or (b" 101 " not in got and not got.endswith(b"}\n")):
            part = opened.recv(65536)
            if not part:
                break
            got += part
    except ConnectionResetError:
        pass
    return got


def get(path="/healthz", *fields, host="localhost", method="GET"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def lines_of(daemon, text):
    """Those of the log, all of which have come once it has stopped."""
    daemon.stop()
    return [line for line in daemon.log if text in line]


def assert_told(daemon, reasons):
    figures = metrics(daemon)
    daemon.stop()
    for reason in reasons:
        assert figures[f'hearth_refusals_total{{reason="{reason}"}}'] >= 1, reason
        assert any(f"refused reason={reason} " in line for line in daemon.log), reason


SIMPLE = {
    "head": b"GET\r\n\r\n",
    "head_too_long": get("/healthz", "Cookie: " + "a" * 20000),
    "method": get(method="FOO"),
    "host": get(host="evil.example"),
    "origin": get("/api/v1/do", "Origin: http://evil.example", "Content-Length: 2", method="POST") + b"{}",
    "credentials": get("/api/v1/rooms", "Authorization: Basic abc"),
    "body": get("/api/v1/do", "Content-Length: 99999999", method="POST"),
    "request": get("/api/v1/nothing"),
}


@pytest.mark.parametrize("reason", SIMPLE)
def test_a_refusal_is_counted_logged_and_told(make_daemon, reason):
    daemon = make_daemon()
    sample = f'hearth_refusals_total{{reason="{reason}"}}'
    before = metrics(daemon)[sample]
    for _ in range(3):
        answer = send(daemon, SIMPLE[reason])
        refusal = json.loads(answer.split(b"\r\n\r\n", 1)[1])
        assert refusal["message"].endswith(".") and refusal["error_code"]
    assert metrics(daemon)[sample] == before + 3
    lines = lines_of(daemon, f"refused reason={reason} ")
    assert len(lines) == 1 and "address=127.0.0.1" in lines[0], "once a minute, with the address"


def test_others_that_need_more_than_a_request(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.connections_per_address": 3, "http.trusted_proxies": "127.0.0.9"})
    counted = set()

    def expect(reason, status, answer):
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
        counted.add(reason)

    expect("upgrade", 404, send(daemon, handshake(daemon, path="/ws/nothing")))
    expect("origin", 403, send(daemon, handshake(daemon, Origin="http://evil.example")))
    expect("host", 403, send(daemon, handshake(daemon, Host="evil.example")))
    expect("proxy", 400, send(daemon, get("/healthz", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.2"), "127.0.0.9"))
    daemon.until_alone()
    for _ in range(3):
        send(daemon, handshake(daemon), "127.0.0.2")
    expect("address", 429, send(daemon, get(), "127.0.0.2"))
    send(daemon, handshake(daemon), "127.0.0.3")
    send(daemon, handshake(daemon), "127.0.0.4")  # has no place until one gives way
    counted.add("gave_way")
    assert_told(daemon, counted)


def test_what_does_not_end_is_timed_out(make_daemon):
    daemon = make_daemon(LIMITED)
    slow = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)
    HELD.append(slow)
    slow.sendall(b"GET / HT")
    daemon.administrator("status")  # it has been accepted by then
    daemon.advance(11)
    assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
    assert_told(daemon, {"timeout"})


def test_every_reason_of_the_table_is_a_sample(make_daemon):
    figures = metrics(make_daemon())
    found = {name.split('"')[1] for name in figures if name.startswith("hearth_refusals_total{")}
    assert found == set(REASONS)


def test_what_the_core_refuses_is_counted_and_logged_with_the_address(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.hellos_burst": 1, "limits.hellos_per_minute": 1})
    statuses = [daemon.http("POST", "/api/v1/do", {"type": "hello", "name": f"n{n}"})[0] for n in range(3)]
    assert statuses == [200, 429, 429]
    assert metrics(daemon)['hearth_errors_total{error_code="rate_limited"}'] == 2
    daemon.advance(61)
    daemon.http("POST", "/api/v1/do", {"type": "hello", "name": "a"})
    daemon.http("POST", "/api/v1/do", {"type": "hello", "name": "b"})
    daemon.http("POST", "/api/v1/do", {"type": "hello", "name": "c"})
    lines = lines_of(daemon, "session: refused error_code=rate_limited")
    assert len(lines) == 2 and all("address=127.0.0.1" in line for line in lines)
    assert "times=1 " in lines[0] + " " and "times=2" in lines[1], "what was left out is said"


async def until_logged(daemon, reason, address):
    """Counted, and one line with the address in the log."""
    assert metrics(daemon)[f'hearth_refusals_total{{reason="{reason}"}}'] >= 1
    lines = lines_of(daemon, f"refused reason={reason} ")
    assert len(lines) == 1 and f"address={address}" in lines[0], lines


async def test_that_all_places_are_taken_is_logged(make_daemon):
    daemon = make_daemon({"limits.exempt": "127.0.0.2,127.0.0.1", "limits.connections": 4})
    people = [await Client.connect(daemon, f"person {n}", local_addr=("127.0.0.2", 0)) for n in range(4)]
    answer = send(daemon, get(), "127.0.0.3")
    assert answer.startswith(b"HTTP/1.1 503 ") and json.loads(answer.split(b"\r\n\r\n", 1)[1])["message"]
    await people.pop().close()
    daemon.until_connections(3)
    await part(*people)
    await until_logged(daemon, "full", "127.0.0.3")


async def test_that_too_many_bodies_are_under_way_is_logged(make_daemon):
    daemon = make_daemon({"limits.exempt": "127.0.0.1", "limits.http_bytes": 262144, "limits.reply_bytes": 32768})
    request = get("/api/v1/do", "Content-Length: 32000", "Expect: 100-continue", method="POST")
    for _ in range(8):
        raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, ("127.0.0.2", 0))
        HELD.append(raw)
        raw.sendall(request)
        raw.recv(4096)
    await until_logged(daemon, "http_bytes", "127.0.0.2")


async def test_that_an_answer_is_read_too_slowly_is_logged(make_daemon, tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("x" * 1_000_000)
    daemon = make_daemon({"http.page_dir": tmp_path / "page"})
    daemon.read_page_slowly()
    await until_logged(daemon, "slow", "127.0.0.1")


async def test_that_a_network_beyond_the_link_has_its_connections_is_logged(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.connections_per_network": 2,
                          "http.trusted_proxies": "127.0.0.9"})
    answers = [send(daemon, handshake(daemon, **{"X-Forwarded-For": f"2001:db8:1:1::{n}"}), "127.0.0.9")
               for n in range(1, 4)]
    assert [answer.split(b" ")[1] for answer in answers] == [b"101", b"101", b"429"]
    assert json.loads(answers[2].split(b"\r\n\r\n", 1)[1])["message"].endswith(".")
    await until_logged(daemon, "network", "2001:db8:1:1::3")


async def test_that_too_many_wait_without_a_request_is_logged(make_daemon):
    daemon = make_daemon({"limits.exempt": "127.0.0.1", "limits.connections": 4,
                          "limits.connections_per_address": 4000})
    first = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, ("127.0.0.2", 0))
    HELD.append(first)
    first.setblocking(False)
    answer = b""
    for _ in range(2000):
        HELD.append(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, ("127.0.0.2", 0)))
        try:
            answer = first.recv(4096)
            break
        except BlockingIOError:
            pass
    assert answer.startswith(b"HTTP/1.1 503 ") and b"wait here without a request" in answer
    while len(HELD) > 1:
        HELD.pop().close()
    await until_logged(daemon, "waiting", "127.0.0.2")
