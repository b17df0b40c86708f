"""Event streams: a browser whose stream breaks off goes on where it was, in one room or in eight."""
import json
import socket
from urllib.parse import urlencode

import pytest

from client import Client, meet
from daemon import DEADLINE_S


class Events:
    """As EventSource reads: id and data of each event, and the id that the next connection sends."""

    def __init__(self, daemon, rooms, last_id=None, key=None, accept="text/event-stream", **more):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE_S)
        path = "/api/v1/stream?" + urlencode([*(("room", room) for room in rooms), *more.items()])
        head = [f"GET {path} HTTP/1.1", "Host: localhost", f"Accept: {accept}"]
        head += [f"Last-Event-ID: {last_id}"] * (last_id is not None)
        head += [f"Authorization: Bearer {key}"] * (key is not None)
        self.socket.sendall("\r\n".join([*head, "", ""]).encode())
        self.got, self.id, self.head = b"", last_id, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def part_until(self, end):
        while end not in self.got:
            more = self.socket.recv(65536)
            assert more, f"the stream ended behind {self.got[-300:]!r}"
            self.got += more
        part, self.got = self.got.split(end, 1)
        return part.decode()

    def next(self, *types):
        """The next event of these types; what comes before it moves the id as well."""
        if self.head is None:
            self.head = self.part_until(b"\r\n\r\n")
            assert self.head.startswith("HTTP/1.1 200"), self.head
        while True:
            fields = dict(line.split(": ", 1) for line in self.part_until(b"\n\n").split("\n") if line[0] != ":")
            self.id = fields.get("id", self.id)
            event = json.loads(fields.get("data", '{"type":"life"}'))
            if event["type"] in types:
                return event

    def texts_until_live(self, rooms=1):
        """What is told of so many rooms until they are all live."""
        told, live = [], set()
        while len(live) < rooms:
            event = self.next("message", "live")
            if event["type"] == "live":
                live.add(event["room"])
            else:
                told.append(event["text"])
        return told


def refusal(daemon, path, **headers):
    status, _, body = daemon.http("GET", path, headers=headers)
    reply = json.loads(body)
    return status, reply["error_code"], reply.get("field")


async def test_a_stream_goes_on_where_it_broke_off(daemon):
    [mina] = await meet(daemon, "mina")
    for text in ("before 0", "before 1"):
        await mina.send(text)
    with Events(daemon, ["lobby"]) as events:
        assert events.texts_until_live() == ["before 0", "before 1"]
        await mina.send("live")
        assert events.next("message")["text"] == "live"
    away = [f"away {n}" for n in range(70)]  # more than the newest 50 that a stream begins with
    for text in away:
        await mina.send(text)
    with Events(daemon, ["lobby"], events.id) as events:
        joined = events.next("joined")
        assert not joined["reset"] and not joined["pruned"]
        assert events.texts_until_live() == away
    await mina.close()


async def test_a_stream_that_told_nothing_has_a_place_too(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="empty")
    with Events(daemon, ["empty"]) as events:
        assert events.texts_until_live() == []
    texts = [f"first {n}" for n in range(60)]
    await mina.ask("join", room="empty")
    for text in texts:
        await mina.send(text, room="empty")
    with Events(daemon, ["empty"], events.id) as events:
        assert events.texts_until_live() == texts
    await mina.close()


async def test_one_stream_of_eight_rooms_loses_and_doubles_nothing_wherever_it_is_cut(make_daemon):
    daemon = make_daemon({"limits.room_log_bytes": 16384, "limits.write_bytes": 4096})
    [mina] = await meet(daemon, "mina")
    rooms = ["lobby", *(f"room{n}" for n in range(7))]
    for room in rooms[1:]:
        await mina.ask("create", room=room)
        await mina.ask("join", room=room)
    with Events(daemon, rooms) as events:
        assert events.texts_until_live(8) == []
    said, told, last_id = [], [], events.id
    for turn in range(20):
        for n in range(40):
            text = f"{turn} {n} " + "x" * 100
            said.append((rooms[n % 8], text))
            await mina.send(text, room=rooms[n % 8])
        if turn == 10:
            daemon.restart()
            mina = await Client.connect(daemon, "mina", session=mina.key)
            for room in rooms:
                await mina.ask("join", room=room)
        with Events(daemon, rooms, last_id) as events:
            for _ in range(30 + turn):  # cut in the middle: what is left comes with the next connection
                event = events.next("message")
                told.append((event["room"], event["text"]))
                last_id = events.id
    with Events(daemon, rooms, last_id) as events:
        while len(told) < len(said):
            event = events.next("message")
            told.append((event["room"], event["text"]))
        await mina.send("the end", room="lobby")
        assert events.next("message")["text"] == "the end"
    assert len(set(told)) == len(told) == len(said)
    for room in rooms:
        assert [t for r, t in told if r == room] == [t for r, t in said if r == room]
    await mina.close()


