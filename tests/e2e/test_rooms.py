"""rooms: the list."""
from client import Client, meet, part


async def test_the_list_says_what_each_room_is(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await mina.send("hi"))["seq"]
    await mina.ask("create", room="den", topic="quiet")
    rooms = {room["name"]: room for room in (await jun.ask("rooms"))["rooms"]}
    lobby, den = rooms["lobby"], rooms["den"]
    assert (lobby["members"], lobby["last"], lobby["joined"]) == (2, seq, True)
    assert lobby["visibility"] == "public" and lobby["read"] == 0
    assert (den["topic"], den["joined"], den["members"]) == ("quiet", False, 0)
    own = {room["name"]: room for room in (await mina.ask("rooms"))["rooms"]}
    assert own["den"]["role"] == "owner" and lobby["role"] != "owner"
    await part(mina, jun)


async def test_private_rooms_are_listed_for_those_who_may_enter(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    assert "den" not in [room["name"] for room in (await jun.ask("rooms"))["rooms"]]
    await mina.join("den")
    await mina.ask("invite", room="den", user="jun")
    assert "den" in [room["name"] for room in (await jun.ask("rooms"))["rooms"]]
    await part(mina, jun)


async def test_a_user_counts_once_however_many_connections_there_are(daemon):
    [mina] = await meet(daemon, "mina")
    second = await Client.connect(daemon, session=mina.key)
    await second.join()
    assert (await mina.ask("rooms"))["rooms"][0]["members"] == 1
    await part(mina, second)


async def test_one_list_is_bounded(make_daemon):
    daemon = make_daemon({"limits.rooms_listed": 5, "limits.rooms_per_user": 100})
    mina = await Client.connect(daemon, "mina")
    for i in range(20):
        await mina.ask("create", room=f"room {i}")
    assert len((await mina.ask("rooms"))["rooms"]) == 5
    await mina.close()
