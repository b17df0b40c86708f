"""Slow mode and rooms in which not everybody speaks: set with slow_seconds and speak."""
from client import Client, part
from test_kick import den


async def test_in_slow_mode_the_next_message_waits_and_the_wait_is_told(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("set", room="den", slow_seconds=30)
    assert (await jun.next("room", name="den", slow_seconds=30))["speak"] == "guest"
    await jun.send("first", "den")
    reply = await jun.ask_in_vain("send", room="den", text="second", nonce="2")
    assert reply["error_code"] == "rate_limited" and 0 < reply["retry_after_ms"] <= 30_000
    await mina.send("a moderator does not wait", "den")
    await mina.send("nor twice", "den")
    joined, _ = await jun.join("den")
    assert joined["slow_seconds"] == 30 and 0 < joined["slow_ms"] <= 30_000
    daemon.advance(30)
    await jun.send("second", "den")
    await part(mina, jun)


async def test_slow_mode_holds_on_every_connection_and_over_http(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("set", room="den", slow_seconds=3600)
    await jun.send("first", "den")
    again = await Client.connect(daemon, session=jun.key)
    await again.join("den")
    assert (await again.ask_in_vain("send", room="den", text="x", nonce="2"))[
        "error_code"] == "rate_limited"
    status, headers, _ = daemon.http("POST", "/api/v1/rooms/den/messages", {"text": "x"},
                                     {"Authorization": "Bearer " + jun.key})
    assert status == 429 and "retry-after" in headers
    await mina.ask("set", room="den", slow_seconds=0)
    await jun.send("at once", "den")
    await part(mina, jun, again)


async def test_a_read_only_room_is_read_by_all_and_written_by_moderators(daemon):
    mina, jun, ara = await den(daemon, "mina", "jun", "ara")
    await mina.ask("set", room="den", speak="moderator")
    reply = await jun.ask_in_vain("send", room="den", text="x", nonce="1")
    assert reply["error_code"] == "forbidden" and "moderators" in reply["message"]
    await mina.ask("role", room="den", user="ara", role="moderator")
    said = await ara.send("news", "den")
    await jun.next("message", text="news")
    await jun.ask("react", room="den", target=said["seq"], emoji="👍", on=True)
    await part(mina, jun, ara)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    assert (await jun.join("den"))[0]["speak"] == "moderator"
    listed = [r for r in (await jun.ask("rooms"))["rooms"] if r["name"] == "den"]
    assert listed[0]["speak"] == "moderator"
    await jun.close()


async def test_what_is_no_pace_is_refused(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    for fields, field in (({"slow_seconds": -1}, "slow_seconds"), ({"slow_seconds": 21601},
                          "slow_seconds"), ({"speak": "owner"}, "speak"), ({"speak": "all"},
                          "speak"), ({}, "topic")):
        reply = await mina.ask_in_vain("set", room="den", **fields)
        assert (reply["error_code"], reply["field"]) == ("bad_request", field), fields
    assert (await jun.ask_in_vain("set", room="den", slow_seconds=1))["error_code"] == "forbidden"
    await part(mina, jun)


async def test_the_administrator_sets_the_pace_from_a_terminal(daemon):
    mina, jun = await den(daemon, "mina", "jun")
    daemon.ctl("room", "set", "den", "--slow", "60", "--speak", "member")
    told = await jun.next("room", name="den", slow_seconds=60)
    assert told["speak"] == "member"
    assert daemon.ctl("room", "set", "den", "--slow", "soon", check=False).returncode == 2
    await part(mina, jun)


async def test_slow_mode_and_who_may_speak_outlive_a_restart(make_daemon):
    daemon = make_daemon()
    mina, jun = await den(daemon, "mina", "jun")
    await mina.ask("set", room="den", slow_seconds=30)
    await part(mina, jun)
    daemon.restart()
    mina, jun = [await Client.connect(daemon, session=person.key) for person in (mina, jun)]
    for person in (mina, jun):
        joined, _ = await person.join("den")
        assert joined["slow_seconds"] == 30
    await jun.send("first", "den")
    assert (await jun.ask_in_vain("send", room="den", text="x", nonce="2"))["error_code"] == "rate_limited"
    daemon.advance(31)
    await jun.send("second", "den")
    await mina.ask("set", room="den", slow_seconds=0, speak="moderator")
    await part(mina, jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=jun.key)
    await jun.join("den")
    assert (await jun.ask_in_vain("send", room="den", text="x", nonce="3"))["error_code"] == "forbidden"
    await part(jun)


async def test_only_three_roles_may_be_asked_of_speakers(daemon):
    mina, = await den(daemon, "mina")
    for speak in ("king", "owner", "admin"):
        reply = await mina.ask_in_vain("set", room="den", speak=speak)
        assert (reply["error_code"], reply["field"]) == ("bad_request", "speak")
        assert "guest, member" in reply["message"] and "owner" not in reply["message"], reply
    await part(mina)
