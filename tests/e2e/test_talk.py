"""People talk, go away, come back, and nothing that was said is missing."""
import asyncio

from client import Client, meet, part


async def test_two_clients_talk(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    ack = await mina.send("hi jun", nonce="k1")
    heard = await jun.next("message")
    assert heard["text"] == "hi jun" and heard["from"] == "mina" and heard["room"] == "lobby"
    assert (heard["seq"], heard["ts"]) == (ack["seq"], ack["ts"])
    assert heard["guest"] is True and heard["nonce"] == "k1"
    own = await mina.next("message")
    assert own == heard
    await jun.send("hi mina")
    assert (await mina.next("message"))["text"] == "hi mina"
    await part(mina, jun)


async def test_the_history_is_there_after_a_restart(daemon):
    [mina] = await meet(daemon, "mina")
    said = [f"message {i}" for i in range(10)]
    for text in said:
        await mina.send(text)
    log = (await mina.join())[0]["log"]
    await mina.close()
    daemon.restart()
    [jun] = await meet(daemon, "jun")
    history = await jun.ask("history", room="lobby")
    assert [m["text"] for m in history["messages"]] == said and not history["more"]
    joined, caught = await jun.join(history=5)
    assert joined["log"] == log
    assert [m["text"] for m in caught] == said[5:]
    await jun.close()


async def test_the_history_is_there_after_a_sigkill(daemon):
    [mina] = await meet(daemon, "mina")
    for i in range(10):
        await mina.send(f"message {i}")
    daemon.kill()
    await mina.wait_closed()
    daemon.start()
    [jun] = await meet(daemon, "jun")
    history = await jun.ask("history", room="lobby")
    assert [m["text"] for m in history["messages"]] == [f"message {i}" for i in range(10)]
    await jun.close()


async def test_who_comes_back_with_a_cursor_gets_exactly_what_was_missed(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    joined, _ = await jun.join()
    await mina.send("before")
    seen = (await jun.next("message"))["seq"]
    await jun.break_off()
    missed = [await mina.send(f"missed {i}") for i in range(30)]
    jun = await Client.connect(daemon, session=jun.key)
    again, caught = await jun.join(after=seen, log=joined["log"])
    assert not again["reset"] and not again["pruned"] and again["log"] == joined["log"]
    assert [m["seq"] for m in caught] == [ack["seq"] for ack in missed]
    assert [m["text"] for m in caught] == [f"missed {i}" for i in range(30)]
    await mina.send("after")
    assert (await jun.next("message"))["text"] == "after"
    await part(mina, jun)


async def test_a_repeated_nonce_is_stored_once(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    first = await mina.send("once", nonce="same")
    again = await mina.send("once", nonce="same")
    assert (again["seq"], again["ts"], again["nonce"]) == (first["seq"], first["ts"], "same")
    await mina.break_off()
    mina = await Client.connect(daemon, session=mina.key)
    await mina.join()
    third = await mina.send("once", nonce="same")
    assert third["seq"] == first["seq"]
    other = await jun.send("mine", nonce="same")
    assert other["seq"] != first["seq"], "a nonce belongs to its sender"
    history = await mina.ask("history", room="lobby")
    assert [m["text"] for m in history["messages"]] == ["once", "mine"]
    assert [(await jun.next("message"))["text"] for _ in range(2)] == ["once", "mine"]
    await part(mina, jun)


async def test_a_nonce_is_recognised_after_a_restart(daemon):
    [mina] = await meet(daemon, "mina")
    first = await mina.send("once", nonce="same")
    key = mina.key
    await mina.close()
    daemon.restart()
    mina = await Client.connect(daemon, session=key)
    await mina.join()
    assert (await mina.send("once", nonce="same"))["seq"] == first["seq"]
    await mina.close()


async def test_a_whole_conversation_in_one_segment_is_answered_in_order(daemon):
    mina = await Client.connect(daemon, hello=False)
    asked = [("hello", {"name": "mina"}), ("join", {"room": "lobby"}),
             ("send", {"room": "lobby", "text": "hi", "nonce": "n"}), ("leave", {"room": "lobby"}),
             ("send", {"room": "lobby", "text": "hi", "nonce": "m"})]
    replies = [await mina.start(type, **fields) for type, fields in asked]
    answers = await asyncio.gather(*replies)
    assert [a["type"] for a in answers] == ["welcome", "joined", "ack", "left", "error"]
    assert answers[-1]["error_code"] == "not_joined"
    await mina.close()


async def test_a_hundred_people_hear_the_same_in_the_same_order(daemon):
    people = await meet(daemon, *[f"person {i}" for i in range(100)])
    acks = await asyncio.gather(*[people[i % 10].send(f"text {i}") for i in range(200)])
    assert len({ack["seq"] for ack in acks}) == 200
    views = [[e["seq"] for e in await person.entries(200)] for person in people]
    assert views[0] == sorted(ack["seq"] for ack in acks)
    assert all(view == views[0] for view in views)
    await part(*people)
