"""Outgoing webhooks: signed, in order, from a cursor, whoever dies meanwhile."""
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bridge import Bridge, Receiver, needed, tries
from client import meet, part
from files import must_say, png

pytestmark = needed

SECRETS = [base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2)]


@pytest.fixture
def make_receiver():
    made = []

    def make(answer=None):
        made.append(Receiver(answer))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def webhook(receiver, more="", rooms='"lobby"', private="true"):
    return (f'webhooks = ( {{ name = "out"; url = "{receiver.url}"; rooms = [{rooms}]; private = {private}; {more} }} );\n')


def settled(bridge):
    """It has noted where it began: what is said from now on is delivered."""
    for _ in tries():
        cursors = bridge.daemon.http("POST", "/api/v1/do", {"type": "cursors"},
                                     {"Authorization": f"Bearer {bridge.token}"})[2]
        if json.loads(cursors).get("cursors"):
            return bridge
    raise AssertionError("no cursor is noted: " + "".join(bridge.log))


async def test_entries_are_posted_in_order_and_signed(daemon, make_receiver):
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    await mina.send("before it began")
    both = ", ".join(f'"whsec_{secret}"' for secret in SECRETS)
    with Bridge(daemon, webhook(receiver, f"secret = ({both});")) as bridge:
        settled(bridge)
        sent = [await mina.send(f"m{i}") for i in range(30)]
        await mina.ask("edit", room="lobby", target=sent[0]["seq"], text="better")
        await mina.ask("react", room="lobby", target=sent[0]["seq"], emoji="👍", on=True)
        await mina.ask("delete", room="lobby", target=sent[1]["seq"])
        posts = receiver.until(33)
    bodies = [json.loads(body) for _, body in posts]
    assert [body["data"]["seq"] for body in bodies] == sorted(body["data"]["seq"] for body in bodies)
    assert [body["type"] for body in bodies[-3:]] == ["edit", "reaction", "delete"]
    assert [body["data"]["text"] for body in bodies[:30]] == [f"m{i}" for i in range(30)]
    for headers, body in posts:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        macs = [base64.b64encode(hmac.new(base64.b64decode(s), signed, hashlib.sha256).digest()).decode() for s in SECRETS]
        assert headers["webhook-signature"].split() == [f"v1,{mac}" for mac in macs]
        hub = hmac.new(base64.b64decode(SECRETS[0]), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={hub}"
    assert len({headers["webhook-id"] for headers, _ in posts}) == 33
    await part(mina)


async def test_standard_webhooks_own_library_takes_what_is_signed_and_nothing_else(daemon, make_receiver):
    modules = os.environ.get("HEARTH_WEBHOOK_MODULES", "/nowhere")
    if not os.path.isdir(modules):
        pytest.skip("standardwebhooks is not there")
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    both = ", ".join(f'"whsec_{secret}"' for secret in SECRETS)
    with Bridge(daemon, webhook(receiver, f"secret = ({both});")) as bridge:
        settled(bridge)
        await mina.send("한국어 \\ \"quoted\" 🔥")
        ((headers, body),) = receiver.until(1)
    post = {"headers": headers, "body": body.decode()}
    bent = [{**post, "body": post["body"] + " "}, {**post, "headers": {**headers, "webhook-id": "other"}},
            {**post, "headers": {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}}]
    for secret, said in [(secret, "fine") for secret in SECRETS] + [("MDAw" * 8, "No matching signature found")]:
        asked = json.dumps({"secret": f"whsec_{secret}", "posts": [post, *bent]})
        done = subprocess.run(["node", Path(__file__).parent / "webhooks/verify.mjs"], input=asked, text=True, check=True,
                              stdout=subprocess.PIPE)
        answers = json.loads(done.stdout)
        assert answers[0] == said and "fine" not in answers[1:], answers
    await part(mina)


async def test_what_fails_is_tried_again_and_what_is_wrong_passed_over(daemon, make_receiver):
    def answer(number, body):
        text = body["data"]["text"]
        if text == "late" and number < 4:
            return 503, {"Retry-After": "1"}, b""
        return (404 if text == "wrong" else 200), {}, b""

    receiver = make_receiver(answer)
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, webhook(receiver)) as bridge:
        settled(bridge)
        for text in ("first", "late", "wrong", "last"):
            await mina.send(text)
        assert receiver.texts(6) == ["first", "late", "late", "late", "wrong", "last"]
        assert len({headers["webhook-id"] for headers, _ in receiver.posts[1:4]}) == 1
    await part(mina)


