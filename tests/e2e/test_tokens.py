"""Tokens: bridges and bots, what they may do where, and that a revoked one opens nothing."""
import hashlib
import json
import sqlite3

import pytest

from client import Client, Refused, meet, part


def create(daemon, name, role, *rooms):
    """The text of a new token."""
    words = [word for room in rooms for word in ("--room", room)]
    made = json.loads(daemon.ctl("token", "create", name, "--role", role, *words, "--json"))
    assert made["name"] == name and made["role"] == role and made["rooms"] == list(rooms)
    return made["token"]


async def enter(daemon, token):
    client = await Client.connect(daemon, hello=False)
    client.welcome = await client.ask("hello", token=token)
    return client


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_a_bridge_says_hello_with_its_token(daemon):
    token = create(daemon, "irc", "bridge", "lobby")
    bridge = await enter(daemon, token)
    assert bridge.welcome["user"] | {"name": "irc", "kind": "bridge"} == bridge.welcome["user"]
    assert not bridge.welcome["may_create"]
    await bridge.join("lobby")
    await bridge.send("hello from afar")
    (mina,) = await meet(daemon, "mina")
    members = (await mina.ask("who", room="lobby"))["members"]
    assert {member["name"]: member.get("kind") for member in members} == {"irc": "bridge", "mina": None}
    await part(bridge, mina)


@pytest.mark.parametrize("role, reads, says", [("bridge", True, True), ("post", False, True),
                                               ("read", True, False)])
async def test_a_token_may_what_its_role_says_over_http(daemon, role, reads, says):
    daemon.administrator("create", room="den", visibility="private")
    token = create(daemon, "robot", role, "den")
    status, _, _ = daemon.http("GET", "/api/v1/rooms/den/messages", headers=bearer(token))
    assert status == (200 if reads else 403)
    status, _, body = daemon.http("POST", "/api/v1/rooms/den/messages", {"text": "beep"}, bearer(token))
    assert status == (201 if says else 403), body


async def test_a_token_holds_in_its_rooms_only(daemon):
    daemon.administrator("create", room="den", visibility="private")
    daemon.administrator("create", room="cellar", visibility="private")
    daemon.administrator("create", room="yard")
    bridge = await enter(daemon, create(daemon, "irc", "bridge", "den"))
    assert [line["name"] for line in bridge.welcome["rooms"]] == ["den"]
    await bridge.join("den")
    assert (await bridge.ask_in_vain("join", room="yard"))["error_code"] == "forbidden"
    assert (await bridge.ask_in_vain("join", room="cellar"))["error_code"] == "room_not_found"
    assert (await bridge.ask_in_vain("create", room="mine"))["error_code"] == "forbidden"
    assert (await bridge.ask_in_vain("search", query="word"))["field"] == "room"
    await part(bridge)


async def test_a_token_without_rooms_holds_in_all_public_ones(daemon):
    daemon.administrator("create", room="den", visibility="private")
    bridge = await enter(daemon, create(daemon, "irc", "bridge"))
    await bridge.join("lobby")
    assert (await bridge.ask_in_vain("join", room="den"))["error_code"] == "room_not_found"
    await part(bridge)


async def test_a_token_that_posts_says_so_without_joining(daemon):
    poster = await enter(daemon, create(daemon, "cron", "post", "lobby"))
    assert (await poster.ask("send", room="lobby", text="it is noon", nonce="1"))["seq"] > 0
    assert (await poster.ask_in_vain("join", room="lobby"))["error_code"] == "forbidden"
    await part(poster)


async def test_a_revoked_token_is_put_out_and_opens_nothing(daemon):
    token = create(daemon, "irc", "bridge", "lobby")
    bridge = await enter(daemon, token)
    await bridge.join("lobby")
    daemon.ctl("token", "revoke", "irc")
    assert (await bridge.wait_closed())[0] == 4001
    other = await Client.connect(daemon, hello=False)
    assert (await other.ask_in_vain("hello", token=token))["error_code"] == "unauthorized"
    assert daemon.http("GET", "/api/v1/rooms", headers=bearer(token))[0] == 401
    assert daemon.ctl("token", "list") == ""
    await part(other)


