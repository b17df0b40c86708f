"""Matterbridge, by its API: both ways, whoever dies meanwhile, and what it sends that is wrong."""
import json
import os

import pytest

from bridge import Bridge, needed, tries
from client import meet, part
from files import must_say, png
from matterbridge import Matterbridge
from test_connect import recipe
from test_hooks import rows_of
from test_webhooks import settled

pytestmark = needed
LONG = bool(os.environ.get("HEARTH_LONG_TESTS"))
KILLS = 20 if LONG else 2


@pytest.fixture
def peer():
    running = Matterbridge(token="secret")
    yield running
    running.stop()


def settings(peer, more="", rooms='"lobby"', token="secret"):
    return (f'matterbridge = ( {{ name = "out"; url = "{peer.url}"; token = "{token}"; rooms = [{rooms}]; private = true; '
            f'{more} }} );\n')


def said(daemon, count, room="lobby"):
    """(from, text) of all that was brought, once there are so many."""
    for _ in tries():
        rows = [(row["from"], row["text"]) for row in rows_of(daemon, room) if row.get("via")]
        if len(rows) >= count:
            return rows
    raise AssertionError(rows)


def state(daemon):
    (line,) = json.loads(daemon.ctl("bridge", "list", "--json"))["bridges"]
    return line


async def test_the_recipe_joins_a_room_to_a_gateway(daemon, peer):
    (mina,) = await meet(daemon, "mina")
    text = recipe("matterbridge").replace("http://localhost:4242", peer.url).replace("TOKEN", "secret")
    with Bridge(daemon, text, name="matterbridge") as bridge:
        settled(bridge)
        sent = await mina.send("hello out there")
        await mina.ask("react", room="lobby", target=sent["seq"], emoji="👍", on=True)
        await mina.ask("edit", room="lobby", target=sent["seq"], text="hello, all")
        first, second = peer.until(2)
        assert (first["username"], first["text"], first["gateway"]) == ("mina", "hello out there", "lobby")
        assert second["text"] == "edited: hello, all"
        peer.say("안녕 👋", username="[discord] Ada")
        assert said(daemon, 1) == [("[discord] Ada", "안녕 👋")]
        await mina.send("over")
        assert peer.until(3)[2]["text"] == "over", "what was brought went back"
    await part(mina)


async def test_a_gateway_is_a_room_and_no_other(daemon, peer):
    daemon.ctl("room", "create", "garden")
    (mina,) = await meet(daemon, "mina")
    await mina.ask("join", room="garden")
    more = 'gateway = "hearth-{room}";'
    with Bridge(daemon, settings(peer, more, '"lobby", "garden"'), rooms=("lobby", "garden")) as bridge:
        for _ in tries():
            if daemon.http("POST", "/api/v1/do", {"type": "cursors"}, {"Authorization": f"Bearer {bridge.token}"})[2].count(b'"room"') == 2:
                break
        peer.say("elsewhere", gateway="other")
        peer.say("roses", gateway="hearth-garden")
        peer.say("tea", gateway="hearth-lobby")
        assert said(daemon, 1) == [("Ada", "tea")] and said(daemon, 1, "garden") == [("Ada", "roses")]
        await mina.send("dig", room="garden")
        assert peer.until(1)[0]["gateway"] == "hearth-garden"
    await part(mina)


async def test_what_it_tells_again_is_said_once_and_nothing_is_missing(daemon, peer):
    """Its ring is told again at each connection; and hearthd, hearth-bridge and the API die in turn."""
    daemon.settings["listen.port"] = daemon.port
    bridge = Bridge(daemon, settings(peer)).start()
    settled(bridge)
    wanted = []
    for kill in range(KILLS):
        for end in (daemon.kill, bridge.kill, peer.stop):
            peer.say(f"before {len(wanted)}")
            end()
            peer.say(f"after {len(wanted)}")
            wanted += [f"before {len(wanted)}", f"after {len(wanted)}"]
            {daemon.kill: daemon.start, bridge.kill: bridge.start, peer.stop: peer.start}[end]()
            assert [text for _, text in said(daemon, len(wanted))] == wanted
    bridge.stop()
    assert peer.streams > KILLS


