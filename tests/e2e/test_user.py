"""users and user, and hearthctl user: what administrators do with people."""
import json

import pytest

from client import Client, Refused, meet, part


def user(daemon, name):
    return json.loads(daemon.ctl("user", "show", name, "--json"))


async def test_users_are_listed_in_pages(daemon):
    people = await meet(daemon, *[f"p{i:02}" for i in range(12)])
    first = daemon.administrator("users", limit=5)
    assert [u["name"] for u in first["users"]] == [f"p{i:02}" for i in range(5)] and first["more"]
    rest = daemon.administrator("users", after="P04")
    assert [u["name"] for u in rest["users"]] == [f"p{i:02}" for i in range(5, 12)]
    status, found = daemon.admin("GET", "/admin/v1/users?query=P1")
    assert status == 200 and [u["name"] for u in found["users"]] == ["p10", "p11"]
    assert daemon.ctl("user", "list").splitlines()[0] == "p00\tguest\there\t1"
    assert len(daemon.ctl("user", "list", "p0").splitlines()) == 10
    await part(*people)


async def test_a_role_in_the_gateway_is_the_users_at_once_and_on_every_device(make_daemon):
    daemon = make_daemon()
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("clock"))["error_code"] == "forbidden"
    daemon.ctl("user", "role", "mina", "admin")
    assert (await mina.ask("clock"))["type"] == "clock"
    key = mina.key
    await part(mina)
    daemon.restart()
    mina = await Client.connect(daemon, session=key)
    assert mina.welcome["user"]["role"] == "admin" and user(daemon, "mina")["role"] == "admin"
    claimed = await (phone := await Client.connect(daemon, hello=False)).ask("claim")
    reply = await mina.ask_in_vain("approve", code=claimed["code"])
    assert reply["error_code"] == "forbidden" and "offer" in reply["message"]
    daemon.ctl("user", "role", "mina", "guest")
    assert (await mina.ask_in_vain("clock"))["error_code"] == "forbidden"
    await part(mina, phone)


async def test_whoever_is_given_a_role_hears_of_it_on_every_device(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    again = await Client.connect(daemon, session=mina.key)
    daemon.administrator("user", user="mina", role="moderator")
    assert [(await each.next("role"))["role"] for each in (mina, again)] == ["moderator"] * 2
    daemon.administrator("user", user="mina", role="guest")
    assert (await mina.next("role"))["role"] == "guest"
    assert not [frame for frame in jun.inbox if frame["type"] == "role"]
    await part(mina, jun, again)


async def test_a_user_is_renamed_here_and_away(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    daemon.ctl("user", "rename", "mina", "Zoe")
    assert (await jun.next("renamed"))["to"] == "Zoe"
    assert user(daemon, "zoe")["held"] == "mina" and user(daemon, "mina")["name"] == "Zoe"
    key = mina.key
    await part(mina)
    daemon.ctl("user", "rename", "Zoe", "Ann")
    mina = await Client.connect(daemon, session=key)
    assert mina.name == "Ann"
    done = daemon.ctl("user", "rename", "Ann", "jun", check=False)
    assert done.returncode == 1 and "in use" in done.stderr
    await part(mina, jun)


async def test_names_are_made_free(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.ask("rename", name="Zoe")
    daemon.ctl("user", "free-name", "mina")
    other = await Client.connect(daemon, "mina")
    key = other.key
    await part(other)
    daemon.ctl("user", "free-name", "mina")
    third = await Client.connect(daemon, "mina")
    other = await Client.connect(daemon, session=key)
    assert other.name.startswith("user-")
    await part(mina, other, third)


async def test_signed_out_is_every_device(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    daemon.ctl("user", "logout", "mina")
    assert (await mina.wait_closed())[0] == 4001
    with pytest.raises(Refused):
        await Client.connect(daemon, session=mina.key)
    assert user(daemon, "mina")["devices"] == 0
    await part(jun)


async def test_a_forgotten_user_is_gone_with_what_only_two_could_read(make_daemon):
    daemon = make_daemon()
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.send("in the lobby")
    await mina.ask("direct", to="jun", text="between us", nonce="1")
    await jun.join("@jun,mina")
    daemon.ctl("user", "forget", "mina", "--yes")
    assert (await mina.wait_closed())[0] == 4001
    assert (await jun.next("room", change="removed"))["name"] == "@jun,mina"
    assert (await jun.ask_in_vain("join", room="@jun,mina"))["error_code"] == "room_not_found"
    key = jun.key
    await part(jun)
    daemon.restart()
    jun = await Client.connect(daemon, session=key)
    other = await Client.connect(daemon, "mina")
    assert other.welcome["user"]["uid"] != mina.welcome["user"]["uid"]
    assert [r["name"] for r in jun.welcome["rooms"]] == ["lobby"]
    page = (await jun.ask("history", room="lobby"))["messages"]
    assert [m["from"] for m in page] == ["mina"]
    await part(jun, other)


async def test_wrong_changes_are_refused(daemon):
    mina = await Client.connect(daemon, "mina")
    for fields, code in (({"user": "nobody", "role": "admin"}, "user_not_found"),
                         ({"user": "mina", "role": "owner"}, "bad_request"),
                         ({"user": "mina", "role": "king"}, "bad_request"),
                         ({"user": "mina", "forget": True, "sign_out": True}, "bad_request")):
        status, reply = daemon.admin("POST", "/admin/v1/user", fields)
        assert reply["error_code"] == code, fields
    assert (await mina.ask_in_vain("users"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("user", user="mina"))["error_code"] == "forbidden"
    await part(mina)


async def test_the_audit_tells_what_administrators_did_to_users(daemon):
    mina, jun, ann = await meet(daemon, "mina", "jun", "ann")
    await ann.ask("rename", name="anna")
    for words in (("role", "jun", "moderator"), ("rename", "jun", "june"), ("free-name", "jun"), ("free-name", "mina"),
                  ("logout", "june"), ("forget", "june", "--yes")):
        daemon.ctl("user", *words)
    daemon.ctl("user", "rename", "june", "other", check=False)
    lines = daemon.administrator("audit")["lines"][::-1]
    assert [(line["act"], line["user"], line.get("reason", "").split("-")[0]) for line in lines] == [
        ("role", "jun", "moderator"), ("rename", "jun", "june"), ("free_name", "june", "jun"), ("rename", "mina", "user"),
        ("sign_out", "june", ""), ("forget", "june", "")]
    assert len({line["by"] for line in lines}) == 1 and not any("room" in line for line in lines)
    await part(mina, jun, ann)
