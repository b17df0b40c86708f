"""hello -> welcome: who is speaking."""
import asyncio

import pytest

from client import Client, meet, new_name, part


async def test_welcome_says_who_you_are_and_what_you_may_do(daemon):
    mina = await Client.connect(daemon, "mina")
    welcome = mina.welcome
    uid = welcome["user"].pop("uid")
    assert isinstance(uid, str) and uid
    assert welcome["user"] == {"name": "mina", "account": False, "role": "guest"}
    assert welcome["server"]["name"] == "hearth" and welcome["server"]["version"]
    assert welcome["session"] and welcome["time"] > 1_700_000_000_000
    assert welcome["limits"]["text_bytes"] == 8192 and welcome["limits"]["frame_bytes"] == 32768
    assert [room["name"] for room in welcome["rooms"]] == ["lobby"]
    await mina.close()


async def test_a_key_is_the_same_user_on_any_number_of_connections(daemon):
    first = await Client.connect(daemon, "mina")
    others = [await Client.connect(daemon, session=first.key) for _ in range(3)]
    assert {other.name for other in others} == {"mina"}
    named = await Client.connect(daemon, "somebody else", session=first.key)
    assert named.name == "mina", "the key wins over the name"
    await part(first, named, *others)


async def test_a_key_outlives_a_restart(daemon):
    first = await Client.connect(daemon, "mina")
    await first.close()
    daemon.restart()
    again = await Client.connect(daemon, session=first.key)
    assert again.name == "mina"
    await again.close()


async def test_logging_out_forgets_the_key(daemon):
    [mina] = await meet(daemon, "mina")
    other = await Client.connect(daemon, session=mina.key)
    await mina.ask("logout")
    assert (await mina.wait_closed())[0] == 1000
    assert (await other.wait_closed())[0] == 4001
    daemon.restart()
    stranger = await Client.connect(daemon, hello=False)
    reply = await stranger.ask_in_vain("hello", session=mina.key)
    assert (reply["error_code"], reply["field"]) == ("unauthorized", "session")
    assert (await stranger.ask_in_vain("hello", name="mina"))["error_code"] == "name_taken"
    await stranger.close()


async def test_an_unknown_key_counts_as_none(daemon):
    mina = await Client.connect(daemon, "mina", session="f" * 64)
    assert mina.name == "mina" and mina.key != "f" * 64
    jun = await Client.connect(daemon, hello=False)
    assert (await jun.ask_in_vain("hello", session="no key at all"))["type"] == "error"
    await part(mina, jun)


async def test_a_name_that_is_taken_is_refused_and_another_may_be_tried(daemon):
    mina = await Client.connect(daemon, "Mina")
    other = await Client.connect(daemon, hello=False)
    for name in ("Mina", "mina", "MINA", "Ｍｉｎａ"):
        reply = await other.ask_in_vain("hello", name=name)
        assert (reply["error_code"], reply["field"]) == ("name_taken", "name"), name
    assert (await other.ask("hello", name="minna"))["user"]["name"] == "minna"
    await part(mina, other)


async def test_a_name_stays_its_guests_after_leaving(daemon):
    mina = await Client.connect(daemon, "mina")
    await mina.close()
    other = await Client.connect(daemon, hello=False)
    assert (await other.ask_in_vain("hello", name="mina"))["error_code"] == "name_taken"
    await other.close()


@pytest.mark.parametrize("name", [
    "a\nb", "a\u202eb", "a\u200bb", " a", "a ", "a  b", "@a", "a,b", "a#b", "a/b",
    "client-1", "hearth", "x" * 33, "\u0301" * 100,
], ids=ascii)
async def test_a_name_that_would_confuse_is_refused(shared, name):
    other = await Client.connect(shared, hello=False)
    reply = await other.ask_in_vain("hello", name=name)
    assert reply["error_code"] in ("name_invalid", "bad_request", "bad_json"), reply
    await other.ask("hello", name=new_name())
    await other.close()


@pytest.mark.parametrize("name", ["a", "미나", "José", "mina 2", "x" * 32, "👩‍👩‍👧", "مينا", "o'neill"])
async def test_names_of_any_script_are_fine(shared, name):
    client = await Client.connect(shared, name)
    assert client.name == name
    await client.close()


async def test_hello_needs_a_name_or_a_key(daemon):
    client = await Client.connect(daemon, hello=False)
    assert (await client.ask_in_vain("hello"))["field"] == "name"
    await client.close()


async def test_a_second_hello_is_refused_and_harms_nothing(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (await mina.ask_in_vain("hello", name="other"))["error_code"] == "bad_request"
    await mina.join()
    assert (await mina.send("x"))["type"] == "ack"
    await mina.close()


async def test_two_who_want_one_name_at_once_do_not_both_get_it(daemon):
    clients = [await Client.connect(daemon, hello=False) for _ in range(20)]
    replies = await asyncio.gather(*[c.try_ask("hello", name="mina") for c in clients])
    assert sorted(r["type"] for r in replies) == ["error"] * 19 + ["welcome"]
    await part(*clients)
