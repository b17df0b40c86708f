"""Whoever reads slowly costs nothing, misses nothing and is not thrown out."""
import asyncio
import os
import re
import socket

from client import Client, meet, part
from daemon import DEADLINE_S, run_hearthd
from test_frames import frame, handshake

READERS = 200
# The whole measure is 50,000; CI takes a fifth of it.
MESSAGES = int(os.environ.get("HEARTH_SLOW_MESSAGES", "10000"))
TEXT = "x" * 60


def promised_bytes(daemon):
    printed = run_hearthd("--check-config", *daemon.command()[1:]).stdout
    total = [line for line in printed.splitlines() if "total" in line.lower()][-1]
    return max(int(number) for number in re.findall(r"\d+", total.replace(",", "")))


class SlowReader:
    """A bare socket that joins and then stops reading."""

    def __init__(self, daemon, name):
        self.raw = socket.socket()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.raw.settimeout(DEADLINE_S)
        self.raw.connect(("127.0.0.1", daemon.port))
        self.raw.sendall(handshake(daemon) +
                         frame(1, b'{"type":"hello","name":"%s"}' % name.encode()) +
                         frame(1, b'{"type":"join","room":"lobby","history":0}'))
        self.bytes = b""
        while b'"type":"live"' not in self.bytes:
            self._read()
        self.bytes = b""

    def _read(self):
        got = self.raw.recv(1 << 20)
        if not got:
            raise ConnectionError("thrown out")
        self.bytes += got

    def seqs(self, count):
        """The seqs of the next count messages, as they come."""
        found = []
        while len(found) < count:
            self._read()
            end = self.bytes.rfind(b"}") + 1
            found += [int(seq) for seq in
                      re.findall(rb'\{"type":"message"[^{}]*?"seq":(\d+)', self.bytes[:end])]
            self.bytes = self.bytes[end:]
        return found


async def post(client, first, count):
    """Says count texts, some hundred under way."""
    acks = []
    for start in range(first, first + count, 250):
        acks += await asyncio.gather(*[client.send(f"{i} {TEXT}")
                                       for i in range(start, min(start + 250, first + count))])
        client.inbox.clear()
    return [ack["seq"] for ack in acks]


async def test_two_hundred_who_stop_reading_get_everything_later(make_daemon):
    # Who does not read answers no ping: on a busy machine they would be taken for gone.
    daemon = make_daemon({"storage.durability": "process_crash", "storage.search": "false",
                          "limits.connections_per_address": 1000, "limits.ping_seconds": 3600})
    [mina] = await meet(daemon, "mina", history=0)
    [fast] = await meet(daemon, "fast", history=0)
    slow = [SlowReader(daemon, f"slow {i}") for i in range(READERS)]
    seqs, others = [], []
    for first in range(0, MESSAGES, 1000):
        seqs += await post(mina, first, 1000)
        others += [e["seq"] for e in await fast.entries(1000)]
    assert others == sorted(seqs), "a fast reader missed something"
    # What the sanitizers keep for themselves is not what the bound is about.
    sanitized = b"__asan_init" in open(f"/proc/{daemon.pid}/exe", "rb").read()
    memory, bound = daemon.memory_bytes(), promised_bytes(daemon)
    assert sanitized or memory <= bound, f"{memory} bytes, {bound} were promised"
    expected = sorted(seqs)
    for i, reader in enumerate(slow):
        # In a thread: this loop goes on answering the pings of the other two.
        view = await asyncio.to_thread(reader.seqs, MESSAGES)
        assert view == expected, f"slow {i}: entries missing, doubled or out of order"
        reader.raw.close()
    await part(mina, fast)


async def test_a_reader_that_falls_out_of_memory_is_hinted_each_time_it_does(make_daemon):
    daemon = make_daemon({"limits.room_log_bytes": 16384, "limits.write_bytes": 4096,
                          "storage.durability": "process_crash"})
    mina, jun = await meet(daemon, "mina", "jun", history=0)
    jun.socket.transport.pause_reading()
    seqs = await post(mina, 0, 60_000 // 4)
    jun.socket.transport.resume_reading()
    view = []
    while len(view) < len(seqs):
        view.append((await jun.next("message"))["seq"])
    assert view == sorted(seqs)
    hints = jun.received("lagged")  # the kernel takes some in between, so it may fall out twice
    assert hints and all(hint["room"] == "lobby" for hint in hints)
    places = [hint["after"] for hint in hints]
    assert places == sorted(set(places)) and places[-1] < seqs[-1] and len(places) < 10
    await mina.send("live again")
    assert (await jun.next("message"))["text"] == "live again"
    await part(mina, jun)


async def test_whoever_stalls_hears_once_that_events_were_left_out(make_daemon):
    daemon = make_daemon({"limits.write_bytes": 4096, "limits.rooms_per_user": 100, "storage.durability": "process_crash"})
    mina, jun = await meet(daemon, "mina", "jun", history=0)
    jun.socket.transport.pause_reading()
    seqs = await post(mina, 0, 60_000 // 4)
    for i in range(40):
        await mina.ask("create", room=f"room {i}")
    await mina.ask("direct", to="jun", text="psst", nonce="1")
    jun.socket.transport.resume_reading()
    await jun.next("missed")
    view = [(await jun.next("message"))["seq"] for _ in seqs]
    assert view == sorted(seqs), "no entry is missing"
    listed = (await jun.ask("rooms"))["rooms"]
    assert {"@jun,mina", "room 39"} <= {room["name"] for room in listed}
    assert not jun.received("missed")
    await part(mina, jun)


async def test_who_never_reads_replies_is_not_read_from_and_costs_a_bounded_amount(make_daemon):
    daemon = make_daemon({"limits.connections_per_address": 1000})
    [mina] = await meet(daemon, "mina", history=0)
    await post(mina, 0, 500)
    greedy = [await Client.connect(daemon, f"greedy {i}") for i in range(5)]
    before = daemon.memory_bytes()
    for client in greedy:
        client.socket.transport.pause_reading()
    asked = '{"type":"history","room":"lobby","limit":200}'

    async def ask(client):
        for _ in range(400):
            await client.send_text(asked)
    asking = [asyncio.ensure_future(ask(client)) for client in greedy]
    await asyncio.wait(asking, timeout=5)
    await mina.send("others notice nothing")
    grown = daemon.memory_bytes() - before
    assert grown < 64 * 1024 * 1024, f"{grown} bytes more"
    for task in asking:
        task.cancel()
    for client in greedy:
        client.socket.transport.abort()
    await mina.close()
