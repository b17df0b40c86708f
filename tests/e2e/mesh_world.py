"""A mesh beside a broker: radios that publish and take Meshtastic's packets, written and read by its own coder."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from bridge import BRIDGE, tries
from daemon import DEADLINE_S

MODULES = Path(os.environ.get("HEARTH_MESH_MODULES", "/nowhere"))
NODE = shutil.which("node")
KEY, CHANNEL, ROOT = "AQ==", "LongFast", "msh/EU_868"
ALL = 0xFFFFFFFF
is_built = BRIDGE.exists() and b"meshtastic" in BRIDGE.read_bytes()
needed = pytest.mark.skipif(not (is_built and NODE and MODULES.is_dir()),
                            reason="hearth-bridge is built without Meshtastic, or node or its packages are not there")


class Coder:
    def __init__(self):
        self.process = subprocess.Popen([NODE, Path(__file__).parent / "mesh" / "coder.mjs"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lock = threading.Lock()

    def ask(self, **fields):
        with self.lock:
            self.process.stdin.write(json.dumps(fields) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def write(self, what, **fields):
        return base64.b64decode(self.ask(do=what, **{"key": KEY, "channel": CHANNEL, **fields})["bytes"])

    def read(self, what, payload, key=KEY):
        return self.ask(**{"do": "read", "as": what, "bytes": base64.b64encode(payload).decode(), "key": key})

    def user(self, number, long_name, short_name="XY"):
        bare = self.ask(do="user", id=f"!{number:08x}", long_name=long_name, short_name=short_name)
        return bare["bytes"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)


def _text(text):
    return struct.pack(">H", len(text)) + text.encode()


class Client:
    """MQTT 3.1.1 at QoS 0, as a radio speaks it: (topic, payload) as they come."""

    def __init__(self, port, topic, name):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.messages, self.changed, self.subscribed = [], threading.Condition(), threading.Event()
        self._send(0x10, _text("MQTT") + bytes([4, 2, 0, 0]) + _text(name))
        self._send(0x82, b"\0\1" + _text(topic) + b"\0")
        threading.Thread(target=self._read, daemon=True).start()
        assert self.subscribed.wait(DEADLINE_S)

    def _send(self, kind, body):
        length, rest = b"", len(body)
        while True:
            rest, digit = rest >> 7, rest & 0x7F
            length += bytes([digit | (0x80 if rest else 0)])
            if not rest:
                break
        self.socket.sendall(bytes([kind]) + length + body)

    def publish(self, topic, payload):
        self._send(0x30, _text(topic) + payload)

    def _read(self):
        file = self.socket.makefile("rb")
        while (head := self._take(file, 2)) is not None:
            length, shift = head[1] & 0x7F, 7
            while head[-1] >= 0x80:
                head += self._take(file, 1) or b"\0"
                length, shift = length | (head[-1] & 0x7F) << shift, shift + 7
            body = self._take(file, length) or b""
            if head[0] == 0x90:
                self.subscribed.set()
            if head[0] >> 4 == 3:
                size = struct.unpack(">H", body[:2])[0]
                with self.changed:
                    self.messages.append((body[2:2 + size].decode(), body[2 + size:]))
                    self.changed.notify_all()

    @staticmethod
    def _take(file, length):
        """None: the broker has gone."""
        try:
            taken = file.read(length)
        except OSError:
            return None
        return taken if len(taken) == length else None

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the broker has gone
        self.socket.close()


class Gateway(Client):
    """A radio beside the broker: what its mesh says it publishes, and takes what others do."""

    def __init__(self, coder, port, number, root=ROOT):
        self.coder, self.number, self.id, self.root = coder, number, f"!{number:08x}", root
        super().__init__(port, f"{root}/2/e/#", self.id)

    def say(self, text="", **fields):
        packet = self.coder.write("envelope", **{"text": text, "gateway": self.id, "from": self.number, **fields})
        self.publish(f"{self.root}/2/e/{fields.get('channel', CHANNEL)}/{self.id}", packet)

    def introduce(self, number, name, **fields):
        self.say(port=4, payload=self.coder.user(number, name), **{"from": number, **fields})

    def heard(self, key=KEY, port=1):
        with self.changed:
            messages = [payload for topic, payload in self.messages if not topic.endswith(self.id)]
        read = [self.coder.read("envelope", payload, key) for payload in messages]
        return [packet for packet in read if packet["port"] == port]

    def until(self, count, key=KEY, port=1):
        for _ in tries():
            heard = self.heard(key, port)
            if len(heard) >= count:
                return heard
        raise AssertionError(f"only {heard}")


def meshtastic(way, more="", channels=None, rooms='"lobby"'):
    channels = channels or f'{{ name = "{CHANNEL}"; key = "{KEY}"; room = "lobby"; }}'
    return f'meshtastic = ( {{ name = "mesh"; rooms = [{rooms}]; channels = ( {channels} ); {way} {more} }} );\n'


def by_broker(broker, more=""):
    return f'mqtt = {{ host = "127.0.0.1"; port = {broker.port}; root = "{ROOT}"; {more} }};'
