"""invite: let a user into a private room."""
from client import Client, meet, part


async def test_an_invitation_opens_a_private_room(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    reply = await jun.ask_in_vain("join", room="den")
    assert reply["error_code"] in ("room_not_found", "forbidden")
    await mina.ask("invite", room="den", user="jun")
    told = await jun.next("room", name="den")
    assert told["visibility"] == "private"
    await jun.join("den")
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("den")
    await jun.close()


async def test_somebody_unknown_cannot_be_invited(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    reply = await mina.ask_in_vain("invite", room="den", user="nobody")
    assert (reply["error_code"], reply["field"]) == ("user_not_found", "user")
    await mina.close()


async def test_an_invitation_says_who_and_can_be_declined(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.ask("invite", room="den", user="jun")
    assert (await jun.next("invited")) == {"type": "invited", "room": "den", "by": "mina"}
    assert (await jun.ask("leave", room="den"))["type"] == "left"
    assert "den" not in [line["name"] for line in (await jun.ask("rooms"))["rooms"]]
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "room_not_found"
    assert (await jun.ask_in_vain("leave", room="den"))["error_code"] == "room_not_found"
    assert (await jun.ask("leave", room="lobby"))["type"] == "left"
    assert (await jun.ask_in_vain("leave", room="lobby"))["error_code"] == "not_joined"
    await part(mina, jun)


async def test_invitations_push_nobodys_own_rooms_out_of_the_list(make_daemon):
    daemon = make_daemon({"limits.rooms_listed": 5, "limits.rooms_per_user": 100,
                          "limits.invitations": 4})
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="hi", nonce="n")
    for i in range(8):
        await mina.ask("create", room=f"buy {i}", visibility="private")
        await mina.ask("invite", room=f"buy {i}", user="jun")
    names = [line["name"] for line in (await jun.ask("rooms"))["rooms"]]
    assert set(names[:2]) == {"lobby", "@jun,mina"} and len(names) == 5
    assert (await jun.ask_in_vain("join", room="buy 0"))["error_code"] == "room_not_found"
    await jun.join("buy 7")
    await part(mina, jun)


async def test_one_user_sends_so_many_invitations_an_hour(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.invitations_per_hour": 3})
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    replies = [await mina.try_ask("invite", room="den", user="jun") for _ in range(4)]
    assert [reply["type"] for reply in replies[:3]] == ["ok"] * 3
    assert replies[3]["error_code"] == "rate_limited" and replies[3]["retry_after_ms"] > 60_000
    await part(mina, jun)


async def waiting(daemon, key):
    async with await Client.connect(daemon, session=key) as client:
        return [line["room"] for line in client.welcome["invitations"]]


async def test_invitations_that_wait_are_in_welcome_over_a_restart(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    assert jun.welcome["invitations"] == []
    told = []
    for room in ("den", "attic", "cellar"):
        await mina.ask("create", room=room, visibility="private")
        await mina.ask("invite", room=room, user="jun")
        told.append((await mina.ask("ping"))["time"])
    await mina.ask("rename", name="ada")
    await jun.join("attic")
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    lines = jun.welcome["invitations"]
    assert [(line["room"], line["by"]) for line in lines] == [("cellar", "mina"), ("den", "mina")]
    assert lines[1]["ts"] <= told[0] < told[1] <= lines[0]["ts"] <= told[2]
    other = await Client.connect(daemon, session=jun.key)
    await jun.ask("leave", room="den")
    assert (await other.next("room", change="removed"))["name"] == "den"
    assert await waiting(daemon, jun.key) == ["cellar"]
    await part(jun, other)


async def test_the_oldest_invitation_gives_way_whichever_room_is_older(make_daemon):
    daemon = make_daemon({"limits.invitations": 2})
    mina, jun = await meet(daemon, "mina", "jun")
    for room in ("first", "second", "third"):
        await mina.ask("create", room=room, visibility="private")
    for room in ("third", "second", "first"):
        await mina.ask("invite", room=room, user="jun")
    assert await waiting(daemon, jun.key) == ["first", "second"]
    await mina.ask("invite", room="second", user="jun")
    await mina.ask("invite", room="third", user="jun")
    assert await waiting(daemon, jun.key) == ["third", "second"]
    assert (await jun.ask_in_vain("join", room="first"))["error_code"] == "room_not_found"
    await part(mina, jun)


async def test_invitations_leave_place_for_the_rooms_in_welcome(make_daemon):
    daemon = make_daemon({"limits.invitations": 1000, "limits.rooms_per_user": 1000,
                          "limits.rooms": 1000, "limits.invitations_per_hour": 10_000})
    mina, jun = await meet(daemon, "mina", "jun")
    for i in range(300):
        name = f"{i} " + "가" * 27
        await mina.ask("create", room=name, visibility="private")
        await mina.ask("invite", room=name, user="jun")
    again = await Client.connect(daemon, session=jun.key)
    assert 20 < len(again.welcome["invitations"]) < 300
    assert again.welcome["invitations"][0]["room"].startswith("299 ")
    assert again.welcome["rooms"][0]["name"] == "lobby"
    await part(mina, jun, again)
