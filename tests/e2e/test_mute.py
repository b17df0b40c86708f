"""mute: may read and not speak."""
from client import Client, Refused, part
from test_kick import den


async def test_the_muted_hear_and_do_not_speak(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    seq = (await jun.send("before", "den"))["seq"]
    await mina.ask("mute", room="den", user="jun")
    for type, fields in (("send", {"text": "x", "nonce": "1"}), ("edit", {"target": seq,
                                                                         "text": "x"}),
                         ("react", {"target": seq, "emoji": "👍", "on": True})):
        assert (await jun.ask_in_vain(type, room="den", **fields))["error_code"] == "muted", type
    await mina.send("still heard", "den")
    assert (await jun.next("message", text="still heard"))["from"] == "mina"
    await mina.ask("mute", room="den", user="jun", seconds=0)
    await jun.send("thanks", "den")
    await part(mina, jun)


async def test_a_mute_outlives_leaving_and_restarting(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("mute", room="den", user="jun")
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("den")
    assert (await jun.ask_in_vain("send", room="den", text="x", nonce="1"))["error_code"] == "muted"
    await jun.close()


async def test_a_mute_for_a_time_ends_by_itself(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("mute", room="den", user="jun", seconds=1)
    for _ in range(100_000):
        try:
            await jun.send("at last", "den")
            break
        except Refused as refused:
            assert refused.code == "muted"
    else:
        raise AssertionError("the mute does not end")
    await part(mina, jun)
