"""What ends because nobody comes any more: rooms that nobody used, and whose a room is. Counted in time that the
gateway has been running: over restarts, and whatever the clock says."""
import asyncio
import json

import pytest

from client import Client, meet, part
from daemon import DEADLINE_S
from test_clock import clock  # noqa: F401: a fixture
from test_kick import den

DAY = 86400
HOUR = 3600


def rooms(daemon, *options):
    return sorted(room["name"] for room in
                  json.loads(daemon.ctl("--json", "room", "list", *options))["rooms"])


async def until(daemon, is_so):
    """The writer looks after it has written: each look says something."""
    for i in range(int(DEADLINE_S * 10)):
        if is_so():
            return
        daemon.administrator("send", room="lobby", text="tick", nonce=f"{i}")
        await asyncio.sleep(0.1)
    raise AssertionError("it does not come about:\n" + daemon.text_of_log())


async def test_a_room_that_nobody_used_goes_after_a_day_of_running(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    for room in ("bare", "entered", "spoken", "about", "given", "younger"):
        if room == "younger":
            daemon.advance(2 * HOUR)
        await mina.ask("create", room=room, topic="tea" if room == "about" else "")
    daemon.ctl("room", "create", "ours")
    await jun.join("entered")
    await mina.join("spoken")
    await mina.send("a word", "spoken")
    await mina.ask("role", room="given", user="jun", role="member")
    daemon.advance(12 * HOUR)
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    daemon.advance(11 * HOUR)
    await until(daemon, lambda: "bare" not in rooms(daemon))
    await until(daemon, lambda: "entered" not in rooms(daemon))
    assert (await jun.next("room", change="removed"))["name"] in ("bare", "entered")
    assert rooms(daemon) == ["about", "given", "lobby", "ours", "spoken", "younger"]
    daemon.advance(2 * HOUR)
    await until(daemon, lambda: "younger" not in rooms(daemon))
    await jun.close()
    daemon.restart()
    assert rooms(daemon) == ["about", "given", "lobby", "ours", "spoken"]


async def test_no_clock_that_jumps_ends_a_room(make_daemon, clock):  # noqa: F811
    daemon = make_daemon(start=False)
    clock.set("2030-01-01 00:00:00")
    daemon.start(environment=clock.environment())
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="older")
    daemon.advance(20 * HOUR)
    await mina.ask("create", room="younger")
    for when in ("2070-01-01 00:00:00", "1970-01-01 00:00:10", "2031-01-01 00:00:00"):
        clock.set(when)
        await mina.send(when)
    daemon.advance(5 * HOUR)
    await until(daemon, lambda: "older" not in rooms(daemon))
    assert rooms(daemon) == ["lobby", "younger"]
    await mina.close()


async def test_an_administrator_finds_and_removes_what_nobody_used(make_daemon):
    daemon = make_daemon({"rooms.empty_hours": 0, "limits.rooms_per_user": 300, "limits.rooms_listed": 7})
    mina, jun = await meet(daemon, "mina", "jun")
    for i in range(20):
        await mina.ask("create", room=f"buy {i:02}")
    daemon.ctl("room", "create", "ours")
    await mina.join("buy 03")
    await mina.send("a word", "buy 03")
    empty = [f"buy {i:02}" for i in range(20) if i != 3] + ["ours"]
    assert rooms(daemon, "--empty") == empty
    assert len(rooms(daemon)) == 22, "the whole list, though a reply names seven"
    status, reply = daemon.admin("POST", "/admin/v1/do", {"type": "remove", "room": "buy 03", "empty": True})
    assert (status, reply["error_code"], reply["field"]) == (403, "forbidden", "room")
    assert (await jun.ask_in_vain("rooms", empty=True))["error_code"] == "forbidden"
    assert daemon.ctl("room", "delete", "--yes", check=False).returncode == 2
    assert daemon.ctl("room", "delete", "lobby", "--empty", "--yes", check=False).returncode == 2
    said = daemon.ctl("room", "delete", "--empty", "--yes")
    assert sorted(line.split("\t")[0] for line in said.splitlines()) == empty
    assert rooms(daemon) == ["buy 03", "lobby"] and rooms(daemon, "--empty") == []
    await part(mina, jun)


async def pass_days(daemon, days, client):
    """While this client is there, and is seen to be."""
    for day in range(0, days, 4):
        daemon.advance(min(4, days - day) * DAY)
        await client.ask("ping")
        await until(daemon, lambda: True)


async def role_of(daemon, key):
    async with await Client.connect(daemon, session=key) as client:
        return (await client.join("den"))[0]["role"]


@pytest.mark.parametrize("guest_days", [30, 3650])
async def test_the_room_of_one_who_stays_away_falls_to_its_oldest_moderator(make_daemon, guest_days):
    daemon = make_daemon({"retention.guest_days": guest_days})
    ara, jun, mina, sol = await den(daemon, "ara", "jun", "mina", "sol")
    for name in ("sol", "jun", "mina"):
        await ara.ask("role", room="den", user=name, role="moderator")
    await part(ara, sol)
    await pass_days(daemon, 16, jun)
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("den")
    await pass_days(daemon, 15, jun)
    assert (await _next(daemon, jun))["role"] == "owner"
    await jun.ask("set", room="den", visibility="private")
    [told] = [line for line in daemon.administrator("audit")["lines"] if line["by"] != "ara" and line["act"] == "role"]
    assert (told["user"], told["room"], told["reason"]) == ("jun", "den", "owner: the one before stays away")
    if guest_days > 31:
        assert await role_of(daemon, ara.key) == "moderator"
        await jun.ask("role", room="den", user="ara", role="owner")
    daemon.restart()
    assert await role_of(daemon, jun.key) == "owner"
    assert await role_of(daemon, mina.key) == "moderator"


