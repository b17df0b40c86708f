"""block, blocked: somebody whom one does not want to hear from."""
from client import Client, meet, part


async def test_a_blocked_user_reaches_one_neither_directly_nor_by_invitation(daemon):
    mina, pest = await meet(daemon, "mina", "pest")
    await pest.ask("direct", to="mina", text="hi", nonce="1")
    await pest.join("@mina,pest")
    await pest.ask("create", room="den", visibility="private")
    uid = pest.welcome["user"]["uid"]
    await mina.ask("block", uid=uid, on=True)
    for request in (("direct", {"to": "mina", "text": "again", "nonce": "2"}),
                    ("send", {"room": "@mina,pest", "text": "again", "nonce": "3"}),
                    ("invite", {"room": "den", "user": "mina"})):
        reply = await pest.ask_in_vain(request[0], **request[1])
        assert reply["error_code"] == "forbidden", request
    await pest.ask("rename", name="angel")
    assert (await pest.ask_in_vain("direct", to="mina", text="x", nonce="4"))[
        "error_code"] == "forbidden"
    assert (await mina.ask("blocked"))["blocked"] == [{"uid": uid, "name": "angel"}]
    await mina.ask("block", user="angel", on=False)
    assert (await mina.ask("blocked"))["blocked"] == []
    assert (await pest.ask("direct", to="mina", text="x", nonce="5"))["type"] == "ack"
    await part(mina, pest)


async def test_a_blocked_stranger_makes_no_conversation_and_it_lasts(make_daemon):
    daemon = make_daemon()
    mina, pest = await meet(daemon, "mina", "pest")
    await mina.ask("block", user="PEST", on=True)
    keys = mina.key, pest.key
    await part(mina, pest)
    daemon.restart()
    mina, pest = [await Client.connect(daemon, session=key) for key in keys]
    reply = await pest.ask_in_vain("direct", to="mina", text="hi", nonce="1")
    assert reply["error_code"] == "forbidden"
    for person in (mina, pest):
        assert [r["name"] for r in (await person.ask("rooms"))["rooms"]] == ["lobby"]
    await part(mina, pest)


async def test_whom_one_cannot_block(daemon):
    mina = await Client.connect(daemon, "mina")
    for fields, code, field in (({"user": "nobody"}, "user_not_found", "user"),
                                ({"uid": "999"}, "user_not_found", "uid"),
                                ({"uid": "x y"}, "user_not_found", "uid"),
                                ({"user": "mina"}, "user_not_found", "user"),
                                ({}, "bad_request", "user")):
        reply = await mina.ask_in_vain("block", on=True, **fields)
        assert (reply["error_code"], reply["field"]) == (code, field), fields
    await part(mina)
