"""hearth-bridge of this build, and the receivers that it posts to."""
import json
import os
import re
import signal
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from daemon import DEADLINE_S, HEARTHD
from test_tokens import create

BRIDGE = Path(HEARTHD).parent / "hearth-bridge"
needed = pytest.mark.skipif(not BRIDGE.exists(), reason="hearth-bridge is not built: there is no libcurl")


def tries(every_s=0.05):
    """Again and again, for as long as a test may wait."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        yield
        time.sleep(every_s)


class Bridge:
    def __init__(self, daemon, settings, name="out", rooms=("lobby",), token=None):
        self.daemon = daemon
        self.path = daemon.folder / f"{name}.conf"
        self.settings = settings
        self.public_url = ""
        self.token = token or create(daemon, name, "bridge", *rooms)
        self.process, self.log = None, []
        self.environment = {}
        self.clock = daemon.folder / f"{name}.clock"
        self._set_clock(0)

    def write(self):
        self.path.write_text(f'gateway = {{ url = "http://127.0.0.1:{self.daemon.port}"; token = "{self.token}";'
                             f' public_url = "{self.public_url}"; }};\n'
                             + self.settings)

    def run(self, *arguments):
        self.write()
        return subprocess.run([BRIDGE, "-c", self.path, *arguments], capture_output=True, text=True, timeout=DEADLINE_S)

    def start(self):
        self.write()
        self.process = subprocess.Popen([BRIDGE, "-c", self.path], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "HEARTH_TEST_CLOCK": str(self.clock), **self.environment})
        ready = threading.Event()
        threading.Thread(target=self._read, args=[self.process.stderr, ready], daemon=True).start()
        assert ready.wait(DEADLINE_S), self.log
        return self

    def _read(self, pipe, ready):
        for line in pipe:
            self.log.append(line)
            if "ready" in line:
                ready.set()
        ready.set()

    def _set_clock(self, ms):
        other = self.clock.with_suffix(".new")
        other.write_bytes(struct.pack("=q", ms))
        other.replace(self.clock)

    @property
    def passed_ms(self):
        return struct.unpack("=q", self.clock.read_bytes())[0]

    def advance(self, seconds):
        """So much time passes for it at once."""
        self._set_clock(self.passed_ms + int(seconds * 1000))
        self.process.send_signal(signal.SIGUSR1)

    def reload(self, settings):
        """Reads these settings now; whether it took them."""
        self.settings = settings
        self.write()
        before = len([line for line in self.log if "reloaded" in line])
        os.kill(self.process.pid, signal.SIGHUP)
        for _ in tries():
            told = [line for line in self.log if "reloaded" in line]
            if len(told) > before:
                return "not reloaded" not in told[-1]
        raise AssertionError(self.log)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE_S)
        self.process = None

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        assert self.process.wait(DEADLINE_S) == 0, self.log
        self.process = None
        assert not [line for line in self.log if re.search("Sanitizer|runtime error", line)], self.log

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


class Receiver:
    """An HTTP server that keeps what is posted; answer(number, body) gives (status, headers, body)."""

    def __init__(self, answer=None):
        self.posts, self.changed = [], threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.changed:
                    receiver.posts.append((dict(self.headers), body))
                    number = len(receiver.posts)
                    receiver.changed.notify_all()
                status, headers, text = answer(number, parsed(body)) if answer else (200, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                with receiver.changed:
                    receiver.changed.notify_all()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def until(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.posts) >= count, DEADLINE_S), len(self.posts)
            return self.posts[:]

    def texts(self, count):
        return [json.loads(body)["data"].get("text") for _, body in self.until(count)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