async def test_a_receiver_that_is_gone_is_posted_to_no_more(daemon, make_receiver):
    gone, other = make_receiver(lambda number, body: (410, {}, b"")), make_receiver()
    (mina,) = await meet(daemon, "mina")
    settings = webhook(gone).replace(" );\n", f', {{ name = "other"; url = "{other.url}"; rooms = ["lobby"]; private = true; }} );\n')
    with Bridge(daemon, settings) as bridge:
        settled(bridge)
        await mina.send("one")
        other.until(1)
        gone.until(1)
        await mina.send("two")
        other.until(2)
    assert len(gone.posts) == 1
    await part(mina)


async def test_nothing_is_lost_when_bridge_and_gateway_are_killed(daemon, make_receiver):
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, webhook(receiver)).start()
    settled(bridge)
    said = 0
    for turn in range(6):
        for _ in range(10):
            said += 1
            await mina.send(f"m{said}")
        if turn % 2:
            bridge.kill()
            bridge.start()
        else:
            await part(mina)
            daemon.kill()
            bridge.stop()
            daemon.start()
            bridge.start()
            (mina,) = await meet(daemon, f"mina {turn}")
    wanted = [f"m{i}" for i in range(1, said + 1)]
    seen, ids = [], set()
    count = said
    while True:
        posts = receiver.until(count)
        seen, ids = [], set()
        for headers, body in posts:
            if headers["webhook-id"] not in ids:
                ids.add(headers["webhook-id"])
                seen.append(json.loads(body)["data"]["text"])
        if len(seen) >= said:
            break
        count = len(posts) + 1
    assert seen == wanted, "something is missing, doubled or out of order"
    bridge.stop()
    await part(mina)


async def test_private_addresses_are_reached_only_where_it_is_said(daemon, make_receiver):
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, webhook(receiver, private="false")) as bridge:
        settled(bridge)
        await mina.send("secret")
        for _ in tries():
            (line,) = json.loads(daemon.ctl("bridge", "list", "--json"))["bridges"]
            if not line.get("ok", False) and "private" in line.get("text", ""):
                break
        else:
            raise AssertionError(line)
    assert not receiver.posts
    await part(mina)


async def test_redirects_are_not_followed(daemon, make_receiver):
    target = make_receiver()
    receiver = make_receiver(lambda number, body: (302, {"Location": target.url}, b""))
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, webhook(receiver)) as bridge:
        settled(bridge)
        await mina.send("x")
        receiver.until(2)
    assert not target.posts
    await part(mina)


async def test_a_reply_to_a_mention_becomes_a_message_once(daemon, make_receiver):
    replies = {1: (200, {"Content-Type": "application/json"}, b'{"text":"pong"}'),
               2: (200, {"Content-Type": "text/plain"}, b"plain pong")}
    receiver = make_receiver(lambda number, body: replies.get(number, (200, {}, b"")))
    (mina,) = await meet(daemon, "mina")
    more = 'replies = true; mention = "out"; kinds = ["message"];'
    with Bridge(daemon, webhook(receiver, more)) as bridge:
        settled(bridge)
        await mina.send("not for it")
        asked = [await mina.send("@out ping"), await mina.send("@OUT again")]
        answers = [entry for entry in await mina.entries(5) if "via" in entry]
        assert [(a["text"], a["reply_to"], a["via"]) for a in answers] == [
            ("pong", asked[0]["seq"], "webhook"), ("plain pong", asked[1]["seq"], "webhook")]
        assert receiver.texts(2) == ["@out ping", "@OUT again"]
    assert not any("waits" in line for line in bridge.log), "each is delivered when it comes"
    await part(mina)


