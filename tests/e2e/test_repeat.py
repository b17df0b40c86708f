"""since and log: a repeat is recognised however many entries lie between."""
import asyncio
import os
import signal

import pytest

from client import Client, meet, part

WINDOW = {"limits.nonce_window": 16}


def crowd(daemon, count):
    """Others have said so much in the lobby meanwhile."""
    [lobby] = daemon.administrator("rooms")["rooms"]
    for start in range(1, count + 1, 300):
        rows = [{"kind": "message", "seq": lobby["last"] + i, "ts": 1, "from": "jun", "text": "x"}
                for i in range(start, min(start + 300, count + 1))]
        daemon.administrator("import", room="lobby", rows=rows)


async def known(client, room="lobby"):
    joined, _ = await client.join(room, history=0)
    return {"since": joined["last"], "log": joined["log"]}


@pytest.mark.parametrize("between", [10, 200, 2000, 25000])
async def test_every_kind_is_recognised_across_so_many_entries(make_daemon, between):
    daemon = make_daemon(WINDOW)
    mina, jun = await meet(daemon, "mina", "jun")
    first, second, third = [(await mina.send(text))["seq"] for text in ("a", "b", "c")]
    start = await known(mina)
    requests = {
        "send": {"room": "lobby", "text": "hi"},
        "edit": {"room": "lobby", "text": "hi", "target": first},
        "delete": {"room": "lobby", "target": second},
        "react": {"room": "lobby", "target": third, "emoji": "👍", "on": True},
    }
    acks = {kind: await mina.ask(kind, nonce=kind, **fields, **start)
            for kind, fields in requests.items()}
    crowd(daemon, between)
    for kind, fields in requests.items():
        again = await mina.ask(kind, nonce=kind, **fields, **start)
        assert {**again, "ref": 0} == {**acks[kind], "ref": 0}, kind
    new = await mina.ask("send", room="lobby", text="new", nonce="new", **start)
    assert new["seq"] > acks["react"]["seq"] + between
    await part(mina, jun)


async def test_a_direct_message_is_recognised(make_daemon):
    daemon = make_daemon(WINDOW)
    mina, jun = await meet(daemon, "mina", "jun")
    room = (await mina.ask("direct", to="jun", text="hi", nonce="0"))["room"]
    start = await known(mina, room)
    ack = await mina.ask("direct", to="jun", text="hi", nonce="n", **start)
    said = [await jun.start("send", room=room, text="x", nonce=str(i)) for i in range(300)]
    await asyncio.gather(*said)
    await jun.close()
    await mina.settle()
    again = await mina.ask("direct", to="jun", text="hi", nonce="n", **start)
    assert again["seq"] == ack["seq"]
    await mina.close()


async def test_without_since_only_the_window_is_looked_through(make_daemon):
    daemon = make_daemon(WINDOW)
    [mina] = await meet(daemon, "mina")
    ack = await mina.send("hi", nonce="n")
    crowd(daemon, 300)
    assert (await mina.send("hi", nonce="n"))["seq"] > ack["seq"]
    await mina.close()


async def test_somebody_elses_nonce_is_none_of_ones_own(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    start = await known(mina)
    ack = await mina.send("hi", nonce="n", **start)
    crowd(daemon, 300)
    assert (await jun.send("hi", nonce="n", **start))["seq"] > ack["seq"]
    await part(mina, jun)


async def test_what_follows_a_repeat_is_stored_behind_it(daemon):
    [mina] = await meet(daemon, "mina")
    start = await known(mina)
    crowd(daemon, 25000)
    waiting = [await mina.start("send", room="lobby", text=str(i), nonce=str(i),
                                **(start if i % 2 else {})) for i in range(6)]
    seqs = [ack["seq"] for ack in await asyncio.gather(*waiting)]
    assert seqs == sorted(seqs)
    await mina.close()


async def test_what_retention_has_passed_cannot_be_known(make_daemon):
    daemon = make_daemon({**WINDOW, "retention.room_entries": 100})
    mina, jun = await meet(daemon, "mina", "jun")
    start = await known(mina)
    await mina.send("hi", nonce="n", **start)
    for i in range(300):
        await jun.send(str(i))
    os.kill(daemon.pid, signal.SIGHUP)
    while (await mina.join())[0]["first"] <= start["since"] + 1:
        await mina.settle()
    reply = await mina.ask_in_vain("send", room="lobby", text="hi", nonce="n", **start)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "since")
    await part(mina, jun)


@pytest.mark.parametrize("fields, wrong", [
    ({"since": 0, "log": "another"}, "log"), ({"since": 0}, "log"), ({"log": "LOG"}, "since"),
    ({"since": -1, "log": "LOG"}, "since"), ({"since": "0", "log": "LOG"}, "since"),
    ({"since": 0, "log": 7}, "log")])
@pytest.mark.parametrize("kind", ["send", "react"])
async def test_both_are_needed_and_the_log_must_be_the_rooms(daemon, fields, wrong, kind):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("a"))["seq"]
    log = (await known(mina))["log"]
    fields = {key: log if value == "LOG" else value for key, value in fields.items()}
    request = {"send": {"text": "hi"}, "react": {"target": seq, "emoji": "👍", "on": True}}[kind]
    reply = await mina.ask_in_vain(kind, room="lobby", nonce="n", **request, **fields)
    assert (reply["error_code"], reply["field"]) == ("bad_request", wrong)
    await mina.close()


async def test_without_a_nonce_there_is_nothing_to_recognise(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("a"))["seq"]
    reply = await mina.ask_in_vain("delete", room="lobby", target=seq, **await known(mina))
    assert (reply["error_code"], reply["field"]) == ("bad_request", "nonce")
    await mina.close()


async def test_far_repeats_cost_a_read_each(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.reads_burst": 3, "limits.reads_per_minute": 1,
                          "limits.messages_burst": 100})
    [mina] = await meet(daemon, "mina")
    start = await known(mina)
    crowd(daemon, 12000)
    replies = [await mina.try_ask("send", room="lobby", text="hi", nonce=f"n{i}", **start)
               for i in range(10)]
    codes = [reply.get("error_code") for reply in replies]
    assert "rate_limited" in codes and codes[0] is None
    await mina.close()


async def test_over_http_too(daemon):
    [mina] = await meet(daemon, "mina")
    start = await known(mina)
    headers = {"Authorization": f"Bearer {mina.key}", "Content-Type": "application/json"}

    def post():
        status, _, body = daemon.http("POST", "/api/v1/rooms/lobby/messages",
                                      '{"text":"hi","nonce":"n","since":%d,"log":"%s"}'
                                      % (start["since"], start["log"]), headers)
        return status, body

    first = post()
    assert first[0] == 201
    crowd(daemon, 12000)
    assert post() == first
    await mina.close()
