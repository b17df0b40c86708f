"""leave: out of a room."""
from client import Client, meet, part


async def test_who_left_hears_nothing_more_and_may_not_speak(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    assert await jun.ask("leave", room="lobby") is not None
    await mina.send("gone?")
    await jun.settle()
    assert jun.received("message") == []
    assert (await jun.ask_in_vain("send", room="lobby", text="x", nonce="1"))[
        "error_code"] == "not_joined"
    await part(mina, jun)


async def test_leaving_where_one_is_not_is_refused(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("leave", room="lobby"))["error_code"] == "not_joined"
    assert (await mina.ask_in_vain("leave", room="nowhere"))["error_code"] == "room_not_found"
    await mina.close()
