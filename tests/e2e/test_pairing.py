"""claim, approve, offer, move, recovery: one more device of the same person."""
import asyncio

import pytest

from client import Client, meet, part


async def stranger(daemon):
    return await Client.connect(daemon, hello=False)


async def claim(daemon, client="a phone"):
    phone = await stranger(daemon)
    return phone, await phone.ask("claim", client=client)


async def look(mina, claimed):
    return await mina.ask("approve", code=claimed["code"])


async def approve(mina, claimed, **fields):
    await look(mina, claimed)
    return await mina.ask("approve", code=claimed["code"], digits=claimed["digits"], accept=True,
                          **fields)


async def test_a_claimed_device_comes_in_once_it_is_approved(daemon):
    mina = await Client.connect(daemon, "mina")
    laptop = await Client.connect(daemon, session=mina.key)
    phone, claimed = await claim(daemon)
    assert len(claimed["code"]) == 10 and len(claimed["digits"]) == 2
    assert set(claimed["code"]) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert claimed["expires_ms"] == 120000
    shown = await look(mina, claimed)
    assert shown["type"] == "claimant"
    assert (shown["client"], shown["address"]) == ("a phone", "127.0.0.1")
    assert (await approve(mina, claimed))["type"] == "ok"
    welcome = await phone.next("welcome")
    assert welcome["user"] == mina.welcome["user"] and welcome["session"] != mina.key
    assert welcome["devices"] == 2
    for person in (mina, laptop):
        assert (await person.next("device_added"))["client"] == "a phone"
    again = await Client.connect(daemon, session=welcome["session"])
    assert again.welcome["user"] == mina.welcome["user"]
    devices = (await mina.ask("devices"))["devices"]
    assert {d["client"] for d in devices} == {"", "a phone"}
    added = next(d for d in devices if d["client"] == "a phone")
    await mina.ask("forget_device", id=added["id"])
    assert (await phone.wait_closed())[0] == 4001
    await part(mina, laptop)


async def test_typed_with_hyphen_and_in_small_letters_it_is_the_same_code(daemon):
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    code = claimed["code"]
    typed = (code[:5] + "-" + code[5:]).lower().replace("0", "o").replace("1", "l")
    await approve(mina, {**claimed, "code": typed})
    await phone.next("welcome")
    await part(mina, phone)


async def test_a_device_that_is_turned_away_may_try_again(daemon):
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    await look(mina, claimed)
    reply = await mina.ask("approve", code=claimed["code"], digits="00", accept=False)
    assert reply["type"] == "ok"
    assert (await phone.next("error"))["error_code"] == "forbidden"
    assert (await phone.ask("claim"))["code"] != claimed["code"]
    await part(mina, phone)


async def test_wrong_digits_use_the_claim_up(daemon):
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    await look(mina, claimed)
    wrong = f"{(int(claimed['digits']) + 1) % 100:02}"
    for _ in range(3):
        reply = await mina.ask_in_vain("approve", code=claimed["code"], digits=wrong, accept=True)
        assert (reply["error_code"], reply["field"]) == ("forbidden", "digits")
    assert (await phone.next("error"))["error_code"] == "forbidden"
    reply = await mina.ask_in_vain("approve", code=claimed["code"], digits=claimed["digits"],
                                   accept=True)
    assert (reply["error_code"], reply["field"]) == ("forbidden", "code")
    await part(mina, phone)


async def test_digits_are_needed(daemon):
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    reply = await mina.ask_in_vain("approve", code=claimed["code"], accept=True)
    assert (reply["error_code"], reply["field"]) == ("bad_request", "digits")
    await part(mina, phone)


