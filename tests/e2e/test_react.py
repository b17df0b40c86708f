"""react: an emoji under a message."""
import pytest

from client import meet, part


async def test_reactions_are_told_and_gathered(daemon):
    mina, jun, ara = await meet(daemon, "mina", "jun", "ara")
    seq = (await mina.send("dinner?"))["seq"]
    await jun.ask("react", room="lobby", target=seq, emoji="👍", on=True)
    heard = await mina.next("reaction")
    assert (heard["target"], heard["emoji"], heard["on"], heard["from"]) == (seq, "👍", True, "jun")
    await ara.ask("react", room="lobby", target=seq, emoji="👍", on=True)
    await ara.ask("react", room="lobby", target=seq, emoji="🎉", on=True)
    reactions = (await mina.ask("history", room="lobby"))["messages"][0]["reactions"]
    assert {r["emoji"]: (sorted(r["names"]), r["count"]) for r in reactions} == {
        "👍": (["ara", "jun"], 2), "🎉": (["ara"], 1)}
    await jun.ask("react", room="lobby", target=seq, emoji="👍", on=False)
    reactions = (await mina.ask("history", room="lobby"))["messages"][0]["reactions"]
    assert {r["emoji"]: r["names"] for r in reactions} == {"👍": ["ara"], "🎉": ["ara"]}
    await part(mina, jun, ara)


async def test_reacting_twice_counts_once(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    for _ in range(3):
        await mina.ask("react", room="lobby", target=seq, emoji="👍", on=True)
    reactions = (await mina.ask("history", room="lobby"))["messages"][0]["reactions"]
    assert reactions == [{"emoji": "👍", "names": ["mina"], "count": 1}]
    await mina.close()


@pytest.mark.parametrize("fields, field", [({"emoji": "", "on": True}, "emoji"),
                                           ({"emoji": "x" * 65, "on": True}, "emoji"),
                                           ({"emoji": "👍", "on": 1}, "on"),
                                           ({"emoji": "👍"}, "on")])
async def test_bad_fields_are_named(daemon, fields, field):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    reply = await mina.ask_in_vain("react", room="lobby", target=seq, **fields)
    assert reply["error_code"] in ("bad_request", "too_long") and reply["field"] == field
    await mina.close()


async def test_under_what_is_no_message_nothing_can_be_put(daemon):
    [mina] = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("react", room="lobby", target=99, emoji="👍", on=True))[
        "error_code"] == "message_not_found"
    await mina.close()
