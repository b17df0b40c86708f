"""send: say something."""
import asyncio

import pytest

from client import Client, meet, part


async def test_the_ack_is_for_this_text(daemon):
    [mina] = await meet(daemon, "mina")
    ack = await mina.send("hi", nonce="my nonce")
    assert ack["room"] == "lobby" and ack["nonce"] == "my nonce" and ack["seq"] > 0 and ack["ts"]
    await mina.close()


async def test_texts_of_any_script_come_back_byte_for_byte(daemon):
    [mina] = await meet(daemon, "mina")
    texts = ["안녕하세요", "👩‍👩‍👧‍👦", "a\nb\tc", "<script>alert(1)</script>", "\"quoted\" \\ /",
             "\u2028\u2029", "\u202e override", "𝒳" * 10, "é vs e\u0301", " spaces  inside "]
    for text in texts:
        await mina.send(text)
        assert (await mina.next("message"))["text"] == text
    history = await mina.ask("history", room="lobby")
    assert [m["text"] for m in history["messages"]] == texts
    await mina.close()


async def test_control_characters_but_tab_and_line_feed_are_refused(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("a\r\nb\rc\td"))["seq"]
    assert (await mina.next("message"))["text"] == "a\nb\nc\td"
    for sign in [chr(c) for c in (0, 1, 8, 11, 12, 0x1b, 0x1f, 0x7f, 0x80, 0x85, 0x9b, 0x9f)]:
        for request in ({"type": "send", "nonce": "n"}, {"type": "edit", "target": seq},
                        {"type": "set", "field": "topic"}):
            field = request.pop("field", "text")
            reply = await mina.try_ask(request.pop("type"), room="lobby", **request,
                                       **{field: f"a{sign}b"})
            assert (reply["error_code"], reply["field"]) == ("bad_request", field), ascii(sign)
    await mina.close()


@pytest.mark.parametrize("text, ok", [("x" * 2000, True), ("x" * 2001, False),
                                      ("\u00e9" * 2000, True), ("👍" * 2000, True),
                                      ("👍" * 2001, False), ("x" * 5000, False)],
                         ids=range(6))
async def test_text_is_bounded_in_bytes_and_in_characters(daemon, text, ok):
    [mina] = await meet(daemon, "mina")
    reply = await mina.try_ask("send", room="lobby", text=text, nonce="n")
    if ok:
        assert reply["type"] == "ack"
    else:
        assert (reply["error_code"], reply["field"]) == ("too_long", "text")
    await mina.close()


async def test_an_empty_text_is_refused(daemon):
    [mina] = await meet(daemon, "mina")
    reply = await mina.ask_in_vain("send", room="lobby", text="", nonce="n")
    assert (reply["error_code"], reply["field"]) == ("bad_request", "text")
    await mina.close()


@pytest.mark.parametrize("nonce", ["", "x" * 65, None, 7])
async def test_a_nonce_is_needed(daemon, nonce):
    [mina] = await meet(daemon, "mina")
    reply = await mina.ask_in_vain("send", room="lobby", text="x", nonce=nonce)
    assert reply["error_code"] in ("bad_request", "too_long") and reply["field"] == "nonce"
    await mina.close()


async def test_who_is_not_in_the_room_may_not_speak(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("send", room="lobby", text="x", nonce="n"))[
        "error_code"] == "not_joined"
    assert (await mina.ask_in_vain("send", room="nowhere", text="x", nonce="n"))[
        "error_code"] == "room_not_found"
    await mina.close()


async def test_an_answer_names_the_message_answered(daemon):
    [mina] = await meet(daemon, "mina")
    seq = (await mina.send("question"))["seq"]
    await mina.send("answer", reply_to=seq)
    await mina.next("message", text="question")
    assert (await mina.next("message", text="answer"))["reply_to"] == seq
    history = await mina.ask("history", room="lobby")
    assert history["messages"][1]["reply_to"] == seq
    await mina.close()


async def test_one_nonce_many_times_at_once_is_stored_once(daemon):
    [mina] = await meet(daemon, "mina")
    waiting = [await mina.start("send", room="lobby", text="x", nonce="n") for _ in range(30)]
    acks = await asyncio.gather(*waiting)
    assert len({ack["seq"] for ack in acks}) == 1
    await mina.settle()
    assert len(mina.received("message")) == 1
    await mina.close()


async def test_a_nonce_is_recognised_within_the_window(make_daemon):
    daemon = make_daemon({"limits.nonce_window": 16})
    mina, jun = await meet(daemon, "mina", "jun")
    first = await mina.send("first", nonce="first")
    for i in range(15):
        await jun.send(str(i))
    assert (await mina.send("first", nonce="first"))["seq"] == first["seq"]
    await part(mina, jun)


async def test_replies_and_own_entries_each_come_once(daemon):
    [mina] = await meet(daemon, "mina")
    waiting = [await mina.start("send", room="lobby", text=f"t{i}", nonce=f"n{i}")
               for i in range(300)]
    acks = await asyncio.gather(*waiting)
    entries = await mina.entries(300)
    assert [a["seq"] for a in acks] == [e["seq"] for e in entries]
    assert [e["text"] for e in entries] == [f"t{i}" for i in range(300)]
    await mina.close()