async def test_a_code_works_once_and_for_one_user(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    phone, claimed = await claim(daemon)
    await look(mina, claimed)
    assert (await jun.ask_in_vain("approve", code=claimed["code"]))["error_code"] == "forbidden"
    await approve(mina, claimed)
    await phone.next("welcome")
    reply = await mina.ask_in_vain("approve", code=claimed["code"], digits=claimed["digits"],
                                   accept=True)
    assert (reply["error_code"], reply["field"]) == ("forbidden", "code")
    await part(mina, jun, phone)


async def test_a_claim_that_nobody_answers_ends(make_daemon):
    daemon = make_daemon({"limits.ping_seconds": 3600})
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    daemon.advance(119)
    await look(mina, claimed)
    daemon.advance(1)
    assert (await phone.next("error"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("approve", code=claimed["code"]))["field"] == "code"
    await part(mina, phone)


async def test_whoever_waits_may_say_hello_instead(daemon):
    mina = await Client.connect(daemon, "mina")
    phone, claimed = await claim(daemon)
    assert (await phone.ask_in_vain("claim"))["error_code"] == "bad_request"
    await phone.ask("hello", name="jun")
    assert (await mina.ask_in_vain("approve", code=claimed["code"]))["field"] == "code"
    assert (await phone.ask_in_vain("claim"))["error_code"] == "bad_request"
    await part(mina, phone)


async def test_two_of_an_address_wait_however_many_ask(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "limits.joins_burst": 100000,
                          "limits.requests_per_second": 100000})
    waiting = [(await claim(daemon))[0] for _ in range(2)]
    more = await stranger(daemon)
    for _ in range(1000):
        reply = await more.ask_in_vain("claim")
        assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] > 0
    await part(waiting.pop())
    while (await more.try_ask("claim"))["type"] == "error":
        await asyncio.sleep(0)
    await part(*waiting, more)


async def test_ten_wrong_codes_of_an_address_are_enough(make_daemon):
    daemon = make_daemon({"limits.exempt": ""})
    mina, jun = await meet(daemon, "mina", "jun")
    phone, claimed = await claim(daemon)
    for i in range(10):
        reply = await mina.ask_in_vain("approve", code=f"000000000{i}")
        assert (reply["error_code"], reply["field"]) == ("forbidden", "code")
    for person in (mina, jun):
        reply = await person.ask_in_vain("approve", code=claimed["code"])
        assert reply["error_code"] == "rate_limited" and reply["retry_after_ms"] > 0
    other = await stranger(daemon)
    for fields in ({"code": "0000000000"}, {"recovery": "0" * 26}):
        assert (await other.ask_in_vain("hello", **fields))["error_code"] == "rate_limited"
    await part(mina, jun, phone, other)


async def test_an_offer_is_taken_up_and_accepted(daemon):
    mina = await Client.connect(daemon, "mina")
    offer = await mina.ask("offer")
    assert offer["path"] == "/#join/" + offer["code"] and offer["expires_ms"] == 120000
    phone = await stranger(daemon)
    waiting = await phone.start("hello", code=offer["code"], client="a tablet")
    shown = await mina.next("claimant")
    assert (shown["code"], shown["client"], shown["address"]) == (
        offer["code"], "a tablet", "127.0.0.1")
    assert (await mina.ask("offer", code=offer["code"], accept=True))["type"] == "ok"
    welcome = await waiting
    assert welcome["type"] == "welcome" and welcome["user"] == mina.welcome["user"]
    assert (await mina.next("device_added"))["client"] == "a tablet"
    other = await stranger(daemon)
    reply = await other.ask_in_vain("hello", code=offer["code"])
    assert (reply["error_code"], reply["field"]) == ("unauthorized", "code")
    await part(mina, phone, other)


async def test_an_offer_may_be_declined_and_ends_with_its_device(daemon):
    mina = await Client.connect(daemon, "mina")
    phone = await stranger(daemon)
    offer = await mina.ask("offer")
    assert (await mina.ask_in_vain("offer", code=offer["code"], accept=True))["field"] == "code"
    waiting = await phone.start("hello", code=offer["code"])
    await mina.next("claimant")
    await mina.ask("offer", code=offer["code"], accept=False)
    assert (await waiting)["error_code"] == "forbidden"
    offer = await mina.ask("offer")
    waiting = await phone.start("hello", code=offer["code"])
    await mina.next("claimant")
    await part(mina)
    assert (await waiting)["error_code"] == "forbidden"
    await phone.ask("hello", name="jun")
    await part(phone)


