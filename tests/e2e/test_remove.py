"""remove: a room and its log, for good."""
from client import Client, meet, part


async def test_a_removed_room_is_gone_for_everybody(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    for person in (mina, jun):
        await person.join("den")
    await mina.send("gone soon", "den")
    assert (await jun.ask_in_vain("remove", room="den"))["error_code"] == "forbidden"
    await mina.ask("remove", room="den")
    assert (await jun.next("room", change="removed"))["name"] == "den"
    for type in ("join", "history", "who"):
        assert (await jun.ask_in_vain(type, room="den"))["error_code"] == "room_not_found"
    assert (await jun.ask("search", query="gone soon"))["results"] == []
    await part(mina, jun)
    daemon.restart()
    ara = await Client.connect(daemon, "ara")
    assert [room["name"] for room in ara.welcome["rooms"]] == ["lobby"]
    await ara.close()


async def test_a_new_room_of_that_name_begins_empty(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den")
    await mina.join("den")
    await mina.send("old", "den")
    await mina.ask("remove", room="den")
    await mina.ask("create", room="den")
    assert (await mina.ask("history", room="den"))["messages"] == []
    await mina.close()


async def test_removing_while_everybody_talks_harms_nothing(daemon):
    people = await meet(daemon, *[f"person {i}" for i in range(10)])
    await people[0].ask("create", room="den")
    for person in people:
        await person.join("den")
    sent = [await p.start("send", room="den", text="x", nonce=str(i))
            for i in range(20) for p in people]
    removing = await people[0].start("remove", room="den")
    replies = [await future for future in sent]
    assert (await removing)["type"] == "ok"
    assert {r["type"] for r in replies} <= {"ack", "error"}
    assert {r.get("error_code") for r in replies} <= {None, "room_not_found", "not_joined"}
    await part(*people)
