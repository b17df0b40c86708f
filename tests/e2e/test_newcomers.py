"""The door: newcomers who come in, wait, or are refused."""
import json
import re

import pytest
import websockets

from client import Client, Refused, meet, part
from daemon import run_hearthd
from test_sanctions import with_moderator


async def test_a_newcomer_waits_reads_the_first_room_and_is_let_in(daemon):
    mod, jun = await with_moderator(daemon, "mod", "jun")
    await jun.send("hello")
    await jun.ask("create", room="den")
    assert (await mod.ask("newcomers", mode="ask"))["mode"] == "ask"
    ara = await Client.connect(daemon, "ara")
    assert ara.welcome["newcomers"] == "ask" and ara.welcome["waiting"]
    assert [r["name"] for r in ara.welcome["rooms"]] == ["lobby"]
    _, before = await ara.join()
    assert [e["text"] for e in before] == ["hello"]
    reply = await ara.ask_in_vain("send", room="lobby", text="x", nonce="1")
    assert reply["error_code"] == "forbidden" and "waiting" in reply["message"]
    for type, fields in (("create", {"room": "own"}), ("rename", {"name": "boss"}),
                         ("direct", {"to": "jun", "text": "x", "nonce": "2"})):
        assert (await ara.ask_in_vain(type, **fields))["error_code"] == "forbidden", type
    assert (await ara.ask_in_vain("join", room="den"))["error_code"] == "room_not_found"
    assert (await ara.ask_in_vain("search", query="hello"))["error_code"] == "forbidden"
    assert (await mod.next("knock"))["user"] == "ara"
    await ara.ask("knock", text="It is me, from class 3b.")
    assert (await mod.ask("knocks"))["knocks"] == [
        {"user": "ara", "text": "It is me, from class 3b."}]
    assert (await jun.ask_in_vain("admit", user="ara", accept=True))["error_code"] == "forbidden"
    await mod.ask("admit", user="ara", accept=True)
    await ara.next("admitted")
    await ara.send("thanks")
    await part(mod, jun, ara)
    daemon.restart()
    ara = await Client.connect(daemon, session=ara.key)
    assert "waiting" not in ara.welcome and ara.welcome["newcomers"] == "ask"
    await ara.join("den")
    await ara.close()


async def test_who_is_refused_goes_and_holds_no_name(daemon):
    daemon.ctl("newcomers", "ask")
    ara = await Client.connect(daemon, "ara")
    assert daemon.ctl("knock", "list") == "ara\t\n"
    daemon.ctl("knock", "refuse", "ara")
    assert (await ara.wait_closed())[0] == 4003
    daemon.ctl("newcomers", "open")
    again = await Client.connect(daemon, "ara")
    await again.close()


async def test_three_of_an_address_wait_and_no_more(make_daemon):
    daemon = make_daemon({"limits.exempt": ""})
    daemon.ctl("newcomers", "ask")
    waiting = [await Client.connect(daemon, f"n{i}") for i in range(3)]
    with pytest.raises(Refused) as refused:
        await Client.connect(daemon, "n3")
    assert refused.value.code == "rate_limited"
    daemon.ctl("knock", "admit", "n0")
    another = await Client.connect(daemon, "n3")
    await part(*waiting, another)
    daemon.until_alone()
    assert json.loads(daemon.ctl("knock", "list", "--json"))["knocks"] == []


async def test_a_class_behind_an_exempt_address_knocks_and_fifty_are_as_many_as_may(daemon):
    daemon.ctl("newcomers", "ask")
    waiting = [await Client.connect(daemon, f"n{i}") for i in range(50)]
    assert all(client.welcome["waiting"] for client in waiting)
    late = await Client.connect(daemon, hello=False)
    reply = await late.ask_in_vain("hello", name="n50")
    assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] > 0
    daemon.ctl("knock", "admit", "n7")
    assert (await late.ask("hello", name="n50"))["waiting"]
    await part(late, *waiting)


