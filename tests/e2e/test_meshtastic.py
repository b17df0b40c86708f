"""Meshtastic: rooms and channels of a mesh, by a broker, against the coder of Meshtastic's own project."""
import base64
import json

import pytest

from bridge import Bridge, tries
from client import meet, part
from daemon import DEADLINE_S
from files import must_say, png
from mesh_world import ALL, Client, Coder, Gateway, by_broker, meshtastic, needed
from test_mqtt import BROKER, HAS_MQTT, Broker
from test_webhooks import settled

pytestmark = [needed, pytest.mark.skipif(not (BROKER and HAS_MQTT), reason="mosquitto is not there")]
ANN = 0x0A0B0C0D


@pytest.fixture(scope="module")
def coder():
    running = Coder()
    yield running
    running.close()


@pytest.fixture
def broker(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    yield running
    running.close()


@pytest.fixture
def radio(coder, broker):
    running = Gateway(coder, broker.port, 0x11111111)
    yield running
    running.close()


def ready(bridge, radio):
    """It has said who it is: what radios say is heard, and the next goes after the pace."""
    settled(bridge)
    radio.until(1, port=4)
    bridge.advance(3)
    return bridge


def reached(bridge):
    """Its broker has what it subscribes to."""
    for _ in tries():
        if any("the radio is reached" in line for line in bridge.log):
            return
    raise AssertionError(bridge.log)


async def test_texts_go_both_ways(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        ready(bridge, radio)
        (node,) = radio.heard(port=4)
        user = radio.coder.read("user", base64.b64decode(node["payload"]))
        assert (user["id"], user["long_name"], user["is_licensed"]) == (node["gateway"], "hearth", False)
        assert f"!{node['from']:08x}" == node["gateway"]
        radio.say("who am I", **{"from": ANN, "id": 1})
        radio.introduce(ANN, "KB7XYZ", id=2)
        radio.say("hello mesh 한글", **{"from": ANN, "id": 3})
        radio.say("in the clear", **{"from": ANN, "id": 4, "plain": True})
        heard = await mina.entries(3)
        assert [(entry["from"], entry["text"], entry["via"]) for entry in heard] == [
            ("!0a0b0c0d (mesh)", "who am I", "meshtastic"), ("KB7XYZ (mesh)", "hello mesh 한글", "meshtastic"),
            ("KB7XYZ (mesh)", "in the clear", "meshtastic")]
        await mina.send("hello out there")
        (sent,) = radio.until(1)
        assert {name: sent[name] for name in ("text", "to", "hash", "hop_limit", "hop_start", "bitfield", "is_sealed",
                                              "from", "channel", "via_mqtt")} == {
            "text": "mina: hello out there", "to": ALL, "hash": 8, "hop_limit": 3, "hop_start": 3, "bitfield": 1,
            "is_sealed": True, "from": node["from"], "channel": "LongFast", "via_mqtt": False}
    await part(mina)


def lines(daemon, room="lobby"):
    return json.loads(daemon.http("GET", f"/api/v1/rooms/{room}/messages?limit=200")[2])["messages"]


def said(daemon, count):
    """The texts of the room, when there are so many."""
    for _ in tries():
        texts = [line["text"] for line in lines(daemon)]
        if len(texts) >= count:
            return texts
    raise AssertionError(f"only {texts}")


async def test_what_three_gateways_publish_is_said_once_over_restarts(daemon, broker, radio, coder):
    others = [Gateway(coder, broker.port, 0x22222222), Gateway(coder, broker.port, 0x33333333)]
    bridge = Bridge(daemon, meshtastic(by_broker(broker))).start()
    ready(bridge, radio)
    for gateway in (radio, *others, radio):
        gateway.say("once", **{"from": ANN, "id": 77})
    radio.say("and on", **{"from": ANN, "id": 78})
    assert said(daemon, 2) == ["once", "and on"]
    bridge.kill()
    bridge.start()
    radio.until(2, port=4)
    for gateway in (radio, *others):
        gateway.say("once", **{"from": ANN, "id": 77})
    radio.say("once", **{"from": ANN + 1, "id": 77})
    radio.say("later", **{"from": ANN, "id": 79})
    assert said(daemon, 4) == ["once", "and on", "once", "later"]
    bridge.stop()
    for gateway in others:
        gateway.close()


async def test_after_a_day_an_id_is_another_packets(daemon, broker, radio):
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        ready(bridge, radio)
        for step, (hours, text) in enumerate(((0, "first"), (23, "same"), (2, "another"), (23, "same"), (2, "a third"))):
            bridge.advance(hours * 3600)
            for _ in range(2):
                radio.say(text, **{"from": ANN, "id": 77})
            radio.say(f"{step}", **{"from": ANN, "id": 100 + step})
            for _ in tries():
                if lines(daemon) and lines(daemon)[-1]["text"] == f"{step}":
                    break
        assert [line["text"] for line in lines(daemon)] == ["first", "0", "1", "another", "2", "3", "a third", "4"]


async def test_its_number_is_random_and_kept(daemon, broker, radio):
    bridge = Bridge(daemon, meshtastic(by_broker(broker)))
    for count in (1, 2):
        with bridge:
            ready(bridge, radio)
            radio.until(count, port=4)
    with Bridge(daemon, meshtastic(by_broker(broker)), name="other") as second:
        settled(second)
        numbers = [packet["from"] for packet in radio.until(3, port=4)]
    assert numbers[0] == numbers[1] != numbers[2]


async def test_who_it_is_is_told_every_three_hours(daemon, broker, radio):
    with Bridge(daemon, meshtastic(by_broker(broker), 'long_name = "Base"; short_name = "BS";')) as bridge:
        ready(bridge, radio)
        bridge.advance(3 * 3600 - 60)
        radio.say("x", **{"from": ANN, "id": 1})
        said(daemon, 1)
        assert len(radio.heard(port=4)) == 1
        bridge.advance(120)
        packets = radio.until(2, port=4)
        assert radio.coder.read("user", base64.b64decode(packets[1]["payload"]))["long_name"] == "Base"


async def test_what_is_for_one_node_stays_on_the_mesh(daemon, broker, radio):
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        node = ready(bridge, radio) and radio.heard(port=4)[0]["from"]
        radio.say("for one", **{"from": ANN, "id": 1, "to": 0x99999999})
        radio.say("for us", **{"from": ANN, "id": 2, "to": node})
        radio.say("as us", **{"from": node, "id": 3})
        radio.say("of another channel", **{"from": ANN, "id": 4, "channel": "Secret", "key": "Ag=="})
        radio.say("with another key", **{"from": ANN, "id": 5, "key": "Ag=="})
        radio.say("a position", **{"from": ANN, "id": 6, "port": 3})
        radio.publish(f"msh/EU_868/2/e/LongFast/{radio.id}", b"\xff" * 600)
        radio.publish(f"msh/EU_868/2/e/LongFast/{radio.id}", b"x" * 5000)
        radio.say("for all", **{"from": ANN, "id": 7})
        assert said(daemon, 1) == ["for all"]


@pytest.mark.parametrize("address, more", [("", ""), ("http://a.lan", " http://a.lan/files/{id}/picture.png")])
async def test_files_go_by_name_and_with_a_link_where_others_reach_it(daemon, broker, radio, address, more):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, meshtastic(by_broker(broker)))
    bridge.public_url = address
    with bridge:
        ready(bridge, radio)
        file, _ = await must_say(daemon, mina, png(), "look")
        assert radio.until(1)[0]["text"] == f"mina: look [picture.png{more.format(id=file['id'])}]"
    await part(mina)


async def test_long_texts_are_split_and_joined(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        ready(bridge, radio)
        text = "한글 mesh 👩‍👩‍👧‍👦 " * 20 + "."
        await mina.send(text)
        parts = []
        while not parts or len(parts) < int(parts[0]["text"][-2]):
            parts = radio.until(len(parts) + 1)
            bridge.advance(2.6)
        assert all(part["length"] <= 200 for part in parts)
        assert [part["text"][-6:] for part in parts] == [f" ({i + 1}/{len(parts)})" for i in range(len(parts))]
        assert "".join(part["text"][:-6] for part in parts) == "mina: " + text
        for number, part_ in ((3, "c (3/3)"), (1, "a (1/3)"), (1, "a (1/3)"), (2, "b (2/3)")):
            radio.say(part_, **{"from": ANN, "id": 100 + number})
        await mina.next("message")
        assert (await mina.next("message"))["text"] == "abc"
        radio.say("alone (1/2)", **{"from": ANN, "id": 200})
        radio.say("behind", **{"from": ANN, "id": 201})
        assert (await mina.next("message"))["text"] == "behind"
        bridge.advance(100)
        assert (await mina.next("message"))["text"] == "alone (1/2)"
    await part(mina)


async def test_replies_and_reactions_go_both_ways_and_over_restarts(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, meshtastic(by_broker(broker))).start()
    ready(bridge, radio)
    radio.introduce(ANN, "Ann", id=4)
    radio.say("who is there", **{"from": ANN, "id": 5})
    asked = await mina.next("message")
    radio.say("anybody", **{"from": ANN, "id": 50})
    await mina.next("message")  # and so the bridge has heard how the one before is numbered
    await mina.send("me", reply_to=asked["seq"])
    await mina.next("message")
    (sent,) = radio.until(1)
    assert (sent["reply_id"], sent["emoji"]) == (5, 0)
    bridge.advance(3)
    await mina.ask("react", room="lobby", target=asked["seq"], emoji="👍", on=True)
    await mina.next("reaction")
    await mina.ask("react", room="lobby", target=asked["seq"], emoji="👍", on=False)
    await mina.next("reaction")
    reaction = radio.until(2)[1]
    assert (reaction["text"], reaction["reply_id"], reaction["emoji"]) == ("👍", 5, 1)
    bridge.kill()
    bridge.start()
    radio.until(2, port=4)
    radio.say("hello mina", **{"from": ANN, "id": 6, "reply_id": sent["id"]})
    radio.say("❤", **{"from": ANN, "id": 7, "reply_id": sent["id"], "emoji": True})
    radio.say("no emoji", **{"from": ANN, "id": 8, "reply_id": 5, "emoji": True})
    radio.say("🎉", **{"from": ANN, "id": 9, "reply_id": 12345, "emoji": True})
    mine = [line for line in lines(daemon) if line["text"] == "me"][0]["seq"]
    reply = await mina.next("message")
    assert (reply["text"], reply["reply_to"], reply["from"]) == ("hello mina", mine, "Ann (mesh)")
    reaction = await mina.next("reaction")
    assert (reaction["target"], reaction["from"], reaction["on"]) == (mine, "Ann (mesh)", True)
    assert [(entry["text"], entry.get("reply_to")) for entry in await mina.entries(2)] == [
        ("no emoji", asked["seq"]), ("🎉", None)]
    bridge.stop()
    await part(mina)


async def test_an_edit_is_said_anew_and_a_deletion_is_not(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        ready(bridge, radio)
        first = await mina.send("tee at five")
        (sent,) = radio.until(1)
        await mina.ask("edit", room="lobby", target=first["seq"], text="tea at five")
        second = await mina.send("never mind")
        await mina.ask("delete", room="lobby", target=second["seq"])
        await mina.ask("delete", room="lobby", target=first["seq"])
        await mina.send("last")
        for count in (2, 3):
            bridge.advance(3)
            heard = radio.until(count)
        assert [packet["text"] for packet in heard] == ["mina: tee at five", "mina: edited: tea at five", "mina: last"]
        assert heard[1]["reply_id"] == sent["id"]
    await part(mina)


def told(bridge, text, seconds=10):
    """The room, by the bridge itself, which says it in time; on a busy machine that passes slowly, or all is too old by then."""
    for i, _ in enumerate(tries()):
        if any(line["text"] == text for line in lines(bridge.daemon)):
            return
        if i < 10 or i % 20 == 0:
            bridge.advance(seconds)
    raise AssertionError([line["text"] for line in lines(bridge.daemon)])


def by_radio(messages):
    return [payload for topic, payload in messages if topic.startswith("msh")]


async def test_the_room_is_told_what_waits_and_the_newest_goes_first(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, meshtastic(by_broker(broker))) as bridge:
        ready(bridge, radio)
        listener = broker.subscribe("msh/EU_868/2/e/LongFast/#", "%x")  # its session outlives the broker's end
        broker.publish("ready/mesh", "now", "-r")
        listener.until(lambda messages: messages)
        broker.stop()
        await mina.send("too old")
        told(bridge, "1 message waits for the radio.")
        bridge.advance(1800)
        for text in ("a", "b", "c"):
            await mina.send(text)
        told(bridge, "4 messages wait for the radio.")
        bridge.advance(1800)
        broker.start()
        for count in (1, 2, 3):
            heard = by_radio(listener.until(lambda messages: len(by_radio(messages)) >= count))
            bridge.advance(8)
        packets = [radio.coder.read("envelope", bytes.fromhex(payload)) for payload in heard]
        assert [packet["text"] for packet in packets] == ["mina: c", "mina: b", "mina: a"]
        told(bridge, "1 message did not go out by radio: too old by then, or too many.", 1)
        assert len(lines(daemon)) == 5, "the room is told more than once"
    await part(mina)


async def test_once_is_over_when_all_has_gone(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, meshtastic(by_broker(broker)))
    with bridge:
        ready(bridge, radio)
    await mina.send("a")
    done = bridge.run("--once")
    assert done.returncode == 0, done.stderr
    assert [packet["text"] for packet in radio.until(1)] == ["mina: a"]
    broker.stop()
    await mina.send("c")
    done = bridge.run("--once")
    assert done.returncode == 1, "nobody took it"
    broker.start()
    await part(mina)


async def test_what_waits_for_the_radio_outlives_the_bridge(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, meshtastic(by_broker(broker))).start()
    ready(bridge, radio)
    await mina.send("before")
    radio.until(1)
    listener = broker.subscribe("msh/EU_868/2/e/LongFast/#", "%x")  # its session outlives the broker's end
    broker.publish("ready/mesh", "now", "-r")
    listener.until(lambda messages: messages)
    broker.stop()
    for text in ("a", "b", "c"):
        await mina.send(text)
    told(bridge, "3 messages wait for the radio.")
    bridge.kill()
    bridge.start()
    broker.start()
    texts = []
    for _ in tries():
        bridge.advance(1)
        packets = [radio.coder.read("envelope", bytes.fromhex(payload)) for payload in by_radio(listener.lines[:])]
        texts = [packet["text"] for packet in packets if packet["port"] == 1]
        if len(texts) >= 3:
            break
    assert sorted(texts) == ["mina: a", "mina: b", "mina: c"]
    bridge.stop()
    await part(mina)


async def test_what_the_mesh_says_while_the_gateway_is_away_is_said_when_it_is_back(daemon, broker, radio, tmp_path):
    bridge = Bridge(daemon, meshtastic(by_broker(broker))).start()
    ready(bridge, radio)
    daemon.settings["listen.port"] = daemon.port
    daemon.kill()
    for number in range(5):
        radio.say(f"m{number}", **{"from": ANN, "id": 10 + number})
    daemon.start()
    for _ in tries():
        bridge.advance(10)
        if len(lines(daemon)) >= 5:
            break
    assert said(daemon, 5) == [f"m{number}" for number in range(5)]
    for number, end in ((20, bridge.kill), (21, bridge.stop)):
        daemon.kill()
        packet = radio.coder.write("envelope", **{"text": f"surely {number}", "gateway": radio.id, "from": ANN, "id": number})
        (tmp_path / "packet").write_bytes(packet)
        broker.publish_file(f"msh/EU_868/2/e/LongFast/{radio.id}", tmp_path / "packet")
        end()  # the broker was not told that it had it
        daemon.start()
        bridge.start()
        assert said(daemon, number - 14)[-1] == f"surely {number}"
    bridge.stop()


async def test_firmware_2_7_in_json(daemon, broker, radio):
    (mina,) = await meet(daemon, "mina")
    down = Client(broker.port, "msh/EU_868/2/json/mqtt/", "down")
    up = f"msh/EU_868/2/json/LongFast/{radio.id}"

    def say(payload, kind="text", **more):
        packet = {"channel": 0, "from": ANN, "to": ALL, "type": kind, "sender": radio.id, "payload": payload,
                  "timestamp": 1700000000, "rssi": -90, "snr": 5.5, "hops_away": 0, "hop_start": 3, **more}
        radio.publish(up, json.dumps(packet).encode())

    with Bridge(daemon, meshtastic(by_broker(broker, f'json = true; radio = "{radio.id}";'))) as bridge:
        settled(bridge)
        reached(bridge)
        bridge.advance(3)
        say({"id": f"!{ANN:08x}", "longname": "Ann", "shortname": "A", "hardware": 43, "role": 0}, "nodeinfo", id=1)
        for _ in range(3):
            say({"text": "hello"}, id=2)
        say({"answer": 42}, id=3)
        say(7, id=4)
        say({"text": "private"}, id=5, to=0x99999999)
        say({"latitude_i": 1}, "position", id=6)
        assert [(entry["from"], entry["text"]) for entry in await mina.entries(3)] == [
            ("Ann (mesh)", "hello"), ("Ann (mesh)", '{"answer":42}'), ("Ann (mesh)", "7")]
        await mina.send("from the room")
        await mina.next("message")
        with down.changed:
            assert down.changed.wait_for(lambda: down.messages, DEADLINE_S)
        assert json.loads(down.messages[0][1]) == {"from": radio.number, "channel": 0, "type": "sendtext",
                                                   "payload": "mina: from the room"}
        say({"text": "mina: from the room"}, id=8, **{"from": radio.number})  # the radio tells what it sent
        say({"text": "mina: from the room"}, id=10, **{"from": ANN + 1})
        assert (await mina.next("message"))["text"] == "mina: from the room"
        say({"text": "typed at the radio"}, id=9, **{"from": radio.number})
        assert (await mina.next("message"))["text"] == "typed at the radio"
    down.close()
    await part(mina)


async def test_part_97_goes_in_plain_text_with_a_callsign_for_those_who_may(daemon, broker, radio):
    mina, jun = await meet(daemon, "mina", "jun")
    channel = '{ name = "ham"; key = ""; room = "lobby"; }'
    settings = meshtastic(by_broker(broker), 'part97 = { callsign = "KB7XYZ"; users = ["mina"]; };', channel)
    with Bridge(daemon, settings) as bridge:
        settled(bridge)
        (node,) = radio.until(1, key="", port=4)
        user = radio.coder.read("user", base64.b64decode(node["payload"]))
        assert (user["long_name"], user["is_licensed"]) == ("KB7XYZ", True)
        await jun.send("not a ham")
        await mina.send("cq")
        bridge.advance(3)
        (sent,) = radio.until(1, key="")
        assert sent["text"] == "mina: cq KB7XYZ"
        assert any(text.startswith("Not everybody here goes out by radio") for text in said(daemon, 3))
    await part(mina, jun)


WRONG = [
    (meshtastic(""), "there is no way to the mesh"),
    (meshtastic("udp = { };", channels='{ name = "a"; }'), "a channel needs its room"),
    (meshtastic("udp = { };", channels='{ name = "a"; key = "!"; room = "lobby"; }'), "key is Base64"),
    (meshtastic("udp = { };", rooms='"lobby", "den"'), "each of rooms needs a channel"),
    (meshtastic("udp = { };", "pace_ms = 1000;"), "pace_ms must be 2000"),
    (meshtastic("udp = { };", "hop_limit = 8;"), "hop_limit must be 0 to 7"),
    (meshtastic("udp = { };", 'node = "1234";'), "node must be a number"),
    (meshtastic('udp = { group = "10.0.0.1"; };'), "udp.group must be an IPv4 multicast address"),
    (meshtastic('mqtt = { root = "msh/#"; };'), "mqtt.root must be as the radio has it"),
    (meshtastic("mqtt = { json = true; };"), "mqtt.json needs mqtt.radio"),
    (meshtastic("udp = { };", 'part97 = { callsign = "KB7XYZ"; users = ["mina"]; };'), "plain text only"),
    (meshtastic("udp = { };", 'part97 = { callsign = "KB7XYZ"; };', '{ name = "h"; key = ""; room = "lobby"; }'),
     "part97 needs users"),
]


def test_a_wrong_configuration_says_what_is_wrong(daemon):
    bridge = Bridge(daemon, "")
    for bridge.settings, why in WRONG:
        done = bridge.run("--check-config")
        assert done.returncode == 1 and why in done.stderr, (bridge.settings, done.stderr)
    bridge.settings = meshtastic("mqtt = { }; udp = { };")
    assert bridge.run("--check-config").returncode == 0
