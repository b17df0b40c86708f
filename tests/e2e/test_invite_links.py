"""Invite links: a code that lets in, into the gateway or into a private room."""
import json

import pytest

from client import Client, meet, part
from test_sanctions import with_moderator


async def come(daemon, name=None, **fields):
    client = await Client.connect(daemon, hello=False)
    if name:
        fields["name"] = name
    client.welcome = await client.ask("hello", **fields)
    return client


async def come_in_vain(daemon, name, **fields):
    client = await Client.connect(daemon, hello=False)
    reply = await client.ask_in_vain("hello", name=name, **fields)
    await client.close()
    return reply["error_code"], reply.get("field"), reply["message"]


@pytest.mark.parametrize("mode", ["invite", "ask"])
async def test_a_code_lets_a_newcomer_in_as_often_as_it_may(daemon, mode):
    mod, jun = await with_moderator(daemon, "mod", "jun")
    await mod.ask("newcomers", mode=mode)
    link = await mod.ask("invite_link", uses=2, hours=1)
    assert link["path"] == f"/#invite/{link['code']}"
    ara = await come(daemon, "ara", invite=link["code"])
    assert "waiting" not in ara.welcome
    await ara.join()
    await ara.send("hello")
    rin = await come(daemon, "rin", invite="-".join(link["code"].lower()))
    code, field, sentence = await come_in_vain(daemon, "sol", invite=link["code"])
    assert (code, field) == ("forbidden", "invite") and "as often" in sentence
    assert [(line["uses"], line["by"]) for line in (await mod.ask("invite_links"))["links"]] == [
        (0, "mod")]
    await part(mod, jun, ara, rin)
    daemon.restart()
    ara = await come(daemon, session=ara.key, invite="not looked at")
    assert "waiting" not in ara.welcome
    assert "as often" in (await come_in_vain(daemon, "sol", invite=link["code"]))[2]
    await ara.close()


async def test_a_code_is_over_after_its_hours_restarts_included(daemon):
    daemon.ctl("newcomers", "invite")
    link = daemon.administrator("invite_link", uses=5, hours=2)
    daemon.advance(3600)
    daemon.restart()
    ara = await come(daemon, "ara", invite=link["code"])
    daemon.advance(3601)
    code, field, sentence = await come_in_vain(daemon, "sol", invite=link["code"])
    assert (code, field) == ("forbidden", "invite") and "over" in sentence
    await ara.close()


async def test_a_revoked_or_wrong_code_opens_nothing_and_few_may_be_tried(make_daemon):
    daemon = make_daemon({"limits.exempt": "192.0.2.1"})
    daemon.ctl("newcomers", "invite")
    link = json.loads(daemon.ctl("invite", "create", "--uses", "5", "--json"))
    daemon.ctl("invite", "revoke", str(link["id"]))
    assert daemon.ctl("invite", "list") == ""
    codes = []
    while "rate_limited" not in codes:
        codes.append((await come_in_vain(daemon, "ara", invite=link["code"]))[0])
        assert len(codes) < 100
    assert codes[0] == "forbidden"


async def test_a_name_that_is_taken_uses_nothing_up(daemon):
    mod, jun = await with_moderator(daemon, "mod", "jun")
    await mod.ask("newcomers", mode="invite")
    link = await mod.ask("invite_link")
    assert (await come_in_vain(daemon, "jun", invite=link["code"]))[0] == "name_taken"
    ara = await come(daemon, "ara", invite=link["code"])
    await part(mod, jun, ara)


async def test_a_closed_door_is_closed_to_links_too(daemon):
    link = daemon.administrator("invite_link")
    daemon.ctl("newcomers", "closed")
    assert (await come_in_vain(daemon, "ara", invite=link["code"]))[0] == "forbidden"


async def test_a_guest_who_waits_comes_in_by_a_code(daemon):
    jun, = await meet(daemon, "jun")
    daemon.ctl("newcomers", "ask")
    link = daemon.administrator("invite_link")
    await jun.ask("knock", text="me")
    again = await come(daemon, session=jun.key, invite=link["code"])
    assert "waiting" not in again.welcome
    await jun.next("admitted")
    await jun.send("in")
    assert daemon.ctl("knock", "list") == ""
    await part(jun, again)


async def test_a_code_lets_into_its_private_room_alone(daemon):
    boss, jun, ara = await meet(daemon, "boss", "jun", "ara")
    for room in ("den", "attic"):
        await boss.ask("create", room=room, visibility="private")
    link = await boss.ask("invite_link", room="den")
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "room_not_found"
    for room, code in (("attic", link["code"]), ("den", "0" * 26)):
        reply = await jun.ask_in_vain("join", room=room, invite=code)
        assert (reply["error_code"], reply["field"]) == ("forbidden", "invite")
    assert (await jun.ask("join", room="den", invite=link["code"]))["type"] == "joined"
    await jun.send("hello", "den")
    reply = await ara.ask_in_vain("join", room="den", invite=link["code"])
    assert (reply["error_code"], reply["field"]) == ("forbidden", "invite")
    await jun.ask("join", room="den", invite=link["code"])
    await part(boss, jun, ara)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("den")
    await jun.close()


async def test_whom_the_room_has_banned_no_code_lets_in(daemon):
    boss, jun = await meet(daemon, "boss", "jun")
    await boss.ask("create", room="den", visibility="private")
    await boss.ask("ban", room="den", user="jun")
    link = await boss.ask("invite_link", room="den")
    reply = await jun.ask_in_vain("join", room="den", invite=link["code"])
    assert reply["error_code"] in ("banned", "room_not_found")
    assert (await boss.ask("invite_links", room="den"))["links"][0]["uses"] == 1
    await part(boss, jun)


async def test_only_moderators_make_see_and_revoke_links(daemon):
    boss, jun = await meet(daemon, "boss", "jun")
    await boss.ask("create", room="den", visibility="private")
    link = await boss.ask("invite_link", room="den")
    for type, fields in (("invite_link", {}), ("invite_links", {}), ("revoke_link", {"id": link["id"]})):
        assert (await boss.ask_in_vain(type, **fields))["error_code"] == "forbidden", type
        assert (await jun.ask_in_vain(type, room="den", **fields))["error_code"] == "room_not_found"
    assert (await boss.ask_in_vain("revoke_link", room="den"))["field"] == "id"
    await boss.ask("revoke_link", room="den", code=link["code"])
    reply = await boss.ask_in_vain("revoke_link", room="den", id=link["id"])
    assert (reply["error_code"], reply["field"]) == ("bad_request", "id")
    assert [line["act"] for line in daemon.administrator("audit")["lines"]][:2] == [
        "revoke_link", "invite_link"]
    await part(boss, jun)


async def test_there_are_a_hundred_links_and_spent_ones_give_way(daemon):
    first = daemon.administrator("invite_link", hours=1)
    for _ in range(99):
        daemon.administrator("invite_link", hours=2)
    status, reply = daemon.admin("POST", "/admin/v1/do", {"type": "invite_link"})
    assert status == 403, reply
    daemon.advance(3601)
    daemon.administrator("invite_link", hours=2)
    ids = [line["id"] for line in daemon.administrator("invite_links")["links"]]
    assert len(ids) == 100 and first["id"] not in ids
