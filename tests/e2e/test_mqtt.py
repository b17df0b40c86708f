"""MQTT, with mosquitto: both ways, whoever dies meanwhile; and what Home Assistant finds."""
import json
import shutil
import socket
import subprocess
import threading

import pytest

from bridge import BRIDGE, Bridge, needed, tries
from client import meet, part
from daemon import DEADLINE_S
from test_webhooks import settled

BROKER = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
HAS_MQTT = BRIDGE.exists() and b"libmosquitto" in BRIDGE.read_bytes()
pytestmark = [needed, pytest.mark.skipif(not (BROKER and shutil.which("mosquitto_pub") and HAS_MQTT),
                                         reason="mosquitto is not there, or hearth-bridge is built without it")]


class Broker:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path = folder / "mosquitto.conf"
        self.path.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
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
        """Killed, it would forget its own sessions: then the listener here would not hear of what it took."""
        self.process.terminate()
        self.process.wait(DEADLINE_S)

    def publish(self, topic, payload, *more):
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-s", *more], input=payload,
                       text=True, check=True, timeout=DEADLINE_S)

    def subscribe(self, topic):
        self.subscribers.append(Subscriber(self.port, topic))
        return self.subscribers[-1]

    def close(self):
        for subscriber in self.subscribers:
            subscriber.process.kill()
            subscriber.process.wait()
        self.stop()


class Subscriber:
    """(topic, payload) as they come; its session outlives the broker's end."""

    def __init__(self, port, topic):
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(["mosquitto_sub", "-p", str(port), "-q", "1", "-t", topic, "-t", "ready/#",
                                         "-i", f"test-{id(self)}", "-c", "-F", "%t %p"],
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


@pytest.fixture
def broker(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    yield running
    running.close()


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


async def test_nothing_is_lost_when_broker_bridge_and_gateway_go_in_turn(daemon, broker):
    (mina,) = await meet(daemon, "mina")
    listener = broker.subscribe("hearth/lobby")
    bridge = Bridge(daemon, mqtt(broker)).start()
    settled(bridge)
    await mina.send("first")
    listener.until(lambda lines: texts(lines))
    wanted, number = ["first"], 0
    for turn in range(6):
        for _ in range(5):
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
            port = daemon.port
            daemon.settings["listen.port"] = port
            daemon.start()
            (mina,) = await meet(daemon, f"mina {turn}")
        listener.until(lambda lines: f"m{number}" in texts(lines))
    seen = list(dict.fromkeys(texts(listener.lines)))
    assert seen == wanted, "something is missing or out of order"
    bridge.stop()
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
