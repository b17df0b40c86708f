"""join: enter a room and read its log from a cursor. No entry is skipped or repeated at the seam."""
import asyncio

import pytest

from client import Client, Refused, meet, part


async def test_joined_says_what_the_room_is(daemon):
    mina = await Client.connect(daemon, "mina")
    joined, caught = await mina.join()
    assert caught == [] and joined["room"] == "lobby" and joined["log"]
    assert (joined["first"], joined["last"], joined["members"]) == (0, 0, 1)
    assert joined["reset"] is False and joined["pruned"] is False and joined["read"] == 0
    await mina.close()


async def test_history_gives_the_newest_and_fifty_without_asking(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(str(i)))["seq"] for i in range(60)]
    jun = await Client.connect(daemon, "jun")
    assert [m["seq"] for m in (await jun.join(history=7))[1]] == seqs[-7:]
    await jun.ask("leave", room="lobby")
    assert [m["seq"] for m in (await jun.join())[1]] == seqs[-50:]
    await jun.ask("leave", room="lobby")
    assert (await jun.join(history=0))[1] == []
    await jun.ask("leave", room="lobby")
    assert [m["seq"] for m in (await jun.join(history=1000))[1]] == seqs
    await part(mina, jun)


async def test_a_log_that_does_not_match_starts_afresh(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(str(i)))["seq"] for i in range(10)]
    jun = await Client.connect(daemon, "jun")
    joined, caught = await jun.join(after=seqs[8], log="0123456789abcdef", history=3)
    assert joined["reset"] is True and [m["seq"] for m in caught] == seqs[-3:]
    await part(mina, jun)


async def test_a_cursor_beyond_the_last_is_a_reset_not_nothing_new(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(str(i)))["seq"] for i in range(10)]
    jun = await Client.connect(daemon, "jun")
    log = (await jun.join())[0]["log"]
    await jun.ask("leave", room="lobby")
    joined, caught = await jun.join(after=seqs[-1] + 1, log=log, history=4)
    assert joined["reset"] is True and [m["seq"] for m in caught] == seqs[-4:]
    await jun.ask("leave", room="lobby")
    joined, caught = await jun.join(after=seqs[-1], log=log)
    assert joined["reset"] is False and caught == []
    await part(mina, jun)


