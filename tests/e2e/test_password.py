"""register, password, hello with a name and a password, hearthctl user password."""
import asyncio
import pathlib
import statistics
import time

import pytest

from client import Client, Refused, meet, part

OURS = {"limits.exempt": "", "limits.joins_burst": 100000, "limits.hellos_burst": 1000}


async def member(daemon, name="mina", password="correct horse"):
    client = await Client.connect(daemon, name)
    assert (await client.ask("register", password=password))["type"] == "ok"
    return client


async def stranger(daemon):
    return await Client.connect(daemon, hello=False)


def hashed(daemon):
    _, _, text = daemon.http("GET", "/metrics")
    line = next(line for line in text.decode().splitlines() if line.startswith("hearth_passwords_total "))
    return int(float(line.split()[1]))


async def test_a_password_signs_in_on_a_new_device(daemon):
    mina = await member(daemon)
    laptop = await stranger(daemon)
    welcome = await laptop.ask("hello", name="Mina", password="correct horse", client="a laptop")
    assert welcome["user"]["uid"] == mina.welcome["user"]["uid"] and welcome["user"]["account"]
    assert (welcome["has_password"], welcome["devices"]) == (True, 2)
    assert welcome["session"] != mina.key
    assert (await mina.next("device_added"))["client"] == "a laptop"
    again = await Client.connect(daemon, session=welcome["session"])
    assert again.name == "mina"
    await part(mina, laptop, again)


async def test_welcome_says_whether_there_is_one_and_may_be(daemon):
    mina = await Client.connect(daemon, "mina")
    assert (mina.welcome["has_password"], mina.welcome["may_register"]) == (False, True)
    await mina.ask("register", password="a")
    again = await Client.connect(daemon, session=mina.key)
    assert again.welcome["has_password"]
    await part(mina, again)


async def test_wrong_unknown_and_none_hear_the_same_after_the_same_work(daemon):
    mina = await member(daemon)
    jun = await Client.connect(daemon, "jun")
    client = await stranger(daemon)
    replies = []
    for name in ("mina", "jun", "nobody-is-called-so"):
        before = hashed(daemon)
        reply = await client.ask_in_vain("hello", name=name, password="wrong")
        assert hashed(daemon) == before + 1
        replies.append({key: value for key, value in reply.items() if key != "ref"})
    assert replies[0] == replies[1] == replies[2]
    assert (replies[0]["error_code"], replies[0]["field"]) == ("unauthorized", "password")
    assert (await client.ask("hello", name="mina", password="correct horse"))["type"] == "welcome"
    await part(mina, jun, client)


async def test_the_time_tells_nothing_about_a_name(daemon):
    """A ratio of medians, taken in turn: whatever the machine does meanwhile happens to both."""
    mina = await member(daemon)
    client = await stranger(daemon)
    took = {"mina": [], "nobody": []}
    for _ in range(15):
        for name, times in took.items():
            since = time.perf_counter()
            await client.ask_in_vain("hello", name=name, password="wrong")
            times.append(time.perf_counter() - since)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < known / unknown < 2, took
    await part(mina, client)


async def test_a_changed_password_signs_the_other_devices_out(daemon):
    mina = await member(daemon)
    second = await Client.connect(daemon, session=mina.key)
    laptop = await stranger(daemon)
    key = (await laptop.ask("hello", name="mina", password="correct horse"))["session"]
    assert (await mina.ask("password", old="correct horse", new="battery staple"))["type"] == "ok"
    assert (await laptop.wait_closed())[0] == 4001
    assert (await second.ask("devices"))["devices"][0]["current"]  # the same device stays
    phone = await stranger(daemon)
    assert (await phone.ask_in_vain("hello", session=key))["error_code"] == "unauthorized"
    assert (await phone.ask_in_vain("hello", name="mina", password="correct horse"))["field"] == "password"
    assert (await phone.ask("hello", name="mina", password="battery staple"))["devices"] == 2
    await part(mina, second, phone)


async def test_the_old_one_is_needed(daemon):
    mina = await member(daemon)
    reply = await mina.ask_in_vain("password", old="wrong", new="another")
    assert (reply["error_code"], reply["field"]) == ("unauthorized", "old")
    reply = await mina.ask_in_vain("register", password="another")
    assert (reply["error_code"], reply["field"]) == ("forbidden", "password")
    jun = await Client.connect(daemon, "jun")
    assert (await jun.ask_in_vain("password", old="a", new="b"))["error_code"] == "forbidden"
    await part(mina, jun)


@pytest.mark.parametrize("password, code", [("", "bad_request"), ("p" * 256, "too_long"), ("é" * 128, "too_long"),
                                            (None, "bad_request"), (7, "bad_request")])
