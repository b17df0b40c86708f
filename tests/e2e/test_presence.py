"""Presence: who came and went, told in turns."""
import asyncio

from client import Client, meet, part
from daemon import OVER_TLS


async def test_who_comes_and_goes_is_told(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seen = set()
    while "jun" not in seen:
        event = await mina.next("presence")
        seen |= set(event["joined"])
    assert event["members"] == 2 and event["room"] == "lobby"
    await jun.break_off()
    while True:
        event = await mina.next("presence")
        if "jun" in event["left"]:
            break
    assert event["members"] == 1
    await mina.close()


async def test_a_second_connection_of_a_user_is_nobody_new(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    while "jun" not in (await mina.next("presence"))["joined"]:
        pass
    again = await Client.connect(daemon, session=jun.key)
    await again.join()
    ara = await Client.connect(daemon, "ara")
    await ara.join()
    while "ara" not in (event := await mina.next("presence"))["joined"]:
        assert "jun" not in event["joined"]
    assert event["members"] == 3
    await part(mina, jun, again, ara)


async def test_large_rooms_are_told_only_the_number(make_daemon):
    daemon = make_daemon({"limits.presence_members": 3})
    people = await meet(daemon, *[f"person {i}" for i in range(6)])
    while (event := await people[0].next("presence"))["members"] < 6:
        pass
    assert event["joined"] == [] and event["left"] == []
    await part(*people)


async def test_a_thousand_who_enter_are_told_in_turns(make_daemon):
    """1,000 people enter one room; not a million events come of it."""
    count = 1000
    daemon = make_daemon({"limits.connections": count + 10, "limits.connections_per_address": 2000})
    people = []
    step = 10 if OVER_TLS else 50  # nobody waits for the handshakes of fifty on a busy machine
    for i in range(0, count, step):
        group = await asyncio.gather(*[Client.connect(daemon, f"person {i + j}")
                                       for j in range(step)])
        people += group
    await asyncio.gather(*[person.ask("join", room="lobby") for person in people])
    while (await people[0].next("presence"))["members"] < count:
        pass
    await asyncio.gather(*[person.settle() for person in people])
    frames = sum(len(person.received("presence")) for person in people)
    print(f"{count} people entered: {frames} presence frames")
    # One a second and a member at most: even on a slow machine far from a frame for each pair.
    assert frames < count * 100
    await asyncio.gather(*[person.break_off() for person in people])
