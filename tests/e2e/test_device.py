"""devices, forget_device: one person on several devices. uid: who somebody is, whatever the name."""
from client import Client, meet, part


async def test_a_newcomer_has_one_device_that_says_what_it_is(daemon):
    mina = await Client.connect(daemon, hello=False)
    await mina.ask("hello", name="mina", client="a phone")
    devices = (await mina.ask("devices"))["devices"]
    assert [(d["client"], d["current"]) for d in devices] == [("a phone", True)]
    assert 1_700_000_000_000 < devices[0]["created"] <= devices[0]["seen"]
    await part(mina)


async def test_a_device_that_comes_back_is_the_same_device(make_daemon):
    daemon = make_daemon()
    mina = await Client.connect(daemon, "mina")
    before = (await mina.ask("devices"))["devices"]
    again = await Client.connect(daemon, session=mina.key)
    assert [d["id"] for d in (await again.ask("devices"))["devices"]] == [before[0]["id"]]
    await part(mina, again)
    daemon.restart()
    after = await Client.connect(daemon, session=mina.key)
    devices = (await after.ask("devices"))["devices"]
    assert [(d["id"], d["created"]) for d in devices] == [(before[0]["id"], before[0]["created"])]
    await part(after)


async def test_a_forgotten_device_is_out_and_its_key_is_nobodys(daemon):
    mina = await Client.connect(daemon, "mina")
    other = await Client.connect(daemon, session=mina.key)
    id = (await mina.ask("devices"))["devices"][0]["id"]
    assert (await mina.ask("forget_device", id=id))["type"] == "ok"
    assert (await other.wait_closed())[0] == 4001
    assert (await mina.wait_closed())[0] == 4001
    stranger = await Client.connect(daemon, hello=False)
    assert (await stranger.ask_in_vain("hello", session=mina.key))["error_code"] == "unauthorized"
    status, _, _ = daemon.http("POST", "/api/v1/do", {"type": "devices"},
                               {"Authorization": "Bearer " + mina.key})
    assert status == 401
    await part(stranger)


async def test_nobody_signs_out_the_device_of_another(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    id = (await mina.ask("devices"))["devices"][0]["id"]
    reply = await jun.ask_in_vain("forget_device", id=id)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "id")
    assert (await jun.ask_in_vain("forget_device", id=10**15))["error_code"] == "bad_request"
    assert (await mina.ask("devices"))["devices"][0]["id"] == id
    await part(mina, jun)


async def test_only_users_have_devices(daemon):
    for request in ({"type": "devices"}, {"type": "forget_device", "id": 1}):
        status, reply = daemon.admin("POST", "/admin/v1/do", request)
        assert (status, reply["error_code"]) == (403, "forbidden")


async def test_a_uid_is_told_with_every_name(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.join()
    await jun.join()
    uid = mina.welcome["user"]["uid"]
    assert 1 <= len(uid) <= 32 and uid != jun.welcome["user"]["uid"]
    seq = (await mina.send("hi"))["seq"]
    assert (await jun.next("message", seq=seq))["uid"] == uid
    await mina.ask("edit", room="lobby", target=seq, text="hi all")
    assert (await jun.next("edit"))["uid"] == uid
    await mina.ask("react", room="lobby", target=seq, emoji="👍", on=True)
    assert (await jun.next("reaction"))["uid"] == uid
    page = (await jun.ask("history", room="lobby"))["messages"]
    assert [line["uid"] for line in page] == [uid]
    assert (await jun.ask("search", query="all"))["results"][0]["uid"] == uid
    members = (await jun.ask("who", room="lobby"))["members"]
    assert {m["name"]: m["uid"] for m in members} == {
        "mina": uid, "jun": jun.welcome["user"]["uid"]}
    again = await Client.connect(daemon, session=mina.key)
    assert again.welcome["user"]["uid"] == uid
    await part(mina, jun, again)


async def test_whoever_is_no_user_has_no_uid(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.join()
    status, reply = daemon.admin("POST", "/admin/v1/do", {
        "type": "send", "room": "lobby", "text": "from the administrator", "nonce": "k"})
    assert status == 200, reply
    assert "uid" not in await mina.next("message")
    await part(mina)
