"""Bad input is answered by name; only what the WebSocket protocol itself forbids ends a connection."""
import asyncio
import json
import os
import re
import socket
import struct

import pytest
import websockets

from client import Client, meet, new_name
from daemon import DEADLINE_S, Daemon

FRAME_BYTES = 32768  # limits.frame_bytes unless set

MALFORMED = {
    "no JSON": ("hello", "bad_json"),
    "empty": ("", "bad_json"),
    "half an object": ('{"type":"ping"', "bad_json"),
    "an array": ('["ping"]', "bad_json"),
    "a number": ("7", "bad_json"),
    "two objects": ('{"type":"ping"}{"type":"ping"}', "bad_json"),
    "a key twice": ('{"type":"ping","type":"rooms"}', "bad_json"),
    "a lone surrogate": ('{"type":"ping","x":"\\ud800"}', "bad_json"),
    "too deep": ('{"type":"ping","x":' + "[" * 64 + "]" * 64 + "}", "bad_json"),
    "no type": ("{}", "bad_request"),
    "a type that is no text": ('{"type":7}', "bad_request"),
    "an unknown type": ('{"type":"dance"}', "unknown_type"),
    "a missing field": ('{"type":"join"}', "bad_request"),
    "a field of the wrong type": ('{"type":"join","room":7}', "bad_request"),
    "a number out of bounds": ('{"type":"history","room":"lobby","limit":201}', "bad_request"),
    "a fraction": ('{"type":"history","room":"lobby","limit":1.5}', "bad_request"),
    "a huge number": ('{"type":"history","room":"lobby","after":1e99}', "bad_request"),
    "a NUL in a text": ('{"type":"send","room":"lobby","text":"a\\u0000b","nonce":"n"}', "bad_request"),
    "a ref that is no ref": ('{"type":"ping","ref":{}}', "bad_request"),
    "a ref too long": (json.dumps({"type": "ping", "ref": "x" * 65}), "bad_request"),
}


@pytest.mark.parametrize("frame, code", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_frame_is_answered_and_the_connection_lives(shared, frame, code):
    [mina] = await meet(shared, new_name())
    await mina.send_text(frame)
    reply = await mina.next("error")
    assert reply["error_code"] == code, reply
    assert reply["message"]
    assert (await mina.ask("ping"))["type"] == "pong"
    await mina.close()


async def test_an_error_names_the_field(shared):
    [mina] = await meet(shared, new_name())
    reply = await mina.ask_in_vain("history", room="lobby", limit=0)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "limit")
    reply = await mina.ask_in_vain("send", room="lobby", nonce="n")
    assert (reply["error_code"], reply["field"]) == ("bad_request", "text")
    await mina.close()


async def test_unknown_fields_are_ignored(shared):
    [mina] = await meet(shared, new_name())
    assert (await mina.ask("ping", colour="green", deep={"a": [1, 2]}))["type"] == "pong"
    await mina.close()


@pytest.mark.parametrize("ref", ["a", "x" * 64, 0, -5, 2**53 - 1, "한국어"])
async def test_a_ref_comes_back_as_it_went(shared, ref):
    mina = await Client.connect(shared, new_name())
    await mina.send_text(json.dumps({"type": "ping", "ref": ref}))
    assert (await mina.next("pong"))["ref"] == ref
    await mina.close()


async def test_before_hello_nothing_else_is_answered(daemon):
    mina = await Client.connect(daemon, hello=False)
    for type, fields in (("rooms", {}), ("join", {"room": "lobby"}),
                         ("send", {"room": "lobby", "text": "x", "nonce": "n"})):
        assert (await mina.ask_in_vain(type, **fields))["error_code"] == "unauthorized"
    await mina.ask("hello", name="mina")
    await mina.close()


async def test_no_hello_in_time_closes_with_4001(make_daemon):
    daemon = make_daemon({"limits.hello_ms": 300})
    mina = await Client.connect(daemon, hello=False)
    code, reason = await mina.wait_closed()
    assert code == 4001 and reason


async def test_binary_closes_with_1003(shared):
    [mina] = await meet(shared, new_name())
    await mina.socket.send(b'{"type":"ping"}')
    assert (await mina.wait_closed())[0] == 1003


async def test_a_message_too_long_closes_with_1009(shared):
    [mina] = await meet(shared, new_name())
    await mina.send_text(json.dumps({"type": "ping", "x": "a" * FRAME_BYTES}))
    assert (await mina.wait_closed())[0] == 1009