async def test_nobody_answers_the_offer_of_another(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    offer = await mina.ask("offer")
    phone = await stranger(daemon)
    waiting = await phone.start("hello", code=offer["code"])
    await mina.next("claimant")
    reply = await jun.ask_in_vain("offer", code=offer["code"], accept=True)
    assert reply["error_code"] == "forbidden"
    await mina.ask("offer", code=offer["code"], accept=True)
    assert (await waiting)["user"]["name"] == "mina"
    await part(mina, jun, phone)


async def test_a_browser_moves_to_another_address_once(daemon):
    mina = await Client.connect(daemon, "mina")
    move = await mina.ask("move")
    assert len(move["code"]) == 26 and move["path"] == "/#move/" + move["code"]
    moved = await stranger(daemon)
    welcome = await moved.ask("hello", code=move["code"], client="a browser")
    assert welcome["user"] == mina.welcome["user"]
    again = await stranger(daemon)
    assert (await again.ask_in_vain("hello", code=move["code"]))["error_code"] == "unauthorized"
    await part(mina, moved, again)


@pytest.mark.parametrize("kind", ["offer", "move"])
async def test_the_code_of_a_signed_in_device_is_good_for_two_minutes(make_daemon, kind):
    daemon = make_daemon({"limits.ping_seconds": 3600})
    mina = await Client.connect(daemon, "mina")
    made = await mina.ask(kind)
    daemon.advance(120)
    phone = await stranger(daemon)
    reply = await phone.ask_in_vain("hello", code=made["code"])
    assert (reply["error_code"], reply["field"]) == ("unauthorized", "code")
    await part(mina, phone)


async def test_a_recovery_code_brings_one_back(make_daemon):
    daemon = make_daemon()
    mina = await Client.connect(daemon, "mina")
    assert mina.welcome["has_recovery"] is False
    first = (await mina.ask("recovery"))["code"]
    code = (await mina.ask("recovery"))["code"]
    assert len(code) == 26 and code != first
    uid = mina.welcome["user"]["uid"]
    await mina.ask("logout")
    daemon.restart()
    phone = await stranger(daemon)
    reply = await phone.ask_in_vain("hello", recovery=first)
    assert (reply["error_code"], reply["field"]) == ("unauthorized", "recovery")
    welcome = await phone.ask("hello", recovery=code[:5] + "-" + code[5:].lower(), client="new")
    assert (welcome["user"]["uid"], welcome["has_recovery"]) == (uid, True)
    again = await Client.connect(daemon, session=welcome["session"])
    assert again.name == "mina"
    await part(phone, again)


async def test_the_device_seen_least_gives_way_to_the_twenty_first(daemon):
    mina = await Client.connect(daemon, "mina")
    code = (await mina.ask("recovery"))["code"]
    others = []
    for _ in range(20):
        other = await stranger(daemon)
        await other.ask("hello", recovery=code)
        others.append(other)
    assert (await mina.wait_closed())[0] == 4001
    assert len((await others[-1].ask("devices"))["devices"]) == 20
    await part(*others)


async def test_nothing_secret_is_in_the_log_or_the_database(make_daemon):
    daemon = make_daemon({"log.level": "debug"})
    mina = await Client.connect(daemon, "mina")
    code = (await mina.ask("recovery"))["code"]
    move = (await mina.ask("move"))["code"]
    phone, claimed = await claim(daemon)
    await approve(mina, claimed)
    key = (await phone.next("welcome"))["session"]
    await part(mina, phone)
    daemon.stop()
    stored = daemon.database.read_bytes()
    for secret in (mina.key, key, code, move, claimed["code"]):
        assert secret not in daemon.text_of_log() and secret.encode() not in stored


@pytest.mark.parametrize("request_type", ["offer", "move", "recovery"])
async def test_only_a_person_has_devices_to_add(daemon, request_type):
    status, reply = daemon.admin("POST", "/admin/v1/do", {"type": request_type})
    assert (status, reply["error_code"]) == (403, "forbidden")
