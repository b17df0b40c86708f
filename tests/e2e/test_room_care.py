"""What an administrator does with rooms that are in use: another name, the archive, everything said gone."""
import json

import pytest

from client import Client, meet, part


async def test_a_renamed_room_keeps_its_log_and_its_people(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", topic="quiet")
    joined, _ = await mina.join("den")
    await jun.join("den")
    said = [(await mina.send(f"text {i}", "den"))["seq"] for i in range(3)]
    daemon.administrator("role", room="den", user="jun", role="moderator")
    daemon.ctl("room", "rename", "den", "화로")
    for person in (mina, jun):
        event = await person.next("room", was="den")
        assert event["change"] == "changed" and event["name"] == "화로" and event["topic"] == "quiet"
    await mina.send("still here", "화로")
    assert [await jun.next("message", text="still here")][0]["room"] == "화로"
    page = await jun.ask("history", room="화로")
    assert [line["seq"] for line in page["messages"]][:3] == said
    assert {line["room"] for line in page["messages"]} == {"화로"}
    again, caught = await jun.join("화로", after=said[0], log=joined["log"])
    assert not again["reset"] and again["role"] == "moderator"
    assert {entry["room"] for entry in caught} == {"화로"} and len(caught) == 3
    await part(mina, jun)
    daemon.restart()
    names = [room["name"] for room in json.loads(daemon.ctl("--json", "room", "list"))["rooms"]]
    assert sorted(names) == ["lobby", "화로"]


async def test_the_old_name_finds_a_room_until_another_has_it(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den")
    daemon.ctl("room", "rename", "den", "hall")
    assert (await mina.ask("join", room="Den"))["room"] == "hall"
    assert (await mina.send("by the old name", "den"))["room"] == "hall"
    await part(mina)
    daemon.restart()
    [mina] = await meet(daemon, "again")
    assert (await mina.ask("join", room="den"))["room"] == "hall"
    await mina.ask("create", room="den")
    assert (await mina.join("den"))[0]["room"] == "den"
    daemon.ctl("room", "rename", "hall", "HALL")
    assert (await mina.ask("join", room="hall"))["room"] == "HALL"
    await part(mina)


@pytest.mark.parametrize("name, code", [("lobby", "room_exists"), ("LOBBY", "room_exists"),
                                        ("a@b", "name_invalid"), ("", "name_invalid")])
async def test_a_name_that_will_not_do_is_refused(daemon, name, code):
    daemon.ctl("room", "create", "den")
    status, reply = daemon.admin("PATCH", "/admin/v1/rooms/den", {"name": name})
    assert status >= 400 and reply["error_code"] == code and reply["field"] == "name", reply
    assert daemon.admin("GET", "/admin/v1/rooms/den")[0] == 200


async def test_a_direct_conversation_is_not_renamed(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="hi", nonce="1")
    reply = await mina.ask_in_vain("set", room="@jun,mina", name="ours")
    assert reply["error_code"] in ("bad_request", "forbidden")
    await part(mina, jun)


async def test_an_archived_room_can_be_read_and_no_more(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den")
    await mina.join("den")
    seq = (await mina.send("kept", "den"))["seq"]
    daemon.ctl("room", "archive", "den")
    assert (await jun.next("room", change="removed"))["name"] == "den"
    assert (await mina.next("room", change="changed"))["archived"] is True
    for person in (mina, jun):
        assert [room["name"] for room in (await person.ask("rooms"))["rooms"]] == ["lobby"]
    for type, fields in (("send", {"text": "x", "nonce": "1"}), ("edit", {"target": seq, "text": "x"}),
                         ("react", {"target": seq, "emoji": "👍", "on": True}),
                         ("set", {"topic": "x"})):
        reply = await mina.ask_in_vain(type, room="den", **fields)
        assert reply["error_code"] == "forbidden" and "archived" in reply["message"], type
    assert daemon.ctl("send", "den", "x", check=False).returncode == 1
    assert [line["text"] for line in (await jun.ask("history", room="den"))["messages"]] == ["kept"]
    assert (await jun.join("den"))[1][0]["text"] == "kept"
    [line] = [line for line in daemon.ctl("room", "list").splitlines() if line.startswith("den")]
    assert "archived" in line
    await part(mina, jun)
    daemon.restart()
    [mina] = await meet(daemon, "mina2")
    assert [room["name"] for room in (await mina.ask("rooms"))["rooms"]] == ["lobby"]
    daemon.ctl("room", "unarchive", "den")
    assert (await mina.next("room", name="den"))["change"] == "changed"
    await mina.join("den")
    await mina.send("again", "den")
    await part(mina)


async def test_a_purged_room_has_nothing_left_but_its_people(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", topic="stays")
    await mina.join("den")
    await jun.join("den")
    for i in range(5):
        await mina.send(f"secret {i}", "den")
    assert daemon.ctl("room", "purge", "den", check=False).returncode == 2, "it needs --yes"
    assert daemon.ctl("room", "purge", "den", "--yes") == "5 entries are gone\n"
    assert (await jun.next("room", change="purged"))["name"] == "den"
    assert (await jun.ask("history", room="den"))["messages"] == []
    assert (await jun.ask("search", query="secret"))["results"] == []
    await jun.entries(5, "den")
    joined, caught = await jun.join("den", history=100)
    assert caught == [] and joined["topic"] == "stays"
    assert (await mina.send("after", "den"))["seq"] > 5
    await part(mina, jun)
    daemon.restart()
    assert "secret" not in daemon.ctl("room", "export", "den")
    assert daemon.ctl("tail", "den").endswith("mina: after\n")


async def test_a_large_room_is_purged_while_others_talk(daemon):
    [mina] = await meet(daemon, "mina")
    for page in range(20):
        rows = [{"kind": "message", "seq": seq, "ts": 1_800_000_000_000, "from": "x", "text": "t"}
                for seq in range(100 * page + 1, 100 * page + 101)]
        daemon.administrator("import", room="den", rows=rows)
    done = json.loads(daemon.ctl("--json", "room", "purge", "den", "--yes"))
    assert done["entries"] == 2000
    assert json.loads(daemon.ctl("--json", "status"))["entries"] == 0
    await mina.send("well")
    await part(mina)


async def test_a_purge_may_go_step_by_step(daemon):
    [mina] = await meet(daemon, "mina")
    rows = [{"kind": "message", "seq": seq, "ts": 1_800_000_000_000, "from": "x", "text": "t"} for seq in range(1, 701)]
    for i in range(0, 700, 100):
        daemon.administrator("import", room="den", rows=rows[i:i + 100])
    step = daemon.administrator("purge", room="den", up_to=0)
    assert 0 < step["entries"] < 700 and step["more"] and step["up_to"] == 700 and step["pruned"] == step["entries"]
    await mina.join("den")
    await mina.send("after it was asked for", "den")
    rest = daemon.administrator("purge", room="den", up_to=step["up_to"])
    assert rest["entries"] == 700 - step["entries"] and not rest.get("more")
    assert (await mina.next("room", change="purged"))["name"] == "den"
    [left] = (await mina.ask("history", room="den"))["messages"]
    assert left["text"] == "after it was asked for"
    assert [line["act"] for line in daemon.administrator("audit")["lines"]].count("erase") == 1
    await part(mina)


async def test_newcomers_find_a_first_room_whatever_became_of_it(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("before")
    daemon.ctl("room", "delete", "lobby", "--yes")
    assert (await mina.next("room", change="removed"))["name"] == "lobby"
    assert (await mina.next("room", change="created"))["name"] == "lobby"
    jun = await Client.connect(daemon, "jun")
    assert jun.welcome["first_room"] == "lobby"
    assert (await jun.join("lobby"))[1] == []
    daemon.ctl("room", "rename", "lobby", "hall")
    kim = await Client.connect(daemon, "kim")
    assert kim.welcome["first_room"] == "hall"
    assert json.loads(daemon.http("GET", "/api/v1/server")[2])["first_room"] == "hall"
    await kim.join("hall")
    await part(mina, jun, kim)
    daemon.restart()
    assert "lobby" not in daemon.ctl("room", "list")


async def test_a_notice_reaches_everybody_and_is_not_kept(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    daemon.ctl("notice", "back", "in", "five", "minutes")
    for person in (mina, jun):
        assert (await person.next("notice"))["text"] == "back in five minutes"
    assert (await jun.ask("history", room="lobby"))["messages"] == []
    await part(mina, jun)