async def test_once_and_dry_run_end_by_themselves(daemon, make_receiver):
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, webhook(receiver))
    assert bridge.run("--once").returncode == 0, "it notes where it begins"
    await mina.send("one")
    dry = bridge.run("--once", "--dry-run")
    assert dry.returncode == 0 and "one" in dry.stdout and not receiver.posts
    assert bridge.run("--once").returncode == 0
    assert receiver.texts(1) == ["one"]
    assert bridge.run("--once").returncode == 0 and len(receiver.posts) == 1
    await part(mina)


@pytest.mark.parametrize("settings, why", [
    ("", "nothing to carry"), ("webhooks = 1;", "list"), ("webhooks = ( { } );", "rooms"), ("x = ;", "syntax"),
    ('webhooks = ( { url = "http://a"; } );', "rooms"), ('webhooks = ( { url = "ftp://a"; rooms = ["x"]; } );', "url"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; secret = "short"; } );', "whsec_"), ("webhoks = ( );", "nothing of this name can be set: webhoks"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; secrets = "x"; } );', "no setting secrets"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; kinds = ["mesage"]; } );', "kinds"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; rate = -1; } );', "rate"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; rate = "5"; } );', "rate must be a whole number"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; private = "yes"; } );', "private must be true or false"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; name = 7; } );', "name must be a text in quotes"),
    ('webhooks = ( { url = "http://a"; rooms = ["x"]; }, { url = "http://b"; rooms = ["x"]; } );', "two named webhook")])
async def test_a_wrong_configuration_is_told(daemon, settings, why):
    done = Bridge(daemon, settings).run("--check-config")
    assert done.returncode == 1 and why in done.stderr and ".conf:" in done.stderr, done.stderr


async def test_a_right_configuration_is_told_too(daemon, make_receiver):
    assert Bridge(daemon, webhook(make_receiver())).run("--check-config").returncode == 0


def both(one, other, more=""):
    return ("webhooks = ( " + ", ".join(f'{{ name = "{name}"; url = "{receiver.url}"; rooms = ["lobby"]; private = true; {extra} }}'
                                        for name, receiver, extra in (("one", one, ""), ("other", other, more))) + " );\n")


def cursors_of(bridge):
    body = bridge.daemon.http("POST", "/api/v1/do", {"type": "cursors"}, {"Authorization": f"Bearer {bridge.token}"})[2]
    return {line["name"]: line["seq"] for line in json.loads(body)["cursors"]}


def streams_of(bridge):
    sessions = json.loads(bridge.daemon.ctl("session", "list", "--json"))["sessions"]
    return {line["id"] for line in sessions if line.get("user") == "out" and line["rooms"]}


async def test_reading_the_configuration_again_touches_only_what_changed(daemon, make_receiver):
    one, other, third = make_receiver(), make_receiver(), make_receiver()
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, both(one, other)) as bridge:
        for _ in tries():
            if len(cursors_of(bridge)) == 2:
                break
        await mina.send("first")
        one.until(1), other.until(1)
        before = streams_of(bridge)
        assert len(before) == 2
        assert not bridge.reload("webhooks = ( { } );"), "what is wrong changes nothing"
        assert bridge.reload(both(one, third))
        last = (await mina.send("second"))["seq"]
        one.until(2), third.until(1)
        assert len(other.posts) == 1 and third.texts(1) == ["second"], "it goes on from its cursor"
        for _ in tries():
            after = streams_of(bridge)
            if len(after) == 2:
                break
        assert len(before & after) == 1, "the one that did not change was not touched"
        for _ in tries():
            if cursors_of(bridge) == {"one": last, "other": last}:
                break
        else:
            raise AssertionError(cursors_of(bridge))
    await part(mina)


