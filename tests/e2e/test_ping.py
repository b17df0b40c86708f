"""ping -> pong, and connections that have gone silent."""
import socket

from client import Client
from daemon import DEADLINE_S
from test_frames import frame, handshake, read_frame


async def test_pong_tells_the_time(daemon):
    mina = await Client.connect(daemon, "mina")
    times = [(await mina.ask("ping"))["time"] for _ in range(5)]
    assert times == sorted(times) and times[0] > 1_700_000_000_000
    await mina.close()


def silent(daemon):
    raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)
    raw.sendall(handshake(daemon) + frame(1, b'{"type":"hello","name":"silent"}'))
    answer = b""
    while b"welcome" not in answer:
        answer += raw.recv(65536)
    return raw


def test_a_silent_connection_is_pinged_and_dropped_when_it_stays_silent(daemon):
    with silent(daemon) as raw:
        daemon.advance(45)
        assert read_frame(raw)[0] == 9, "the server pings"
        daemon.advance(45)
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass


def test_one_that_answers_stays(daemon):
    with silent(daemon) as raw:
        for _ in range(3):
            daemon.advance(45)
            opcode, payload = read_frame(raw)
            assert opcode == 9
            raw.sendall(frame(10, payload) + frame(1, b'{"type":"ping"}'))
            opcode, payload = read_frame(raw)
            assert opcode == 1 and b"pong" in payload


def test_a_handshake_that_never_ends_is_closed(daemon):
    begun = [b"", b"G", b"GET /ws HTTP/1.1\r\nHost: x\r\n"]
    connections = [socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) for _ in begun]
    for raw, sent in zip(connections, begun):
        raw.sendall(sent)
    for raw in connections: # they wait for the same time
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass
        raw.close()
