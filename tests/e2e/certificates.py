"""Certificates as tests make them and see them, and who comes over TLS."""
import http.client
import os
import shutil
import socket
import ssl
import subprocess

import websockets

from client import Client
from daemon import DEADLINE_S

LOCAL_CA = {"tls.mode": "local_ca", "tls.port": 0}
DAY_S = 86400


def openssl(*words, input=None, check=True, prefix=()):
    done = subprocess.run([*prefix, "openssl", *map(str, words)], input=input, capture_output=True, text=True,
                          timeout=DEADLINE_S)
    assert not check or done.returncode == 0, done.stderr
    return done


class Files:
    """A certificate and its key as somebody puts them there."""

    def __init__(self, folder):
        self.certificate, self.key = folder / "chat.crt", folder / "chat.key"
        self.spare = folder / "spare"
        self.spare.mkdir()

    @property
    def settings(self):
        return {"tls.mode": "files", "tls.port": 0, "tls.certificate": self.certificate, "tls.key": self.key,
                "http.allowed_hosts": "chat.example.org"}

    def make(self, name="chat.example.org", days=90, made="now", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """Makes a pair beside; put() shows it to the gateway."""
        prefix = [] if made == "now" else ["faketime", made]
        names = f"DNS:{name},IP:127.0.0.1" if name == "chat.example.org" else f"DNS:{name}"
        openssl("req", "-x509", "-newkey", *key, "-nodes", "-days", days,
                "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                "-keyout", self.spare / "key", "-out", self.spare / "crt", prefix=prefix)
        return self

    def put(self, crt=None, key=None):
        for source, target in ((crt or self.spare / "crt", self.certificate), (key or self.spare / "key", self.key)):
            fresh = target.with_suffix(".fresh")
            shutil.copy(source, fresh)
            os.replace(fresh, target)
        return self


def anyone():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shown(daemon):
    """The certificate that a newcomer is shown, as DER."""
    with socket.create_connection(("127.0.0.1", daemon.tls_port), DEADLINE_S) as raw:
        with anyone().wrap_socket(raw) as secure:
            return secure.getpeercert(binary_form=True)


def der_of(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def status(daemon):
    return daemon.admin("GET", "/admin/v1/status")[1]


def get(daemon, path="/healthz", context=None, host="127.0.0.1", headers=None):
    connection = http.client.HTTPSConnection(host, daemon.tls_port, timeout=DEADLINE_S,
                                             context=context or daemon.trusting())
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
    finally:
        connection.close()


async def join(daemon, name, context=None):
    """A client that comes over TLS."""
    options = {"subprotocols": ["hearth.v1"], "compression": None, "max_size": None, "ping_interval": None,
               "open_timeout": DEADLINE_S}
    client = Client(await websockets.connect(f"wss://127.0.0.1:{daemon.tls_port}/ws", ssl=context or daemon.trusting(),
                                             **options))
    client.welcome = await client.ask("hello", name=name)
    await client.ask("join", room="lobby")
    return client


def upgrade(daemon, context=None):
    """A bare WebSocket over TLS, its socket's buffers small."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(DEADLINE_S)
    raw.connect(("127.0.0.1", daemon.tls_port))
    secure = (context or daemon.trusting()).wrap_socket(raw, server_hostname="127.0.0.1")
    secure.sendall(f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{daemon.tls_port}\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n".encode())
    return secure