async def test_who_spoke_before_is_known_and_who_did_not_waits(daemon):
    jun, ara = await meet(daemon, "jun", "ara")
    await jun.send("I was here")
    told = daemon.administrator("newcomers", mode="ask")
    await jun.send("and go on")
    reply = await ara.ask_in_vain("send", room="lobby", text="x", nonce="1")
    assert reply["error_code"] == "forbidden"
    await ara.ask("knock", text="me")
    daemon.administrator("newcomers", mode="ask", spoke_before_ms=told["spoke_before_ms"] - 3_600_000)
    assert (await jun.ask_in_vain("send", room="lobby", text="x", nonce="2"))[
        "error_code"] == "forbidden"
    daemon.administrator("newcomers", mode="open")
    await ara.next("admitted")
    await ara.send("open again")
    await jun.send("so it is")
    await part(jun, ara)


async def test_a_while_at_the_door_ends_by_time_that_has_passed_also_over_a_restart(daemon):
    mod, = await with_moderator(daemon, "mod")
    told = await mod.ask("newcomers", mode="ask", seconds=3600)
    assert told["afterwards"] == "open" and 0 < told["left_ms"] <= 3_600_000
    ara = await Client.connect(daemon, "ara")
    assert ara.welcome["waiting"]
    await part(mod, ara)
    daemon.advance(1800)
    daemon.restart()
    daemon.administrator("clock", time=4_000_000_000_000)  # the time of day is no reason to end it
    assert re.fullmatch(r"ask\t0 waiting\tfor 29m \d+s, then open\n", daemon.ctl("newcomers"))
    daemon.ctl("newcomers", "closed", "--for", "2h")  # goes back to what had no end
    daemon.ctl("newcomers", "ask", "--for", "1h")
    ara = await Client.connect(daemon, "ara")
    assert ara.welcome["waiting"]
    daemon.advance(3601)
    await ara.next("admitted")
    assert daemon.ctl("newcomers") == "open\t0 waiting\n"
    await ara.close()
    daemon.ctl("newcomers", "closed", "--for", "1h")
    daemon.advance(3599)
    daemon.kill()
    daemon.start()
    daemon.advance(3601)  # a kill forgets some of the time that had passed, and adds none
    assert daemon.ctl("newcomers") == "open\t0 waiting\n"
    daemon.ctl("newcomers", "invite")
    assert "afterwards" not in daemon.administrator("newcomers")


async def test_a_closed_door_lets_nobody_new_in_by_any_way(daemon):
    jun, ara = await meet(daemon, "jun", "ara")
    await jun.send("I was here")
    plain = await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/7")
    assert daemon.http("GET", "/api/v1/rooms")[0] == 200
    daemon.ctl("newcomers", "closed")
    assert (await ara.wait_closed())[0] == 4003
    await plain.wait_closed()
    with pytest.raises(Refused) as refused:
        await Client.connect(daemon, "new")
    assert refused.value.code == "forbidden"
    with pytest.raises(Refused):
        await Client.connect(daemon, session=ara.key)
    assert daemon.http("GET", "/api/v1/rooms/lobby/messages")[0] in (401, 403)
    again = await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/7")
    await again.wait_closed()
    await jun.send("still here")
    await jun.close()
    daemon.restart()
    assert daemon.ctl("newcomers") == "closed\t0 waiting\n"


async def test_what_is_set_explicitly_stays_open(make_daemon):
    daemon = make_daemon({"accounts.newcomers": "ask", "plain.enabled": "true",
                          "http.anonymous_read": "true"})
    plain = await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/7")
    await plain.send('{"message": "x"}')
    assert daemon.http("GET", "/api/v1/rooms/lobby/messages")[0] == 200
    await plain.close()


def test_check_config_says_what_a_door_closes():
    told = run_hearthd("--set=accounts.newcomers=ask", "--check-config").stdout
    assert "the plain endpoint is off" in told and "without a key" in told
    told = run_hearthd("--set=accounts.newcomers=ask", "--set=plain.enabled=true",
                       "--check-config").stdout
    assert "the plain endpoint is off" not in told
