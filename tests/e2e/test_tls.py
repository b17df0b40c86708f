"""What is the same over TLS: the page, the chat, slow readers, a stop."""
import asyncio
import json

from certificates import LOCAL_CA, get, join, upgrade
from client import Client
from test_frames import frame


def test_the_page_is_the_same_and_knows_the_other_port(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    plain, secure = daemon.http("GET", "/"), get(daemon, "/")
    assert plain[2] == secure[2] and plain[0] == secure[0] == 200
    told = json.loads(daemon.http("GET", "/api/v1/server")[2])["tls"]
    assert told == {"mode": "local_ca", "port": daemon.tls_port, "redirect": False, "warning": ""}


def test_the_page_that_tests_trust_may_ask_the_other_port_only(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    code, headers, body = daemon.http("GET", "/trust")
    assert code == 200 and b"/assets/trust-" in body and headers["content-type"].startswith("text/html")
    assert "connect-src 'self' https:;" in headers["content-security-policy"]
    assert "https:" not in daemon.http("GET", "/")[1]["content-security-policy"]


def test_the_pages_of_the_other_port_may_see_that_it_answers(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    own = f"http://127.0.0.1:{daemon.port}"
    assert get(daemon, headers={"Origin": own})[1]["access-control-allow-origin"] == own
    for strange in (f"http://127.0.0.1:{daemon.port + 1}", "http://example.org", "null"):
        assert "access-control-allow-origin" not in get(daemon, headers={"Origin": strange})[1]


async def test_people_chat_across_both_ports(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    mina = await join(daemon, "mina")
    jun = await Client.connect(daemon, "jun")
    await jun.ask("join", room="lobby")
    await mina.ask("send", room="lobby", text="안녕", nonce="1")
    assert (await jun.next("message"))["text"] == "안녕"
    for i in range(300):
        await jun.ask("send", room="lobby", text="x" * 2000, nonce=f"j{i}")
    texts = [await mina.next("message") for _ in range(301)]
    assert [t["nonce"] for t in texts if t["from"] == "jun"] == [f"j{i}" for i in range(300)]
    await mina.close()
    await jun.close()


async def test_a_slow_reader_misses_nothing(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    slow = upgrade(daemon)
    slow.sendall(frame(1, b'{"type":"hello","name":"slow"}') + frame(1, b'{"type":"join","room":"lobby","history":0}'))
    got = b""
    while b'"type":"live"' not in got:
        got += slow.recv(65536)
    jun = await Client.connect(daemon, "jun")
    await jun.ask("join", room="lobby")
    for start in range(0, 2000, 100):
        waiting = [await jun.start("send", room="lobby", text=f"{i:05}" + "x" * 1000, nonce=str(i))
                   for i in range(start, start + 100)]
        await asyncio.gather(*waiting)
    await jun.close()
    got = b""
    while b"01999x" not in got:
        part = await asyncio.to_thread(slow.recv, 65536)
        assert part, "thrown out"
        got += part
    positions = [got.find(f'"{i:05}x'.encode()) for i in range(2000)]
    assert -1 not in positions and positions == sorted(positions)
    slow.close()


def test_an_answer_is_whole_when_the_gateway_hangs_up(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    for _ in range(20):
        code, headers, body = get(daemon, "/", headers={"Accept-Encoding": "identity"})
        assert code == 200 and len(body) == int(headers["content-length"])


async def test_a_stop_is_said_over_tls_too(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    mina = await join(daemon, "mina")
    await asyncio.to_thread(daemon.stop)
    assert (await mina.wait_closed())[0] == 1001