async def test_a_removed_and_remade_room_has_another_log(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den")
    log = (await mina.join("den"))[0]["log"]
    await mina.ask("remove", room="den")
    await mina.ask("create", room="den")
    joined, _ = await mina.join("den", after=0, log=log)
    assert joined["log"] != log and joined["reset"] is True
    await mina.close()


async def test_a_room_that_is_not_there_is_not_found(daemon):
    mina = await Client.connect(daemon, "mina")
    reply = await mina.ask_in_vain("join", room="nowhere")
    assert (reply["error_code"], reply["field"]) == ("room_not_found", "room")
    await mina.close()


async def test_joining_again_moves_the_cursor_and_doubles_nothing(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("one")
    await mina.next("message")
    await mina.join()
    await mina.send("two")
    assert (await mina.next("message"))["text"] == "two"
    await mina.settle()
    assert mina.received("message") == []
    assert (await mina.ask("who", room="lobby"))["members"][0]["name"] == "mina"
    await mina.close()


async def test_room_names_are_compared_folded(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask("join", room="LOBBY"))["room"] == "lobby"
    await mina.close()


async def test_the_rooms_of_one_connection_are_bounded(make_daemon):
    daemon = make_daemon({"limits.rooms_per_session": 2})
    mina = await Client.connect(daemon, "mina")
    for i in range(3):
        await mina.ask("create", room=f"room {i}")
    await mina.join("room 0")
    await mina.join("room 1")
    assert (await mina.ask_in_vain("join", room="room 2"))["error_code"] == "too_many_rooms"
    await mina.ask("leave", room="room 0")
    await mina.join("room 2")
    await mina.close()


async def test_a_full_room_says_so(make_daemon):
    daemon = make_daemon({"limits.members_per_room": 2})
    mina, jun = await meet(daemon, "mina", "jun")
    ara = await Client.connect(daemon, "ara")
    assert (await ara.ask_in_vain("join", room="lobby"))["error_code"] == "room_full"
    await jun.close()
    for _ in range(10_000):
        try:
            await ara.join()
            break
        except Refused as refused:
            assert refused.code == "room_full"
    await part(mina, ara)


# ---- the seam

class Flood:
    """Somebody who says texts as fast as they are acknowledged, several at a time."""

    def __init__(self, client, size):
        self.client, self.size, self.seqs = client, size, []
        self.running = True
        self.task = asyncio.ensure_future(self._run())

    async def _run(self):
        number = 0
        while self.running:
            acks = await asyncio.gather(*[
                self.client.send(f"{number + i} " + "x" * self.size) for i in range(16)])
            self.seqs += [ack["seq"] for ack in acks]
            number += 16

    async def stop(self):
        self.running = False
        await self.task


@pytest.mark.parametrize("log_bytes, size", [(262144, 20), (16384, 300)],
                         ids=["from memory", "from storage and half from each"])
async def test_no_entry_is_skipped_or_repeated_at_the_seam(make_daemon, log_bytes, size):
    daemon = make_daemon({"limits.room_log_bytes": log_bytes, "limits.write_bytes": 4096,
                          "storage.durability": "process_crash"})
    [mina] = await meet(daemon, "mina", history=0)
    log = (await mina.join(history=0))[0]["log"]
    flood = Flood(mina, size)
    await mina.entries(100)
    jun = await Client.connect(daemon, "jun")
    view, cursor = [], 0
    for round in range(12):
        joined, caught = await jun.join(after=cursor, log=log)
        assert joined["reset"] is False
        live = await jun.entries(10 + 25 * round % 60)
        view += [e["seq"] for e in caught + live]
        cursor = view[-1]
        if round % 2:
            await jun.ask("leave", room="lobby")
            jun.inbox.clear()
        else:
            await jun.break_off()
            jun = await Client.connect(daemon, session=jun.key)
        await mina.entries(min(200, len(mina.received("message"))))
    await flood.stop()
    _, caught = await jun.join(after=cursor, log=log)
    view += [e["seq"] for e in caught]
    assert view == sorted(flood.seqs), "entries were skipped, repeated or out of order"
    await part(mina, jun)


async def test_a_long_catch_up_comes_from_storage_whole_and_in_order(make_daemon):
    daemon = make_daemon({"limits.room_log_bytes": 16384, "storage.durability": "process_crash"})
    [mina] = await meet(daemon, "mina", history=0)
    seqs = []
    for i in range(0, 3000, 50):
        seqs += [a["seq"] for a in await asyncio.gather(
            *[mina.send(f"text {i + j}") for j in range(50)])]
    log = (await mina.join(history=0))[0]["log"]
    jun = await Client.connect(daemon, "jun")
    joined, caught = await jun.join(after=0, log=log)
    assert [e["seq"] for e in caught] == sorted(seqs)
    assert joined["last"] == max(seqs) and joined["first"] == min(seqs)
    await part(mina, jun)


async def test_what_comes_after_live_is_new(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("old")
    jun = await Client.connect(daemon, "jun")
    await jun.ask("join", room="lobby")
    old, live = await jun.next("message"), await jun.next("live")
    assert live == {"type": "live", "room": "lobby", "seq": old["seq"]}
    await part(mina, jun)


async def test_catching_up_gives_log_entries_history_gives_them_applied(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    one = (await mina.send("one"))["seq"]
    two = (await mina.send("two"))["seq"]
    await mina.ask("edit", room="lobby", target=one, text="ONE")
    await jun.ask("react", room="lobby", target=one, emoji="👍", on=True)
    await mina.ask("delete", room="lobby", target=two)
    ara = await Client.connect(daemon, "ara")
    _, caught = await ara.join()
    assert [e["type"] for e in caught] == ["message", "message", "edit", "reaction", "delete"]
    assert caught[0]["text"] == "one" and caught[2]["text"] == "ONE"
    assert caught[1].get("deleted") is True and "text" not in caught[1]
    history = (await ara.ask("history", room="lobby"))["messages"]
    assert [m["seq"] for m in history] == [one, two]
    assert history[0]["text"] == "ONE" and history[0]["edited"] == caught[2]["seq"]
    assert history[0]["reactions"] == [{"emoji": "👍", "names": ["jun"], "count": 1}]
    assert history[1]["deleted"] is True and "text" not in history[1]
    await part(mina, jun, ara)
