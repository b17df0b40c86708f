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