async def test_what_a_bridge_takes_is_as_fast_as_is_set(daemon, make_receiver):
    receiver, count = make_receiver(), 60
    (mina,) = await meet(daemon, "mina")
    settings = webhook(receiver, "rate = 1;")
    bridge = Bridge(daemon, settings)
    assert bridge.run("--once").returncode == 0
    for i in range(count):
        await mina.send(f"m{i}")
    with bridge:
        receiver.until(3)
        for _ in range(20):  # of its turns, each long enough for several
            assert bridge.reload(settings)
        assert len(receiver.posts) < count / 2, "all of them would have taken a minute"
        for _ in tries():
            if len(receiver.posts) == count:
                break
            bridge.advance(1)
    assert receiver.texts(count) == [f"m{i}" for i in range(count)]
    await part(mina)


async def test_once_says_what_it_could_not_deliver(daemon, make_receiver):
    receiver = make_receiver(lambda number, body: (503 if number == 1 else 200, {}, b""))
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, webhook(receiver))
    assert bridge.run("--once").returncode == 0
    await mina.send("x")
    assert bridge.run("--once").returncode == 1, "it did not take it"
    assert bridge.run("--once").returncode == 0 and receiver.texts(2) == ["x", "x"]
    await part(mina)
    daemon.kill()
    assert bridge.run("--once").returncode == 1, "there is no gateway"
    daemon.start()


async def test_metrics_are_written_for_prometheus(daemon, make_receiver, tmp_path):
    receiver = make_receiver(lambda number, body: (404 if number == 1 else 200, {}, b""))
    (mina,) = await meet(daemon, "mina")
    path = tmp_path / "bridge.prom"
    bridge = Bridge(daemon, webhook(receiver) + f'metrics = "{path}";\n')
    assert bridge.run("--once").returncode == 0
    await mina.send("wrong"), await mina.send("right")
    assert bridge.run("--once").returncode == 0
    text = path.read_text()
    assert 'hearth_bridge_delivered_total{target="out",room="lobby"} 1' in text, text
    assert 'hearth_bridge_passed_total{target="out",room="lobby"} 1' in text and not (tmp_path / "bridge.prom.new").exists()
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    await part(mina)


# ---- what administrators do with it

def listed(daemon):
    (line,) = json.loads(daemon.ctl("bridge", "list", "--json"))["bridges"]
    return line


async def test_a_bridge_that_is_paused_carries_nothing_until_it_goes_on(daemon, make_receiver):
    receiver = make_receiver()
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, webhook(receiver)) as bridge:
        settled(bridge)
        await mina.send("one")
        receiver.until(1)
        daemon.ctl("bridge", "pause", "out")
        for _ in tries():
            if "paused" in listed(daemon).get("text", ""):
                break
        assert listed(daemon)["paused"] and "paused" in daemon.ctl("bridge", "list")
        await mina.send("two")
        await part(mina)
        daemon.settings["listen.port"] = daemon.port
        daemon.restart()
        assert listed(daemon)["paused"], "it is remembered"
        assert len(receiver.posts) == 1
        daemon.ctl("bridge", "resume", "out")
        assert receiver.texts(2) == ["one", "two"]
    assert not listed(daemon).get("paused")
    assert daemon.ctl("bridge", "pause", "nobody", check=False).returncode == 1


