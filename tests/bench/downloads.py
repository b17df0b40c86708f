"""People who open one picture of 2 MB all at once, and again when they have it, beside whatever else is measured."""
import json
import os
import selectors
import socket
import threading
import urllib.request

READERS, BYTES = 200, 2_000_000


def _post(port, path, body, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)) as answer:
        return json.loads(answer.read())


def say_picture(port):
    """Uploads it and says it; gives its path, which everybody may read."""
    ask = lambda key, **request: _post(port, "/api/v1/do", json.dumps(request).encode(), key)
    key = ask(None, type="hello", name="picture")["session"]
    ask(key, type="join", room="lobby")
    file = _post(port, "/api/v1/rooms/lobby/files", os.urandom(BYTES), key)["file"]
    ask(key, type="send", room="lobby", nonce="1", text="", files=[file["id"]])
    return f"/files/{file['id']}/x"


class Readers:
    """A context manager; taken is what all of them have read."""

    def __init__(self, port):
        self.port, self.taken, self.over = port, 0, False
        self.request = f"GET {say_picture(port)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.selector = selectors.DefaultSelector()
        self.thread = threading.Thread(target=self._read)

    def _open(self):
        raw = socket.create_connection(("127.0.0.1", self.port))
        raw.sendall(self.request)
        self.selector.register(raw, selectors.EVENT_READ, [0])

    def _take(self, key):
        taken = len(key.fileobj.recv(1 << 18))
        key.data[0] += taken
        self.taken += taken
        if taken == 0 or key.data[0] >= BYTES:
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
            self._open()

    def _read(self):
        while not self.over:
            for key, _ in self.selector.select(0.1):
                self._take(key)

    def __enter__(self):
        for _ in range(READERS):
            self._open()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
