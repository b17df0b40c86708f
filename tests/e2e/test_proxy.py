"""Behind a reverse proxy everybody counts for themselves: Forwarded, X-Forwarded-For, the PROXY protocol, and
the recipes of the README."""
import json
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from client import Client, meet
from daemon import DEADLINE_S
from test_frames import handshake
from test_http import metrics

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BEHIND = {"limits.exempt": "", "http.trusted_proxies": "127.0.0.1", "limits.connections_per_address": 3}
PREAMBLE = b"\r\n\r\n\0\r\nQUIT\n"
FROM_PROXY = PREAMBLE + b"\x20\0\0\0"
MANY = {"status": 429, "code": "rate_limited"}


def preamble(address):
    """The PROXY protocol's, version 2."""
    addresses = socket.inet_aton(address) + socket.inet_aton("127.0.0.1")
    return PREAMBLE + b"\x21\x11\0\x0c" + addresses + b"\x12\x34\0\x50"


class Opened:
    """A WebSocket, or what is answered instead of one: status and error code."""

    def __init__(self, daemon, source="127.0.0.1", before=b"", port=None, **fields):
        self.raw = socket.create_connection(("127.0.0.1", port or daemon.port), DEADLINE_S, (source, 0))
        self.raw.sendall(before + handshake(daemon, **fields))
        got = b""
        while b"\r\n\r\n" not in got and (part := self.raw.recv(4096)):
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1]) if got else None
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) if self.status != 101 else 0
        while len(body) < length and (part := self.raw.recv(4096)):
            body += part
        self.code = json.loads(body)["error_code"] if self.status and self.status >= 400 else None


@pytest.fixture
def open_many():
    held = []

    def open_some(daemon, count, **how):
        held.extend(Opened(daemon, **how) for _ in range(count))
        return [each.status for each in held[-count:]]

    yield open_some
    for each in held:
        each.raw.close()


@pytest.mark.parametrize("field", ["X_Forwarded_For", "Forwarded"])
def test_each_address_behind_a_proxy_counts_by_itself(make_daemon, open_many, field):
    daemon = make_daemon(BEHIND)

    def behind(address):
        return {field: f"for={address}" if field == "Forwarded" else address}

    assert open_many(daemon, 3, **behind("192.0.2.1")) == [101] * 3
    assert open_many(daemon, 2, **behind("192.0.2.1")) == [429] * 2
    assert open_many(daemon, 3, **behind("192.0.2.2")) == [101] * 3
    forged = "for=192.0.2.9, for=192.0.2.1" if field == "Forwarded" else "192.0.2.9, 192.0.2.1"
    assert open_many(daemon, 1, **{field: forged}) == [429]
    assert open_many(daemon, 4) == [101, 101, 101, 429]  # the proxy for itself


def test_what_others_than_proxies_say_does_not_count(make_daemon, open_many):
    daemon = make_daemon({**BEHIND, "http.trusted_proxies": "127.0.0.1"})
    statuses = [open_many(daemon, 1, source="127.0.0.2", X_Forwarded_For=f"192.0.2.{n}")[0] for n in range(5)]
    assert statuses == [101] * 3 + [429] * 2


def test_two_headers_that_differ_are_refused(make_daemon):
    daemon = make_daemon(BEHIND)
    opened = Opened(daemon, Forwarded="for=192.0.2.9", X_Forwarded_For="192.0.2.1")
    assert (opened.status, opened.code) == (400, "bad_request")
    opened.raw.close()


def test_the_exempt_are_exempt_behind_a_proxy(make_daemon, open_many):
    daemon = make_daemon({**BEHIND, "limits.exempt": "192.0.2.0/24"})
    assert open_many(daemon, 5, X_Forwarded_For="192.0.2.1") == [101] * 5
    assert open_many(daemon, 4, X_Forwarded_For="198.51.100.1") == [101] * 3 + [429]


def test_rates_are_per_address_behind_a_proxy(make_daemon):
    daemon = make_daemon({**BEHIND, "limits.hellos_burst": 2, "limits.hellos_per_minute": 1})

    def hello(name, address):
        status, _, _ = daemon.http("POST", "/api/v1/do", {"type": "hello", "name": name}, {"X-Forwarded-For": address})
        return status

    assert [hello(f"a{n}", "192.0.2.1") for n in range(3)] == [200, 200, 429]
    assert [hello(f"b{n}", "192.0.2.2") for n in range(3)] == [200, 200, 429]


def test_who_came_to_the_proxy_over_tls_is_counted_so(make_daemon):
    daemon = make_daemon(BEHIND)
    sample = 'hearth_joins_total{scheme="https"}'
    for fields, count in (({"X-Forwarded-Proto": "https"}, 1), ({"Forwarded": "for=192.0.2.1;proto=https"}, 2),
                          ({"X-Forwarded-Proto": "http"}, 2), ({}, 2)):
        daemon.http("POST", "/api/v1/do", {"type": "join", "room": "lobby"}, fields)
        assert metrics(daemon)[sample] == count, fields


