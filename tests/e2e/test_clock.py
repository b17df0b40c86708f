"""Boards without a clock: it starts in 1970, jumps and runs backwards, and nothing is confused."""
import glob

import pytest

from client import Client, meet

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


class Clock:
    def __init__(self, folder):
        self.file = folder / "clock"

    def set(self, when):
        # In place and at once: the daemon reads it at every look at the clock.
        new = self.file.with_suffix(".new")
        new.write_text(f"@{when}\n")
        new.rename(self.file)

    def environment(self):
        return {"LD_PRELOAD": LIBRARIES[0], "FAKETIME_TIMESTAMP_FILE": str(self.file),
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
