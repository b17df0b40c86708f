"""The API of Matterbridge, as its bridge/api/api.go has it: a ring that each stream begins with, and what comes live.
Messages of other ends are said with say; what is posted is in posts."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from daemon import DEADLINE_S

FIELDS = {"text": "", "channel": "", "username": "", "userid": "", "avatar": "", "account": "", "event": "", "protocol": "",
          "gateway": "", "parent_id": "", "timestamp": "0001-01-01T00:00:00Z", "id": "", "Extra": None}


class Matterbridge:
    def __init__(self, token="", ring=100):
        self.token, self.ring_most = token, ring
        self.ring, self.posts, self.streams, self.refusal = [], [], 0, None
        self.said, self.taken = 0, 0
        self.changed = threading.Condition()
        self.port = 0
        self.start()

    def start(self):
        own = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def is_let_in(self):
                sent = self.headers.get("Authorization", "")
                status = own.refusal or (200 if not own.token or sent == f"Bearer {own.token}" else 401 if sent else 400)
                if status != 200:
                    self.answer(status, {"message": "no"})
                return status == 200

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path != "/api/message" or not self.is_let_in():
                    return
                message = {**FIELDS, **json.loads(body), "channel": "api", "protocol": "api", "account": "api.hearth", "id": ""}
                with own.changed:
                    own.posts.append(message)
                    own.changed.notify_all()
                self.answer(200, message)

            def do_GET(self):
                if self.path != "/api/stream" or not self.is_let_in():
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    self.stream()
                except OSError:
                    pass
                self.close_connection = True

            def tell(self, line):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

            def stream(self):
                server = own.server
                self.tell(json.dumps({**FIELDS, "event": "api_connected"}).encode() + b"\n")
                with own.changed:
                    own.streams += 1
                    at = own.said - len(own.ring)
                    own.changed.notify_all()
                while own.server is server:
                    with own.changed:
                        own.changed.wait_for(lambda: own.said > at or own.server is not server)
                        lines = own.ring[at - own.said:] if own.said > at else []
                        at = own.said
                    for line in lines:
                        self.tell(line)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        server, self.server = self.server, None
        if not server:
            return
        with self.changed:
            self.changed.notify_all()
        server.shutdown()
        server.server_close()

    def line(self, line):
        with self.changed:
            self.ring = [*self.ring, line + b"\n"][-self.ring_most:]
            self.said += 1
            self.changed.notify_all()

    def say(self, text, username="Ada", gateway="lobby", **more):
        """As Go prints it: without blanks, and in this order."""
        message = {**FIELDS, "text": text, "channel": "general", "username": username, "account": "discord.one",
                   "protocol": "discord", "gateway": gateway,
                   "timestamp": f"2026-11-29T12:00:00.{time.time_ns() % 10**9:09d}Z", **more}
        self.line(json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode())

    def until(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.posts) >= count, DEADLINE_S), self.posts
            return self.posts[:]
