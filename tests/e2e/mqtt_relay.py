"""Stands between hearth-bridge and a broker, and notes what each has from the other: a broker that is killed may lose what it
has acknowledged, which is not for the bridge to answer."""
import json
import socket
import struct
import threading
import time

PUBLISH, PUBACK = 3, 4


class Relay:
    def __init__(self, broker, late_s=0):
        """late_s: so long nothing is heard of the broker on a new connection."""
        self.broker_port, self.late_s = broker.port, late_s
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.acknowledged, self.taken = [], []  # what the broker has of the bridge, and the bridge of the broker
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            time.sleep(self.late_s)
            try:
                far = socket.create_connection(("127.0.0.1", self.broker_port))
            except OSError: # it is away
                near.close()
                continue
            under_way = {}
            for pair in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pump, args=[*pair, under_way], daemon=True).start()

    def _pump(self, source, sink, is_up, under_way):
        stream = source.makefile("rb")
        try:
            while head := stream.read(1):
                raw, length, shift = b"", 0, 0
                while not raw or raw[-1] > 127:
                    raw += stream.read(1)
                    length |= (raw[-1] & 127) << shift
                    shift += 7
                body = stream.read(length)
                self._note(head[0] >> 4, body, is_up, under_way)
                sink.sendall(head + raw + body)
        except (OSError, IndexError): # one of them died
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _note(self, kind, body, is_up, under_way):
        if kind == PUBLISH:
            (length,) = struct.unpack(">H", body[:2])
            topic, packet, payload = body[2:2 + length], body[2 + length:4 + length], body[4 + length:]
            if topic in (b"hearth/lobby", b"hearth/lobby/send"):
                under_way[is_up, packet] = json.loads(payload)
        elif kind == PUBACK and (not is_up, body[:2]) in under_way:
            (self.taken if is_up else self.acknowledged).append(under_way[not is_up, body[:2]])

    def close(self):
        self.server.close()
