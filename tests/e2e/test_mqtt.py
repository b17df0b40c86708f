"""MQTT, with mosquitto: both ways, whoever dies meanwhile; and what Home Assistant finds."""
import json
import os
import shutil
import socket
import subprocess
import threading

import pytest

from bridge import BRIDGE, Bridge, needed, tries
from client import meet, part
from daemon import DEADLINE_S
from files import must_say, png
from mqtt_relay import Relay
from test_connect import recipe
from test_webhooks import settled

BROKER = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
NATS = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
LONG = bool(os.environ.get("HEARTH_LONG_TESTS"))
HAS_MQTT = BRIDGE.exists() and b"libmosquitto" in BRIDGE.read_bytes()
pytestmark = [needed, pytest.mark.skipif(not (BROKER and shutil.which("mosquitto_pub") and HAS_MQTT),
                                         reason="mosquitto is not there, or hearth-bridge is built without it")]


class Broker:
    IS_KILLED = False

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path = folder / "mosquitto.conf"
        self.path.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\nmax_queued_messages 0\n"
                             f"persistence_location {folder}/\nuser root\n")
        self.process, self.subscribers = None, []
        self.start()

    def start(self):
        self.process = subprocess.Popen([BROKER, "-c", self.path], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "running" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        """Killed, it would forget its own sessions: then the listener here would not hear of what it took. A signal
        that comes while it starts is lost on it, so it is told until it ends."""
        for _ in range(DEADLINE_S):
            self.process.terminate()
            try:
                self.process.wait(1)
                return
            except subprocess.TimeoutExpired:
                pass
        raise AssertionError("the broker does not end")

    def publish(self, topic, payload, *more):
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-s", *more], input=payload,
                       text=True, check=True, timeout=DEADLINE_S)

    def publish_file(self, topic, path):
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-f", path], check=True,
                       timeout=DEADLINE_S)

    def subscribe(self, topic, form="%p"):
        self.subscribers.append(Subscriber(self.port, topic, form))
        return self.subscribers[-1]

    def close(self):
        for subscriber in self.subscribers:
            subscriber.process.kill()
            subscriber.process.wait()
        self.stop()