async def test_the_longest_message_is_taken(shared):
    mina = await Client.connect(shared, new_name())
    frame = json.dumps({"type": "ping", "x": ""})
    await mina.send_text(frame[:-2] + "a" * (FRAME_BYTES - len(frame)) + frame[-2:])
    await mina.next("pong")
    await mina.close()


async def test_fragments_make_one_message(shared):
    mina = await Client.connect(shared, new_name())
    await mina.socket.send(iter(['{"ty', 'pe":', '"pi', 'ng"}']))
    await mina.next("pong")
    await mina.close()


async def test_a_fragmented_message_too_long_closes_with_1009(shared):
    mina = await Client.connect(shared, new_name())
    try:
        await mina.socket.send(iter(["a" * 1000] * 100))
    except websockets.ConnectionClosed:
        pass
    assert (await mina.wait_closed())[0] == 1009


# ---- below the client library: frames by hand

def upgraded(daemon, path="/ws", **headers):
    """A raw socket behind a finished handshake."""
    raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)
    raw.sendall(handshake(daemon, path, **headers))
    head = b""
    while b"\r\n\r\n" not in head:
        got = raw.recv(4096)
        assert got, head
        head += got
    assert b" 101 " in head.split(b"\r\n")[0], head
    return raw


def handshake(daemon, path="/ws", method="GET", version="13", **headers):
    fields = {"Host": f"127.0.0.1:{daemon.port}", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": version}
    fields.update({key.replace("_", "-"): value for key, value in headers.items()})
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{key}: {value}" for key, value in fields.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(opcode, payload, fin=True):
    mask = os.urandom(4)
    length = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", length)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def read_frame(raw):
    def exactly(count):
        data = b""
        while len(data) < count:
            got = raw.recv(count - len(data))
            if not got:
                raise ConnectionError
            data += got
        return data
    head = exactly(2)
    length = head[1] & 0x7F
    if length == 126:
        length = struct.unpack(">H", exactly(2))[0]
    elif length == 127:
        length = struct.unpack(">Q", exactly(8))[0]
    return head[0] & 0x0F, exactly(length)


def close_code(raw):
    while True:
        opcode, payload = read_frame(raw)
        if opcode == 8:
            return struct.unpack(">H", payload[:2])[0]


def turns(daemon):
    """Of its loop, until now."""
    figures = daemon.http("GET", "/metrics")[2].decode()
    return int(re.search(r"^hearth_loop_turn_seconds_count (\d+)$", figures, re.M)[1])


async def test_what_is_said_in_one_breath_is_read_in_a_few_turns(daemon):
    hello = json.dumps({"type": "hello", "name": "mina"})
    join = json.dumps({"type": "join", "room": "lobby"})
    said = [json.dumps({"type": "send", "room": "lobby", "text": f"{i} " + "x" * 80, "nonce": f"n{i}"})
            for i in range(60)]
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) as raw:
        raw.sendall(handshake(daemon))
        while not raw.recv(4096).endswith(b"\r\n\r\n"):
            pass
        raw.sendall(frame(1, hello.encode()) + frame(1, join.encode()))
        while b'"type":"live"' not in read_frame(raw)[1]:
            pass
        before = turns(daemon)
        raw.sendall(b"".join(frame(1, each.encode()) for each in said))
        acks = 0
        while acks < len(said):
            acks += b'"type":"ack"' in read_frame(raw)[1]
        assert turns(daemon) - before <= 12  # a read holds three of them


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80",
                                 b"\xe2\x82"])
def test_invalid_utf8_closes_with_1007(shared, bad):
    with upgraded(shared) as raw:
        raw.sendall(frame(1, b'{"type":"ping","x":"' + bad + b'"}'))
        assert close_code(raw) == 1007


def test_utf8_split_between_fragments_is_fine(daemon):
    with upgraded(daemon) as raw:
        text = '{"type":"hello","name":"\ubbf8\ub098"}'.encode()
        for i in range(0, len(text), 3):
            raw.sendall(frame(0 if i else 1, text[i:i + 3], fin=i + 3 >= len(text)))
        opcode, payload = read_frame(raw)
        assert opcode == 1 and json.loads(payload)["user"]["name"] == "\ubbf8\ub098"


def test_a_frame_that_announces_too_much_is_closed_with_its_first_byte(shared):
    with upgraded(shared) as raw:
        raw.sendall(b"\x81\xff" + struct.pack(">Q", 2**62) + b"abcdx")
        assert close_code(raw) == 1009


