"""direct: a room of two."""
from client import Client, meet, part


async def test_both_share_one_log(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    ack = await mina.ask("direct", to="jun", text="psst", nonce="1")
    assert ack["room"] == "@jun,mina"
    second = await jun.ask("direct", to="mina", text="what?", nonce="1")
    assert second["room"] == "@jun,mina" and second["seq"] > ack["seq"]
    for person in (mina, jun):
        history = await person.ask("history", room="@jun,mina")
        assert [m["text"] for m in history["messages"]] == ["psst", "what?"]
    await part(mina, jun)


async def test_join_send_and_history_take_it_like_any_room(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="psst", nonce="1")
    _, caught = await jun.join("@jun,mina")
    assert [e["text"] for e in caught] == ["psst"]
    await mina.join("@jun,mina")
    await jun.send("yes?", "@jun,mina")
    assert (await mina.next("message", room="@jun,mina", text="yes?"))["from"] == "jun"
    await part(mina, jun)


async def test_it_is_listed_with_its_peer(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="psst", nonce="1")
    for person, peer in ((mina, "jun"), (jun, "mina")):
        rooms = {room["name"]: room for room in (await person.ask("rooms"))["rooms"]}
        assert rooms["@jun,mina"]["peer"] == peer
        assert rooms["@jun,mina"]["visibility"] == "direct"
    await part(mina, jun)


async def test_the_other_one_hears_of_it(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="psst", nonce="1")
    told = await jun.next("room")
    assert (told["change"], told["name"], told["peer"]) == ("created", "@jun,mina", "mina")
    await part(mina, jun)


async def test_nobody_else_may_read_it(daemon):
    mina, jun, ara = await meet(daemon, "mina", "jun", "ara")
    seq = (await mina.ask("direct", to="jun", text="a secret word", nonce="1"))["seq"]
    room = "@jun,mina"
    for type, fields in (("join", {}), ("history", {}), ("who", {}), ("read", {"seq": seq}),
                         ("send", {"text": "x", "nonce": "n"}), ("edit", {"target": seq, "text": "x"}),
                         ("delete", {"target": seq}), ("react", {"target": seq, "emoji": "👍",
                                                                 "on": True}),
                         ("typing", {"on": True}), ("search", {"query": "secret"})):
        reply = await ara.ask_in_vain(type, room=room, **fields)
        assert reply["error_code"] in ("room_not_found", "not_joined", "forbidden"), (type, reply)
    assert (await ara.ask("search", query="secret"))["results"] == []
    assert room not in [r["name"] for r in (await ara.ask("rooms"))["rooms"]]
    assert len((await jun.ask("search", query="secret"))["results"]) == 1
    await part(mina, jun, ara)


async def test_somebody_who_is_not_there_now_reads_it_later(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await jun.close()
    await mina.ask("direct", to="jun", text="for later", nonce="1")
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    history = await jun.ask("history", room="@jun,mina")
    assert [m["text"] for m in history["messages"]] == ["for later"]
    assert "@jun,mina" in [room["name"] for room in jun.welcome["rooms"]]
    await part(mina, jun)


async def test_errors_are_answers(daemon):
    [mina] = await meet(daemon, "mina")
    reply = await mina.ask_in_vain("direct", to="nobody", text="x", nonce="1")
    assert (reply["error_code"], reply["field"]) == ("user_not_found", "to")
    assert (await mina.ask_in_vain("direct", to="mina", text="x", nonce="1"))["type"] == "error"
    assert (await mina.ask_in_vain("create", room="@jun,mina"))["error_code"] == "name_invalid"
    await mina.close()


async def test_a_repeated_nonce_is_stored_once(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    first = await mina.ask("direct", to="jun", text="psst", nonce="1")
    again = await mina.ask("direct", to="jun", text="psst", nonce="1")
    assert first["seq"] == again["seq"]
    await part(mina, jun)


async def test_a_conversation_that_one_leaves_is_hidden_until_something_is_said(make_daemon):
    daemon = make_daemon()
    mina, jun = await meet(daemon, "mina", "jun")
    phone = await Client.connect(daemon, session=mina.key)

    async def listed(client):
        return "@jun,mina" in [line["name"] for line in (await client.ask("rooms"))["rooms"]]

    await mina.ask("direct", to="jun", text="hi", nonce="1")
    await mina.join("@jun,mina")
    assert await listed(mina) and await listed(jun)
    assert (await phone.ask("leave", room="@jun,mina"))["type"] == "left"  # not joined there, and yet
    await mina.next("room", change="removed", name="@jun,mina")
    assert not await listed(mina) and not await listed(phone) and await listed(jun)
    assert (await mina.ask_in_vain("send", room="@jun,mina", text="x", nonce="2"))["error_code"] == "not_joined"
    await part(mina, phone)
    daemon.restart()
    mina, jun = [await Client.connect(daemon, session=person.key) for person in (mina, jun)]
    assert "@jun,mina" not in [line["name"] for line in mina.welcome["rooms"]]
    await jun.ask("direct", to="mina", text="are you there?", nonce="3")
    assert (await mina.next("room", change="created"))["name"] == "@jun,mina"
    line = next(line for line in (await mina.ask("rooms"))["rooms"] if line["name"] == "@jun,mina")
    assert line["unread"] == 1
    page = (await mina.ask("history", room="@jun,mina"))["messages"]
    assert [message["text"] for message in page] == ["hi", "are you there?"]
    await mina.join("@jun,mina")
    assert (await mina.ask("leave", room="@jun,mina"))["type"] == "left" and not await listed(mina)
    await mina.ask("direct", to="jun", text="one's own brings it back, too", nonce="4")
    assert await listed(mina)
    await part(mina, jun)