def test_a_listener_takes_the_proxy_protocol(make_daemon, open_many):
    daemon = make_daemon({**BEHIND, "listen.proxy_protocol": "true"})
    assert open_many(daemon, 4, before=preamble("192.0.2.1")) == [101] * 3 + [429]
    assert open_many(daemon, 3, before=preamble("192.0.2.2")) == [101] * 3
    assert open_many(daemon, 1, before=preamble("192.0.2.1"), X_Forwarded_For="192.0.2.9") == [429]
    assert open_many(daemon, 1, before=preamble("127.0.0.1"), X_Forwarded_For="192.0.2.9") == [101]
    assert open_many(daemon, 1, before=FROM_PROXY) == [101]
    assert open_many(daemon, 1, source="127.0.0.2") == [101]  # not from a proxy: spoken to directly
    for before in (b"", b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n"):
        opened = Opened(daemon, before=before)
        assert (opened.status, opened.code) == (400, "bad_request")
        opened.raw.close()
    assert open_many(daemon, 1, source="127.0.0.3", before=preamble("192.0.2.3")) == [400]


def test_a_preamble_in_pieces_is_waited_for(make_daemon):
    daemon = make_daemon({**BEHIND, "listen.proxy_protocol": "true"})
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in preamble("192.0.2.1") + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n":
            raw.send(bytes([byte]))
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")


def test_whom_the_preamble_names_is_counted_before_a_request_has_come(make_daemon):
    daemon = make_daemon({**BEHIND, "listen.proxy_protocol": "true"})
    silent = [socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) for _ in range(4)]
    for raw in silent:
        raw.sendall(preamble("192.0.2.1"))
    answers = [raw.recv(4096) for raw in silent[3:]]
    assert answers[0].startswith(b"HTTP/1.1 429 ")
    opened = Opened(daemon, before=preamble("192.0.2.2"))
    assert opened.status == 101
    for raw in (*silent, opened.raw):
        raw.close()


# ---- the recipes

def recipe(language):
    return re.search(rf"```{language}\n(.*?)```", README, re.S)[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A proxy that a recipe describes, until it listens. Caddy would wait for its WebSockets to end."""

    def __init__(self, port, *command, end=signal.SIGTERM):
        self.end = end
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, command
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(self.end)
        self.process.wait(DEADLINE_S)


def nginx(folder, daemon, port):
    """The recipe, but for the certificate, the name and the ports."""
    text = recipe("nginx").replace("127.0.0.1:8080", f"127.0.0.1:{daemon.port}").replace("443 ssl", f"127.0.0.1:{port}")
    text = re.sub(r"\s*ssl_certificate.*", "", text)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}} http {{ access_log off; {temporary} {text} }}")
    return Proxy(port, shutil.which("nginx"), "-p", str(folder), "-e", str(folder / "errors"), "-c", str(folder / "nginx.conf"))


def caddy(folder, daemon, port):
    text = recipe("caddy").replace("127.0.0.1:8080", f"127.0.0.1:{daemon.port}")
    text = text.replace("chat.example.org", f"http://127.0.0.1:{port}")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    return Proxy(port, "env", f"HOME={folder}", "caddy", "run", "--config", str(folder / "Caddyfile"),
                 "--adapter", "caddyfile", end=signal.SIGKILL)


def haproxy(folder, daemon, port):
    (folder / "haproxy.cfg").write_text(
        f"defaults\n mode tcp\n timeout connect 9s\n timeout client 99s\n timeout server 99s\n"
        f"frontend in\n bind 127.0.0.1:{port}\n default_backend hearth\n"
        f"backend hearth\n {recipe('haproxy').strip().replace('127.0.0.1:8080', f'127.0.0.1:{daemon.port}')}\n")
    return Proxy(port, shutil.which("haproxy"), "-db", "-f", str(folder / "haproxy.cfg"))


@pytest.mark.parametrize("make", [nginx, caddy, haproxy], ids=["nginx", "caddy", "haproxy"])
async def test_the_recipe_works(make_daemon, open_many, tmp_path, make):
    name = make.__name__
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    daemon = make_daemon({**BEHIND, "listen.proxy_protocol": str(name == "haproxy").lower(),
                          "limits.connections_per_address": 4})
    port = free_port()
    with make(tmp_path, daemon, port):
        through = {"port": port, "Host": f"127.0.0.1:{port}", "Origin": f"http://127.0.0.1:{port}"}
        assert open_many(daemon, 5, source="127.0.0.8", **through) == [101] * 4 + [429]
        assert open_many(daemon, 1, source="127.0.0.8", X_Forwarded_For="192.0.2.1", **through) == [429]
        assert open_many(daemon, 1, source="127.0.0.8", Forwarded="for=192.0.2.1", **through) == [429]
        assert open_many(daemon, 4, source="127.0.0.9", **through) == [101] * 4
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S, ("127.0.0.10", 0)) as stream:
            stream.sendall(f"GET /api/v1/rooms/lobby/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            got = b""
            while b'"live"' not in got:
                got += stream.recv(65536)
            reached = type("Through", (), {"url": f"ws://127.0.0.1:{port}/ws"})
            mina = await Client.connect(reached, "mina", local_addr=("127.0.0.11", 0))
            await mina.join()
            await mina.send("through the proxy")
            while b"through the proxy" not in got:
                got += stream.recv(65536)
            await mina.close()
