"""draft: what somebody writes on one device is there on the others, and no device takes away words that it has
not seen."""
from client import Client, meet, part


async def devices(daemon, name="mina"):
    phone = await Client.connect(daemon, name)
    laptop = await Client.connect(daemon, session=phone.key)
    for one in (phone, laptop):
        await one.ask("join", room="lobby")
    return phone, laptop


def write(client, text, version=0, **more):
    return client.ask("draft", room="lobby", text=text, version=version, **more)


async def test_a_draft_is_told_to_ones_other_devices_and_to_nobody_else(daemon):
    phone, laptop = await devices(daemon)
    [jun] = await meet(daemon, "jun")
    reply = await write(phone, "half a\nthought", reply_to=1)
    assert set(reply) == {"type", "ref", "room", "version"}
    told = await laptop.next("draft")
    assert told == {"type": "draft", "room": "lobby", "text": "half a\nthought", "reply_to": 1,
                    "version": reply["version"]}
    await jun.ask("ping")
    assert not [frame for frame in jun.inbox + phone.inbox if frame["type"] == "draft"]
    await part(phone, laptop, jun)


async def test_a_device_that_comes_later_is_told_with_joined_over_lost_connections(daemon):
    phone, laptop = await devices(daemon)
    first = await write(phone, "half a thought")
    for one in (phone, laptop):
        await one.break_off()
    late = await Client.connect(daemon, session=phone.key)
    await late.ask("join", room="lobby")
    assert (await late.next("draft"))["text"] == "half a thought"
    last = await write(late, "", first["version"])
    again = await Client.connect(daemon, session=phone.key)
    await again.ask("join", room="lobby")
    told = await again.next("draft")
    assert (told["text"], told["version"]) == ("", last["version"]), "it was said: whoever slept knows"
    await part(late, again)


async def test_words_that_a_device_has_not_seen_are_not_written_over(daemon):
    phone, laptop = await devices(daemon)
    first = await write(phone, "from the phone")
    for version in ({}, {"version": 0}, {"version": first["version"] - 1}):
        stands = await laptop.ask("draft", room="lobby", text="from the laptop", **version)
        assert (stands["text"], stands["version"]) == ("from the phone", first["version"])
    assert not [frame for frame in phone.inbox if frame["type"] == "draft"]
    second = await write(laptop, "from both", first["version"])
    assert second["version"] > first["version"]
    assert (await phone.next("draft"))["text"] == "from both"
    await write(laptop, "", second["version"])
    third = await write(phone, "of an empty one nothing is lost", 1)
    assert "text" not in third
    await part(phone, laptop)


async def test_what_is_too_long_or_bent_is_refused_by_name(daemon):
    phone, laptop = await devices(daemon)
    for fields, code, field in (({"text": "x" * 2001}, "too_long", "text"), ({"text": "a\x00b"}, "bad_request", "text"),
                                ({}, "bad_request", "text"), ({"text": "x", "version": -1}, "bad_request", "version"),
                                ({"text": "x", "reply_to": 0}, "bad_request", "reply_to")):
        reply = await phone.ask_in_vain("draft", room="lobby", **fields)
        assert (reply["error_code"], reply["field"]) == (code, field)
    assert (await phone.ask_in_vain("draft", room="nowhere", text="x"))["error_code"] == "room_not_found"
    await part(phone, laptop)


async def test_the_oldest_gives_way_and_one_user_does_not_push_out_the_others(make_daemon):
    daemon = make_daemon({"limits.drafts_bytes": 32768, "limits.rooms_per_user": 32})
    jun, _ = await devices(daemon, "jun")
    await write(jun, "jun's")
    rooms = [f"r{i}" for i in range(20)]
    mina = await Client.connect(daemon, "mina")
    for room in rooms:
        await mina.ask("create", room=room)
        await mina.ask("join", room=room)
        await mina.ask("draft", room=room, text="x" * 1500)
    late = await Client.connect(daemon, session=mina.key)
    for room in rooms:
        await late.ask("join", room=room)
    await late.ask("ping")
    kept = [frame["room"] for frame in late.inbox if frame["type"] == "draft"]
    assert kept == rooms[-5:]
    again = await Client.connect(daemon, session=jun.key)
    await again.ask("join", room="lobby")
    assert (await again.next("draft"))["text"] == "jun's"
    await part(mina, late, again, jun, _)
