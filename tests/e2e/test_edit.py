"""edit: change a text."""
from client import Client, meet, part


async def test_everybody_hears_the_new_text(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await mina.send("frist"))["seq"]
    ack = await mina.ask("edit", room="lobby", target=seq, text="first", nonce="e")
    heard = await jun.next("edit")
    assert (heard["target"], heard["text"], heard["seq"]) == (seq, "first", ack["seq"])
    assert ack["seq"] > seq and heard["from"] == "mina"
    message = (await jun.ask("history", room="lobby"))["messages"][0]
    assert (message["text"], message["edited"]) == ("first", ack["seq"])
    await part(mina, jun)


async def test_the_newest_edit_counts(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("0"))["seq"]
    for i in range(1, 5):
        await mina.ask("edit", room="lobby", target=seq, text=str(i))
    assert (await mina.ask("history", room="lobby"))["messages"][0]["text"] == "4"
    await mina.close()


async def test_only_ones_own_messages_may_be_changed(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await mina.send("mine"))["seq"]
    assert (await jun.ask_in_vain("edit", room="lobby", target=seq, text="yours"))[
        "error_code"] == "forbidden"
    assert (await mina.ask("history", room="lobby"))["messages"][0]["text"] == "mine"
    await part(mina, jun)


async def test_what_is_no_message_cannot_be_changed(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    edit = (await mina.ask("edit", room="lobby", target=seq, text="y"))["seq"]
    for target in (edit, seq + 1000):
        reply = await mina.ask_in_vain("edit", room="lobby", target=target, text="z")
        assert (reply["error_code"], reply["field"]) == ("message_not_found", "target")
    await mina.ask("delete", room="lobby", target=seq)
    assert (await mina.ask_in_vain("edit", room="lobby", target=seq, text="z"))[
        "error_code"] == "message_not_found"
    await mina.close()


async def test_an_edit_is_bounded_as_a_text_is(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    assert (await mina.ask_in_vain("edit", room="lobby", target=seq, text="x" * 2001))[
        "error_code"] == "too_long"
    await mina.close()


async def test_an_edit_with_the_same_nonce_is_stored_once(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    first = await mina.ask("edit", room="lobby", target=seq, text="y", nonce="e")
    again = await mina.ask("edit", room="lobby", target=seq, text="y", nonce="e")
    assert first["seq"] == again["seq"]
    await mina.close()


async def test_who_is_not_in_the_room_may_not_edit(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    other = await Client.connect(daemon, session=mina.key)
    assert (await other.ask_in_vain("edit", room="lobby", target=seq, text="y"))[
        "error_code"] == "not_joined"
    await part(mina, other)


async def test_an_administrator_edits_what_those_below_said_and_the_audit_tells_it(daemon):
    boss, other, jun = await meet(daemon, "boss", "other", "jun")
    for name in ("boss", "other"):
        daemon.ctl("user", "role", name, "admin")
    said = {person.name: (await person.send("x"))["seq"] for person in (boss, other, jun)}
    reply = await boss.ask_in_vain("edit", room="lobby", target=said["other"], text="y")
    assert (reply["error_code"], reply["field"]) == ("forbidden", "target")
    for name in ("jun", "boss"):
        await boss.ask("edit", room="lobby", target=said[name], text="y")
    lines = [line for line in daemon.administrator("audit")["lines"] if line["act"] == "edit"]
    assert [(line["by"], line["user"], line["room"]) for line in lines] == [("boss", "jun", "lobby")]
    await part(boss, other, jun)
