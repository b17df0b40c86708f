"""read: how far a user has read, on all of their connections."""
from client import Client, meet, part


async def test_the_marker_reaches_ones_other_connections_and_nobody_else(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    phone = await Client.connect(daemon, session=mina.key)
    await phone.join()
    seq = (await jun.send("read me"))["seq"]
    await mina.ask("read", room="lobby", seq=seq)
    told = await phone.next("read")
    assert (told["room"], told["seq"]) == ("lobby", seq)
    await jun.settle()
    assert jun.received("read") == []
    await part(mina, jun, phone)


async def test_it_is_kept(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    await mina.ask("read", room="lobby", seq=seq)
    await mina.close()
    daemon.restart()
    mina = await Client.connect(daemon, session=mina.key)
    assert (await mina.join())[0]["read"] == seq
    rooms = (await mina.ask("rooms"))["rooms"]
    assert rooms[0]["read"] == seq
    await mina.close()


async def test_it_does_not_move_back(daemon):
    [mina] = await meet(daemon, "mina")
    first = (await mina.send("x"))["seq"]
    second = (await mina.send("y"))["seq"]
    await mina.ask("read", room="lobby", seq=second)
    await mina.ask("read", room="lobby", seq=first)
    assert (await mina.ask("rooms"))["rooms"][0]["read"] == second
    await mina.close()


async def test_it_needs_membership(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("read", room="lobby", seq=1))["error_code"] == "not_joined"
    await mina.close()
