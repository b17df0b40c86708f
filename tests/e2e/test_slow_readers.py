"""Whoever reads slowly costs nothing, misses nothing and is not thrown out."""
import asyncio
import re

from client import Client, meet, part
from daemon import run_hearthd

READERS = 200
MESSAGES = 50_000
TEXT = "x" * 60


def promised_bytes(daemon):
    sets = [part for part in daemon.command()[1:]]
    printed = run_hearthd("--check-config", *sets).stdout
    total = [line for line in printed.splitlines() if "total" in line.lower()][-1]
    return max(int(number) for number in re.findall(r"\d+", total.replace(",", "")))


async def post(client, first, count):
    """Says count texts, some hundred under way."""
    acks = []
    for start in range(first, first + count, 250):
        acks += await asyncio.gather(*[client.say(f"{i} {TEXT}")
                                       for i in range(start, min(start + 250, first + count))])
        client.inbox.clear()
    return [ack["seq"] for ack in acks]


async def test_two_hundred_who_stop_reading_get_everything_later(make_daemon):
    daemon = make_daemon({"storage.durability": "process_crash", "storage.search": "false",
                          "limits.connections_per_address": 1000})
    [mina] = await meet(daemon, "mina", history=0)
    [fast] = await meet(daemon, "fast", history=0)
    slow = await meet(daemon, *[f"slow {i}" for i in range(READERS)], history=0)
    for reader in slow:
        reader.socket.transport.pause_reading()
        reader.inbox.clear()
    seqs, others = [], []
    for first in range(0, MESSAGES, 5000):
        seqs += await post(mina, first, 5000)
        others += [e["seq"] for e in await fast.entries(5000)]
    assert others == sorted(seqs), "a fast reader missed something"
    # ASan's own bookkeeping is not what the bound is about; so this counts only without it.
    memory, bound = daemon.memory_bytes(), promised_bytes(daemon)
    sanitized = b"__asan" in open(f"/proc/{daemon.pid}/exe", "rb").read()
    assert sanitized or memory <= bound, f"{memory} bytes, {bound} were promised"
    expected = sorted(seqs)
    for start in range(0, READERS, 10):  # as many at once as a test can hold in memory
        group = slow[start:start + 10]
        for reader in group:
            reader.socket.transport.resume_reading()
        for reader in group:
            view = []
            while len(view) < MESSAGES:
                view.append((await reader.next("message"))["seq"])
            assert view == expected, f"{reader.name}: entries missing, doubled or out of order"
            assert not reader.socket.closed
            await reader.close()
    await part(mina, fast)


async def test_a_reader_that_falls_out_of_memory_is_hinted_once(make_daemon):
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
    hints = jun.told("lagged")
    assert len(hints) == 1 and hints[0]["room"] == "lobby" and hints[0]["after"] < seqs[-1]
    await mina.say("live again")
    assert (await jun.next("message"))["text"] == "live again"
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
    await mina.say("others notice nothing")
    grown = daemon.memory_bytes() - before
    assert grown < 64 * 1024 * 1024, f"{grown} bytes more"
    for task in asking:
        task.cancel()
    for client in greedy:
        client.socket.transport.abort()
    await mina.close()
