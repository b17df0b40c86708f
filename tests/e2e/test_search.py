"""search: found by text, newest first, only where the asker may read."""
import asyncio

import pytest

from client import Client, meet, part


async def found(client, query, **fields):
    return [r["text"] for r in (await client.ask("search", query=query, **fields))["results"]]


async def test_newest_first_with_a_snippet(daemon):
    [mina] = await meet(daemon, "mina")
    for text in ("the lamp is red", "nothing here", "a red LAMP again"):
        await mina.send(text)
    reply = await mina.ask("search", query="lamp")
    assert [r["text"] for r in reply["results"]] == ["a red LAMP again", "the lamp is red"]
    assert all("lamp" in r["snippet"].lower() for r in reply["results"])
    assert all(r["room"] == "lobby" and r["seq"] and r["from"] == "mina" for r in reply["results"])
    await mina.close()


@pytest.mark.parametrize("query, text", [
    ("안녕", "안녕하세요 여러분"), ("하세", "안녕하세요 여러분"), ("여", "안녕하세요 여러분"),
    ("東京", "今日は東京にいます"), ("ice", "Ice cream"), ("é", "café"), ("CAFÉ", "café"),
    ("a", "just a letter"), ("👍", "good 👍"), ("50%", "about 50% of it"), ('"quote', 'a "quote"'),
    ("x_y", "my x_y value"), ("AND", "rock AND roll"), ("*", "5 * 4"), ("-", "dash - dash"),
])
async def test_any_script_and_any_character_finds(daemon, query, text):
    [mina] = await meet(daemon, "mina")
    await mina.send("something different: zzz")
    await mina.send(text)
    assert await found(mina, query) == [text]
    await mina.close()


async def test_it_finds_what_was_said_a_moment_ago(daemon):
    [mina] = await meet(daemon, "mina")
    for i in range(20):
        await mina.send(f"needle{i}x")
        assert await found(mina, f"needle{i}x") == [f"needle{i}x"]
    await mina.close()


async def test_edits_are_found_and_what_they_replaced_is_not(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("the older wording"))["seq"]
    assert await found(mina, "older") == ["the older wording"]
    await mina.ask("edit", room="lobby", target=seq, text="the newer wording")
    assert await found(mina, "newer") == ["the newer wording"]
    assert await found(mina, "older") == []
    await mina.close()


async def test_by_room_by_user_and_further_back(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    await mina.join("den")
    await mina.send("apple one")
    await jun.send("apple two")
    await mina.send("apple three", "den")
    assert await found(mina, "apple") == ["apple three", "apple two", "apple one"]
    assert await found(mina, "apple", room="den") == ["apple three"]
    assert await found(mina, "apple", **{"from": "JUN"}) == ["apple two"]
    page = await mina.ask("search", query="apple", limit=1)
    assert len(page["results"]) == 1 and page["more"] is True
    await part(mina, jun)


async def every_page(client, **fields):
    seen, more = [], {}
    while True:
        page = await client.ask("search", **fields, **more)
        seen += [r["seq"] for r in page["results"]]
        assert page["more"] is ("next" in page)
        if not page["more"]:
            return seen
        more = {"next": page["next"]}


async def test_a_search_is_continued_by_its_next(daemon):
    [mina] = await meet(daemon, "mina")
    said = [(await mina.send(f"apple {i}"))["seq"] for i in range(30)]
    assert await every_page(mina, query="apple", limit=7) == said[::-1]
    await mina.close()


async def test_messages_of_one_instant_are_all_found(daemon):
    daemon.administrator("create", room="cellar")
    rows = [{"kind": "message", "seq": i, "ts": 1_700_000_000_000, "from": "old",
             "text": f"needle {i}"} for i in range(1, 301)]
    daemon.administrator("import", room="cellar", rows=rows)
    [mina] = await meet(daemon, "mina")
    assert await every_page(mina, query="needle", limit=30) == list(range(300, 0, -1))
    await mina.close()


async def test_all_that_somebody_said_is_found_without_a_word(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    said = []
    for i in range(40):
        await mina.send(f"mina {i}")
        said.append((await jun.send(f"jun {i}"))["seq"])
    assert await every_page(mina, **{"from": "JUN"}, limit=15) == said[::-1]
    reply = await mina.ask_in_vain("search", room="lobby")
    assert (reply["error_code"], reply["field"]) == ("bad_request", "query")
    await part(mina, jun)


async def test_a_next_that_is_none_is_refused(daemon):
    [mina] = await meet(daemon, "mina")
    for word in ("x", "1-2", "1-2-0", "1-2-3-4", "--", "1", "fffffffffffffffff-1-1"):
        reply = await mina.ask_in_vain("search", query="apple", next=word)
        assert (reply["error_code"], reply["field"]) == ("bad_request", "next"), word
    await mina.close()


async def test_only_in_rooms_the_asker_may_read(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    await mina.send("a hidden treasure", "den")
    await mina.send("an open treasure")
    assert await found(jun, "treasure") == ["an open treasure"]
    reply = await jun.try_ask("search", query="treasure", room="den")
    assert reply.get("results") == [] or reply["error_code"] == "room_not_found"
    await mina.ask("invite", room="den", user="jun")
    assert len(await found(jun, "treasure")) == 2
    await mina.ask("ban", room="den", user="jun")
    assert await found(jun, "treasure") == ["an open treasure"]
    await part(mina, jun)


async def test_it_finds_after_a_restart_and_a_crash(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("before the crash")
    daemon.kill()
    await mina.wait_closed()
    daemon.start()
    mina = await Client.connect(daemon, session=mina.key)
    assert await found(mina, "crash") == ["before the crash"]
    await mina.close()


@pytest.mark.parametrize("fields, field", [({"query": ""}, "query"), ({"query": "x" * 257}, "query"),
                                           ({}, "query"), ({"query": "x", "limit": 0}, "limit")])
async def test_bad_fields_are_named(daemon, fields, field):
    [mina] = await meet(daemon, "mina")
    reply = await mina.ask_in_vain("search", **fields)
    assert reply["error_code"] in ("bad_request", "too_long") and reply["field"] == field
    await mina.close()


async def test_many_at_once_are_all_answered(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    said = asyncio.ensure_future(asyncio.gather(*[jun.send(f"apple {i}") for i in range(200)]))
    replies = await asyncio.gather(*[mina.ask("search", query="apple") for _ in range(40)])
    assert all(r["type"] == "results" for r in replies)
    await said
    await part(mina, jun)


async def test_it_can_be_switched_off(make_daemon):
    daemon = make_daemon({"storage.search": "false"})
    [mina] = await meet(daemon, "mina")
    await mina.send("apple")
    reply = await mina.try_ask("search", query="apple")
    assert reply["type"] in ("results", "error")
    assert (await mina.ask("ping"))["type"] == "pong"
    await mina.close()
