"""delete: the text is gone, from everywhere, at once."""
import json
import sqlite3

from client import Client, meet, part
from test_kick import den


def files_of(daemon):
    return b"".join(path.read_bytes() for path in daemon.folder.glob("chat.db*"))


async def test_a_deleted_text_is_gone_from_history_search_and_catching_up(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await mina.send("swordfish is the password"))["seq"]
    await mina.ask("edit", room="lobby", target=seq, text="swordfish was the password")
    assert len((await jun.ask("search", query="swordfish"))["results"]) == 1
    ack = await mina.ask("delete", room="lobby", target=seq)
    heard = await jun.next("delete")
    assert (heard["target"], heard["seq"]) == (seq, ack["seq"])
    message = (await jun.ask("history", room="lobby"))["messages"][0]
    assert message["deleted"] is True and "text" not in message
    assert (await jun.ask("search", query="swordfish"))["results"] == []
    ara = await Client.connect(daemon, "ara")
    joined, caught = await ara.join()
    assert "swordfish" not in json.dumps(caught)
    assert caught[0]["seq"] == seq and caught[0]["deleted"] is True
    again = await Client.connect(daemon, session=ara.key)
    _, caught = await again.join(after=0, log=joined["log"])
    assert "swordfish" not in json.dumps(caught)
    await part(mina, jun, ara, again)


async def test_a_deleted_text_is_gone_from_the_database(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("swordfish-swordfish"))["seq"]
    await mina.ask("edit", room="lobby", target=seq, text="swordfish again")
    await mina.ask("search", query="swordfish")  # so that the index has it
    await mina.ask("delete", room="lobby", target=seq)
    await mina.ask("search", query="swordfish")
    await mina.close()
    daemon.stop()
    with sqlite3.connect(daemon.database) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"swordfish" not in files_of(daemon)
    daemon.start()


async def test_only_ones_own_messages_but_moderators_any(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    await part()
    for person in (mina, jun):
        await person.join("den")
    owners = (await mina.send("from the owner", "den"))["seq"]
    guests = (await jun.send("from the guest", "den"))["seq"]
    assert (await jun.ask_in_vain("delete", room="den", target=owners))["error_code"] == "forbidden"
    await mina.ask("delete", room="den", target=guests)
    await part(mina, jun)


async def test_nobody_deletes_what_those_above_or_beside_said_and_the_audit_tells_the_rest(daemon):
    owner, one, two, boss, guest = await den(daemon, "owner", "one", "two", "boss", "guest")
    daemon.ctl("user", "role", "boss", "admin")
    for name in ("one", "two"):
        await owner.ask("role", room="den", user=name, role="moderator")
    said = {person.name: (await person.send("x", "den"))["seq"] for person in (owner, one, two, boss, guest)}
    for actor, of in ((one, "owner"), (one, "two"), (one, "boss"), (owner, "boss")):
        reply = await actor.ask_in_vain("delete", room="den", target=said[of])
        assert (reply["error_code"], reply["field"]) == ("forbidden", "target"), (actor.name, of)
    for actor, of in ((one, "guest"), (one, "one"), (owner, "two"), (boss, "owner")):
        await actor.ask("delete", room="den", target=said[of])
    daemon.administrator("delete", room="den", target=said["boss"])
    lines = [line for line in daemon.administrator("audit", room="den")["lines"] if line["act"] == "delete"]
    assert [(line["by"], line["user"]) for line in lines[1:]] == [("boss", "owner"), ("owner", "two"), ("one", "guest")]
    assert lines[0]["user"] == "boss"
    await part(owner, one, two, boss, guest)


async def test_what_is_no_message_cannot_be_deleted(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    assert (await mina.ask_in_vain("delete", room="lobby", target=seq + 999))[
        "error_code"] == "message_not_found"
    await mina.ask("delete", room="lobby", target=seq)
    assert (await mina.ask_in_vain("delete", room="lobby", target=seq))[
        "error_code"] == "message_not_found"
    await mina.close()