def test_a_frame_of_which_only_the_head_comes_is_waited_for_no_longer_than_hello(make_daemon):
    with upgraded(make_daemon({"limits.hello_ms": 300})) as raw:
        raw.sendall(b"\x81\xff" + struct.pack(">Q", 2**62) + b"abcd")
        assert close_code(raw) == 4001


@pytest.mark.parametrize("frame", [b"\x81\xff" + struct.pack(">Q", 2**63) + b"abcd",
                                   b"\x89\xfe" + struct.pack(">H", 126) + b"abcd" + b"x" * 126],
                         ids=["length over 63 bits", "ping over 125 bytes"])
def test_a_head_that_may_not_be_ends_the_connection(shared, frame):
    with upgraded(shared) as raw:
        raw.sendall(frame)
        raw.settimeout(DEADLINE_S)
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass


def test_a_ping_is_answered(shared):
    with upgraded(shared) as raw:
        raw.sendall(frame(9, b"still there?"))
        assert read_frame(raw) == (10, b"still there?")


def test_a_reserved_opcode_is_a_protocol_error(shared):
    with upgraded(shared) as raw:
        raw.sendall(frame(3, b"x"))
        try:
            assert close_code(raw) == 1002
        except (ConnectionError, ConnectionResetError):
            pass  # lws may just end such a connection


# ---- the upgrade

def status_of(daemon, request):
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) as raw:
        raw.sendall(request)
        head = b""
        while b"\r\n" not in head:
            got = raw.recv(4096)
            if not got:
                return 0
            head += got
        return int(head.split()[1])


@pytest.fixture(scope="module")
def with_origin(tmp_path_factory):
    settings = {"http.allowed_origins": "https://chat.example.org"}
    with Daemon(tmp_path_factory.mktemp("origin"), settings) as running:
        yield running


@pytest.mark.parametrize("origin, status", [
    ("http://127.0.0.1:{port}", 101), (None, 101), ("http://evil.example", 403), ("null", 403),
    ("http://127.0.0.1:{port}.evil.example", 403), ("http://127.0.0.1:1", 403),
    ("http://evil.example#127.0.0.1:{port}", 403), ("https://chat.example.org", 101),
    ("https://chat.example.org.evil", 403), ("https://chat.example.org:444", 403),
])
def test_an_origin_is_the_host_itself_or_allowed_else_refused(with_origin, origin, status):
    origin = origin and origin.format(port=with_origin.port)
    assert status_of(with_origin, handshake(with_origin, Origin=origin)) == status


@pytest.mark.parametrize("offered, status", [
    (None, 101), ("hearth.v1", 101), ("other, hearth.v1", 101), ("other", 400),
    ("hearth.v2, other", 400), ("hearth.v1x", 400),
])
def test_other_subprotocols_are_refused(shared, offered, status):
    assert status_of(shared, handshake(shared, Sec_WebSocket_Protocol=offered)) == status


def test_the_subprotocol_is_named_when_it_was_offered(shared):
    with socket.create_connection(("127.0.0.1", shared.port), DEADLINE_S) as raw:
        raw.sendall(handshake(shared, Sec_WebSocket_Protocol="hearth.v1"))
        head = raw.recv(4096).lower()
        assert b"sec-websocket-protocol: hearth.v1" in head


@pytest.mark.parametrize("what, request_fields", [
    ("another version", {"version": "12"}), ("POST", {"method": "POST"}),
    ("no key", {"Sec_WebSocket_Key": None}),
])
def test_a_broken_upgrade_is_refused(shared, what, request_fields):
    assert status_of(shared, handshake(shared, **request_fields)) not in (101, 200)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example"])
def test_a_host_name_that_is_not_ours_is_refused(shared, host):
    host = host.format(port=shared.port)
    assert status_of(shared, handshake(shared, Host=host)) in (400, 403, 421)


async def test_the_gateway_survives_connections_that_break_off_anywhere(daemon):
    whole = handshake(daemon) + frame(1, b'{"type":"hello","name":"x"}') + frame(9, b"x")
    for cut in range(0, len(whole), 7):
        with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S) as raw:
            raw.sendall(whole[:cut])
    [mina] = await meet(daemon, "mina")
    await asyncio.wait_for(mina.send("still here"), DEADLINE_S)
    await mina.close()
