"""kick: out of a room, at once."""
from client import Client, meet, part


async def den(daemon, *names):
    """A room of the first one, in which all others are."""
    people = await meet(daemon, *names)
    await people[0].ask("create", room="den")
    for person in people:
        await person.join("den")
    return people


async def test_the_kicked_are_told_and_out_and_may_come_back(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    second = await Client.connect(daemon, session=jun.key)
    await second.join("den")
    await mina.ask("kick", room="den", user="jun", reason="go to bed")
    for connection in (jun, second):
        told = await connection.next("kicked")
        assert (told["room"], told["reason"]) == ("den", "go to bed")
        assert not told.get("banned")
    assert (await jun.ask_in_vain("send", room="den", text="x", nonce="1"))[
        "error_code"] == "not_joined"
    await mina.send("gone", "den")
    await jun.settle()
    assert jun.received("message") == []
    await jun.join("den")
    await part(mina, jun, ara, second)


async def test_nobody_kicks_upwards_or_sideways(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    for user in ("jun", "ara"):
        await mina.ask("role", room="den", user=user, role="moderator")
    for user in ("mina", "ara"):
        assert (await jun.ask_in_vain("kick", room="den", user=user))["error_code"] == "forbidden"
    await part(mina, jun, ara)


async def test_errors_are_answers(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    reply = await mina.ask_in_vain("kick", room="den", user="nobody")
    assert (reply["error_code"], reply["field"]) == ("user_not_found", "user")
    assert (await jun.ask_in_vain("kick", room="den", user="mina"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("kick", room="nowhere", user="jun"))[
        "error_code"] == "room_not_found"
    await part(mina, jun)
