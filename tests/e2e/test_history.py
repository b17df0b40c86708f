"""history: pages in both directions, with everything applied."""
import asyncio

import pytest

from client import Client, meet, part


@pytest.fixture
async def talked(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = []
    for i in range(0, 250, 50):
        seqs += [a["seq"] for a in await asyncio.gather(
            *[mina.send(f"text {i + j}") for j in range(50)])]
    yield mina, seqs
    await mina.close()


async def test_the_newest_page_without_a_cursor(talked):
    mina, seqs = talked
    page = await mina.ask("history", room="lobby")
    assert [m["seq"] for m in page["messages"]] == seqs[-50:] and page["more"] is True


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
async def test_paging_back_meets_everything_once(talked, limit):
    mina, seqs = talked
    seen, before = [], None
    while True:
        fields = {"before": before} if before else {}
        page = await mina.ask("history", room="lobby", limit=limit, **fields)
        got = [m["seq"] for m in page["messages"]]
        assert got == sorted(got) and len(got) <= limit
        seen = got + seen
        if not page["more"]:
            break
        before = got[0]
    assert seen == seqs


@pytest.mark.parametrize("limit", [7, 200])
async def test_paging_forward_meets_everything_once(talked, limit):
    mina, seqs = talked
    seen = []
    while True:
        page = await mina.ask("history", room="lobby", limit=limit, after=seen[-1] if seen else 0)
        seen += [m["seq"] for m in page["messages"]]
        if not page["more"]:
            break
    assert seen == seqs


async def test_beyond_the_ends_there_is_nothing(talked):
    mina, seqs = talked
    for fields in ({"before": seqs[0]}, {"after": seqs[-1]}, {"after": 2**53 - 1}, {"before": 1}):
        page = await mina.ask("history", room="lobby", **fields)
        assert page["messages"] == [] and page["more"] is False, fields


async def test_edits_after_the_page_are_applied_to_it(talked):
    mina, seqs = talked
    await mina.ask("edit", room="lobby", target=seqs[0], text="changed")
    page = await mina.ask("history", room="lobby", before=seqs[1])
    assert [m["text"] for m in page["messages"]] == ["changed"]


async def test_a_topic_is_part_of_history(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den")
    await mina.join("den")
    await mina.ask("set", room="den", topic="new topic")
    page = await mina.ask("history", room="den")
    assert [(m["type"], m["text"]) for m in page["messages"]] == [("topic", "new topic")]
    await mina.close()


async def test_it_works_without_having_joined(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("hi")
    jun = await Client.connect(daemon, "jun")
    assert len((await jun.ask("history", room="lobby"))["messages"]) == 1
    assert (await jun.ask_in_vain("history", room="nowhere"))["error_code"] == "room_not_found"
    await part(mina, jun)


async def test_before_and_after_together_are_refused_or_a_range(talked):
    mina, seqs = talked
    reply = await mina.try_ask("history", room="lobby", after=seqs[0], before=seqs[5])
    if reply["type"] == "history":
        assert [m["seq"] for m in reply["messages"]] == seqs[1:5]
    else:
        assert reply["error_code"] == "bad_request"


async def test_long_texts_make_pages_shorter_not_lost(daemon):
    [mina] = await meet(daemon, "mina")
    seqs = [(await mina.send(f"{i} " + "x" * 1900))["seq"] for i in range(200)]
    seen = []
    while True:
        page = await mina.ask("history", room="lobby", limit=200, after=seen[-1] if seen else 0)
        assert page["messages"]
        seen += [m["seq"] for m in page["messages"]]
        if not page["more"]:
            break
    assert seen == seqs
    await mina.close()
