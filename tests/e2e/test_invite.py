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
