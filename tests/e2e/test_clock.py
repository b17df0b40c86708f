"""Boards without a clock: it starts in 1970, jumps and runs backwards, and nothing is confused."""
import glob
import os
import signal
import time

import pytest

from bridge import tries
from client import Client, meet, part

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
KERNEL_CLOCK = os.environ.get("KERNEL_CLOCK", "")


class Clock:
    """The clock of a board: what it says, and whether the kernel calls it synchronised."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.kernel = folder / "kernel_clock.so"  # LD_PRELOAD takes no path with a space, as that of a checkout may have
        self.kernel.symlink_to(KERNEL_CLOCK)
        self.synchronised = folder / "synchronised"

    def set(self, when):
        # In place and at once: the daemon reads it at every look at the clock.
        new = self.file.with_suffix(".new")
        new.write_text(f"@{when}\n")
        new.rename(self.file)

    def synchronise(self, on=True):
        self.synchronised.touch() if on else self.synchronised.unlink(missing_ok=True)

    def environment(self):
        return {"LD_PRELOAD": f"{LIBRARIES[0]} {self.kernel}",
                "HEARTH_TEST_SYNCHRONISED": str(self.synchronised), "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


@pytest.fixture
def clock(tmp_path):
    if not LIBRARIES:
        pytest.skip("no libfaketime")
    return Clock(tmp_path)


WHENS = ["1970-01-01 00:00:10", "2035-06-01 12:00:00", "2035-05-31 12:00:00",
         "1980-01-01 00:00:00", "2027-01-01 00:00:00"]


async def test_order_and_time_hold_however_the_clock_jumps(make_daemon, clock):
    daemon = make_daemon(start=False)
    clock.set(WHENS[0])
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    acks = []
    for when in WHENS:
        clock.set(when)
        acks += [await mina.send(f"{when} {i}") for i in range(5)]
    assert [a["seq"] for a in acks] == sorted({a["seq"] for a in acks})
    assert all(a["ts"] <= b["ts"] for a, b in zip(acks, acks[1:])), "time ran backwards"
    history = await mina.ask("history", room="lobby", limit=200)
    assert [m["seq"] for m in history["messages"]] == [a["seq"] for a in acks]
    assert history["messages"][0]["clock"] == "unset", "in 1970 a board does not know the time"
    assert daemon.administrator("status")["clock_set"] is True
    await mina.close()


async def test_a_start_in_1970_goes_on_after_the_last_message(make_daemon, clock):
    daemon = make_daemon(start=False)
    clock.set("2030-01-01 00:00:00")
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    before = await mina.send("before the power cut")
    daemon.kill()
    await mina.wait_closed()
    clock.set("1970-01-01 00:00:05")
    daemon.start(environment=clock.environment())
    mina = await Client.connect(daemon, session=mina.key)
    await mina.join()
    after = await mina.send("after it")
    assert after["ts"] >= before["ts"] and after["seq"] > before["seq"]
    await mina.close()


async def test_limits_are_not_confused_by_jumps(make_daemon, clock):
    daemon = make_daemon({"limits.exempt": "", "limits.messages_per_minute": 60,
                          "limits.messages_burst": 5}, start=False)
    clock.set("2030-01-01 00:00:00")
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    for i in range(5):
        await mina.send(str(i))
    clock.set("2040-01-01 00:00:00")
    reply = await mina.ask_in_vain("send", room="lobby", text="x", nonce="n")
    assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] <= 1000
    await mina.close()


# ---- a wrong clock wipes nothing

NOW = "2030-01-01 00:00:00"
WRONG = {"1970": "1970-01-01 00:00:10", "9 hours": "2030-01-01 09:00:00",
         "400 days": "2031-02-05 00:00:00", "2040": "2040-01-01 00:00:00",
         "back": "2028-01-01 00:00:00"}
AGEING = {"retention.age_days": 30, "retention.guest_days": 30, "retention.room_entries": 50}


async def furnish(daemon):
    """Everything that a board would miss: a guest's key, a role, a room, a direct conversation."""
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="garden")
    daemon.administrator("role", room="lobby", user="jun", role="moderator")
    await mina.send("an old tale")
    await mina.ask("direct", to="jun", text="only for you", nonce="d1")
    keys = mina.key, jun.key
    await part(mina, jun)
    return keys


