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


@pytest.mark.parametrize("one, two, kept", [("\u2764\ufe0f", "\u2764", "\u2764\ufe0f"),
                                            ("👍", "👍\ufe0f", "👍")])
async def test_two_spellings_of_an_emoji_are_one_reaction(daemon, one, two, kept):
    mina, jun = await meet(daemon, "mina", "jun")
    seq = (await mina.send("x"))["seq"]
    await mina.ask("react", room="lobby", target=seq, emoji=one, on=True)
    await jun.ask("react", room="lobby", target=seq, emoji=two, on=True)
    assert [(await mina.next("reaction"))["emoji"] for _ in range(2)] == [kept, kept]
    [line] = (await mina.ask("history", room="lobby"))["messages"][0]["reactions"]
    assert (line["emoji"], line["count"]) == (kept, 2)
    await mina.ask("react", room="lobby", target=seq, emoji=two, on=False)
    [line] = (await mina.ask("history", room="lobby"))["messages"][0]["reactions"]
    assert line["names"] == ["jun"]
    await part(mina, jun)


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
                                           ({"emoji": "x", "on": True}, "emoji"),
                                           ({"emoji": " ", "on": True}, "emoji"),
                                           ({"emoji": "\u202e", "on": True}, "emoji"),
                                           ({"emoji": "👍👍", "on": True}, "emoji"),
                                           ({"emoji": "👍", "on": 1}, "on"),
                                           ({"emoji": "👍"}, "on")])
async def test_bad_fields_are_named(daemon, fields, field):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("x"))["seq"]
    reply = await mina.ask_in_vain("react", room="lobby", target=seq, **fields)
    assert reply["error_code"] in ("bad_request", "too_long") and reply["field"] == field
    await mina.close()


async def test_whoever_asks_is_told_among_those_who_reacted_however_many_they_are(daemon):
    everybody = await meet(daemon, *[f"one-{i:02}" for i in range(22)])
    mina, last = everybody[0], everybody[-1]
    seq = (await mina.send("x"))["seq"]
    for one in everybody:
        await one.ask("react", room="lobby", target=seq, emoji="👍", on=True)
    for one, first in ((mina, "one-00"), (last, "one-21")):
        [line] = (await one.ask("history", room="lobby"))["messages"][0]["reactions"]
        assert (line["count"], len(line["names"]), line["names"][0]) == (22, 20, first)
    await part(*everybody)


async def test_under_what_is_no_message_nothing_can_be_put(daemon):
    [mina] = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("react", room="lobby", target=99, emoji="👍", on=True))[
        "error_code"] == "message_not_found"
    await mina.close()


async def test_junk_does_not_hide_what_people_put(daemon):
    mina, jun, *others = await meet(daemon, "mina", "jun", *[f"other-{i}" for i in range(4)])
    seq = (await mina.send("dinner?"))["seq"]
    for emoji in "😀😁😂😃😄":
        await jun.ask("react", room="lobby", target=seq, emoji=emoji, on=True)
    reply = await jun.ask_in_vain("react", room="lobby", target=seq, emoji="😅", on=True)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "emoji") and "5" in reply["message"]
    for i, other in enumerate(others[:3]):
        for emoji in "😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓"[5 * i:5 * i + 5]:
            await other.ask("react", room="lobby", target=seq, emoji=emoji, on=True)
    reply = await others[3].ask_in_vain("react", room="lobby", target=seq, emoji="👍", on=True)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "emoji") and "20" in reply["message"]
    await others[3].ask("react", room="lobby", target=seq, emoji="😀", on=True)
    [message] = (await mina.ask("history", room="lobby"))["messages"]
    assert len(message["reactions"]) == 20
    assert {"emoji": "😀", "names": ["jun", "other-3"], "count": 2} in message["reactions"]
    await part(mina, jun, *others)
