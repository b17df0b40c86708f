"""set: change a room."""
from client import Client, meet, part


async def test_a_topic_becomes_an_entry(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    for person in (mina, jun):
        await person.join("den")
    await mina.ask("set", room="den", topic="new topic")
    heard = await jun.next("topic")
    assert (heard["text"], heard["from"], heard["room"]) == ("new topic", "mina", "den")
    ara = await Client.connect(daemon, "ara")
    joined, caught = await ara.join("den")
    assert joined["topic"] == "new topic" and [e["type"] for e in caught] == ["topic"]
    await part(mina, jun, ara)


async def test_a_room_becomes_private_and_public_again(daemon):
    mina, jun, ara = await meet(daemon, "mina", "jun", "ara")
    await mina.ask("create", room="den")
    await mina.join("den")
    await mina.ask("set", room="den", visibility="private")
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] in (
        "room_not_found", "forbidden")
    await mina.ask("set", room="den", visibility="public")
    await jun.join("den")
    await part(mina, jun, ara)


async def test_guests_may_not(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    await mina.join("den")
    await jun.join("den")
    assert (await jun.ask_in_vain("set", room="den", topic="x"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("set", room="den", keep="true"))["error_code"] == "forbidden"
    await part(mina, jun)


async def test_bad_fields_are_named(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.ask("create", room="den")
    await mina.join("den")
    for fields, field in (({"visibility": "open"}, "visibility"), 
                          ({"topic": "x" * 1025}, "topic")):
        reply = await mina.ask_in_vain("set", room="den", **fields)
        assert reply["error_code"] in ("bad_request", "too_long") and reply["field"] == field
    assert (await mina.ask_in_vain("set", room="nowhere", topic="x"))[
        "error_code"] == "room_not_found"
    await mina.close()


async def test_a_room_that_becomes_private_is_gone_for_strangers_only(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    outside = await Client.connect(daemon, "hana")
    await mina.ask("create", room="court")
    for person in (mina, jun):
        await person.join("court")
    await mina.ask("set", room="court", visibility="private")
    for person in (mina, jun):
        await person.settle()
    assert not [one for one in mina.received("room") if one["change"] == "removed"]
    order = [one["type"] for one in jun.received("kicked", "room") if one.get("change") != "created"]
    assert order == ["kicked", "room"], "why first, then that it is gone"
    assert (await jun.next("kicked"))["reason"] == "The room is private now."
    assert (await outside.next("room", change="removed"))["name"] == "court"
    assert (await mina.send("we are among ourselves", room="court"))["seq"]
    await part(mina, jun, outside)


async def test_a_room_that_becomes_private_stays_on_its_members_other_devices(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    phone = await Client.connect(daemon, session=jun.key)
    await mina.ask("create", room="court")
    await jun.join("court")
    await mina.ask("invite", room="court", user="jun")
    await mina.ask("set", room="court", visibility="private")
    await phone.settle()
    assert not [one for one in phone.received("room") if one["change"] == "removed"]
    assert "court" in [one["name"] for one in (await phone.ask("rooms"))["rooms"]]
    await part(mina, jun, phone)