async def test_none_and_too_long_are_said_in_words(daemon, password, code):
    mina = await Client.connect(daemon, "mina")
    for type, field, others in (("register", "password", {}), ("password", "new", {"old": "a"}),
                                ("password", "old", {"new": "a"})):
        reply = await mina.ask_in_vain(type, **{field: password}, **others)
        assert (reply["error_code"], reply["field"]) == (code, field) and len(reply["message"]) > 10
    await mina.ask("register", password="p" * 255)
    client = await stranger(daemon)
    if password is not None:
        assert (await client.ask_in_vain("hello", name="mina", password=password))["error_code"] == code
    assert (await client.ask("hello", name="mina", password="p" * 255))["devices"] == 2
    await part(mina, client)


async def test_it_does_not_matter_how_a_keyboard_composes_it(daemon):
    mina = await member(daemon, password="caf\u00e9")
    client = await stranger(daemon)
    assert (await client.ask("hello", name="mina", password="cafe\u0301"))["type"] == "welcome"
    await part(mina, client)


async def test_a_password_makes_no_guest_and_needs_a_name(daemon):
    client = await stranger(daemon)
    assert (await client.ask_in_vain("hello", name="mina", password="any"))["error_code"] == "unauthorized"
    assert (await client.ask_in_vain("hello", password="any"))["field"] == "name"
    assert daemon.administrator("users")["users"] == []
    await part(client)


async def test_a_known_key_counts_before_a_password(daemon):
    mina = await member(daemon)
    before = hashed(daemon)
    again = await stranger(daemon)
    await again.ask("hello", session=mina.key, name="mina", password="wrong")
    assert hashed(daemon) == before
    other = await stranger(daemon)
    welcome = await other.ask("hello", session="0" * 64, name="mina", password="correct horse")
    assert welcome["user"]["uid"] == mina.welcome["user"]["uid"]
    await part(mina, again, other)


async def guess(daemon):
    client = await stranger(daemon)
    assert (await client.ask_in_vain("hello", name="mina", password="x"))["error_code"] == "unauthorized"
    await part(client)


async def test_waits_grow_for_a_name_from_an_address(make_daemon):
    daemon = make_daemon(OURS)
    mina = await member(daemon)
    for _ in range(3):
        await guess(daemon)
    for _ in range(4):  # to 16 s: no machine is so slow that they are over before they are seen
        daemon.advance(10)
        await guess(daemon)
    waits = []
    client = await stranger(daemon)
    for _ in range(4):
        reply = await client.ask_in_vain("hello", name="mina", password="correct horse")
        assert (reply["error_code"], reply["message"][:4]) == ("rate_limited", "From")
        waits.append(reply["retry_after_ms"])
        daemon.advance(reply["retry_after_ms"] / 1000 + 0.1)
        client.inbox.clear()
        await client.close()
        client = await stranger(daemon)
        await client.ask_in_vain("hello", name="mina", password="x")
    assert all(after > 1.5 * before for before, after in zip(waits, waits[1:])), waits
    jun = await Client.connect(daemon, "jun")  # nobody else is kept waiting, nor this name elsewhere
    await jun.ask("register", password="j")
    again = await stranger(daemon)
    assert (await again.ask("hello", name="jun", password="j"))["type"] == "welcome"
    await part(mina, client, jun, again)
    daemon.advance(3700)
    late = await stranger(daemon)
    assert (await late.ask("hello", name="mina", password="correct horse"))["type"] == "welcome"
    await part(late)


async def test_many_at_once_are_no_way_around(make_daemon):
    daemon = make_daemon(OURS)
    mina = await member(daemon)
    clients = [await stranger(daemon) for _ in range(20)]
    replies = await asyncio.gather(*(c.ask_in_vain("hello", name="mina", password=f"{i}")
                                     for i, c in enumerate(clients)))
    codes = [reply["error_code"] for reply in replies]
    assert codes.count("unauthorized") == 3 and codes.count("rate_limited") == 17
    await part(mina, *clients)


async def test_so_many_wait_for_the_one_thread_as_may_and_reads_go_on(make_daemon):
    daemon = make_daemon({"limits.hello_ms": 60000})  # 60 come before the first one speaks
    mina = await member(daemon)
    await mina.join()
    clients = [await stranger(daemon) for _ in range(60)]
    waiting = [asyncio.ensure_future(c.ask_in_vain("hello", name="mina", password="x")) for c in clients]
    while not any(future.done() for future in waiting):
        await asyncio.sleep(0.01)
    assert (await mina.send("meanwhile"))["type"] == "ack"
    assert (await mina.ask("history", room="lobby"))["messages"]
    assert sum(not future.done() for future in waiting) > 0  # it has not waited for all of them
    codes = [(await future)["error_code"] for future in waiting]
    assert set(codes) == {"unauthorized", "rate_limited"} and codes.count("unauthorized") >= 32
    await part(mina, *clients)


