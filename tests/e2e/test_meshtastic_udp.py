"""Meshtastic over the local network, without a broker: in network namespaces of their own, for multicast is
everybody's."""
import ctypes
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge import Bridge, tries
from client import meet, part
from daemon import DEADLINE_S
from mesh_world import ALL, Gateway, by_broker, meshtastic, needed
from test_meshtastic import ANN, broker, coder, said  # noqa: F401
from test_mqtt import BROKER, HAS_MQTT
from test_webhooks import settled

NEW_NETWORK = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
pytestmark = [needed, pytest.mark.skipif(not (shutil.which("ip") and shutil.which("nsenter")),
                                         reason="ip or nsenter is not there")]


def run(*words):
    subprocess.run([str(word) for word in words], check=True, timeout=DEADLINE_S)


def network_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


@pytest.fixture
def air():
    """This thread in a network of its own, one cable away from that of the process whose id this is."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if libc.unshare(NEW_NETWORK) != 0:
        os.close(home)
        pytest.skip("network namespaces are not permitted here: " + os.strerror(ctypes.get_errno()))
    ours = network_of("thread-self")
    other = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    try:
        for _ in tries():
            if network_of(other.pid) != ours:
                break
        inside = ["nsenter", "-t", other.pid, "-n", "ip"]
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "radio0", "netns", other.pid)
        run("ip", "address", "add", "10.77.0.1/24", "dev", "lan0")
        run("ip", "link", "set", "lan0", "up")
        run(*inside, "address", "add", "10.77.0.2/24", "dev", "radio0")
        run(*inside, "link", "set", "radio0", "up")
        yield other.pid
    finally:
        other.kill()
        other.wait()
        libc.setns(home, NEW_NETWORK)
        os.close(home)


class Radio:
    """It publishes on no broker, but to its group."""

    def __init__(self, coder, air, number=0x11111111):
        self.coder, self.number = coder, number
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(air), "-n", sys.executable, "-B", Path(__file__).parent / "mesh" / "radio.py", "radio0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.packets = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.packets.append(bytes.fromhex(line))

    def send(self, payload):
        self.process.stdin.write(payload.hex() + "\n")
        self.process.stdin.flush()

    def say(self, text="", **fields):
        self.send(self.coder.write("packet", **{"text": text, "from": self.number, **fields}))

    def until(self, count, port=1):
        for _ in tries():
            read = [packet for packet in (self.coder.read("packet", payload) for payload in self.packets[:])
                    if packet["port"] == port]
            if len(read) >= count:
                return read
        raise AssertionError(read)

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)


@pytest.fixture
def radio(air, coder):  # noqa: F811
    running = Radio(coder, air)
    yield running
    running.close()


def by_network(more=""):
    return f'udp = {{ interface = "lan0"; {more} }};'


async def test_texts_go_both_ways_without_a_broker(air, radio, daemon):
    (mina,) = await meet(daemon, "mina")
    with Bridge(daemon, meshtastic(by_network())) as bridge:
        settled(bridge)
        (node,) = radio.until(1, port=4)
        bridge.advance(3)
        radio.say(port=4, payload=radio.coder.user(ANN, "KB7XYZ"), **{"from": ANN, "id": 1})
        radio.send(b"\xff" * 300)
        radio.send(b"x" * 1500)
        radio.say("not sealed", **{"from": ANN, "id": 2, "plain": True})
        radio.say("of another channel", **{"from": ANN, "id": 3, "channel": "LongSlow"})
        radio.say("for one", **{"from": ANN, "id": 4, "to": 0x99999999})
        radio.say("as us", **{"from": node["from"], "id": 5})
        for _ in range(3):
            radio.say("hello", **{"from": ANN, "id": 6})
        radio.say("last", **{"from": ANN, "id": 7})
        heard = await mina.entries(2)
        assert [(entry["from"], entry["text"]) for entry in heard] == [("KB7XYZ (mesh)", "hello"), ("KB7XYZ (mesh)", "last")]
        await mina.send("hello out there")
        (sent,) = radio.until(1)
        assert (sent["text"], sent["to"], sent["hash"], sent["hop_limit"], sent["is_sealed"]) == (
            "mina: hello out there", ALL, 8, 3, True)
    await part(mina)


async def test_a_network_that_is_away_is_waited_for(air, radio, daemon):
    (mina,) = await meet(daemon, "mina")
    run("ip", "link", "set", "lan0", "name", "away0")
    with Bridge(daemon, meshtastic(by_network())) as bridge:
        settled(bridge)
        await mina.send("is anybody there")
        for _ in tries():
            bridge.advance(10)
            texts = said(daemon, 1)
            if len(texts) > 1:
                break
        assert texts[1] == "1 message waits for the radio."
        run("ip", "link", "set", "away0", "name", "lan0")
        for _ in tries():
            bridge.advance(3)
            if len(radio.packets) >= 2:
                break
        assert radio.until(1)[0]["text"] == "mina: is anybody there"
    await part(mina)


@pytest.mark.skipif(not (BROKER and HAS_MQTT), reason="mosquitto is not there")
async def test_by_broker_and_network_at_once_nothing_goes_round(air, radio, daemon, broker, coder):  # noqa: F811
    """One mesh that both lead to: what comes twice is said once, and what goes out both ways has one id."""
    (mina,) = await meet(daemon, "mina")
    gateway = Gateway(coder, broker.port, 0x22222222)
    with Bridge(daemon, meshtastic(by_broker(broker) + by_network())) as bridge:
        settled(bridge)
        gateway.until(1, port=4)
        radio.until(1, port=4)
        bridge.advance(3)
        await mina.send("both ways")
        sent, published = radio.until(1)[0], gateway.until(1)[0]
        assert (sent["id"], sent["from"], sent["text"]) == (published["id"], published["from"], published["text"])
        gateway.say("both ways", **{"from": sent["from"], "id": sent["id"]})  # the mesh gives it back
        radio.say("both ways", **{"from": sent["from"], "id": sent["id"]})
        radio.say("from ann", **{"from": ANN, "id": 5})
        gateway.say("from ann", **{"from": ANN, "id": 5})
        radio.say("the end", **{"from": ANN, "id": 6})
        assert said(daemon, 3) == ["both ways", "from ann", "the end"]
        bridge.advance(10)
        await mina.send("mina again")
        assert [packet["text"] for packet in radio.until(2)] == ["mina: both ways", "mina: mina again"]
        assert len(gateway.until(2)) == 2, "it carries from one to the other"
    gateway.close()
    await part(mina)


async def test_who_may_not_be_published_goes_by_network_alone(air, radio, daemon, broker, coder):  # noqa: F811
    (mina,) = await meet(daemon, "mina")
    gateway = Gateway(coder, broker.port, 0x22222222)
    with Bridge(daemon, meshtastic(by_broker(broker) + by_network(), "ok_to_mqtt = false;")) as bridge:
        settled(bridge)
        assert not radio.until(1, port=4)[0]["bitfield"]
        bridge.advance(3)
        await mina.send("between us")
        assert not radio.until(1)[0]["bitfield"]
        assert gateway.messages == []
    gateway.close()
    await part(mina)
