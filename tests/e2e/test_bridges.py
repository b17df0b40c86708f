"""What bridges bring, under whose name, once; and where they have got to."""
import json
import sqlite3

import pytest

from client import Client, meet, part
from daemon import until
from test_tokens import bearer, create, enter


async def a_bridge(daemon, *rooms, name="irc"):
    bridge = await enter(daemon, create(daemon, name, "bridge", *(rooms or ("lobby",))))
    for room in rooms or ("lobby",):
        await bridge.join(room)
    return bridge


async def test_what_a_bridge_brings_is_said_by_whom_it_says(daemon):
    bridge = await a_bridge(daemon)
    (mina,) = await meet(daemon, "mina")
    await bridge.send("hello from afar", **{"as": "Jun ✈", "via": "irc", "origin": "irc:1"})
    message = await mina.next("message")
    assert (message["from"], message["via"], message["text"]) == ("Jun ✈", "irc", "hello from afar")
    line = (await mina.ask("history", room="lobby"))["messages"][-1]
    assert (line["from"], line["via"]) == ("Jun ✈", "irc")
    await part(bridge, mina)


async def test_any_via_is_kept_and_told(daemon):
    bridge = await a_bridge(daemon)
    for via in ("mqtt", "meshtastic", "a-9"):
        await bridge.send("x", via=via)
    await part(bridge)
    daemon.restart()
    _, _, body = daemon.http("GET", "/api/v1/rooms/lobby/messages")
    assert [line["via"] for line in json.loads(body)["messages"]] == ["mqtt", "meshtastic", "a-9"]


async def test_an_origin_is_stored_once_for_as_long_as_the_entry_exists(make_daemon):
    daemon = make_daemon({"limits.nonce_window": 16})
    bridge = await a_bridge(daemon)
    first = await bridge.send("once", origin="m1", nonce="a")
    for i in range(40):
        await bridge.send(f"later {i}", origin=f"n{i}")
    again = await bridge.send("once", origin="m1", nonce="b")
    assert (again["seq"], again["ts"]) == (first["seq"], first["ts"])
    await part(bridge)
    daemon.kill()
    daemon.start()
    bridge = await Client.connect(daemon, hello=False)
    token = create(daemon, "other", "bridge", "lobby")
    await bridge.ask("hello", token=token)
    await bridge.join("lobby", history=0)
    assert (await bridge.send("another bridge's", origin="m1"))["seq"] > first["seq"]
    await part(bridge)


async def test_an_origin_is_one_rooms(daemon):
    daemon.administrator("create", room="den")
    bridge = await a_bridge(daemon, "lobby", "den")
    await bridge.send("here", "lobby", origin="m1")
    ack = await bridge.send("there", "den", origin="m1")
    assert ack["seq"] == 1 and ack["room"] == "den"
    await part(bridge)


async def test_edits_deletions_reactions_and_answers_follow_by_origin(daemon):
    bridge = await a_bridge(daemon)
    (mina,) = await meet(daemon, "mina")
    sent = await bridge.send("one", origin="m1", **{"as": "jun"})
    await bridge.send("an answer", origin="m2", target_origin="m1")
    await bridge.ask("edit", room="lobby", text="one, better", target_origin="m1", origin="m1.e1")
    await bridge.ask("react", room="lobby", emoji="👍", on=True, target_origin="m1", **{"as": "ann"})
    entries = await mina.entries(4)
    assert entries[1]["reply_to"] == sent["seq"]
    assert {entry["target"] for entry in entries[2:]} == {sent["seq"]}
    line = (await mina.ask("history", room="lobby"))["messages"][0]
    assert line["text"] == "one, better" and line["reactions"][0]["names"] == ["ann"]
    await bridge.ask("delete", room="lobby", target_origin="m1")
    assert (await mina.next("delete"))["target"] == sent["seq"]
    again = await bridge.send("one", origin="m1")
    assert again["seq"] == sent["seq"], "what was deleted is not brought again"
    await part(bridge, mina)


async def test_an_answer_to_what_is_not_there_is_a_message_all_the_same(daemon):
    bridge = await a_bridge(daemon)
    await bridge.send("an answer", origin="m2", target_origin="lost")
    reply = await bridge.ask_in_vain("edit", room="lobby", text="x", target_origin="lost")
    assert (reply["error_code"], reply["field"]) == ("message_not_found", "target_origin")
    await part(bridge)