async def look_for_old_things(daemon):
    """Two rounds of retention pass: their witness is a room with too many entries."""
    for word in ("first", "second"):
        room = f"witness-{word}"
        daemon.administrator("create", room=room)
        async with await Client.connect(daemon, f"witness {word}") as witness:
            await witness.join(room)
            for i in range(60):
                await witness.send(str(i), room)
            os.kill(daemon.pid, signal.SIGHUP)
            while len((await witness.ask("history", room=room, limit=200))["messages"]) > 50:
                await witness.settle()


async def all_is_there(daemon, keys):
    mina, jun = [await Client.connect(daemon, session=key) for key in keys]
    assert (mina.name, jun.name) == ("mina", "jun")
    rooms = {room["name"]: room for room in (await mina.ask("rooms"))["rooms"]}
    assert rooms["garden"]["role"] == "owner"
    assert rooms["@jun,mina"]["peer"] == "jun"
    assert {r["name"]: r["role"] for r in (await jun.ask("rooms"))["rooms"]}["lobby"] == "moderator"
    for room, text in (("lobby", "an old tale"), ("@jun,mina", "only for you")):
        page = await mina.ask("history", room=room, limit=50)
        assert text in [m.get("text") for m in page["messages"]]
    await part(mina, jun)


LONG = os.environ.get("HEARTH_LONG_TESTS")
STARTS = [(wrong, synchronised) for wrong in WRONG for synchronised in (False, True)
          if LONG or (wrong, synchronised) in (("1970", False), ("400 days", True), ("back", False))]


def kernel_is_asked(daemon):
    """Once a second."""
    daemon.advance(1)
    for _ in tries():
        if daemon.administrator("clock")["state"] == "synchronised":
            return
    raise AssertionError("the kernel's clock is not noticed")


@pytest.mark.parametrize("wrong, synchronised", STARTS)
async def test_a_start_with_a_wrong_clock_wipes_nothing(make_daemon, clock, wrong, synchronised):
    daemon = make_daemon(AGEING, start=False)
    clock.set(NOW)
    daemon.start(environment=clock.environment())
    keys = await furnish(daemon)
    daemon.stop()
    clock.set(WRONG[wrong])
    clock.synchronise(synchronised)
    daemon.start(environment=clock.environment())
    await look_for_old_things(daemon)
    await all_is_there(daemon, keys)
    daemon.stop()
    clock.set(NOW)
    daemon.start(environment=clock.environment())
    await all_is_there(daemon, keys)


async def test_the_right_time_comes_back_with_the_correction(make_daemon, clock):
    daemon = make_daemon(start=False)
    clock.set("2040-01-01 00:00:00")
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    daemon.administrator("create", room="garden")
    await mina.join("garden")
    wrong = await mina.send("far ahead")
    clock.set(NOW)
    elsewhere = await mina.send("another room", "garden")
    assert wrong["ts"] - elsewhere["ts"] > 9 * 365 * 86_400_000, "one room's time is not the others'"
    clock.synchronise()
    kernel_is_asked(daemon)
    right = await mina.send("back again")
    assert abs(right["ts"] - elsewhere["ts"]) < 3_600_000
    assert right["seq"] > wrong["seq"]
    await mina.close()


@pytest.mark.parametrize("first, then", [("1970-01-01 00:02:00", NOW), (NOW, WRONG["9 hours"]),
                                         ("2038-01-01 00:00:00", NOW)])
