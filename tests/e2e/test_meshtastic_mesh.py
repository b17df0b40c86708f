"""A mesh of many nodes and three gateways that lose, repeat and reorder what they hear, with radios that refuse what
comes too fast: each text once in the room, and each of ours whole on the mesh. HEARTH_LONG_TESTS: 1,000 each way."""
import json
import os
import random

import pytest

from bridge import Bridge, tries
from client import meet, part
from mesh_world import Gateway, by_broker, meshtastic, needed
from test_meshtastic import broker, coder, lines, ready  # noqa: F401
from test_mqtt import BROKER, HAS_MQTT

pytestmark = [needed, pytest.mark.skipif(not (BROKER and HAS_MQTT), reason="mosquitto is not there")]
COUNT = 1000 if os.environ.get("HEARTH_LONG_TESTS") else 15
LOSS, REFUSED_MS, PACE_S, REPEATS = 0.2, 2000, 2.5, 2


class Air:
    """What gateways do with what they hear, and their radios with what they are to say."""

    def __init__(self, chance, gateways, bridge):
        self.chance, self.gateways, self.bridge = chance, gateways, bridge
        self.waiting, self.taken = [], {}
        self.accepted = {gateway.id: {} for gateway in gateways}
        self.last_ms = {gateway.id: -10 * REFUSED_MS for gateway in gateways}
        self.refused = 0

    def hear(self, text, number, id):
        """Each loses some, but one of them has it; some is published twice, and all of it late."""
        those = [gateway for gateway in self.gateways if self.chance.random() >= LOSS] or [self.chance.choice(self.gateways)]
        for gateway in those + self.chance.choices(those, k=self.chance.random() < 0.3):
            self.waiting.append((gateway, text, number, id))

    def publish(self, most):
        """In any order, within a window."""
        while len(self.waiting) > most:
            gateway, text, number, id = self.waiting.pop(self.chance.randrange(min(len(self.waiting), 30)))
            gateway.say(text, **{"from": number, "id": id, "plain": self.chance.random() < 0.3})

    def say(self, packet):
        """A packet of ours: what a radio takes goes out, and is heard by the other gateways."""
        for gateway in self.gateways:
            accepted, now_ms = self.accepted[gateway.id], self.bridge.passed_ms
            if self.chance.random() < LOSS or packet["id"] in accepted:
                continue
            if now_ms - self.last_ms[gateway.id] < REFUSED_MS:
                self.refused += 1
                continue
            self.last_ms[gateway.id] = now_ms
            accepted[packet["id"]] = True
            self.taken[packet["id"]] = packet["text"]
            other = self.chance.choice(self.gateways)
            other.say(packet["text"], **{"from": packet["from"], "id": packet["id"]})


def text_of(chance, number):
    return f"m{number} " + chance.choice(["", "ok", "한글 " * 9, "x" * 150, "👍 " * 60, "word " * 80]).strip()


async def test_each_text_is_once_in_the_room_and_each_of_ours_whole_on_the_mesh(daemon, broker, coder):  # noqa: F811
    chance = random.Random(7)
    (mina,) = await meet(daemon, "mina")
    gateways = [Gateway(coder, broker.port, number) for number in (0x11111111, 0x22222222, 0x33333333)]
    more = f"repeats = {REPEATS}; messages_per_minute = 60; waiting = 1000; age_minutes = 10080;"
    with Bridge(daemon, meshtastic(by_broker(broker), more)) as bridge:
        ready(bridge, gateways[0])
        node = gateways[0].heard(port=4)[0]["from"]
        air = Air(chance, gateways, bridge)
        ours = [text_of(chance, number) for number in range(COUNT)]
        theirs = [f"t{number}" for number in range(COUNT)]
        for text in ours:
            await mina.send(text)
        sends = (REPEATS + 1) * sum(parts_of(f"mina: {text}") for text in ours)
        said = named = 0
        for step in range(sends):
            while said < COUNT * (step + 1) // sends:
                air.hear(theirs[said], 0x5000 + said % 20, 1000 + said)
                said += 1
            air.publish(40)
            packet = coder.read("envelope", heard(bridge, gateways[0], node, step + named + 1))
            if packet["port"] == 4:  # every three hours
                named += 1
                bridge.advance(PACE_S)
                packet = coder.read("envelope", heard(bridge, gateways[0], node, step + named + 1))
            air.say(packet)
            bridge.advance(PACE_S)
        air.publish(0)
        gateways[0].say("the end", **{"from": 0x6000, "id": 1})
        texts = all_texts(daemon, "the end")
        assert air.refused == 0, "it goes faster than radios take"
        assert sorted(text for text in texts if text.startswith("t") and text != "the end") == sorted(theirs)
        assert [text for text in texts if text.startswith("m")] == ours, "something of ours came back"
        assert whole(air.taken.values()) == {f"mina: {text}" for text in ours}
    for gateway in gateways:
        gateway.close()
    await part(mina)


def heard(bridge, gateway, node, count):
    """The count-th packet of the node that the broker gave this gateway."""
    for _ in tries(0.01):
        bridge.advance(0.25)
        with gateway.changed:
            payloads = [payload for topic, payload in gateway.messages
                        if topic.endswith(f"!{node:08x}")][1:]  # the first says who it is
        if len(payloads) >= count:
            assert len(payloads) == count, "it goes faster than its pace"
            return payloads[count - 1]
    raise AssertionError(f"{len(payloads)} of {count}")


def parts_of(text):
    """How many parts of 200 bytes: the marks take 6."""
    if len(text.encode()) <= 200:
        return 1
    count, used = 1, 0
    for character in text:
        size = len(character.encode())
        count, used = (count + 1, size) if used + size > 194 else (count, used + size)
    return count


def whole(texts):
    """Texts, and parts put together where all of them are there."""
    found, parts = set(), {}
    for text in texts:
        if text.endswith(")") and text[-6:-4] == " (" and text[-3] == "/":
            parts.setdefault(int(text[-2]), []).append((int(text[-4]), text[:-6]))
        else:
            found.add(text)
    for count, pieces in parts.items():
        for first in [text for number, text in pieces if number == 1]:
            start = pieces.index((1, first))
            found.add("".join(text for _, text in pieces[start:start + count]))
    return found


def all_texts(daemon, last):
    for _ in tries():
        texts, before = [], None
        while True:
            page = json.loads(daemon.http("GET", "/api/v1/rooms/lobby/messages?limit=200" +
                                          (f"&before={before}" if before else ""))[2])
            texts = [line["text"] for line in page["messages"]] + texts
            if not page["more"]:
                break
            before = page["messages"][0]["seq"]
        if last in texts:
            return [text for text in texts if "the radio" not in text]
    raise AssertionError(texts[-5:])