@pytest.mark.parametrize("name", ["mina", "MINA", "admin", "client-7"])
async def test_nobody_brought_has_a_users_name(daemon, name):
    await part(*await meet(daemon, "mina"))
    bridge = await a_bridge(daemon)
    await bridge.send("it is me", **{"as": name})
    assert (await bridge.next("message"))["from"] == f"{name}@irc"
    await part(bridge)


@pytest.mark.parametrize("name, kept", [
    ("  Ann  ", "Ann"), ("ann@matrix.org", "ann matrix.org"), ("a\nb\tc", "a b c"), ("x" * 500, "x" * 32),
    ("[bot] #1", "[bot] 1"), ("\u202eevil", "evil"), ("", "irc"), ("@@@", "irc"), ("👩‍🚀", "👩‍🚀"),
    ("é" * 4000, "é" * 32)], ids=lambda value: value[:9])
async def test_remote_names_are_cleaned_and_never_refused(daemon, name, kept):
    bridge = await a_bridge(daemon)
    await bridge.send("x", **{"as": name})
    assert (await bridge.next("message"))["from"] == kept
    await part(bridge)


async def test_only_bridges_bring(daemon):
    (mina,) = await meet(daemon, "mina")
    for field in ("as", "via", "origin", "target_origin"):
        reply = await mina.ask_in_vain("send", room="lobby", text="x", nonce="x", **{field: "x"})
        assert (reply["error_code"], reply["field"]) == ("forbidden", field)
    status, _, _ = daemon.http("POST", "/api/v1/rooms/lobby/messages", {"text": "x", "as": "boss"},
                               bearer(create(daemon, "cron", "post")))
    assert status == 403
    bridge = await a_bridge(daemon)
    for via in ("IRC", "a b", "é"):
        assert (await bridge.ask_in_vain("send", room="lobby", text="x", nonce="x", via=via))["field"] == "via"
    reply = await bridge.ask_in_vain("edit", room="lobby", text="x")
    assert reply["field"] == "target"
    await part(mina, bridge)


async def test_origins_tell_which_belongs_to_which(daemon):
    bridge = await a_bridge(daemon)
    (mina,) = await meet(daemon, "mina")
    other = await mina.send("no origin")
    seqs = [(await bridge.send("x", origin=f"m{i}"))["seq"] for i in range(3)]
    lines = [{"seq": seq, "origin": f"m{i}"} for i, seq in enumerate(seqs)]
    assert (await bridge.ask("origins", room="lobby", seqs=[seqs[1], seqs[0], other["seq"], 999]))["origins"] == lines[:2]
    assert (await bridge.ask("origins", room="lobby", origins=["m2", "m0", "none"]))["origins"] == [lines[0], lines[2]]
    for wrong in ({}, {"seqs": [1] * 201}, {"seqs": ["x"]}, {"seqs": [-1]}):
        assert (await bridge.ask_in_vain("origins", room="lobby", **wrong))["error_code"] == "bad_request"
    assert (await mina.ask_in_vain("origins", room="lobby", seqs=[1]))["error_code"] == "forbidden"
    await part(bridge, mina)


async def test_origins_go_with_their_entries(make_daemon):
    daemon = make_daemon({"retention.room_entries": 4})
    bridge = await a_bridge(daemon)
    first = await bridge.send("x", origin="m0")
    for i in range(1, 40):
        await bridge.send("x", origin=f"m{i}")
    await part(bridge)
    daemon.restart()
    newest = "/api/v1/rooms/lobby/messages?limit=200"
    until(lambda: len(json.loads(daemon.http("GET", newest)[2])["messages"]) < 40, "nothing is removed")
    daemon.stop()
    kept = sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)
    rows = kept.execute("SELECT count(*) FROM messages WHERE origin IS NOT NULL").fetchone()[0]
    kept.close()
    assert rows < 40 and first["seq"] == 1
    daemon.start()


