"""Every HTTP request gets a final status: raw requests, and what each must be answered."""
import concurrent.futures
import json
import re
import socket

import pytest

from client import meet, part
from daemon import DEADLINE_S

HOST = b"Host: localhost\r\n"
PING = b'{"type":"ping"}'
LONG = b"a" * 9000
ROOMS = b"/api/v1/rooms"
DO = b"/api/v1/do"


def get(target=b"/healthz", fields=b"", host=HOST, version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + host + fields + b"\r\n"


def post(length, body=b"", fields=b"", method=b"POST", target=DO):
    return (method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"Content-Length: " + length + b"\r\n" + fields
            + b"\r\n" + body)


# what is sent, the status, and the error_code (None: the answer is no refusal)
ANSWERS = [
    # the first line
    (get(), 200, None),
    (b"\r\n" + get(), 200, None),
    (b"\r\n\r\n" + get(), 200, None),
    (get(version=b"HTTP/1.0"), 200, None),
    (get(version=b"HTTP/1.9"), 200, None),
    (get(version=b"HTTP/2.0"), 505, "bad_request"),
    (get(version=b"HTTP/0.9"), 505, "bad_request"),
    (get(version=b"HTTP/1"), 400, "bad_request"),
    (get(version=b"http/1.1"), 400, "bad_request"),
    (get(version=b"HTTP/1.1 "), 400, "bad_request"),
    (b"GET /healthz\r\n\r\n", 400, "bad_request"),
    (b"GET\r\n\r\n", 400, "bad_request"),
    (b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    (b"GET\t/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    (b" GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501, "method_unknown"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400, "bad_request"),
    (b"\x00", 400, "bad_request"),
    # methods
    (get().replace(b"GET", b"FOO"), 501, "method_unknown"),
    (get().replace(b"GET", b"get"), 501, "method_unknown"),
    (get().replace(b"GET", b"PROPFIND"), 501, "method_unknown"),
    (get().replace(b"GET", b"G(T"), 400, "bad_request"),
    (get().replace(b"GET", b"G" * 40), 400, "bad_request"),
    (get().replace(b"GET", b"TRACE"), 405, "bad_request"),
    (get(b"board:80").replace(b"GET", b"CONNECT"), 405, "bad_request"),
    (get(b"*").replace(b"GET", b"OPTIONS"), 204, None),
    (get(ROOMS).replace(b"GET", b"OPTIONS"), 204, None),
    (get(ROOMS).replace(b"GET", b"DELETE"), 405, "bad_request"),
    (get().replace(b"GET", b"HEAD"), 200, None),
    # the address
    (get(b"http://localhost/healthz", host=b"Host: elsewhere.example\r\n"), 200, None),
    (get(b"HTTP://localhost:80/healthz"), 200, None),
    (get(host=b"Host: chat:8080\r\n"), 200, None),
    (get(b"https://localhost/healthz"), 200, None),
    (get(b"http://localhost"), 200, None),
    (get(b"http://localhost?a=1"), 200, None),
    (get(b"http://evil.example/healthz"), 403, "forbidden"),
    (get(b"http://me@localhost/healthz"), 400, "bad_request"),
    (get(b"http:///healthz"), 400, "bad_request"),
    (get(b"ftp://localhost/healthz"), 400, "bad_request"),
    (get(b"*"), 400, "bad_request"),
    (get(b"healthz"), 400, "bad_request"),
    (get(b"/%zz"), 400, "bad_request"),
    (get(b"/%4"), 400, "bad_request"),
    (get(b"/%"), 400, "bad_request"),
    (get(b"/%00"), 400, "bad_request"),
    (get(b"/#lobby"), 400, "bad_request"),
    (get(b"/a\\b"), 400, "bad_request"),
    (get(b"/api/v1/rooms/\xec\xb9\xb4/messages"), 404, "room_not_found"),
    (get(b"/nowhere.txt"), 404, "bad_request"),
    (get(b"/" + b"a" * 5000), 431, "head_too_long"),
    # headers
    (get(fields=b"X-A: 1\r\n"), 200, None),
    (get(fields=b"Ac: 1\r\nHo: 2\r\nContent-L: 3\r\n"), 200, None),
    (get(fields=b"Cookie: " + LONG + b"\r\n"), 200, None),
    (get(fields=b"Cookie: a=b\r\n" * 500), 200, None),
    (get(fields=b"X-" + LONG + b": 1\r\n"), 200, None),
    (get(fields=b"Cookie: " + LONG + LONG + b"\r\n"), 431, "head_too_long"),
    (get(fields=b"Accept: " + LONG + b"\r\n"), 431, "head_too_long"),
    (get(fields=b"Accept : */*\r\n"), 400, "bad_request"),
    (get(fields=b": 1\r\n"), 400, "bad_request"),
    (get(fields=b"Nothing\r\n"), 400, "bad_request"),
    (get(fields=b"Accept: a,\r\n b\r\n"), 400, "bad_request"),
    (get(fields=b"X-B: a\x00b\r\n"), 400, "bad_request"),
    (get(fields=b"X-B: a\rb\r\n"), 400, "bad_request"),
    (get(fields=b"X-B: a\n"), 400, "bad_request"),
    (get().replace(b"\r\n", b"\n"), 400, "bad_request"),
    (get(host=b""), 400, "bad_request"),
    (get(host=HOST + HOST), 400, "bad_request"),
    (get(host=b"Host: \r\n"), 403, "forbidden"),
    (get(host=b"Host: evil.example\r\n"), 403, "forbidden"),
    (get(host=b"", version=b"HTTP/1.0"), 403, "forbidden"),
    (get(fields=b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400, "bad_request"),
    (get(fields=b"Upgrade: foo\r\nConnection: Upgrade\r\n"), 200, None),
    (get(fields=b"Expect: 100-continue\r\n"), 200, None),
    (get(fields=b"Expect: miracles\r\n"), 417, "bad_request"),
    # bodies
    (post(b"15", PING), 200, None),
    (post(b"015", PING), 200, None),
    (post(b" 15 ", PING), 200, None),
    (post(b"15", PING + b"and more"), 200, None),
    (post(b"0"), 400, "bad_json"),
    (post(b"0", b"abcdef"), 400, "bad_json"),
    (post(b"0", get()), 400, "bad_json"),
    (post(b"0x0f", PING), 400, "bad_request"),
    (post(b"+15", PING), 400, "bad_request"),
    (post(b"-1", PING), 400, "bad_request"),
    (post(b"15, 15", PING), 400, "bad_request"),
    (post(b"", PING), 400, "bad_request"),
    (post(b"1" * 30, PING), 400, "bad_request"),
    (post(b"15", PING, b"Content-Length: 15\r\n"), 400, "bad_request"),
    (post(b"15", PING, b"Content-Length: 14\r\n"), 400, "bad_request"),
    (post(b"15", PING, b"Transfer-Encoding: chunked\r\n"), 411, "bad_request"),
    (post(b"15", PING, b"Transfer-Encoding: xchunked\r\n"), 411, "bad_request"),
    (post(b"15", PING).replace(b"Content-Length: 15\r\n", b""), 411, "bad_request"),
    (post(b"99999999", b"x"), 413, "too_long"),
    (post(b"99999999", b"", b"Expect: 100-continue\r\n"), 413, "too_long"),
    (post(b"3", b"abc", method=b"PUT", target=b"/x"), 405, "bad_request"),
    (post(b"3", b"abc", method=b"GET"), 400, "bad_request"),
    (get(ROOMS) + get(ROOMS), 200, None),
    (get(ROOMS) + b"x" * 100000, 200, None),
    (get(b"/") + b"x" * 100000, 200, None),
]


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)


def receive(connection):
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


def ask(daemon, raw):
    """All that is answered to raw, until the gateway hangs up."""
    with connect(daemon) as connection:
        connection.sendall(raw)
        return receive(connection)


def judge(got, status, code):
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.split(b" ")[:2] == [b"HTTP/1.1", b"%d" % status], got[:300]
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", got)) == 1
    if code:
        refusal = json.loads(body)
        assert refusal["error_code"] == code and refusal["message"].endswith(".")
        assert b"nosniff" in head and b"application/json" in head


@pytest.mark.parametrize("loop", ["auto", "poll"])
def test_every_request_is_answered(make_daemon, loop):
    daemon = make_daemon({"server.loop": loop})
    for raw, status, code in ANSWERS:
        try:
            judge(ask(daemon, raw), status, code)
        except (AssertionError, OSError) as wrong:
            raise AssertionError(f"{raw[:200]!r}: {wrong}") from wrong


def test_the_admin_socket_answers_the_same(make_daemon):
    daemon = make_daemon()
    for raw, status, code in ((get().replace(b"GET", b"FOO"), 501, "method_unknown"), (get(b"/%zz"), 400, "bad_request"),
                              (get(fields=b"Cookie: " + LONG + LONG + b"\r\n"), 431, "head_too_long"),
                              (get(host=b""), 400, "bad_request"), (get(), 200, None)):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE_S)
            connection.connect(str(daemon.socket))
            connection.sendall(raw)
            judge(receive(connection), status, code)


def test_a_head_that_comes_byte_by_byte_is_read(make_daemon):
    daemon = make_daemon()
    for raw, status in ((get(fields=b"X-A: 1\r\n"), 200), (post(b"15", PING), 200), (get(b"/%zz"), 400)):
        with connect(daemon) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for byte in raw:
                    connection.send(bytes([byte]))
            except OSError:
                pass  # refused before it was whole
            judge(receive(connection), status, None)


def test_a_head_that_is_cut_off_is_told_so(make_daemon):
    daemon = make_daemon()
    whole = get()
    for length in (1, 5, len(whole) - 3, len(whole) - 1):
        with connect(daemon) as connection:
            connection.sendall(whole[:length])
            connection.shutdown(socket.SHUT_WR)
            judge(receive(connection), 400, "bad_request")
    with connect(daemon) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert receive(connection) == b""


def test_a_head_that_never_comes_is_given_up(make_daemon):
    daemon = make_daemon()
    with connect(daemon) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        judge(receive(connection), 408, "bad_request")


def test_who_asks_before_sending_a_body_is_told_to_go_on(make_daemon):
    daemon = make_daemon()
    with connect(daemon) as connection:
        connection.sendall(post(b"15", b"", b"Expect: 100-continue\r\n"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(PING)
        judge(receive(connection), 200, None)


async def test_a_websocket_opens_behind_a_long_head(make_daemon):
    daemon = make_daemon()
    with connect(daemon) as connection:
        connection.sendall(get(b"/ws", b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                               b"Cookie: " + LONG + b"\r\nX-A: 1\r\n") + b"\x81\x8f\0\0\0\0" + PING)
        got = b""
        while b"pong" not in got:
            part = connection.recv(65536)
            assert part, got
            got += part
    assert got.startswith(b"HTTP/1.1 101 ")


async def test_idle_connections_cost_nobody_a_place(make_daemon):
    daemon = make_daemon({"limits.connections": 40})
    idle = [connect(daemon) for _ in range(400)]
    for connection in idle[::2]:
        connection.send(b"GET / HTTP/1.1\r\nHost: loc")
    mina, = await meet(daemon, "mina")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for answer in pool.map(lambda _: ask(daemon, get()), range(40)):
            judge(answer, 200, None)
    await mina.send("still here")
    await part(mina)
    for connection in idle:
        connection.close()
