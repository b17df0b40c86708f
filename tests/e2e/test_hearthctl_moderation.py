"""hearthctl: bans, mutes, sessions, erasing, the audit."""
import json

from client import Client, meet, part


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


async def test_a_ban_is_added_listed_and_removed_by_its_number(daemon):
    jun, = await meet(daemon, "jun")
    daemon.ctl("ban", "add", "jun", "--for", "2h", "--reason", "enough")
    assert (await jun.wait_closed())[0] == 4003
    number, user, where, left, by, reason = rows(daemon.ctl("ban", "list"))[0]
    assert (user, where, by, reason) == ("jun", "everywhere", "by hearth", "enough")
    assert left in ("2h 0m", "1h 59m")
    assert daemon.ctl("mute", "list") == ""
    mistaken = daemon.ctl("mute", "remove", number, check=False)
    assert mistaken.returncode == 1 and f"{number} is a ban, of jun" in mistaken.stderr
    daemon.ctl("ban", "remove", number)
    assert daemon.ctl("ban", "remove", number, check=False).returncode != 0
    jun = await Client.connect(daemon, session=jun.key)
    await jun.close()


async def test_a_mute_may_be_of_a_room_or_of_a_device(daemon):
    jun, = await meet(daemon, "jun")
    added = json.loads(daemon.ctl("--json", "mute", "add", "jun", "--room", "lobby", "--device"))
    assert added["id"] and "keys" in added["reach"]
    listed = json.loads(daemon.ctl("mute", "list", "--room", "lobby", "--json"))["sanctions"]
    assert [(s["user"], s["room"]) for s in listed] == [("jun", "lobby")]
    assert (await jun.ask_in_vain("send", room="lobby", text="x", nonce="1"))["error_code"] == "muted"
    await jun.close()


async def test_sessions_are_listed_and_closed(daemon):
    jun, mina = await meet(daemon, "jun", "mina")
    listed = {user: number for number, _, user, *_ in rows(daemon.ctl("session", "list"))}
    assert set(listed) == {"jun", "mina"}
    told = json.loads(daemon.ctl("session", "list", "--json"))["sessions"]
    assert {s["address"] for s in told} == {"127.0.0.1"} and told[0]["rooms"] == ["lobby"]
    daemon.ctl("session", "kick", listed["jun"])
    assert (await jun.wait_closed())[0] == 4003
    assert daemon.ctl("session", "kick", listed["jun"], check=False).returncode != 0
    assert daemon.admin("GET", "/admin/v1/sessions")[1]["sessions"][0]["user"] == "mina"
    await mina.close()


async def test_what_was_said_is_erased_and_the_audit_tells(daemon):
    jun, = await meet(daemon, "jun")
    await jun.send("spam")
    assert daemon.ctl("erase", "jun", "--last", "1h", "--yes") == "1 messages erased\n"
    date, by, act, user, room, reason = rows(daemon.ctl("audit"))[-1]
    assert (by, act, user, room) == ("hearth", "erase", "jun", "") and "3600" in reason
    assert daemon.admin("GET", "/admin/v1/audit")[1]["lines"][0]["act"] == "erase"
    await part(jun)