class Nats(Broker):
    """nats-server by its listener for MQTT: it remembers its sessions, also when it is killed; but 2.9 then hands some of
    what it has acknowledged on half a minute later, or never, while it is under load."""
    IS_KILLED = True

    def __init__(self, folder):
        self.folder = folder
        super().__init__(folder)

    def start(self):
        path = self.folder / "nats.conf"
        path.write_text(f'server_name: test\nport: -1\njetstream {{ store_dir: "{self.folder}/nats" }}\n'
                        f'mqtt {{ port: {self.port}, host: 127.0.0.1 }}\n')
        self.process = subprocess.Popen([NATS, "-c", path], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "ready" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.process.kill()
        self.process.wait(DEADLINE_S)


class Subscriber:
    """(topic, payload) as they come; its session outlives the broker's end."""

    def __init__(self, port, topic, form):
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(["mosquitto_sub", "-p", str(port), "-q", "1", "-t", topic, "-t", "ready/#",
                                         "-i", f"test-{id(self)}", "-c", "-F", f"%t {form}"],
                                        stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            topic, payload = line.rstrip("\n").split(" ", 1)
            with self.changed:
                self.lines.append((topic, payload))
                self.changed.notify_all()

    def until(self, fits):
        with self.changed:
            assert self.changed.wait_for(lambda: fits(self.lines), DEADLINE_S), self.lines
            return self.lines[:]


@pytest.fixture(params=[Broker])
def broker(tmp_path, request):
    if request.param is Nats and not NATS:
        pytest.skip("nats-server is not there")
    folder = tmp_path / "broker"
    folder.mkdir()
    running = request.param(folder)
    yield running
    running.close()


each_broker = pytest.mark.parametrize("broker", [Broker, Nats], indirect=True, ids=["mosquitto", "nats"])


def mqtt(broker, more="", rooms='"lobby"'):
    return f'mqtt = ( {{ name = "out"; host = "127.0.0.1"; port = {broker.port}; rooms = [{rooms}]; {more} }} );\n'


def texts(lines):
    return [json.loads(payload)["text"] for topic, payload in lines if topic == "hearth/lobby"]


async def test_what_is_said_goes_out_and_what_arrives_is_said(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/#")
    with Bridge(daemon, mqtt(broker)) as bridge:
        settled(bridge)
        listener.until(lambda lines: ("hearth/status", "online") in lines)
        sent = await mina.send("hello out there")
        lines = listener.until(lambda lines: texts(lines))
        said = json.loads([payload for topic, payload in lines if topic == "hearth/lobby"][0])
        assert (said["from"], said["event"], said["room"]) == ("mina", "message", "lobby")
        assert said["id"].endswith(f".{sent['seq']}")
        await mina.next("message")
        broker.publish("hearth/lobby/send", "plain text")
        for _ in range(2):
            broker.publish("hearth/lobby/send", json.dumps({"text": "from jun", "from": "Jun", "id": "a-1"}))
        broker.publish("hearth/lobby/send", json.dumps({"no": "text"}))
        broker.publish("hearth/lobby/send", "x" * 100_000)
        broker.publish("hearth/lobby/send", "and on it goes")
        heard = await mina.entries(3)
        assert [(entry["from"], entry["text"], entry["via"]) for entry in heard] == [
            ("out", "plain text", "mqtt"), ("Jun", "from jun", "mqtt"), ("out", "and on it goes", "mqtt")]
        await mina.send("after")
        listener.until(lambda lines: "after" in texts(lines))
        assert texts(listener.lines) == ["hello out there", "after"], "it takes back what it brought"
    listener.until(lambda lines: lines[-1] == ("hearth/status", "offline"))
    await part(mina)


async def test_once_it_waits_until_the_broker_is_reached(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/#")
    with Bridge(daemon, mqtt(Relay(broker, late_s=0.5))) as bridge:
        settled(bridge)
        listener.until(lambda lines: ("hearth/status", "online") in lines)
    await mina.send("for once")
    assert bridge.run("--once").returncode == 0
    listener.until(lambda lines: "for once" in texts(lines))
    broker.stop()
    await mina.send("for nobody")
    done = bridge.run("--once")
    assert done.returncode == 1 and "the broker is not reached" in done.stderr
    await part(mina)


class Publisher(threading.Thread):
    """Says p0, p1, ... into the room, each with an id, and each again when it is not sure."""

    def __init__(self, broker):
        super().__init__()
        self.broker, self.count, self.stop = broker, 0, threading.Event()

    def run(self):
        while not self.stop.is_set():
            payload = json.dumps({"text": f"p{self.count}", "id": f"p{self.count}", "from": "Jun"})
            done = subprocess.run(["mosquitto_pub", "-p", str(self.broker.port), "-q", "1", "-t", "hearth/lobby/send",
                                   "-m", payload], capture_output=True)
            self.count += done.returncode == 0
            self.stop.wait(0.2)


def rows_of(daemon, **wanted):
    rows, after = [], 0
    while True:
        page = daemon.administrator("export", room="lobby", after=after)
        rows += page["rows"]
        if not page["more"]:
            return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]
        after = rows[-1]["seq"]


TURNS, EACH = (50, 200) if LONG else (6, 5)


@each_broker
async def test_nothing_is_lost_when_broker_bridge_and_gateway_go_in_turn(make_daemon, broker):
    daemon = make_daemon({"limits.exempt": "127.0.0.1"})
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/lobby")
    relay = Relay(broker)
    bridge = Bridge(daemon, mqtt(relay)).start()
    settled(bridge)
    await mina.send("first")
    listener.until(lambda lines: texts(lines))
    daemon.settings["listen.port"] = daemon.port
    publisher = Publisher(broker)
    publisher.start()
    for _ in tries():
        if relay.taken:
            break
    wanted, number = ["first"], 0
    for turn in range(TURNS):
        for _ in range(EACH):
            number += 1
            wanted.append(f"m{number}")
            await mina.send(f"m{number}")
        if turn % 3 == 0:
            broker.stop()
            broker.start()
        elif turn % 3 == 1:
            bridge.kill()
            bridge.start()
        else:
            await part(mina)
            daemon.kill()
            daemon.start()
            (mina,) = await meet(daemon, f"mina {turn}")
    publisher.stop.set()
    publisher.join(DEADLINE_S)
    for _ in tries():
        if wanted[-1] in [entry["text"] for entry in relay.acknowledged]:
            break
    assert list(dict.fromkeys(entry["text"] for entry in relay.acknowledged)) == wanted, "missing or out of order"
    assert len({entry["id"] for entry in relay.acknowledged}) == len(wanted), "the same message has another id"
    if not broker.IS_KILLED:
        listener.until(lambda lines: wanted[-1] in texts(lines))
        assert list(dict.fromkeys(texts(listener.lines))) == wanted, "missing or out of order at the far side"
    for _ in tries():
        brought = [row["text"] for row in rows_of(daemon, **{"from": "Jun"})]
        if len(set(brought)) >= publisher.count or broker.IS_KILLED:
            break
    assert len(brought) == len(set(brought)), "something is there twice"
    had = {entry["text"] for entry in relay.taken} if broker.IS_KILLED else {f"p{i}" for i in range(publisher.count)}
    assert had and had <= set(brought), "something that the broker had is missing"
    bridge.stop()
    relay.close()
    await part(mina)


async def test_what_arrives_while_the_gateway_is_away_is_said_when_it_is_back(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    await part(mina)
    daemon.settings["listen.port"] = daemon.port
    bridge = Bridge(daemon, mqtt(broker)).start()
    settled(bridge)
    listener = broker.subscribe("hearth/status")
    listener.until(lambda lines: lines)
    daemon.kill()
    for i in range(5):
        broker.publish("hearth/lobby/send", json.dumps({"text": f"m{i}", "id": f"i{i}"}))
    bridge.kill()
    bridge.start()
    daemon.start()
    for _ in tries():
        said = [line["text"] for line in json.loads(daemon.http("GET", "/api/v1/rooms/lobby/messages")[2])["messages"]]
        if len(said) >= 5:
            break
    assert said == [f"m{i}" for i in range(5)]
    bridge.stop()


async def test_home_assistant_finds_the_rooms(daemon, broker):
    daemon.administrator("create", room="the den")
    listener = broker.subscribe("homeassistant/#")
    with Bridge(daemon, mqtt(broker, "discovery = true;", '"lobby", "the den"'), rooms=("lobby", "the den")):
        lines = listener.until(lambda lines: len(lines) >= 4)
        found = {topic: json.loads(payload) for topic, payload in lines}
        assert set(found) == {f"homeassistant/{kind}/out_{room}/config" for kind in ("notify", "event")
                              for room in ("lobby", "the_den")}
        notify = found["homeassistant/notify/out_lobby/config"]
        assert (notify["command_topic"], notify["availability_topic"]) == ("hearth/lobby/send", "hearth/status")
        assert found["homeassistant/event/out_the_den/config"]["state_topic"] == "hearth/the den"
        broker.publish("homeassistant/status", "online")
        listener.until(lambda lines: len([topic for topic, _ in lines if topic.endswith("/config")]) >= 8)


async def test_rooms_whose_names_mean_something_to_a_broker(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    daemon.administrator("create", room="a+b")
    await mina.join("a+b")
    listener = broker.subscribe("hearth/#")
    with Bridge(daemon, mqtt(broker, rooms='"a+b"'), rooms=("a+b",)) as bridge:
        settled(bridge)
        listener.until(lambda lines: lines)
        await mina.send("x", "a+b")
        listener.until(lambda lines: any(topic == "hearth/a%2Bb" for topic, _ in lines))
    await part(mina)


async def test_edits_deletions_and_reactions_follow(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/lobby")
    with Bridge(daemon, mqtt(broker)) as bridge:
        settled(bridge)
        first = await mina.send("one")
        await mina.ask("edit", room="lobby", target=first["seq"], text="better")
        await mina.ask("react", room="lobby", target=first["seq"], emoji="👍", on=True)
        await mina.ask("delete", room="lobby", target=first["seq"])
        lines = listener.until(lambda lines: len(lines) >= 4)
    said = [json.loads(payload) for _, payload in lines]
    assert [line["event"] for line in said] == ["message", "edit", "reaction", "delete"]
    assert [line.get("target") for line in said] == [None] + [first["seq"]] * 3
    await part(mina)


async def test_two_bridges_into_one_room_feed_each_other_nothing(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("#")
    one = Bridge(daemon, mqtt(broker, 'prefix = "one"; send_topic = "two/{room}";'), name="one")
    other = Bridge(daemon, mqtt(broker, 'prefix = "two"; send_topic = "one/{room}";').replace('"out"', '"other"'), name="other")
    with one, other:
        settled(one), settled(other)
        await mina.send("hello")
        listener.until(lambda lines: len([1 for topic, _ in lines if topic in ("one/lobby", "two/lobby")]) >= 2)
        heard = await mina.entries(3)
        assert [entry["text"] for entry in heard] == ["hello"] * 3, "each brings what the other published"
        await mina.send("last")
        listener.until(lambda lines: len([1 for _, payload in lines if "last" in payload]) >= 2)
        await mina.entries(3)
    assert len([1 for topic, _ in listener.lines if topic in ("one/lobby", "two/lobby")]) == 4, "and that is all"
    await part(mina)


@pytest.mark.parametrize("version", [4, 5])
async def test_a_broker_keeps_what_comes_while_the_bridge_is_away(daemon, broker, version):
    await part(*await meet(daemon, "mina"))
    bridge = Bridge(daemon, mqtt(broker, f"version = {version};"))
    listener = broker.subscribe("hearth/status")
    with bridge:
        listener.until(lambda lines: lines)
        settled(bridge)
    for i in range(3):
        broker.publish("hearth/lobby/send", f"m{i}")
    with bridge:
        for _ in tries():
            if len(rows_of(daemon, via="mqtt")) == 3:
                break
    assert [row["text"] for row in rows_of(daemon, via="mqtt")] == ["m0", "m1", "m2"]


async def test_payloads_that_nobody_can_read_stop_nothing(daemon, broker):
    await part(*await meet(daemon, "mina"))
    with Bridge(daemon, mqtt(broker)) as bridge:
        broker.subscribe("hearth/status").until(lambda lines: lines)
        for payload in (b"\xff\xfe", b" ", b"{" * 60000, b'{"text": 1}', b'{"text": ""}', b"x" * 10_000_000, b"a\0b",
                        b'{"text":"x","from":' + b'"y"' * 9, json.dumps({"text": "with a number", "id": 7, "from": 5}).encode()):
            subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", "hearth/lobby/send", "-s"],
                           input=payload, check=True, timeout=DEADLINE_S)
        broker.publish("hearth/lobby/send", "and on it goes")
        for _ in tries():
            if rows_of(daemon, text="and on it goes"):
                break
        for _ in tries():
            if any("passed over" in line for line in bridge.log):
                break
    assert rows_of(daemon, text="with a number", origin="mqtt:7")


async def test_files_go_as_links(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/lobby")
    bridge = Bridge(daemon, mqtt(broker))
    bridge.public_url = "https://chat.example.org/"
    with bridge:
        settled(bridge)
        file, _ = await must_say(daemon, mina, png(), "look")
        said = json.loads(listener.until(lambda lines: lines)[0][1])
    link = f"https://chat.example.org/files/{file['id']}/picture.png"
    assert (said["text"], said["files"][0]["url"]) == (f"look [picture.png {link}]", link)
    await part(mina)


async def test_topics_and_payloads_are_as_the_configuration_has_them(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("#")
    more = ('topic = "site/{room}/chat"; send_topic = "site/{room}/say"; '
            'payload = "{{ {from|json}: {text} ({event}) }"; retain = true; via = "site";')
    with Bridge(daemon, mqtt(broker, more)) as bridge:
        settled(bridge)
        await mina.send('say "hi"')
        listener.until(lambda lines: any(topic == "site/lobby/chat" for topic, _ in lines))
        broker.publish("site/lobby/say", "hello")
        for _ in tries():
            if rows_of(daemon, via="site"):
                break
    assert ("site/lobby/chat", '{ "mina": say "hi" (message) }') in listener.lines
    kept = broker.subscribe("site/lobby/chat").until(lambda lines: lines)
    assert kept[0][1] == '{ "mina": say "hi" (message) }', "it was retained"
    await part(mina)


@pytest.mark.parametrize("more, why", [
    ('prefix = "a/#";', "prefix"), ('topic = "{prefix}/+";', "topic"), ('topic = "{what}";', "topic"), ('topic = "{prefix";', "topic"),
    ('topic = "x/{room}"; send_topic = "x/{room}";', "the same"), ('payload = "{nothing}";', "payload"),
    ("version = 3;", "version"), ('payload = "{text}"; discovery = true;', "discovery"), ('ca = "/nowhere";', "set up"),
    ('send_topics = "x";', "no setting send_topics")])
async def test_a_wrong_configuration_is_told(daemon, broker, more, why):
    done = Bridge(daemon, mqtt(broker, more)).run("--check-config")
    assert done.returncode == 1 and why in done.stderr and ".conf:" in done.stderr, done.stderr


# ---- the recipes of the README

def recipe_settings(broker):
    """The bridge's recipe, with the broker's port, and its MQTT alone."""
    line = next(line for line in recipe("bridge").splitlines() if line.startswith("mqtt"))
    return line.replace('host = "localhost"', f'host = "127.0.0.1"; port = {broker.port}') + "\n"


async def test_mosquitto_speaks_and_listens_as_the_recipe_has_it(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    bridge = Bridge(daemon, recipe("bridge").split("\n", 1)[1])
    assert "whsec_" in bridge.run("--check-config").stderr, "the secret of the recipe is none"
    with Bridge(daemon, recipe_settings(broker), name="out2") as bridge:
        settled(bridge)
        wrapped = broker.path.parent / "bin"
        wrapped.mkdir()
        for name in ("mosquitto_pub", "mosquitto_sub"):
            (wrapped / name).write_text(f'#!/bin/sh\nexec {shutil.which(name)} -p {broker.port} "$@"\n')
            (wrapped / name).chmod(0o755)
        program = subprocess.Popen(["/bin/sh", "-eu", "-c", recipe("mosquitto")], stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "PATH": f"{wrapped}:{os.environ['PATH']}"})
        heard = await mina.entries(2)
        assert [(entry["from"], entry["text"]) for entry in heard] == [("out2", "Tea is ready."), ("door", "The door is open.")]
        number = 0
        while program.poll() is None: # until it has subscribed
            number += 1
            await mina.send(f"m{number}")
        said = json.loads(program.stdout.read())
        assert (said["room"], said["event"], said["from"]) == ("lobby", "message", "mina")
    await part(mina)


async def test_home_assistant_finds_what_the_recipe_names(daemon, broker):
    listener = broker.subscribe("homeassistant/#")
    with Bridge(daemon, recipe_settings(broker)):
        lines = listener.until(lambda lines: len(lines) >= 2)
    for topic, payload in lines[:2]:
        found, kind = json.loads(payload), topic.split("/")[1]
        slug = f"{found['device']['name']}_{found['name']}".lower().replace(" ", "_")
        assert f"entity_id: {kind}.{slug}" in recipe("home-assistant"), "Home Assistant calls it by device and name"
    assert "attributes.text" in recipe("home-assistant") and "'text': value_json.text" in json.loads(
        next(payload for topic, payload in lines if "/event/" in topic))["value_template"]


async def test_node_red_has_the_topics_of_the_recipe(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    nodes = {node["type"]: node for node in json.loads(recipe("node-red"))}
    listener = broker.subscribe(nodes["mqtt in"]["topic"])
    with Bridge(daemon, recipe_settings(broker)) as bridge:
        settled(bridge)
        await mina.send("hello")
        assert texts(listener.until(lambda lines: texts(lines))) == ["hello"]
        broker.publish(nodes["mqtt out"]["topic"], "from a flow")
        assert [entry["text"] for entry in await mina.entries(2)] == ["hello", "from a flow"]
    await part(mina)
