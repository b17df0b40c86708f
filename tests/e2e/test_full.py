"""When all places are taken: who has least claim to one gives way to a newcomer, and nobody else."""
import json
import socket

import pytest
import websockets

from client import Client, part
from daemon import DEADLINE_S

FULL = {"limits.exempt": "", "limits.connections": 6}


def from_address(address, **more):
    return {"local_addr": (address, 0), **more}


async def person(daemon, name, address):
    return await Client.connect(daemon, name, **from_address(address))


async def is_refused(daemon, address):
    """Whether a newcomer from there is told that the gateway is full."""
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await Client.connect(daemon, hello=False, **from_address(address))
    return refused.value.status_code == 503


async def test_who_says_no_hello_gives_way(make_daemon):
    daemon = make_daemon(FULL)
    silent = [await Client.connect(daemon, hello=False, **from_address("127.0.0.2")) for _ in range(6)]
    people = [await person(daemon, f"person {n}", "127.0.0.2") for n in range(6)]
    for each in silent:
        assert (await each.wait_closed())[0] == 1013
    assert await is_refused(daemon, "127.0.0.2")
    for each in people:
        await each.ask("ping")
    await part(*people)


async def test_an_address_above_its_share_gives_way_with_a_code_that_brings_back(make_daemon):
    daemon = make_daemon(FULL)
    many = []
    for n in range(6):
        many.append(await person(daemon, f"many {n}", "127.0.0.2"))
    few = []
    for n in range(3):
        few.append(await person(daemon, f"few {n}", "127.0.0.3"))
    assert await is_refused(daemon, "127.0.0.3"), "both have their share"
    assert await is_refused(daemon, "127.0.0.2")
    others = []
    for n in range(2):
        others.append(await person(daemon, f"other {n}", "127.0.0.4"))
    assert await is_refused(daemon, "127.0.0.4")
    assert daemon.administrator("status")["connections"] - 1 == 6
    for each in [*many[:4], few[0]]:
        assert (await each.wait_closed())[0] == 1013, "the quietest went"
    here = [len([p for p in group if p.socket.open]) for group in (many, few, others)]
    assert here == [2, 2, 2]
    await part(*(p for p in [*many, *few, *others] if p.socket.open))


def half_request(daemon, address="127.0.0.2"):
    raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, (address, 0))
    raw.sendall(b"POST /api/v1/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    return raw


async def test_requests_that_do_not_end_give_way(make_daemon):
    daemon = make_daemon(FULL)
    waiting = [half_request(daemon) for _ in range(5)]
    daemon.until_connections(5)  # whoever asks for the status takes the sixth place
    waiting.append(half_request(daemon))
    daemon.advance(2)
    mina = await person(daemon, "mina", "127.0.0.3")
    await mina.ask("ping")
    await mina.close()
    for raw in waiting:
        raw.close()


async def test_the_exempt_who_are_present_keep_their_places(make_daemon):
    daemon = make_daemon({**FULL, "limits.exempt": "127.0.0.2"})
    people = [await person(daemon, f"person {n}", "127.0.0.2") for n in range(6)]
    assert await is_refused(daemon, "127.0.0.3")
    for each in people:
        await each.ask("ping")
    await part(*people)


def test_a_page_that_is_read_a_few_bytes_at_a_time_is_cut_off(make_daemon, tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("x" * 1_000_000)
    daemon = make_daemon({"http.page_dir": tmp_path / "page"})
    got = daemon.read_page_slowly()
    assert b"Content-Length: 1000000\r\n" in got and len(got) < 1_000_000


async def test_one_address_does_not_hoard_the_bodies_of_all(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.http_bytes": 262144, "limits.reply_bytes": 32768})
    waiting, refused = [], 0
    for _ in range(8):
        raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, ("127.0.0.2", 0))
        raw.sendall(b"POST /api/v1/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32000\r\nExpect: 100-continue\r\n\r\n")
        refused += b" 503 " in raw.recv(4096)
        waiting.append(raw)
    assert refused == 6
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, ("127.0.0.3", 0)) as other:
        body = json.dumps({"type": "hello", "name": "mina", "client": "x" * 100}).encode()
        other.sendall(b"POST /api/v1/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert other.recv(4096).startswith(b"HTTP/1.1 200")
    for raw in waiting:
        raw.close()


def unsaid(daemon, address):
    """A connection that says nothing."""
    return socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S, (address, 0))


def is_open(raw):
    raw.setblocking(False)
    try:
        return raw.recv(1) not in (b"", b"H")
    except BlockingIOError:
        return True


async def test_who_waits_alone_is_not_driven_out_by_one_who_comes_many_times(make_daemon):
    daemon = make_daemon(FULL)
    alone = unsaid(daemon, "127.0.0.3")
    many = [unsaid(daemon, "127.0.0.2") for _ in range(40)]
    mina = await person(daemon, "mina", "127.0.0.4")  # accepted after all of them
    assert is_open(alone)
    assert sum(map(is_open, many)) < 6
    alone.setblocking(True)
    alone.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert alone.recv(100).startswith(b"HTTP/1.1 200 ")
    await part(mina)
    for raw in [alone, *many]:
        raw.close()