async def test_a_bridge_is_told_again_what_was_said_since(daemon, make_receiver, tmp_path):
    receiver, now = make_receiver(), int(time.time() * 1000)
    (mina,) = await meet(daemon, "mina")
    for text in ("long ago", "one"):
        await mina.send(text)
    daemon.ctl("room", "export", "lobby", str(tmp_path / "lobby.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "lobby.jsonl").read_text().splitlines()]
    for line, age_s in zip([line for line in lines if line.get("text")], (3600, 60)):
        line["ts"] = now - age_s * 1000
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    daemon.ctl("room", "import", str(tmp_path / "old.jsonl"), "old")
    await mina.join("old")
    with Bridge(daemon, webhook(receiver, rooms='"old"'), rooms=("old",)) as bridge:
        settled(bridge)
        last = (await mina.send("two", "old"))["seq"]
        receiver.until(1)
        daemon.ctl("bridge", "replay", "out", "--since", "30m")
        assert receiver.texts(3) == ["two", "one", "two"]
        ids = [headers["webhook-id"] for headers, _ in receiver.posts]
        assert ids[0] == ids[2]
        for _ in tries():
            if cursors_of(bridge) == {"out": last}:
                break
        else:
            raise AssertionError(cursors_of(bridge))
    daemon.ctl("bridge", "replay", "out", "--since", "2h", "--room", "old")
    with Bridge(daemon, webhook(receiver, rooms='"old"'), token=bridge.token):
        assert receiver.texts(6)[3:] == ["long ago", "one", "two"], "one that is away hears of it when it comes back"
    for wrong in (["nobody", "--since", "1h"], ["out"], ["out", "--since", "x"], ["out", "--since", "1h", "--room", "none"]):
        assert daemon.ctl("bridge", "replay", *wrong, check=False).returncode != 0
    await part(mina)


async def test_only_certificates_that_are_trusted_are_posted_to(daemon, make_receiver, tmp_path):
    import ssl
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    receiver = make_receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, webhook(receiver)) as bridge:
        settled(bridge)
        await mina.send("secret")
        for _ in tries():
            if "certificate" in listed(daemon).get("text", ""):
                break
        assert not receiver.posts
        assert bridge.reload(webhook(receiver, f'ca = "{certificate}";'))
        assert receiver.texts(1) == ["secret"]
    await part(mina)


async def test_addresses_that_only_look_public_are_barred_too(daemon):
    (mina,) = await meet(daemon, "mina")
    urls = ["http://localhost:1/", "http://0x7f.1:1/", "http://2130706433:1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/",
            "http://0.0.0.0:1/", "http://127.1:1/", "http://169.254.169.254/latest/meta-data/"]
    targets = ", ".join(f'{{ name = "r{i}"; url = "{url}"; rooms = ["lobby"]; }}' for i, url in enumerate(urls))
    with Bridge(daemon, f"webhooks = ( {targets} );\n") as bridge:
        for _ in tries():
            if len(cursors_of(bridge)) == len(urls):
                break
        await mina.send("x")
        for _ in tries():
            if len([line for line in bridge.log if "private" in line]) == len(urls):
                break
        else:
            raise AssertionError(bridge.log)
    await part(mina)


async def test_files_go_as_links_that_ask_for_a_key(make_daemon, make_receiver):
    daemon = make_daemon({"http.anonymous_read": "false"})
    hook, topic = make_receiver(), make_receiver(lambda number, body: (200, {}, b"{}"))
    (mina,) = await meet(daemon, "mina")
    address = f"http://127.0.0.1:{daemon.port}"
    with Bridge(daemon, webhook(hook) + f'ntfy = ( {{ rooms = ["lobby"]; url = "{topic.url}"; private = true; }} );\n') as bridge:
        settled(bridge)
        bare, _ = await must_say(daemon, mina, png(), "", "the \u03c0er 1.png")
        file, ack = await must_say(daemon, mina, png(4), "look", "plan.png")
        await mina.ask("delete", room="lobby", target=ack["seq"])
        posts, pushes = hook.until(3), topic.until(2)
        links = [f"{address}/files/{bare['id']}/the%20%CF%80er%201.png", f"{address}/files/{file['id']}/plan.png"]
        said = [json.loads(body)["data"] for _, body in posts]
        assert [entry["text"] for entry in said[:2]] == ["", "look"]
        assert [entry["files"][0]["url"] for entry in said[:2]] == links
        assert [body.decode() for _, body in pushes] == [f"[the \u03c0er 1.png {links[0]}]", f"look [plan.png {links[1]}]"]
        path = links[0][len(address):]
        assert daemon.http("GET", path)[0] == 401, "a link opens nothing by itself"
        assert daemon.http("GET", path, headers={"Authorization": f"Bearer {bridge.token}"})[2] == png()
    await part(mina)