async def test_two_changes_at_once_are_one(daemon):
    mina = await member(daemon)
    again = await Client.connect(daemon, session=mina.key)
    replies = await asyncio.gather(mina.try_ask("password", old="correct horse", new="one"),
                                   again.try_ask("password", old="correct horse", new="two"))
    assert sorted(reply["type"] for reply in replies) == ["error", "ok"]
    await part(mina, again)


async def test_a_gateway_without_passwords(make_daemon):
    daemon = make_daemon({"accounts.passwords": "false"})
    mina = await Client.connect(daemon, "mina")
    assert mina.welcome["may_register"] is False
    assert (await mina.ask_in_vain("register", password="a"))["error_code"] == "forbidden"
    assert (await mina.ask_in_vain("password", old="a", new="b"))["error_code"] == "forbidden"
    client = await stranger(daemon)
    assert (await client.ask_in_vain("hello", name="mina", password="a"))["error_code"] == "unauthorized"
    done = daemon.ctl("user", "password", "mina", input="x\n", check=False)
    assert done.returncode == 1 and "no passwords" in done.stderr
    await part(mina, client)


async def test_whoever_waits_at_the_door_gets_in_by_no_password(make_daemon):
    daemon = make_daemon({"accounts.newcomers": "ask"})
    mina = await Client.connect(daemon, "mina")
    assert mina.welcome["waiting"] and not mina.welcome["may_register"]
    assert (await mina.ask_in_vain("register", password="a"))["error_code"] == "forbidden"
    await part(mina)


async def test_an_administrator_gives_one_and_signs_out_who_had_one(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    assert daemon.ctl("user", "password", "mina", input="first\n") == ""
    client = await stranger(daemon)
    assert (await client.ask("hello", name="mina", password="first"))["type"] == "welcome"
    assert (await mina.ask("devices"))["type"] == "devices"  # there was none: nobody is signed out
    daemon.ctl("user", "password", "mina", input="second")
    assert (await mina.wait_closed())[0] == (await client.wait_closed())[0] == 4001
    last = await stranger(daemon)
    assert (await last.ask("hello", name="mina", password="second"))["devices"] == 1
    lines = daemon.administrator("audit")["lines"]
    assert [(line["act"], line["user"]) for line in lines[:2]] == [("password", "mina")] * 2
    assert "password: yes" in daemon.ctl("user", "show", "mina")
    for wrong in ("", "\n", "p" * 256, "p" * 2000):
        done = daemon.ctl("user", "password", "mina", input=wrong, check=False)
        assert done.returncode in (1, 2) and done.stderr, wrong
    assert daemon.ctl("user", "password", "who", input="x", check=False).returncode == 1
    await part(jun, last)


async def test_nothing_of_it_is_in_a_file_a_log_or_proc(make_daemon):
    daemon = make_daemon({"log.level": "debug"})
    secrets = [b"first-s3cret", b"second-s3cret", b"third-s3cret", b"wrong-s3cret"]
    mina = await member(daemon, password="first-s3cret")
    await mina.ask("password", old="first-s3cret", new="second-s3cret")
    reply = await mina.ask_in_vain("password", old="wrong-s3cret", new="third-s3cret")
    daemon.ctl("user", "password", "mina", input="third-s3cret")
    proc = pathlib.Path(f"/proc/{daemon.pid}")
    seen = [str(reply).encode(), daemon.text_of_log().encode(), (proc / "cmdline").read_bytes(),
            (proc / "environ").read_bytes(), str(daemon.administrator("audit")).encode(),
            str(daemon.administrator("users")).encode()]
    await mina.wait_closed()
    daemon.stop()
    seen += [path.read_bytes() for path in daemon.folder.iterdir() if path.is_file()]
    seen.append(daemon.text_of_log().encode())
    assert not [secret for secret in secrets if any(secret in text for text in seen)]
    assert b"$argon2id$v=19$m=7168,t=5,p=1$" in daemon.database.read_bytes() or b"$pbkdf2-sha256$i=" in \
        daemon.database.read_bytes()
    daemon.start()


async def test_a_member_keeps_the_name_over_a_restart(make_daemon):
    daemon = make_daemon()
    mina = await member(daemon)
    await part(mina)
    daemon.restart()
    client = await stranger(daemon)
    assert (await client.ask("hello", name="mina", password="correct horse"))["user"]["account"]
    await part(client)


async def test_status_says_how_they_are_kept(daemon):
    assert daemon.administrator("status")["passwords"] in ("argon2id, 7168 KiB, 5 passes",) or \
        "PBKDF2" in daemon.administrator("status")["passwords"]


async def test_hello_over_http_signs_in(daemon):
    mina = await member(daemon)
    status, _, text = daemon.http("POST", "/api/v1/do", {"type": "hello", "name": "mina",
                                                          "password": "correct horse"})
    assert status == 200 and '"has_password":true' in text.decode().replace(" ", "")
    status, _, _ = daemon.http("POST", "/api/v1/do", {"type": "hello", "name": "mina", "password": "x"})
    assert status == 401
    await part(mina)
