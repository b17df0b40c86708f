"""rename: somebody is called otherwise and stays who they are."""
import asyncio
import sqlite3

import pytest

from client import Client, meet, part

DAY = 86400


def names(welcome):
    return {room["name"] for room in welcome["rooms"]}


async def test_everybody_who_shares_a_room_is_told_once(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    for room in ("one", "two"):
        await mina.ask("create", room=room)
        await mina.join(room)
        await jun.join(room)
    stranger = await Client.connect(daemon, "stranger")
    assert (await mina.ask("rename", name="Mina Park"))["type"] == "ok"
    uid = mina.welcome["user"]["uid"]
    for person in (mina, jun):
        told = await person.next("renamed")
        assert {k: told[k] for k in ("uid", "from", "to")} == {
            "uid": uid, "from": "mina", "to": "Mina Park"}
        await person.settle()
        assert not person.received("renamed")
    await stranger.settle()
    assert not stranger.received("renamed")
    members = (await jun.ask("who", room="one"))["members"]
    assert {m["name"] for m in members} == {"Mina Park", "jun"}
    await part(mina, jun, stranger)


async def test_rooms_roles_markers_and_key_stay(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    await mina.ask("invite", room="den", user="jun")
    await jun.join("den")
    seq = (await jun.send("hi", "den"))["seq"]
    await mina.ask("read", room="den", seq=seq)
    await mina.ask("rename", name="Mina Park")
    await mina.ask("mute", room="den", user="jun")  # still the owner
    again = await Client.connect(daemon, session=mina.key)
    assert again.name == "Mina Park"
    den = next(room for room in again.welcome["rooms"] if room["name"] == "den")
    assert (den["role"], den["read"]) == ("owner", seq)
    await part(mina, jun, again)


async def test_old_entries_keep_the_name_of_their_time(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.send("before")
    await mina.ask("rename", name="Mina Park")
    await mina.send("after")
    page = (await jun.ask("history", room="lobby"))["messages"]
    assert [(m["from"], m["uid"] == mina.welcome["user"]["uid"]) for m in page] == [
        ("mina", True), ("Mina Park", True)]
    await mina.ask("edit", room="lobby", target=page[0]["seq"], text="mine still")
    await part(mina, jun)


async def test_one_reaction_stays_one_under_another_name(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await jun.send("hi"))["seq"]
    react = {"room": "lobby", "target": seq, "emoji": "👍"}
    await mina.ask("react", on=True, **react)
    await mina.ask("rename", name="Mina Park")
    await mina.ask("react", on=True, **react)
    for page in ((await jun.ask("history", room="lobby"))["messages"],
                 (await jun.ask("search", query="hi"))["results"]):
        assert page[0]["reactions"] == [{"emoji": "👍", "names": ["Mina Park"], "count": 1}]
    await mina.ask("react", on=False, **react)
    page = (await jun.ask("history", room="lobby"))["messages"]
    assert "reactions" not in page[0]
    await part(mina, jun)


async def test_a_name_given_up_is_held_for_days_and_then_free(make_daemon):
    daemon = make_daemon()
    mina = await Client.connect(daemon, "mina")
    await mina.ask("rename", name="Mina Park")
    other = await Client.connect(daemon, hello=False)
    for name in ("mina", "MINA", "mina park"):
        assert (await other.ask_in_vain("hello", name=name))["error_code"] == "name_taken"
    await part(mina, other)
    daemon.advance(6 * DAY)
    daemon.restart()
    other = await Client.connect(daemon, hello=False)
    assert (await other.ask_in_vain("hello", name="mina"))["error_code"] == "name_taken"
    await part(other)
    daemon.advance(DAY)
    other = await Client.connect(daemon, "mina")
    await part(other)


async def test_only_the_last_name_is_held_and_its_owner_may_take_it_back(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.ask("rename", name="second")
    await mina.ask("rename", name="third")
    other = await Client.connect(daemon, "mina")
    assert (await other.ask_in_vain("rename", name="second"))["error_code"] == "name_taken"
    await mina.ask("rename", name="second")
    assert (await other.ask_in_vain("rename", name="third"))["error_code"] == "name_taken"
    await part(mina, other)


async def test_other_capitals_hold_nothing(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("rename", name="MINA")
    assert (await jun.next("renamed"))["to"] == "MINA"
    await mina.ask("rename", name="MINA")
    await jun.settle()
    assert not jun.received("renamed")
    await part(mina, jun)


async def test_a_hold_of_no_days_frees_the_name_at_once(make_daemon):
    daemon = make_daemon({"accounts.name_hold_days": 0})
    mina = await Client.connect(daemon, "mina")
    await mina.ask("rename", name="Mina Park")
    other = await Client.connect(daemon, "mina")
    await part(mina, other)


@pytest.mark.parametrize("name, code", [
    ("jun", "name_taken"), ("JUN", "name_taken"), ("admin", "name_invalid"), ("a/b", "name_invalid"),
    ("", "name_invalid"), ("client-7", "name_invalid"), ("x" * 40, "name_invalid")])
async def test_what_nobody_may_be_called(daemon, name, code):
    mina, jun = await meet(daemon, "mina", "jun")
    reply = await mina.ask_in_vain("rename", name=name)
    assert (reply["error_code"], reply["field"]) == (code, "name")
    await part(mina, jun)


async def test_nobody_is_called_what_the_gateway_is_called_or_looks_like_somebody(make_daemon):
    daemon = make_daemon({"server.name": "The Board"})
    mina, jun = await meet(daemon, "mina", "jun")
    for name, code in (("the board", "name_invalid"), ("The B\u043eard", "name_invalid"),
                       ("\u0430dmin", "name_invalid"), ("m\u0456na", "name_taken")):
        assert (await jun.ask_in_vain("rename", name=name))["error_code"] == code, name
        other = await Client.connect(daemon, hello=False)
        assert (await other.ask_in_vain("hello", name=name))["error_code"] == code, name
        await part(other)
    await part(mina, jun)


async def test_a_lookalike_that_was_there_already_stays(make_daemon):
    daemon = make_daemon()
    mina = await Client.connect(daemon, "mina")
    other = await Client.connect(daemon, "somebody")
    key = other.key
    await part(mina, other)
    daemon.stop()
    database = sqlite3.connect(daemon.database, isolation_level=None)
    database.execute("UPDATE users SET name='mіna', folded='mіna', skeleton=NULL"
                     " WHERE name='somebody'")
    database.close()
    daemon.start()
    other = await Client.connect(daemon, session=key)
    assert other.name == "m\u0456na"
    third = await Client.connect(daemon, hello=False)
    assert (await third.ask_in_vain("hello", name="min\u0430"))["error_code"] == "name_taken"
    await part(other, third)


async def test_a_direct_conversation_follows_its_two(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="hi", nonce="1")
    joined, entries = await mina.join("@jun,mina")
    await jun.join("@jun,mina")
    await mina.ask("rename", name="Zoe")
    for person, peer in ((mina, "jun"), (jun, "Zoe")):
        told = await person.next("room", change="changed")
        assert (told["was"], told["name"], told["peer"]) == ("@jun,mina", "@jun,Zoe", peer)
    await jun.send("one", "@jun,Zoe")
    assert (await mina.next("message", text="one"))["room"] == "@jun,Zoe"
    await jun.send("two", "@jun,mina")  # a page that was not told yet
    assert (await mina.next("message", text="two"))["room"] == "@jun,Zoe"
    await jun.ask("direct", to="mina", text="three", nonce="3")
    assert (await mina.next("message", text="three"))["room"] == "@jun,Zoe"
    again = await Client.connect(daemon, session=jun.key)
    direct = [r for r in again.welcome["rooms"] if r["visibility"] == "direct"]
    assert [(r["name"], r["peer"]) for r in direct] == [("@jun,Zoe", "Zoe")]
    assert (await again.join("@jun,Zoe"))[0]["log"] == joined["log"]
    await part(mina, jun, again)


async def test_whoever_takes_a_freed_name_reaches_nobody_elses_log(make_daemon):
    daemon = make_daemon()
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="a secret", nonce="1")
    await mina.ask("rename", name="Zoe")
    key = mina.key
    await part(mina, jun)
    daemon.advance(8 * DAY)
    thief = await Client.connect(daemon, "mina")
    thief_key = thief.key
    await part(thief)
    for _ in range(2):  # as it is in memory, and as it is read at a start
        thief = await Client.connect(daemon, session=thief_key)
        zoe = await Client.connect(daemon, session=key)
        for request in ("join", "history", "who"):
            reply = await thief.ask_in_vain(request, room="@jun,mina")
            assert reply["error_code"] == "room_not_found"
        for room in ("@jun,Zoe", "@Zoe,jun"):
            assert (await thief.ask_in_vain("join", room=room))["error_code"] == "room_not_found"
        assert (await zoe.ask_in_vain("join", room="@jun,mina"))["error_code"] == "room_not_found"
        assert not (await thief.ask("search", query="secret"))["results"]
        assert [e["text"] for e in (await zoe.join("@jun,Zoe"))[1]] == ["a secret"]
        await part(thief, zoe)
        daemon.restart()


async def test_a_conversation_of_ones_own_under_a_freed_name(make_daemon):
    daemon = make_daemon({"accounts.name_hold_days": 0})
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="a secret", nonce="1")
    await mina.ask("rename", name="Zoe")
    thief = await Client.connect(daemon, "mina")
    await thief.ask("direct", to="jun", text="hello", nonce="2")
    _, entries = await thief.join("@jun,mina")
    assert [e["text"] for e in entries] == ["hello"]
    _, entries = await jun.join("@jun,Zoe")
    assert [e["text"] for e in entries] == ["a secret"]
    keys = [person.key for person in (mina, jun, thief)]
    await part(mina, jun, thief)
    daemon.restart()
    mina, jun, thief = [await Client.connect(daemon, session=key) for key in keys]
    assert [e["text"] for e in (await thief.join("@jun,mina"))[1]] == ["hello"]
    assert [e["text"] for e in (await mina.join("@jun,Zoe"))[1]] == ["a secret"]
    await part(mina, jun, thief)


async def test_two_who_want_one_name_at_once_do_not_both_get_it(daemon):
    people = await meet(daemon, *[f"p{i}" for i in range(6)])
    newcomers = [await Client.connect(daemon, hello=False) for _ in range(6)]
    replies = await asyncio.gather(*[p.try_ask("rename", name="mina") for p in people],
                                   *[n.try_ask("hello", name="mina") for n in newcomers])
    assert sorted(r["type"] for r in replies if r["type"] != "error") in (["ok"], ["welcome"])
    assert all(r["error_code"] == "name_taken" for r in replies if r["type"] == "error")
    await part(*people, *newcomers)


async def test_two_devices_that_rename_at_once_end_with_one_name(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    phone = await Client.connect(daemon, session=mina.key)
    await asyncio.gather(mina.ask("rename", name="Ann"), phone.ask("rename", name="Bea"))
    await jun.settle()
    told = jun.received("renamed")
    assert [t["from"] for t in told] == ["mina", told[0]["to"]]
    final = await Client.connect(daemon, session=mina.key)
    assert final.name == told[1]["to"]
    members = (await jun.ask("who", room="lobby"))["members"]
    assert {m["name"] for m in members} == {final.name, "jun"}
    await part(mina, jun, phone, final)


async def test_renaming_in_the_middle_of_sending_loses_nothing(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    waiting = [await mina.start("send", room="lobby", text=f"{i}", nonce=f"{i}") for i in range(10)]
    renamed = await mina.start("rename", name="Mina Park")
    waiting += [await mina.start("send", room="lobby", text=f"{i}", nonce=f"{i}")
                for i in range(10, 20)]
    assert all(reply["type"] == "ack" for reply in await asyncio.gather(*waiting))
    assert (await renamed)["type"] == "ok"
    entries = await jun.entries(20)
    assert [e["text"] for e in entries] == [str(i) for i in range(20)]
    assert {e["from"] for e in entries} == {"mina", "Mina Park"}
    await part(mina, jun)


async def test_how_often_is_bounded(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.renames_per_hour": 3})
    mina = await Client.connect(daemon, "mina")
    for name in ("a", "b", "c"):
        await mina.ask("rename", name=name)
    reply = await mina.ask_in_vain("rename", name="d")
    assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] > 0
    await part(mina)


async def test_only_a_person_has_a_name_to_change(daemon):
    status, reply = daemon.admin("POST", "/admin/v1/do", {"type": "rename", "name": "x"})
    assert (status, reply["error_code"]) == (403, "forbidden")