async def test_cursors_are_kept_and_may_go_back(daemon):
    daemon.administrator("create", room="den")
    token = create(daemon, "irc", "bridge", "lobby", "den")
    bridge = await enter(daemon, token)
    joined, _ = await bridge.join("lobby")
    for i in range(3):
        await bridge.send(f"{i}")
    await bridge.ask("cursor", name="out", room="lobby", log=joined["log"], seq=3)
    await bridge.ask("cursor", name="out", room="lobby", log=joined["log"], seq=2)
    await bridge.ask("cursor", name="other", room="lobby", seq=1)
    await part(bridge)
    daemon.restart()
    bridge = await enter(daemon, token)
    cursors = (await bridge.ask("cursors"))["cursors"]
    assert {(line["name"], line["room"], line["seq"], line["last"]) for line in cursors} == {
        ("out", "lobby", 2, 3), ("other", "lobby", 1, 3)}
    for wrong, field in (({"log": "x"}, "log"), ({"seq": 4}, "seq"), ({"name": ""}, "name"), ({"seq": -1}, "seq")):
        reply = await bridge.ask_in_vain("cursor", **{"name": "out", "room": "lobby", "seq": 1, **wrong})
        assert reply["field"] == field, reply
    await part(bridge)


async def test_a_token_has_as_many_cursors_as_it_may(daemon):
    bridge = await a_bridge(daemon)
    for i in range(64):
        await bridge.ask("cursor", name=f"c{i}", room="lobby", seq=0)
    assert (await bridge.ask_in_vain("cursor", name="c64", room="lobby", seq=0))["error_code"] == "forbidden"
    await part(bridge)


async def test_cursors_are_written_once_a_second_at_most(daemon):
    bridge = await a_bridge(daemon)
    for i in range(50):
        await bridge.send(f"{i}")
    before = daemon.administrator("status")["commits"]
    for i in range(50):
        await bridge.ask("cursor", name="out", room="lobby", seq=i)
    assert daemon.administrator("status")["commits"] - before < 10
    daemon.advance(2)
    await bridge.settle()
    await part(bridge)


