"""role: who is what in a room."""
from client import Client, part
from test_kick import den


async def test_a_role_takes_effect_at_once_and_is_told(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    assert (await jun.ask_in_vain("set", room="den", topic="x"))["error_code"] == "forbidden"
    await mina.ask("role", room="den", user="jun", role="moderator")
    assert (await jun.next("room", name="den", role="moderator"))["change"] == "changed"
    await jun.ask("set", room="den", topic="x")
    await mina.ask("role", room="den", user="jun", role="guest")
    assert (await jun.ask_in_vain("set", room="den", topic="y"))["error_code"] == "forbidden"
    await part(mina, jun)


async def test_a_role_outlives_a_restart(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("role", room="den", user="jun", role="moderator")
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    assert (await jun.join("den"))[0]["role"] == "moderator"
    await jun.close()


async def test_nobody_gives_what_is_not_below_their_own(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    await mina.ask("role", room="den", user="jun", role="moderator")
    for role in ("owner", "moderator", "member"):
        assert (await jun.ask_in_vain("role", room="den", user="ara", role=role))[
            "error_code"] == "forbidden"
    assert (await mina.ask_in_vain("role", room="den", user="ara", role="admin"))["type"] == "error"
    reply = await mina.ask_in_vain("role", room="den", user="ara", role="king")
    assert (reply["error_code"], reply["field"]) == ("bad_request", "role")
    await part(mina, jun, ara)


async def test_the_administrator_may_make_an_owner(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    daemon.ctl("role", "den", "jun", "owner")
    await jun.ask("set", room="den", visibility="private")
    await part(mina, jun)


async def test_who_is_above_in_the_gateway_is_above_in_a_room_too(daemon):
    mina, mod, boss = await den(daemon, "mina", "mod", "boss")
    daemon.ctl("user", "role", "boss", "admin")
    daemon.ctl("user", "role", "mod", "moderator")
    reply = await mina.ask_in_vain("role", room="den", user="boss", role="guest")
    assert (reply["error_code"], reply["field"]) == ("forbidden", "user")
    await mina.ask("role", room="den", user="mod", role="guest")
    daemon.administrator("role", room="den", user="boss", role="member")
    await part(mina, mod, boss)
