"""typing: state, told in turns, never history."""
import asyncio

from client import Client, meet, part


async def test_the_others_see_who_is_writing_and_who_stopped(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("typing", room="lobby", on=True)
    assert (await jun.next("typing"))["names"] == ["mina"]
    await mina.ask("typing", room="lobby", on=False)
    assert (await jun.next("typing"))["names"] == []
    await part(mina, jun)


async def test_without_a_ref_there_is_no_reply(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send_text('{"type":"typing","room":"lobby","on":true}')
    await mina.settle()
    assert mina.received("ok", "error") == []
    await mina.close()


async def test_it_lapses_by_itself(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("typing", room="lobby", on=True)
    assert (await jun.next("typing"))["names"] == ["mina"]
    daemon.advance(7)
    assert (await jun.next("typing"))["names"] == []
    await part(mina, jun)


async def test_speaking_and_leaving_end_it(daemon):
    mina, jun, ara = await meet(daemon, "mina", "jun", "ara")
    await mina.ask("typing", room="lobby", on=True)
    await jun.next("typing")
    await mina.send("done")
    assert (await jun.next("typing"))["names"] == []
    await ara.ask("typing", room="lobby", on=True)
    assert (await jun.next("typing"))["names"] == ["ara"]
    await ara.break_off()
    assert (await jun.next("typing"))["names"] == []
    await part(mina, jun)


async def test_a_hundred_who_write_at_once_cost_turns_not_products(daemon):
    people = await meet(daemon, *[f"person {i}" for i in range(60)])
    await people[0].settle()
    for _ in range(5):
        await asyncio.gather(*[p.ask("typing", room="lobby", on=True) for p in people])
    first = await people[0].next("typing")
    assert 1 <= len(first["names"]) <= 5
    await people[0].settle()
    assert len(people[0].received("typing")) < 60
    await part(*people)


async def test_errors_are_answers(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("typing", room="lobby", on=True))["error_code"] == "not_joined"
    assert (await mina.ask_in_vain("typing", room="nowhere", on=True))[
        "error_code"] == "room_not_found"
    await mina.close()