def stream_lines(daemon, token, path, messages):
    """The lines of a stream until so many of them were messages."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    connection.request("GET", path, headers=bearer(token))
    response = connection.getresponse()
    assert response.status == 200, response.read()
    lines = []
    while sum(line["type"] == "message" for line in lines) < messages:
        lines.append(json.loads(response.readline()))
    connection.close()
    return lines


async def test_a_stream_goes_on_where_its_cursor_stood(daemon):
    daemon.administrator("create", room="den")
    token = create(daemon, "reader", "read", "lobby", "den")
    (mina,) = await meet(daemon, "mina")
    await mina.join("den")
    seqs = [(await mina.send(f"lobby {i}"))["seq"] for i in range(4)]
    await mina.send("den 0", "den")
    for room, seq in (("lobby", seqs[1]), ("den", 0)):
        status, _, body = daemon.http("POST", "/api/v1/cursor", {"name": "out", "room": room, "seq": seq}, bearer(token))
        assert status == 200, body
    lines = stream_lines(daemon, token, "/api/v1/stream?cursor=out", 3)
    assert sorted(line["text"] for line in lines if line["type"] == "message") == ["den 0", "lobby 2", "lobby 3"]
    assert not any(line.get("reset") for line in lines)
    await part(mina)


async def test_a_stream_of_an_unknown_cursor_begins_with_the_newest(daemon):
    token = create(daemon, "reader", "read", "lobby")
    (mina,) = await meet(daemon, "mina")
    await mina.send("hello")
    lines = stream_lines(daemon, token, "/api/v1/stream?cursor=new", 1)
    assert lines[-1]["text"] == "hello"
    assert daemon.http("GET", "/api/v1/stream?cursor=new")[0] == 400
    await part(mina)


async def test_administrators_see_how_far_a_bridge_is_behind(daemon):
    bridge = await a_bridge(daemon)
    for i in range(5):
        await bridge.send(f"{i}")
    await bridge.ask("cursor", name="out", room="lobby", seq=2)
    await bridge.ask("bridge_state", text="the broker is away", ok=False)
    (line,) = json.loads(daemon.ctl("bridge", "list", "--json"))["bridges"]
    assert (line["name"], line["behind"], line["here"], line["text"]) == ("irc", 3, True, "the broker is away")
    assert "failing" in daemon.ctl("bridge", "list") and "3 behind" in daemon.ctl("bridge", "list")
    assert b'hearth_bridge_behind_seqs{bridge="irc"} 3\n' in daemon.http("GET", "/metrics")[2]
    (mina,) = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("bridge_state", text="x", ok=True))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("cursors"))["error_code"] == "forbidden"
    await part(bridge, mina)


async def test_an_export_keeps_origin_and_via(daemon, tmp_path):
    bridge = await a_bridge(daemon)
    await bridge.send("x", origin="m1", via="meshtastic", **{"as": "jun"})
    daemon.ctl("room", "export", "lobby", str(tmp_path / "lobby.jsonl"))
    daemon.ctl("room", "import", str(tmp_path / "lobby.jsonl"), "copy")
    (row,) = daemon.administrator("export", room="copy")["rows"]
    assert (row["origin"], row["via"], row["from"]) == ("m1", "meshtastic", "jun")
    await part(bridge)


# ---- one person behind a bridge

async def test_one_person_behind_a_bridge_is_muted_alone(daemon):
    bridge = await a_bridge(daemon)
    (mina,) = await meet(daemon, "mina")
    await bridge.send("hello", **{"as": "Jun"})
    message = await mina.next("message")
    reply = await mina.ask_in_vain("mute", room="lobby", uid=message["uid"], **{"from": message["from"]})
    assert reply["error_code"] == "forbidden"
    daemon.ctl("role", "lobby", "mina", "moderator")
    done = await mina.ask("mute", room="lobby", uid=message["uid"], **{"from": message["from"]})
    for name in ("Jun", " JUN "):
        reply = await bridge.ask_in_vain("send", room="lobby", text="x", nonce=name, **{"as": name})
        assert (reply["error_code"], reply["field"]) == ("muted", "as")
    reply = await bridge.ask_in_vain("react", room="lobby", target=message["seq"], emoji="👍", on=True, **{"as": "Jun"})
    assert reply["error_code"] == "muted"
    await bridge.send("others speak", **{"as": "Ann"})
    await bridge.send("and so does the bridge")
    (line,) = (await mina.ask("sanctions", room="lobby"))["sanctions"]
    assert (line["user"], line["from"], line["id"]) == ("irc", "Jun", done["id"])
    await part(bridge)
    daemon.restart()
    bridge = await Client.connect(daemon, hello=False)
    daemon.ctl("token", "revoke", "irc")
    await bridge.ask("hello", token=create(daemon, "irc", "bridge", "lobby"))
    await bridge.join("lobby")
    assert (await bridge.ask_in_vain("send", room="lobby", text="x", nonce="1", **{"as": "jun"}))["error_code"] == "muted"
    daemon.ctl("unmute", "lobby", "irc", "--from", "Jun")
    await bridge.send("again", **{"as": "Jun"})
    await part(bridge)


async def test_one_person_behind_a_bridge_is_put_out_alone(daemon):
    daemon.administrator("create", room="den")
    bridge = await a_bridge(daemon, "lobby", "den")
    await part(*await meet(daemon, "jun"))
    await bridge.send("it is me", **{"as": "jun"})
    assert (await bridge.next("message"))["from"] == "jun@irc"
    daemon.ctl("ban", "lobby", "irc", "--from", "jun@irc")
    assert (await bridge.ask_in_vain("send", room="lobby", text="x", nonce="1", **{"as": "jun"}))["error_code"] == "banned"
    await bridge.send("elsewhere", "den", **{"as": "jun"})
    (jun,) = await meet(daemon, "jun 2")
    await jun.send("a user of this name is somebody else")
    daemon.ctl("ban", "add", "irc", "--from", "jun")
    assert (await bridge.ask_in_vain("send", room="den", text="x", nonce="2", **{"as": "Jun"}))["error_code"] == "banned"
    assert "irc: jun" in daemon.ctl("ban", "list")
    for line in json.loads(daemon.ctl("ban", "list", "--json"))["sanctions"]:
        daemon.ctl("ban", "remove", str(line["id"]))
    await bridge.send("again", **{"as": "jun"})
    await part(bridge, jun)


async def test_only_bridges_have_somebody_behind_them(daemon):
    await part(*await meet(daemon, "mina"))
    for user in ("mina", "nobody"):
        assert daemon.ctl("mute", "lobby", user, "--from", "Jun", check=False).returncode != 0
    assert daemon.ctl("mute", "lobby", "mina", check=False).returncode == 0