async def _next(daemon, client):
    event = asyncio.ensure_future(client.next("room", change="changed", name="den"))
    await until(daemon, event.done)
    return event.result()


async def test_without_a_moderator_it_falls_to_the_gateways(daemon):
    ara, mod, jun = await den(daemon, "ara", "mod", "jun")
    daemon.ctl("user", "role", "mod", "moderator")
    assert (await mod.ask_in_vain("set", room="den", name="hall"))["error_code"] == "forbidden"
    await part(ara)
    daemon.ctl("user", "forget", "ara", "--yes")
    assert (await _next(daemon, mod))["role"] == "owner"
    await part(mod, jun)
    daemon.restart()
    mod = await Client.connect(daemon, session=mod.key)
    jun = await Client.connect(daemon, session=jun.key)
    assert (await mod.join("den"))[0]["role"] == "owner"
    assert (await jun.join("den"))[0]["role"] == "guest"
    await mod.ask("role", room="den", user="jun", role="owner")
    assert (await jun.next("room", change="changed"))["role"] == "owner"
    assert (await mod.ask_in_vain("set", room="den", name="hall"))["error_code"] == "forbidden"
    await jun.ask("set", room="den", name="hall")
    await part(mod, jun)


async def test_a_private_room_falls_to_no_moderator_who_is_not_in_it(daemon):
    ara, mod, jun = await meet(daemon, "ara", "mod", "jun")
    daemon.ctl("user", "role", "mod", "moderator")
    for room in ("den", "attic"):
        await ara.ask("create", room=room, visibility="private")
        await ara.join(room)
        await ara.send("ours", room)
        await ara.ask("invite", room=room, user="jun")
    await part(ara)
    daemon.ctl("user", "forget", "ara", "--yes")
    await until(daemon, lambda: sum(line["act"] == "role" for line in daemon.administrator("audit")["lines"]) >= 2)
    assert (await mod.ask_in_vain("join", room="den"))["error_code"] == "room_not_found"
    assert (await jun.join("den"))[0]["role"] == "guest"
    await part(mod, jun)


async def test_an_owner_hands_a_room_on(daemon):
    ara, jun, mina = await den(daemon, "ara", "jun", "mina")
    reply = await ara.ask_in_vain("role", room="den", user="ara", role="moderator")
    assert (reply["error_code"], reply["field"]) == ("forbidden", "role")
    await ara.ask("role", room="den", user="jun", role="owner")
    reply = await jun.ask_in_vain("role", room="den", user="ara", role="guest")
    assert (reply["error_code"], reply["field"]) == ("forbidden", "user")
    await ara.ask("role", room="den", user="ara", role="moderator")
    await ara.ask_in_vain("role", room="den", user="mina", role="member")
    await jun.ask("role", room="den", user="ara", role="guest")
    await part(ara, jun, mina)
    daemon.restart()
    assert await role_of(daemon, jun.key) == "owner"
    assert await role_of(daemon, ara.key) == "guest"


async def test_the_first_owner_takes_a_second_one_back(daemon):
    ara, jun, mina = await den(daemon, "ara", "jun", "mina")
    for name in ("jun", "mina"):
        await ara.ask("role", room="den", user=name, role="owner")
    await part(ara)
    daemon.restart()
    ara, jun, mina = [await Client.connect(daemon, session=one.key) for one in (ara, jun, mina)]
    assert (await mina.ask_in_vain("role", room="den", user="jun", role="guest"))["error_code"] == "forbidden"
    await jun.ask("role", room="den", user="mina", role="guest")
    await ara.ask("role", room="den", user="jun", role="moderator")
    assert (await jun.ask_in_vain("role", room="den", user="ara", role="guest"))["error_code"] == "forbidden"
    await part(ara, jun, mina)


async def test_nobody_is_given_more_rooms_than_one_may_own(make_daemon):
    daemon = make_daemon({"limits.rooms_per_user": 2})
    ara, jun = await den(daemon, "ara", "jun")
    await ara.ask("create", room="hall")
    await jun.ask("create", room="nook")
    await ara.ask("role", room="den", user="jun", role="owner")
    reply = await ara.ask_in_vain("role", room="hall", user="jun", role="owner")
    assert (reply["error_code"], reply["field"]) == ("too_many_rooms", "user")
    assert (await jun.ask_in_vain("create", room="more"))["error_code"] == "too_many_rooms"
    await ara.ask("role", room="den", user="ara", role="guest")
    await ara.ask("create", room="attic")
    assert (await ara.ask_in_vain("create", room="more"))["error_code"] == "too_many_rooms"
    daemon.ctl("role", "hall", "jun", "owner")
    await part(ara, jun)
