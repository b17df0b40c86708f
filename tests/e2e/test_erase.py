"""erase: what somebody said goes for good, message by message, in a room or everywhere."""
import asyncio

import websockets

from client import Client, meet, part
from test_kick import den
from test_sanctions import with_moderator


async def test_what_a_user_said_goes_and_others_see_it_go(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    seqs = [(await jun.send(f"spam {i}", "den"))["seq"] for i in range(120)]
    kept = (await ara.send("kept", "den"))["seq"]
    reply = await mina.ask("erase", room="den", user="jun")
    assert reply["type"] == "erased" and reply["count"] == 120
    gone = [await ara.next("delete", room="den") for _ in seqs]
    assert sorted(e["target"] for e in gone) == seqs and gone[0]["from"] == "mina"
    page = await ara.ask("history", room="den", limit=200)
    left = [m["seq"] for m in page["messages"] if not m.get("deleted")]
    assert left == [kept]
    assert (await mina.ask("erase", room="den", user="jun"))["count"] == 0
    assert (await ara.ask("search", query="spam"))["results"] == []
    assert (await mina.ask("audit", room="den"))["lines"][0]["act"] == "erase"
    await part(mina, jun, ara)


async def test_only_what_was_said_lately_goes_when_so_wanted(daemon):
    now = daemon.administrator("clock")["time"]
    rows = [{"kind": "message", "seq": seq, "ts": now - age, "from": "client-7", "text": "spam",
             "via": "plain"} for seq, age in ((1, 7_200_000), (2, 60_000))]
    daemon.administrator("import", room="old", rows=rows)
    erased = daemon.administrator("erase", room="old", user="client-7", last_ms=3_600_000)
    assert erased["count"] == 1
    page = daemon.administrator("history", room="old")
    assert [m["seq"] for m in page["messages"] if not m.get("deleted")] == [1]


async def test_everywhere_is_where_a_moderator_of_the_gateway_has_a_say(daemon):
    mod, jun, ara = await with_moderator(daemon, "mod", "jun", "ara")
    await jun.ask("create", room="open")
    await ara.ask("create", room="closed", visibility="private")
    await ara.join("closed")
    await ara.ask("invite", room="closed", user="jun")
    for room in ("open", "closed"):
        await jun.join(room)
    for room in ("lobby", "open", "closed"):
        await jun.send("spam", room)
    await jun.ask("direct", to="ara", text="spam", nonce="1")
    # jun owns "open": there a moderator of the gateway is not above
    assert (await mod.ask("erase", user="jun"))["count"] == 1
    assert daemon.administrator("erase", user="jun")["count"] == 2
    assert (await ara.ask_in_vain("erase", user="jun"))["error_code"] == "forbidden"
    daemon.administrator("user", user="ara", role="admin")
    above = await mod.ask_in_vain("erase", user="ara")
    assert (above["error_code"], above["field"]) == ("forbidden", "user")
    assert (await ara.ask("search", query="spam"))["results"][0]["room"].startswith("@")
    await part(mod, jun, ara)


async def test_bad_input_is_named(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    for fields, code, field in (({"user": "nobody"}, "user_not_found", "user"),
                                ({"user": "mina"}, "forbidden", "user"),
                                ({"user": "jun", "last_ms": 0}, "bad_request", "last_ms")):
        reply = await mina.ask_in_vain("erase", room="den", **fields)
        assert (reply["error_code"], reply["field"]) == (code, field), fields
    assert (await jun.ask_in_vain("erase", room="den", user="mina"))["error_code"] == "forbidden"
    await part(mina, jun)


async def test_many_go_in_steps_while_others_speak_and_progress_is_told(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    rows = [{"kind": "message", "seq": i, "ts": 1_900_000_000_000, "from": "client-7", "text": "spam",
             "via": "plain"} for i in range(1, 1201)]
    daemon.administrator("create", room="full")
    for i in range(0, 1200, 200):
        daemon.administrator("import", room="full", rows=rows[i:i + 200])
    await mina.join("full")
    daemon.administrator("role", room="full", user="mina", role="moderator")
    pending = await mina.start("erase", room="full", user="client-7")
    await jun.send("meanwhile", "den")
    assert (await asyncio.wait_for(pending, 60))["count"] == 1200
    assert [e["count"] for e in (await mina.next("erasing"), await mina.next("erasing"))] == [500, 1000]
    await part(mina, jun, ara)


async def test_it_goes_on_when_whoever_asked_has_gone(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    for i in range(120):
        await jun.send(f"spam {i}", "den")
    await mina.start("erase", room="den", user="jun")
    await mina.break_off()
    for _ in range(120):
        await ara.next("delete", room="den")
    await part(jun, ara)


async def test_what_a_plain_client_said_goes_too(daemon):
    ara, = await meet(daemon, "ara")
    plain = await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/7")
    await plain.send('{"message": "spam"}')
    await ara.next("message", text="spam")
    assert daemon.administrator("erase", room="lobby", user="client-7")["count"] == 1
    await ara.next("delete")
    await plain.close()
    await ara.close()
