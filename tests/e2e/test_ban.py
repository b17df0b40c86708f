"""ban and unban: out, and kept out."""
from client import Client, Refused, part
from test_kick import den


async def test_the_banned_are_out_and_do_nothing_there(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("ban", room="den", user="jun", reason="enough")
    told = await jun.next("kicked")
    assert (told["room"], told["banned"], told["reason"]) == ("den", True, "enough")
    for type in ("join", "history", "who"):
        assert (await jun.ask_in_vain(type, room="den"))["error_code"] == "banned", type
    await part(mina, jun)


async def test_a_ban_outlives_a_restart_and_ends_with_unban(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("ban", room="den", user="jun")
    await part(mina, jun)
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    jun = await Client.connect(daemon, session=jun.key)
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "banned"
    await mina.join("den")
    await mina.ask("unban", room="den", user="jun")
    await jun.join("den")
    await part(mina, jun)


async def test_a_ban_for_a_time_ends_by_itself(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("ban", room="den", user="jun", seconds=1)
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "banned"
    for _ in range(100_000):
        try:
            await jun.join("den")
            break
        except Refused as refused:
            assert refused.code == "banned"
    else:
        raise AssertionError("the ban does not end")
    await part(mina, jun)


async def test_who_is_not_here_can_be_banned(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await jun.close()
    await mina.ask("ban", room="den", user="jun")
    jun = await Client.connect(daemon, session=jun.key)
    assert (await jun.ask_in_vain("join", room="den"))["error_code"] == "banned"
    await part(mina, jun)


async def test_nobody_bans_upwards(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("role", room="den", user="jun", role="moderator")
    assert (await jun.ask_in_vain("ban", room="den", user="mina"))["error_code"] == "forbidden"
    await part(mina, jun)