async def test_a_token_goes_on_after_a_restart_and_a_name_keeps_its_user(daemon):
    token = create(daemon, "irc", "bridge", "lobby")
    bridge = await enter(daemon, token)
    await bridge.join("lobby")
    sent = await bridge.send("before", nonce="once")
    await part(bridge)
    daemon.restart()
    bridge = await enter(daemon, token)
    await bridge.join("lobby")
    daemon.ctl("token", "revoke", "irc")
    await bridge.wait_closed()
    await part(bridge)
    bridge = await enter(daemon, create(daemon, "irc", "bridge", "lobby"))
    await bridge.join("lobby")
    assert (await bridge.send("before", nonce="once"))["seq"] == sent["seq"], "it is another user"
    await part(bridge)


async def test_only_the_hash_of_a_token_is_stored(daemon):
    token = create(daemon, "irc", "bridge", "lobby")
    daemon.stop()
    kept = sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)
    assert kept.execute("SELECT hash FROM tokens").fetchall() == [(hashlib.sha256(token.encode()).digest(),)]
    kept.close()
    for path in daemon.folder.rglob("chat.db*"):
        assert token.encode() not in path.read_bytes()
    daemon.start()


async def test_names_of_tokens_and_of_people_are_one_kind(daemon):
    (mina,) = await meet(daemon, "mina")
    create(daemon, "irc", "bridge")
    for name in ("mina", "IRC", "admin", "a/b"):
        assert daemon.ctl("token", "create", name, "--role", "read", check=False).returncode == 1
    with pytest.raises(Refused, match="name_taken"):
        await Client.connect(daemon, "Irc")
    await part(mina)


async def test_there_are_as_many_tokens_as_the_limit_says(make_daemon):
    daemon = make_daemon({"limits.tokens": 1})
    create(daemon, "irc", "bridge")
    assert "limits.tokens" in daemon.ctl("token", "create", "mqtt", "--role", "bridge", check=False).stderr


async def test_a_bridge_has_a_rate_of_its_own(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.messages_burst": 2,
                          "limits.bridge_messages_per_minute": 10})
    bridge = await enter(daemon, create(daemon, "irc", "bridge", "lobby"))
    (mina,) = await meet(daemon, "mina")
    await bridge.join("lobby")
    for i in range(2):
        await bridge.send(f"line {i}")
    assert (await bridge.ask_in_vain("send", room="lobby", text="x", nonce="x"))["error_code"] == "rate_limited"
    await mina.send("a person's own rate is untouched")
    await part(bridge, mina)


async def test_wrong_requests_are_told_what_is_wrong(daemon):
    for fields, field in [({"name": "irc", "role": "king"}, "role"), ({"name": "irc", "role": "hook"}, "role"),
                          ({"name": "", "role": "read"}, "name"), ({"role": "read"}, "name"),
                          ({"name": "irc", "role": "read", "rooms": ["nowhere"]}, "rooms"),
                          ({"name": "irc", "role": "read", "rooms": ["lobby"] * 65}, "rooms")]:
        _, reply = daemon.admin("POST", "/admin/v1/do", {"type": "token", **fields})
        assert reply["field"] == field, (fields, reply)
    client = await Client.connect(daemon, hello=False)
    assert (await client.ask_in_vain("hello", token="hearth_" + "0" * 64))["field"] == "token"
    bridge = await enter(daemon, create(daemon, "irc", "bridge"))
    assert (await bridge.ask_in_vain("rename", name="other"))["error_code"] == "forbidden"
    await part(bridge)
    (mina,) = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("tokens"))["error_code"] == "forbidden"
    await part(client, mina)


async def test_moderators_mute_and_ban_a_bridge_like_anybody(daemon):
    bridge = await enter(daemon, create(daemon, "irc", "bridge", "lobby"))
    await bridge.join("lobby")
    daemon.administrator("mute", room="lobby", user="irc")
    assert (await bridge.ask_in_vain("send", room="lobby", text="x", nonce="x"))["error_code"] == "muted"
    daemon.administrator("ban", room="lobby", user="irc")
    await bridge.next("kicked", room="lobby")
    assert (await bridge.ask_in_vain("join", room="lobby"))["error_code"] == "banned"
    await part(bridge)
