"""Limits are answers: how often, how many, how long, and when to try again."""
import asyncio

import pytest

from client import Client, meet, part

LIMITED = {"limits.exempt": ""}


async def until_refused(client, type, times, **fields):
    for i in range(times):
        extra = {"nonce": str(i)} if type == "send" else {}
        reply = await client.try_ask(type, **fields, **extra)
        if reply["type"] == "error":
            return i, reply
    raise AssertionError(f"{times} times {type} and never refused")


@pytest.mark.parametrize("type, fields, limit", [
    ("send", {"room": "lobby", "text": "x"}, "messages"), ("history", {"room": "lobby"}, "reads"),
    ("search", {"query": "xyz"}, "reads"),
])
async def test_too_often_says_when_to_try_again(make_daemon, type, fields, limit):
    daemon = make_daemon({**LIMITED, f"limits.{limit}_per_minute": 6, f"limits.{limit}_burst": 5})
    [mina] = await meet(daemon, "mina")
    times, reply = await until_refused(mina, type, 20, **fields)
    assert reply["error_code"] == "rate_limited" and times >= 5
    assert 0 < reply["retry_after_ms"] <= 10_000
    assert (await mina.ask("ping"))["type"] == "pong"
    await mina.close()


async def test_bytes_on_disk_are_limited_by_the_hour(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.stored_kib_per_hour": 128, "limits.messages_burst": 1000})
    mina, jun = await meet(daemon, "mina", "jun")
    times, reply = await until_refused(mina, "send", 100, room="lobby", text="x" * 2000)
    assert reply["error_code"] == "rate_limited" and times == 58
    assert 0 < reply["retry_after_ms"] <= 60_000 and "written" in str(reply)
    refused = await mina.ask_in_vain("direct", to="jun", text="x" * 2000, nonce="direct")
    assert refused["error_code"] == "rate_limited"
    await jun.send("x" * 2000)
    daemon.advance(60)
    await mina.send("x" * 2000)
    await part(mina, jun)


async def test_requests_with_a_key_are_no_hellos(make_daemon):
    daemon = make_daemon(LIMITED)
    [mina] = await meet(daemon, "mina")
    for _ in range(140):
        status, _, body = daemon.http("GET", "/api/v1/rooms/lobby/messages?limit=1",
                                      headers={"Authorization": "Bearer " + mina.key})
        assert status == 200, body
    async with await Client.connect(daemon, "jun"):
        pass
    await mina.close()


async def test_joins_are_limited(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.joins_per_minute": 6, "limits.joins_burst": 5})
    mina = await Client.connect(daemon, "mina")
    times, reply = await until_refused(mina, "join", 20, room="lobby")
    assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] > 0 and times == 5
    await mina.close()


async def test_a_user_has_one_bucket_however_many_connections(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.messages_per_minute": 6, "limits.messages_burst": 6})
    [mina] = await meet(daemon, "mina")
    second = await Client.connect(daemon, session=mina.key)
    await second.join()
    for i in range(3):
        await mina.send(f"a{i}")
        await second.send(f"b{i}")
    for connection in (mina, second):
        assert (await connection.ask_in_vain("send", room="lobby", text="x", nonce="z"))[
            "error_code"] == "rate_limited"
    await part(mina, second)


async def test_the_exempt_are_not_limited(make_daemon):
    daemon = make_daemon({"limits.messages_per_minute": 1, "limits.messages_burst": 1})
    [mina] = await meet(daemon, "mina")
    for i in range(50):
        await mina.send(str(i))
    await mina.close()


async def test_frames_of_any_kind_are_limited_and_abuse_closes_with_4008(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.requests_per_second": 5})
    mina = await Client.connect(daemon, "mina")
    try:
        for _ in range(20_000):
            await mina.send_text('{"type":"ping"}')
    except Exception as error:
        assert "Closed" in type(error).__name__ or isinstance(error, OSError), error
    code, reason = await mina.wait_closed()
    assert code in (4008, 1006), (code, reason)
    jun = await Client.connect(daemon, "jun")
    await jun.ask("ping")
    await jun.close()


async def test_connections_of_one_address_are_bounded(make_daemon):
    daemon = make_daemon({**LIMITED, "limits.connections_per_address": 5})
    people = [await Client.connect(daemon, f"person {i}") for i in range(5)]
    with pytest.raises(Exception):
        await asyncio.wait_for(Client.connect(daemon, "one too many"), 20)
    await people[0].close()
    for _ in range(10_000):
        try:
            people[0] = await Client.connect(daemon, "at last")
            break
        except Exception as error:
            assert not isinstance(error, AssertionError)
    assert people[0].name == "at last"
    await part(*people)


async def test_connections_in_all_are_bounded(make_daemon):
    daemon = make_daemon({"limits.connections": 5})
    people = [await Client.connect(daemon, f"person {i}") for i in range(5)]
    with pytest.raises(Exception):
        await asyncio.wait_for(Client.connect(daemon, "one too many"), 20)
    assert daemon.ctl("status"), "the administrator gets in even then"
    await people[0].ask("ping")
    await part(*people)


async def test_a_server_that_is_full_gets_room_again(make_daemon):
    daemon = make_daemon({"limits.connections": 3})
    for round in range(30):
        people = [await Client.connect(daemon, f"person {round}-{i}") for i in range(2)]
        for person in people:
            await person.break_off()
    await part()
    mina = await Client.connect(daemon, "mina")
    await mina.close()


async def test_who_is_told_to_wait_is_awaited_for_as_long(make_daemon):
    """A class that enters at once from one address: the last ones wait longer than a hello is waited for otherwise."""
    daemon = make_daemon({"limits.exempt": "", "limits.hello_ms": 2000, "limits.connections_per_address": 400})
    pupils, told = [], []
    while len(told) < 8:
        pupil = await Client.connect(daemon, hello=False)
        reply = await pupil.try_ask("hello", name=f"pupil {len(pupils)}")
        pupils.append(pupil)
        if reply["type"] == "error":
            assert reply["error_code"] == "rate_limited"
            told.append((reply["retry_after_ms"], pupil))
    last_ms, last = max(told, key=lambda each: each[0])
    assert last_ms > 2000
    daemon.advance(last_ms / 1000 - 0.5)
    daemon.administrator("ping")
    daemon.advance(0.6)
    assert (await last.ask("hello", name="the last one"))["type"] == "welcome"
    for pupil in pupils:
        await pupil.break_off()
