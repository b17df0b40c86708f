"""Bans and mutes: of a room and of the gateway, of users, devices and plain clients; seen and lifted."""
import asyncio
import json
import sqlite3

import pytest
import websockets

from client import Client, Refused, meet, part
from test_kick import den

COUNTED = {"limits.exempt": ""}  # otherwise nobody here is kept out by their address


def make_moderator(daemon, *names):
    """Gives users a role in the gateway, while it is not running."""
    daemon.stop()
    with sqlite3.connect(daemon.database) as database:
        for name in names:
            database.execute("UPDATE users SET role=3 WHERE name=?", [name])
    database.close()
    daemon.start()


async def with_moderator(daemon, *names):
    """People of whom the first is a moderator of the gateway; all are in the lobby."""
    people = await meet(daemon, *names)
    await part(*people)
    make_moderator(daemon, names[0])
    people = [await Client.connect(daemon, session=person.key) for person in people]
    for person in people:
        await person.join()
    return people


async def plain(daemon, client_id):
    return await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/{client_id}")


async def closed(socket):
    await asyncio.wait_for(socket.wait_closed(), 60)
    return socket.close_code


# ---- of a room


async def test_what_is_imposed_is_listed_with_what_is_left_and_lifted_by_its_id(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    banned = await mina.ask("ban", room="den", user="jun", seconds=3600, reason="enough")
    assert banned["reach"] == ["keys"] and "shared" not in banned
    listed = (await mina.ask("sanctions", room="den"))["sanctions"]
    assert len(listed) == 1
    line = listed[0]
    assert (line["id"], line["kind"], line["user"], line["room"], line["by"], line["reason"]) == (
        banned["id"], "ban", "jun", "den", "mina", "enough")
    assert 0 < line["left_ms"] <= 3_600_000 and line["created"] > 0
    reply = await jun.ask_in_vain("join", room="den")
    assert reply["error_code"] == "banned" and "minutes" in reply["message"]
    await mina.ask("lift", id=banned["id"])
    await jun.join("den")
    assert (await mina.ask_in_vain("lift", id=banned["id"]))["field"] == "id"
    await part(mina, jun)


async def test_whoever_is_muted_knows_it_and_for_how_long_before_writing(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    muted = await mina.ask("mute", room="den", user="jun", seconds=60, reason="calm down")
    told = await jun.next("muted", room="den")
    assert told["on"] and told["reason"] == "calm down" and 0 < told["left_ms"] <= 60_000
    reply = await jun.ask_in_vain("send", room="den", text="x", nonce="1")
    assert reply["error_code"] == "muted" and 0 < reply["retry_after_ms"] <= 60_000
    joined, _ = await jun.join("den")
    assert joined["muted"] and 0 < joined["muted_ms"] <= 60_000
    await mina.ask("lift", id=muted["id"])
    assert not (await jun.next("muted", room="den"))["on"]
    await jun.send("thanks", "den")
    await part(mina, jun)


async def test_a_sanction_ends_in_time_that_has_passed_also_over_a_restart(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("ban", room="den", user="jun", seconds=3600)
    await mina.ask("mute", room="den", user="jun", seconds=7200)
    await part(mina, jun)
    daemon.advance(1800)
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    jun = await Client.connect(daemon, session=jun.key)
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "banned"
    daemon.advance(1801)
    joined, _ = await jun.join("den")
    assert joined["muted"] and 0 < joined["muted_ms"] <= 3_600_000
    kinds = [s["kind"] for s in (await mina.ask("sanctions", room="den"))["sanctions"]]
    assert kinds == ["mute"]
    await part(mina, jun)


async def test_only_as_high_a_role_lifts_what_was_imposed(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    await mina.ask("role", room="den", user="jun", role="moderator")
    banned = await mina.ask("ban", room="den", user="ara")
    assert (await jun.ask_in_vain("lift", id=banned["id"]))["error_code"] == "forbidden"
    assert (await jun.ask_in_vain("unban", room="den", user="ara"))["error_code"] == "forbidden"
    own = await jun.ask("mute", room="den", user="ara")
    await mina.ask("lift", id=own["id"])
    await part(mina, jun, ara)


async def test_bad_input_is_named(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    for fields, code, field in (
            ({"user": "mina"}, "forbidden", "user"), ({"user": "nobody"}, "user_not_found", "user"),
            ({"user": "jun", "seconds": 0}, "bad_request", "seconds"),
            ({"user": "jun", "seconds": 1000 * 31557600}, "bad_request", "seconds"),
            ({"user": "jun", "scope": "world"}, "bad_request", "scope"),
            ({"user": "jun", "reach": "street"}, "bad_request", "reach"),
            ({"user": "jun", "scope": "gateway"}, "forbidden", "scope"),
            ({"user": "jun", "reach": "device"}, "forbidden", "reach"),
            ({"user": "client-7"}, "user_not_found", "user")):
        reply = await mina.ask_in_vain("ban", room="den", **fields)
        assert (reply["error_code"], reply["field"]) == (code, field), fields
    assert (await mina.ask_in_vain("ban", user="jun"))["field"] == "room"
    assert (await jun.ask_in_vain("lift", id=1))["field"] == "id"
    assert (await jun.ask_in_vain("sanctions"))["error_code"] == "forbidden"
    assert (await jun.ask_in_vain("sanctions", room="den"))["error_code"] == "forbidden"
    await part(mina, jun)


# ---- of the gateway


async def test_banned_from_the_gateway_one_is_out_by_every_door(daemon):
    mod, jun = await with_moderator(daemon, "mod", "jun")
    second = await Client.connect(daemon, session=jun.key)
    banned = await mod.ask("ban", user="jun", scope="gateway", reason="spam")
    for client in (jun, second):
        code, reason = await client.wait_closed()
        assert code == 4003 and "spam" in reason
    with pytest.raises(Refused) as refused:
        await Client.connect(daemon, session=jun.key)
    assert refused.value.code == "banned"
    status, _, body = daemon.http("POST", "/api/v1/rooms/lobby/messages", {"text": "x"},
                                  {"Authorization": "Bearer " + jun.key})
    assert (status, json.loads(body)["error_code"]) == (403, "banned")
    daemon.restart()
    with pytest.raises(Refused):
        await Client.connect(daemon, session=jun.key)
    mod = await Client.connect(daemon, session=mod.key)
    line = (await mod.ask("sanctions"))["sanctions"][0]
    assert line["id"] == banned["id"] and "room" not in line and "left_ms" not in line
    await mod.ask("lift", id=banned["id"])
    jun = await Client.connect(daemon, session=jun.key)
    await part(mod, jun)


async def test_muted_in_the_gateway_one_speaks_in_no_room(daemon):
    mod, jun = await with_moderator(daemon, "mod", "jun")
    await jun.ask("create", room="own")
    await jun.join("own")
    muted = await mod.ask("mute", user="jun", scope="gateway", seconds=60)
    assert "room" not in await jun.next("muted", on=True)
    for room in ("lobby", "own"):
        reply = await jun.ask_in_vain("send", room=room, text="x", nonce=room)
        assert reply["error_code"] == "muted"
    reply = await jun.ask_in_vain("direct", to="mod", text="x", nonce="d")
    assert reply["error_code"] == "muted"
    await mod.ask("lift", id=muted["id"])
    assert (await jun.next("muted", on=False))["type"] == "muted"
    await jun.send("again")
    await part(mod, jun)


async def test_moderators_of_the_gateway_have_no_say_where_they_are_not(daemon):
    mod, jun, ara, other = await with_moderator(daemon, "mod", "jun", "ara", "other")
    await jun.ask("create", room="den", visibility="private")
    await jun.join("den")
    await jun.ask("invite", room="den", user="ara")
    await ara.join("den")
    for type, fields in (("ban", {"user": "ara"}), ("kick", {"user": "ara"}), ("sanctions", {}),
                         ("audit", {}), ("set", {"slow_seconds": 9})):
        reply = await mod.ask_in_vain(type, room="den", **fields)
        assert reply["error_code"] == "room_not_found", type
    banned = await jun.ask("ban", room="den", user="ara")
    assert (await mod.ask_in_vain("lift", id=banned["id"]))["field"] == "id"
    assert (await mod.ask("sanctions"))["sanctions"] == []
    assert not [l for l in (await mod.ask("audit"))["lines"] if l.get("room") == "den"]
    await jun.ask("invite", room="den", user="mod")
    await mod.ask("mute", room="den", user="ara", seconds=1)
    await mod.ask("kick", room="lobby", user="other")
    await part(mod, jun, ara, other)


async def test_moderators_do_not_act_on_each_other_nor_administrators_on_none(daemon):
    mod, jun = await meet(daemon, "mod", "jun")
    await part(mod, jun)
    make_moderator(daemon, "mod", "jun")
    mod, jun = [await Client.connect(daemon, session=c.key) for c in (mod, jun)]
    for fields in ({"scope": "gateway"}, {"room": "lobby"}):
        assert (await mod.ask_in_vain("ban", user="jun", **fields))["error_code"] == "forbidden"
        assert (await mod.ask_in_vain("mute", user="jun", **fields))["error_code"] == "forbidden"
    daemon.administrator("ban", user="jun", scope="gateway")
    assert (await jun.wait_closed())[0] == 4003
    await mod.close()


# ---- of devices


async def test_a_new_name_on_the_same_device_is_kept_out_too(make_daemon):
    daemon = make_daemon(COUNTED)
    mod, jun = await with_moderator(daemon, "mod", "jun")
    banned = await mod.ask("ban", user="jun", scope="gateway", reach="device", seconds=3600)
    assert banned["reach"] == ["keys", "address"]
    await jun.wait_closed()
    with pytest.raises(Refused) as refused:
        await Client.connect(daemon, "jun again")
    assert refused.value.code == "banned"
    assert await closed(await plain(daemon, 7)) == 4003
    status, _, _ = daemon.http("GET", "/api/v1/rooms/lobby/messages")
    assert status == 403
    await mod.send("moderators are never hit")
    await mod.close()
    daemon.restart()
    with pytest.raises(Refused):
        await Client.connect(daemon, "jun again")
    daemon.advance(3601)
    again = await Client.connect(daemon, "jun again")
    await again.close()


async def test_a_device_may_be_kept_out_of_one_room(make_daemon):
    daemon = make_daemon(COUNTED)
    mod, jun = await with_moderator(daemon, "mod", "jun")
    await mod.ask("ban", room="lobby", user="jun", reach="device")
    again = await Client.connect(daemon, "jun again")
    assert (await again.ask_in_vain("join", room="lobby"))["error_code"] == "banned"
    await again.ask("create", room="elsewhere")
    await again.join("elsewhere")
    assert await closed(await plain(daemon, 7)) == 4003
    await part(mod, jun, again)


async def test_what_several_share_is_left_out_and_said(make_daemon):
    daemon = make_daemon({**COUNTED, "moderation.shared_address": 1})
    mod, jun, ara, dan = await with_moderator(daemon, "mod", "jun", "ara", "dan")
    banned = await mod.ask("ban", user="jun", scope="gateway", reach="device")
    assert banned["reach"] == ["keys"] and banned["shared"] == ["address"]
    await ara.send("still here")
    await part(mod, ara, dan)


async def test_a_device_is_kept_out_for_thirty_days_at_most(daemon):
    daemon.administrator("create", room="den")
    jun = await Client.connect(daemon, "jun")
    status, reply = daemon.admin("POST", "/admin/v1/do", {
        "type": "ban", "room": "den", "user": "jun", "reach": "device", "seconds": 31 * 86400})
    assert (status, reply["field"]) == (400, "seconds")
    daemon.administrator("ban", room="den", user="jun", reach="device")
    line = daemon.administrator("sanctions", room="den")["sanctions"][0]
    assert line["left_ms"] <= 30 * 86_400_000
    await jun.close()


# ---- of plain clients


async def test_plain_clients_are_muted_banned_and_kicked_on_all_their_connections(daemon):
    first, second, other = [await plain(daemon, i) for i in (7, 7, 8)]
    muted = daemon.administrator("mute", room="lobby", user="client-7", seconds=60)
    await first.send('{"message": "x"}')
    assert json.loads(await asyncio.wait_for(first.recv(), 60))["error_code"] == "muted"
    daemon.administrator("lift", id=muted["id"])
    await first.send('{"message": "heard"}')
    assert await asyncio.wait_for(other.recv(), 60) == "Client 7: heard"
    daemon.administrator("kick", room="lobby", user="client-7")
    assert (await closed(first), await closed(second)) == (4003, 4003)
    again = await plain(daemon, 7)
    daemon.administrator("ban", room="lobby", user="client-7")
    assert await closed(again) == 4003
    refused = await plain(daemon, 7)
    assert await closed(refused) == 4003 and refused.close_reason == "You are banned from this room."
    await other.send('{"message": "still here"}')
    daemon.restart()
    assert await closed(await plain(daemon, 7)) == 4003
    daemon.administrator("unban", room="lobby", user="client-7")
    back = await plain(daemon, 7)
    await back.close()


# ---- the audit, and reports


async def test_the_audit_tells_who_did_what_to_whom(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("mute", room="den", user="jun", seconds=60, reason="loud")
    await mina.ask("mute", room="den", user="jun", seconds=0)
    await mina.ask("kick", room="den", user="jun", reason="out")
    await mina.ask("role", room="den", user="jun", role="member")
    await mina.ask_in_vain("ban", room="den", user="nobody")
    lines = (await mina.ask("audit", room="den"))["lines"]
    assert [(l["by"], l["act"], l["user"]) for l in lines] == [
        ("mina", act, "jun") for act in ("role", "kick", "lift", "mute")]
    assert lines[3]["reason"] == "for 60 seconds: loud" and lines[1]["reason"] == "out"
    page = await mina.ask("audit", room="den", limit=2, before=lines[1]["id"])
    assert [l["act"] for l in page["lines"]] == ["lift", "mute"] and not page["more"]
    assert (await jun.ask_in_vain("audit", room="den"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("audit"))["error_code"] == "forbidden"
    assert [l["act"] for l in daemon.administrator("audit")["lines"]][:4] == [
        "role", "kick", "lift", "mute"]
    await part(mina, jun)


async def test_the_audit_tells_how_a_room_was_changed_and_that_it_went(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("set", room="den", topic="quiet", slow_seconds=0)
    await mina.ask("set", room="den", name="hall", speak="guest")
    await mina.ask_in_vain("set", room="hall", name="lobby")
    await mina.ask("purge", room="hall")
    await mina.ask("remove", room="hall")
    lines = daemon.administrator("audit")["lines"][::-1]
    assert [(line["by"], line["act"], line["room"], line.get("reason")) for line in lines] == [
        ("mina", "set", "den", "topic, slow_seconds: 0"), ("mina", "set", "den", "name: hall, speak: guest"),
        ("mina", "erase", "hall", "all that was said"), ("mina", "remove", "hall", None)]
    await part(mina, jun)


async def test_a_report_goes_to_the_moderators_and_stays_in_the_audit(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    said = await jun.send("rude", "den")
    await ara.ask("report", room="den", target=said["seq"], reason="rude")
    told = await mina.next("report")
    assert (told["room"], told["target"], told["by"], told["reason"]) == (
        "den", said["seq"], "ara", "rude")
    await jun.settle()
    assert not jun.received("report")
    line = (await mina.ask("audit", room="den"))["lines"][0]
    assert line["act"] == "report" and str(said["seq"]) in line["reason"]
    reply = await ara.ask_in_vain("report", room="den", target=10**9)
    assert (reply["error_code"], reply["field"]) == ("message_not_found", "target")
    await part(mina, jun, ara)