async def test_an_hour_is_an_hour_whatever_the_clock_does(make_daemon, clock, first, then):
    daemon = make_daemon(start=False)
    clock.set(first)
    daemon.start(environment=clock.environment())
    loud, rude = await meet(daemon, "loud", "rude")
    keys = loud.key, rude.key
    for verb, name in (("mute", "loud"), ("ban", "rude")):
        daemon.administrator(verb, room="lobby", user=name, seconds=3600)

    async def state(loud, rude):
        return [(await one.try_ask(*what[:1], **what[1])).get("error_code")
                for one, what in ((loud, ("send", {"room": "lobby", "text": "x", "nonce": "n"})),
                                  (rude, ("history", {"room": "lobby"})))]

    assert await state(loud, rude) == ["muted", "banned"]
    clock.set(then)
    assert await state(loud, rude) == ["muted", "banned"]
    await part(loud, rude)
    daemon.stop()
    daemon.start(environment=clock.environment())
    loud, rude = [await Client.connect(daemon, session=key) for key in keys]
    await loud.join()
    assert await state(loud, rude) == ["muted", "banned"]
    await part(loud, rude)


async def test_a_short_mute_ends_though_the_clock_went_back(make_daemon, clock):
    daemon = make_daemon(start=False)
    clock.set("2038-01-01 00:00:00")
    daemon.start(environment=clock.environment())
    [loud] = await meet(daemon, "loud")
    daemon.administrator("mute", room="lobby", user="loud", seconds=1)
    clock.set(NOW)
    deadline = time.monotonic() + 60
    while (await loud.try_ask("send", room="lobby", text="x", nonce="n"))["type"] == "error":
        assert time.monotonic() < deadline, "the mute outlasts its second"
    await loud.close()


# ---- who vouches for the time

def test_where_nothing_goes_by_age_nothing_waits_for_the_time(make_daemon, clock):
    daemon = make_daemon(start=False)
    clock.set("1970-01-01 00:02:00")
    daemon.start(environment=clock.environment())
    assert "retention" not in daemon.ctl("status")


async def test_an_administrator_gives_the_time_until_the_kernel_knows_it(make_daemon, clock):
    daemon = make_daemon({"retention.age_days": 30}, start=False)
    clock.set("1970-01-01 00:02:00")
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    assert (await mina.send("when?"))["ts"] < 86_400_000
    assert daemon.administrator("clock")["state"] == "unset"
    assert "retention by age waits: time not proven" in daemon.ctl("status")
    assert "(no date)" in daemon.ctl("tail", "lobby")
    daemon.ctl("clock", "set", "2030-01-02 03:04Z")
    given = 1_893_553_440_000
    assert 0 <= (await mina.send("now"))["ts"] - given < 3_600_000
    assert daemon.administrator("clock")["state"] == "given" and not daemon.administrator("clock")["proven"]
    assert "an administrator" in daemon.ctl("clock")
    history = await mina.ask("history", room="lobby")
    assert [m.get("clock") for m in history["messages"]] == ["unset", None]
    found = await mina.ask("search", query="when")
    assert [m.get("clock") for m in found["results"]] == ["unset"]
    clock.set(NOW)
    clock.synchronise()
    kernel_is_asked(daemon)
    assert abs((await mina.send("at last"))["ts"] - 1_893_456_000_000) < 3_600_000
    assert daemon.administrator("clock")["state"] == "synchronised"
    refused = daemon.ctl("clock", "set", "2031-01-01 00:00Z", check=False)
    assert refused.returncode == 1 and "synchronised" in refused.stderr
    await mina.close()


@pytest.mark.parametrize("word", ["1970-01-01 00:00Z", "yesterday", "12:30", "2030-13-01 00:00", "0"])
async def test_what_is_no_time_is_refused(make_daemon, clock, word):
    daemon = make_daemon(start=False)
    clock.set("1970-01-01 00:02:00")
    daemon.start(environment=clock.environment())
    assert daemon.ctl("clock", "set", word, check=False).returncode in (1, 2)
    assert daemon.administrator("clock")["state"] == "unset"


async def test_the_time_is_an_administrators_business(daemon):
    [mina] = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("clock"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("clock", time=1_893_553_440_000))["error_code"] == "forbidden"
    await mina.close()
