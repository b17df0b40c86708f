"""who: the members of a room."""
from client import Client, meet, part


async def test_it_lists_who_is_here_once_each(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    again = await Client.connect(daemon, session=jun.key)
    await again.join()
    members = (await mina.ask("who", room="lobby"))["members"]
    assert sorted(m["name"] for m in members) == ["jun", "mina"]
    assert all(m["role"] and m["account"] is False and m["away"] is False for m in members)
    await part(mina, jun, again)


async def test_who_has_a_role_and_is_not_here_is_away(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    await jun.join("den")
    members = {m["name"]: m for m in (await jun.ask("who", room="den"))["members"]}
    assert members["mina"]["away"] is True and members["mina"]["role"] == "owner"
    assert members["jun"]["away"] is False
    await part(mina, jun)


async def test_it_works_without_joining_where_one_may_read(daemon):
    [mina] = await meet(daemon, "mina")
    jun = await Client.connect(daemon, "jun")
    assert [m["name"] for m in (await jun.ask("who", room="lobby"))["members"]] == ["mina"]
    assert (await jun.ask_in_vain("who", room="nowhere"))["error_code"] == "room_not_found"
    await part(mina, jun)