async def test_what_is_said_while_it_is_away_waits(daemon, peer):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, settings(peer)) as bridge:
        settled(bridge)
        peer.stop()
        for i in range(5):
            await mina.send(f"m{i}")
        for _ in tries():
            if "Matterbridge is not reached" in state(daemon).get("text", "") and state(daemon)["behind"] == 5:
                break
        assert not state(daemon).get("ok")
        peer.start()
        assert [post["text"] for post in peer.until(5)] == [f"m{i}" for i in range(5)]
        for _ in tries():
            if state(daemon).get("ok"):
                break
    await part(mina)


async def test_a_wrong_token_is_said_and_nothing_is_passed_over(daemon, peer):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, settings(peer, token="wrong")) as bridge:
        settled(bridge)
        for _ in tries():
            if "Matterbridge answers 401" in state(daemon).get("text", ""):
                break
        assert not state(daemon).get("ok")
        await mina.send("hello")
        assert bridge.reload(settings(peer))
        assert peer.until(1)[0]["text"] == "hello"
    await part(mina)


async def test_what_is_wrong_stops_nothing(daemon, peer):
    with Bridge(daemon, settings(peer)) as bridge:
        settled(bridge)
        peer.line(b"no JSON")
        peer.line(b"[" * 60_000)
        peer.line(b"x" * 10_000_000)
        peer.line(b'{"text":5,"username":null,"gateway":"lobby"}')
        peer.line(b'{"text":"\xff","gateway":"lobby"}')
        peer.say("", event="user_typing")
        peer.say("x" * 20_000)
        peer.say("lobby" * 20, username="m" * 5000)
        peer.say("still here", username="")
        rows = said(daemon, 2)
        assert rows[0][1] == "lobby" * 20 and rows[-1] == ("out", "still here") and len(rows) == 2
    assert len([line for line in bridge.log if "passed over" in line]) >= 4


async def test_files_are_named_and_their_bytes_left_out(daemon, peer):
    """They come inside the line, in Base64, a megabyte and more."""
    data = "QUJD" * 500_000
    def photo(name, url):
        return {"Name": name, "Data": data, "Comment": "", "URL": url, "Size": 3, "Avatar": False, "SHA": "", "NativeID": ""}

    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, settings(peer)) as bridge:
        settled(bridge)
        peer.say('look: "Data":"here"', Extra={"file": [photo("door.jpg", ""), photo("cat.png", "http://media.lan/cat.png")]})
        peer.say("", Extra={"file": [photo("plan.pdf", "")]})
        assert [text for _, text in said(daemon, 2)] == [
            'look: "Data":"here" [door.jpg] http://media.lan/cat.png', "[plan.pdf]"]
    await part(mina)


async def test_files_go_out_as_links(daemon, peer):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, settings(peer), name="matterbridge")
    bridge.public_url = "https://chat.example.org/"
    with bridge:
        settled(bridge)
        file, _ = await must_say(daemon, mina, png(4, 4), "look")
        bare, _ = await must_say(daemon, mina, png(5, 5), "")
        links = [f"[picture.png https://chat.example.org/files/{each['id']}/picture.png]" for each in (file, bare)]
        assert [told["text"] for told in peer.until(2)] == [f"look {links[0]}", links[1]]
    await part(mina)


def test_settings_that_cannot_be(daemon, peer):
    for more, rooms, why in (('gateway = "{name}";', '"lobby"', "of {room}"), ('gateway = "one";', '"a", "b"', "needs {room}"),
                             ('gateways = "one";', '"lobby"', "no setting gateways")):
        done = Bridge(daemon, settings(peer, more, rooms), token="hearth_x").run("--check-config")
        assert done.returncode == 1 and why in done.stderr, done.stderr
    done = Bridge(daemon, settings(peer, token="x" * 300), token="hearth_x").run("--check-config")
    assert done.returncode and "token is too long" in done.stderr
    done = Bridge(daemon, settings(peer).replace("http://", "ftp://"), token="hearth_x").run("--check-config")
    assert done.returncode == 1 and "url must be the API's" in done.stderr
    done = Bridge(daemon, settings(peer), token="hearth_x").run("--check-config")
    assert done.returncode == 0, done.stderr