async def test_a_cursor_of_another_log_starts_afresh(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("here")
    for last_id in ("0123456789abcdef.1", "0123456789abcdef.1,fedcba9876543210.9007199254740991"):
        with Events(daemon, ["lobby"], last_id) as events:
            assert events.next("joined")["reset"] is True
            assert "here" in events.texts_until_live()
    await mina.close()


async def test_the_id_counts_more_than_the_address(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(f"text {n}"))["seq"] for n in range(5)]
    headers = {"Accept": "text/event-stream"}
    with Events(daemon, ["lobby"]) as events:
        events.texts_until_live()
    assert events.id.endswith(f".{seqs[-1]}")
    with Events(daemon, ["lobby"], events.id, history=3) as events:
        assert events.texts_until_live() == []
    path = f"/api/v1/rooms/lobby/stream?after={seqs[0]}"
    assert refusal(daemon, path, **headers, **{"Last-Event-ID": "x"})[1] == "bad_request"
    await mina.close()


async def test_a_private_room_is_streamed_with_a_key(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="secret", visibility="private")
    assert refusal(daemon, "/api/v1/stream?room=lobby&room=secret")[0] in (401, 404)
    with Events(daemon, ["lobby", "secret"], key=mina.key) as events:
        assert {events.next("joined")["room"] for _ in range(2)} == {"lobby", "secret"}
        events.texts_until_live(2)
        await mina.ask("join", room="secret")
        await mina.send("quietly", room="secret")
        assert events.next("message")["text"] == "quietly"
    await mina.close()


async def test_lines_go_on_as_well(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("told")
    with Events(daemon, ["lobby"]) as events:
        events.texts_until_live()
    await mina.send("missed")
    with Events(daemon, ["lobby"], events.id, accept="*/*") as lines:
        lines.part_until(b"\r\n\r\n")
        types = [json.loads(lines.part_until(b"\n"))["type"] for _ in range(3)]
        assert types == ["joined", "message", "live"]
    await mina.close()


@pytest.mark.parametrize("last_id", ["x", "abc", "abc.", ".1", "abc.1,", "abc.1;def.2", "a" * 17 + ".1",
                                     "abc.99999999999999999999", "ABC.1", "abc.-1"])
def test_an_id_that_is_none_is_told_so(daemon, last_id):
    assert refusal(daemon, "/api/v1/stream?room=lobby", **{"Last-Event-ID": last_id}) == (400, "bad_request", "Last-Event-ID")


def test_rooms_that_cannot_be_streamed(daemon):
    many = "&".join(f"room=r{n}" for n in range(9))
    assert refusal(daemon, "/api/v1/stream") == (400, "bad_request", "room")
    assert refusal(daemon, "/api/v1/stream?" + many) == (400, "bad_request", "room")
    assert refusal(daemon, "/api/v1/stream?room=%ff") == (400, "bad_request", "room")
    assert refusal(daemon, "/api/v1/stream?room=lobby&history=many") == (400, "bad_request", "history")
    assert refusal(daemon, "/api/v1/stream?room=lobby&room=nowhere") == (404, "room_not_found", "room")
    assert refusal(daemon, "/api/v1/stream?room=nowhere&room=lobby") == (404, "room_not_found", "room")


async def test_rooms_are_searched_and_paged_over_http(make_daemon):
    daemon = make_daemon({"limits.rooms_listed": 4})
    [mina] = await meet(daemon, "mina")
    for n in range(9):
        await mina.ask("create", room=f"garden {n}" if n % 2 else f"house{n}")

    def names(query):
        status, _, body = daemon.http("GET", "/api/v1/rooms?" + urlencode(query))
        assert status == 200
        reply = json.loads(body)
        return [room["name"] for room in reply["rooms"]], reply["more"]

    assert sorted(names({"query": "GARDEN"})[0]) == [f"garden {n}" for n in (1, 3, 5, 7)]
    all_names, more = names({})
    while more:
        page, more = names({"after": all_names[-1]})
        all_names += page
    assert len(all_names) == len(set(all_names)) == 10
    assert refusal(daemon, "/api/v1/rooms?after=nowhere")[0] in (400, 404)
    assert refusal(daemon, "/api/v1/rooms?query=" + "x" * 300)[::2] == (413, "query")
    assert refusal(daemon, "/api/v1/rooms?query=%ff")[::2] == (400, "query")
    await mina.close()
