"""What the list of rooms says is new: unread, mentioned, seen."""
from client import Client, meet, part


async def line(client, room="lobby"):
    return next(one for one in (await client.ask("rooms"))["rooms"] if one["name"] == room)


async def counts(client, room="lobby"):
    found = await line(client, room)
    return found["unread"], found["mentioned"]


async def test_what_others_say_behind_the_marker_is_counted(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.send("my own")
    seq = (await jun.send("read"))["seq"]
    await mina.ask("read", room="lobby", seq=seq)
    assert await counts(mina) == (0, 0)
    gone = (await jun.send("@mina gone"))["seq"]
    moved = (await jun.send("@mina moved"))["seq"]
    late = (await jun.send("nothing"))["seq"]
    await jun.send("`@mina` http://a.b/@mina @minah")
    assert await counts(mina) == (4, 2)
    await jun.ask("delete", room="lobby", target=gone)
    await jun.ask("edit", room="lobby", target=moved, text="@jun moved")
    await jun.ask("edit", room="lobby", target=late, text="come, @MINA님")
    assert await counts(mina) == (3, 1)
    await part(mina, jun)


async def test_an_answer_mentions_and_the_longest_known_name_is_meant(daemon):
    mina, second, jun = await meet(daemon, "mina", "mina-2", "jun")
    own = (await mina.send("who is there?"))["seq"]
    await jun.send("I am", reply_to=own)
    await jun.send("@mina-2 and you?")
    assert await counts(mina) == (2, 1)
    assert (await counts(second))[1] == 1
    await part(mina, second, jun)


async def test_an_empty_room_where_one_was_is_seen_over_a_restart(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    for room in ("entered", "never"):
        await jun.ask("create", room=room)
    await mina.join("entered")
    await mina.ask("leave", room="entered")
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("entered")
    await jun.send("@mina first words", room="entered")
    entered, never = await line(mina, "entered"), await line(mina, "never")
    assert (entered["seen"], entered["read"], entered["unread"], entered["mentioned"]) == (True, 0, 1, 1)
    assert (never["seen"], never["unread"]) == (False, 0)
    await part(mina, jun)


async def test_a_room_is_seen_as_soon_as_one_is_in_it(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await jun.ask("create", room="den")
    await mina.ask("join", room="den")
    assert (await line(mina, "den"))["seen"] and not (await line(jun, "den"))["seen"]
    await part(mina, jun)


async def test_invitations_and_first_direct_messages_are_news(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await jun.ask("create", room="den", visibility="private")
    await jun.join("den")
    await jun.send("@mina are you coming?", room="den")
    await jun.ask("invite", room="den", user="mina")
    await jun.ask("direct", to="mina", text="look", nonce="d")
    den = await line(mina, "den")
    assert (den["seen"], den["unread"], den["mentioned"]) == (False, 1, 1)
    assert (await line(mina, "@jun,mina"))["unread"] == 1
    await part(mina, jun)


async def test_it_is_counted_to_999(make_daemon):
    daemon = make_daemon({"limits.exempt": "127.0.0.1"})
    mina, jun = await meet(daemon, "mina", "jun")
    for i in range(1010):
        await jun.start("send", room="lobby", text=f"@mina {i}", nonce=str(i))
    await jun.send("the last")
    assert await counts(mina) == (999, 998)
    await part(mina, jun)


async def test_welcome_says_where_to_go_and_what_one_may(make_daemon):
    daemon = make_daemon({"rooms.first": "hall", "rooms.create": "administrator"})
    mina = await Client.connect(daemon, "mina")
    assert [mina.welcome[field] for field in ("first_room", "may_create", "more")] == ["hall", False, False]
    await mina.close()
