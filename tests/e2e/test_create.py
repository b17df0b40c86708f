"""create: make a room and own it."""
import asyncio
import json

import pytest

from client import Client, meet, part


async def test_whoever_makes_a_room_owns_it(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", topic="quiet")
    told = await jun.next("room", name="den")
    assert (told["change"], told["topic"], told["visibility"]) == ("created", "quiet", "public")
    joined, _ = await mina.join("den")
    assert (joined["role"], joined["topic"]) == ("owner", "quiet")
    assert (await jun.join("den"))[0]["role"] == "guest"
    await part(mina, jun)


async def test_a_room_outlives_a_restart(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.ask("create", room="den", topic="quiet", visibility="private")
    await mina.close()
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    rooms = {room["name"]: room for room in mina.welcome["rooms"]}
    assert (rooms["den"]["topic"], rooms["den"]["visibility"]) == ("quiet", "private")
    assert rooms["den"]["role"] == "owner"
    await mina.close()


@pytest.mark.parametrize("name", ["lobby", "LOBBY", "Ｌobby"])
async def test_a_room_that_exists_is_not_made_again(daemon, name):
    mina = await Client.connect(daemon, "mina")
    reply = await mina.ask_in_vain("create", room=name)
    assert (reply["error_code"], reply["field"]) == ("room_exists", "room")
    await mina.close()


@pytest.mark.parametrize("name", ["@a,b", "a\u202eb", " a", "a/b", "#a", "x" * 33, "a\nb"])
async def test_a_name_that_would_confuse_is_refused(daemon, name):
    mina = await Client.connect(daemon, "mina")
    reply = await mina.ask_in_vain("create", room=name)
    assert reply["error_code"] in ("name_invalid", "bad_request") and reply["field"] == "room"
    await mina.close()


async def test_two_who_make_one_room_at_once_do_not_both_own_it(daemon):
    people = [await Client.connect(daemon, f"person {i}") for i in range(10)]
    replies = await asyncio.gather(*[p.try_ask("create", room="den") for p in people])
    assert sorted(r["type"] for r in replies) == ["error"] * 9 + ["ok"]
    await part(*people)


async def test_who_is_only_known_by_a_key_owns_no_more_rooms_than_others(make_daemon):
    daemon = make_daemon({"limits.rooms_per_user": 2})
    [mina] = await meet(daemon, "mina")
    await mina.close()
    make = lambda room: daemon.http("POST", "/api/v1/do", {"type": "create", "room": room},
                                    headers={"Authorization": f"Bearer {mina.key}"})
    assert [make(f"room {i}")[0] for i in range(2)] == [200, 200]
    status, _, reply = make("one more")
    assert (status, json.loads(reply)["error_code"]) == (429, "too_many_rooms")
    assert "one more" not in daemon.http("GET", "/api/v1/rooms")[2].decode()


async def test_rooms_are_bounded(make_daemon):
    daemon = make_daemon({"limits.rooms_per_user": 2, "limits.rooms": 4})
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="one")
    await mina.ask("create", room="two")
    assert (await mina.ask_in_vain("create", room="three"))["error_code"] == "too_many_rooms"
    await jun.ask("create", room="three")
    assert (await jun.ask_in_vain("create", room="four"))["error_code"] == "too_many_rooms"
    await jun.join("three")
    await jun.ask("remove", room="three")
    await jun.ask("create", room="four")
    await part(mina, jun)


async def test_only_the_administrator_makes_rooms_where_that_is_set(make_daemon):
    daemon = make_daemon({"rooms.create": "keeper"}) # the word of the first version
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("create", room="den"))["error_code"] == "forbidden"
    daemon.administrator("create", room="den")
    await mina.join("den")
    await mina.close()


async def test_a_visibility_is_public_or_private(daemon):
    mina = await Client.connect(daemon, "mina")
    reply = await mina.ask_in_vain("create", room="den", visibility="direct")
    assert (reply["error_code"], reply["field"]) == ("bad_request", "visibility")
    await mina.close()


async def test_a_room_is_managed_without_being_in_it(daemon):
    mina, jun, ara = await meet(daemon, "mina", "jun", "ara")
    await mina.ask("create", room="den", visibility="private")
    await mina.ask("set", room="den", topic="by invitation")
    await mina.ask("invite", room="den", user="jun")
    await jun.join("den")
    await mina.ask("role", room="den", user="jun", role="member")
    await mina.ask("mute", room="den", user="jun")
    assert (await jun.ask_in_vain("send", room="den", text="x", nonce="1"))["error_code"] == "muted"
    await mina.ask("kick", room="den", user="jun")
    await jun.next("kicked")
    await mina.ask("ban", room="den", user="jun")
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "banned"
    await mina.ask("unban", room="den", user="jun")
    for type, fields in (("set", {"topic": "x"}), ("kick", {"user": "mina"}), ("remove", {})):
        assert (await ara.ask_in_vain(type, room="den", **fields))["error_code"] == "room_not_found"
        assert (await jun.ask_in_vain(type, room="den", **fields))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("send", room="den", text="x", nonce="1"))["type"] == "error"
    await part(mina)
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    await mina.ask("remove", room="den")
    await part(mina, jun, ara)


async def test_what_is_asked_while_a_role_is_looked_up_waits_its_turn(daemon):
    [mina] = await meet(daemon, "mina")
    requests = [("create", {"room": "den"}), ("set", {"room": "den", "topic": "one"}),
                ("set", {"room": "den", "topic": "two"}), ("join", {"room": "den"}),
                ("remove", {"room": "den"}), ("history", {"room": "den"})]
    replies = await asyncio.gather(*[await mina.start(t, **f) for t, f in requests])
    assert [r["type"] for r in replies] == ["ok", "ok", "ok", "joined", "ok", "error"]
    assert replies[3]["topic"] == "two"
    await mina.close()


async def test_one_address_uses_up_neither_rooms_nor_direct_messages(make_daemon):
    """Guests of one address make all the rooms they can: whoever is here before and after a restart
    still writes to others, and the administrator still makes a room."""
    daemon = make_daemon({"limits.rooms": 6, "limits.rooms_per_user": 3})
    mina, jun = await meet(daemon, "mina", "jun")
    trolls = [await Client.connect(daemon, f"troll {i}") for i in range(3)]
    made = [await troll.try_ask("create", room=f"{troll.name} {i}")
            for troll in trolls for i in range(3)]
    assert [r["type"] for r in made].count("ok") == 5
    await part(*trolls)
    for nonce in ("before", "after"):
        await mina.ask("direct", to="jun", text="hi", nonce=nonce)
        daemon.ctl("room", "create", f"family {nonce}")
        await part(mina, jun)
        daemon.restart()
        mina, jun = [await Client.connect(daemon, session=c.key) for c in (mina, jun)]
    await part(mina, jun)


async def test_rooms_from_one_address_are_counted_by_the_hour(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.rooms_per_hour": 3})
    mina, jun = await meet(daemon, "mina", "jun")
    for person, room in ((mina, "a"), (jun, "b"), (mina, "c")):
        await person.ask("create", room=room)
    reply = await jun.ask_in_vain("create", room="d")
    assert reply["error_code"] == "rate_limited" and 0 < reply["retry_after_ms"] <= 3_600_000
    await mina.ask("direct", to="jun", text="hi", nonce="1")
    await part(mina, jun)
