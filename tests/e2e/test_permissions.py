"""Every role against every operation, over the real socket, as protocol/permission.def says."""
import re
from pathlib import Path

import pytest

from client import Client, meet, part

TABLE = Path(__file__).parents[2] / "protocol/permission.def"
ROLES = ["guest", "member", "moderator", "owner"]
RANKS = [role.upper() for role in ROLES] + ["ADMIN"]


def permissions():
    found = re.findall(r"^PERMISSION\((\w+), (\w+),", TABLE.read_text(), re.MULTILINE)
    assert found
    return found


async def a_message(client):
    return (await client.send("a message", "den"))["seq"]


# operation -> how one asks for it: (type, fields); scene has "own" and "others" messages
REQUESTS = {
    "create": lambda scene: ("create", {"room": "another"}),
    "direct": lambda scene: ("direct", {"to": "victim", "text": "x", "nonce": "n"}),
    "join": lambda scene: ("join", {}),
    "history": lambda scene: ("history", {}),
    "who": lambda scene: ("who", {}),
    "send": lambda scene: ("send", {"text": "x", "nonce": "n"}),
    "edit": lambda scene: ("edit", {"target": scene["own"], "text": "x"}),
    "delete": lambda scene: ("delete", {"target": scene["own"]}),
    "react": lambda scene: ("react", {"target": scene["others"], "emoji": "👍", "on": True}),
    "typing": lambda scene: ("typing", {"on": True}),
    "read": lambda scene: ("read", {"seq": scene["others"]}),
    "delete_others": lambda scene: ("delete", {"target": scene["others"]}),
    "topic": lambda scene: ("set", {"topic": "x"}),
    "pace": lambda scene: ("set", {"slow_seconds": 0, "speak": "guest"}),
    "invite": lambda scene: ("invite", {"user": "victim"}),
    "kick": lambda scene: ("kick", {"user": "victim"}),
    "ban": lambda scene: ("ban", {"user": "victim"}),
    "unban": lambda scene: ("unban", {"user": "victim"}),
    "mute": lambda scene: ("mute", {"user": "victim"}),
    "invite_links": lambda scene: ("invite_links", {}),
    "sanctions": lambda scene: ("sanctions", {}),
    "audit": lambda scene: ("audit", {}),
    "erase": lambda scene: ("erase", {"user": "victim"}),
    "report": lambda scene: ("report", {"target": scene["others"]}),
    "visibility": lambda scene: ("set", {"visibility": "private"}),
    "role": lambda scene: ("role", {"user": "victim", "role": "guest"}),
    "remove": lambda scene: ("remove", {}),
    "rename": lambda scene: ("set", {"name": "another"}),
    "archive": lambda scene: ("set", {"archived": "false"}),
    "purge": lambda scene: ("purge", {}),
    "edit_others": lambda scene: ("edit", {"target": scene["others"], "text": "x"}),
    "keep": lambda scene: ("set", {"keep": "true"}),
    "export": lambda scene: ("export", {}),
    "import": lambda scene: ("import", {"rows": []}),
    "sessions": lambda scene: ("sessions", {}),
    "users": lambda scene: ("users", {}),
    "status": lambda scene: ("status", {}),
    "clock": lambda scene: ("clock", {}),
    "files": lambda scene: ("files", {}),
    "notice": lambda scene: ("notice", {"text": "x"}),
    "configure": lambda scene: ("settings", {}),
    "tokens": lambda scene: ("tokens", {}),
    "backup": lambda scene: ("backup", {"path": "/nowhere/file"}),
    "restore": lambda scene: ("restore", {"path": "/nowhere/file"}),
}


def test_every_operation_of_the_table_is_tried():
    assert {operation for operation, _ in permissions()} == set(REQUESTS)


@pytest.mark.parametrize("role", ROLES)
async def test_each_operation_is_allowed_from_its_least_role_on(make_daemon, role):
    daemon = make_daemon({"limits.rooms_per_user": 100})
    founder, victim, actor = await meet(daemon, "founder", "victim", "actor")
    wrong = []
    for operation, least in permissions():
        daemon.administrator("create", room="den")
        daemon.administrator("role", room="den", user="actor", role=role)
        for person in (founder, victim, actor):
            await person.join("den")
        scene = {"own": await a_message(actor), "others": await a_message(victim)}
        type, fields = REQUESTS[operation](scene)
        reply = await actor.try_ask(type, **{"room": "den", **fields})
        allowed = RANKS.index(role.upper()) >= RANKS.index(least)
        refused = reply["type"] == "error" and reply["error_code"] == "forbidden"
        if refused == allowed or (allowed and reply["type"] == "error"):
            wrong.append(f"{role} {operation}: {reply}")
        for room in ("den", "another"):
            daemon.admin("POST", "/admin/v1/do", {"type": "remove", "room": room})
    assert not wrong, "\n".join(wrong)
    await part(founder, victim, actor)


@pytest.mark.parametrize("operation", [o for o, least in permissions() if o in REQUESTS and
                                       o not in ("create", "sessions", "direct", "tokens", "status", "clock", "configure", "notice",
                                                 "backup", "restore")])
async def test_whom_a_private_room_is_closed_to_can_do_nothing_in_it(daemon, operation):
    founder, victim, stranger = await meet(daemon, "founder", "victim", "stranger")
    await founder.ask("create", room="den", visibility="private")
    await founder.join("den")
    scene = {"own": await a_message(founder), "others": await a_message(founder)}
    type, fields = REQUESTS[operation](scene)
    reply = await stranger.ask_in_vain(type, **{"room": "den", **fields})
    assert reply["error_code"] in ("room_not_found", "forbidden", "not_joined"), reply
    await part(founder, victim, stranger)
