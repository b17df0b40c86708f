"""The real hearthd as a test sees it: started, asked, killed, started again."""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

HEARTHD = os.environ.get("HEARTHD", "build/dev/hearthd")
HEARTHCTL = os.environ.get("HEARTHCTL", str(Path(HEARTHD).with_name("hearthctl")))
DEADLINE_S = 180  # for everything that is waited for: only a hang reaches it

READY = re.compile(r"^hearthd: ready http=(\S+):(\d+)$")
SECURE = re.compile(r"^hearthd: secure https=(\S+):(\d+)$")
REPORT = re.compile(r"Sanitizer|runtime error:")


# Every test over TLS, but for those that open a socket of their own.
OVER_TLS = bool(os.environ.get("HEARTH_TEST_OVER_TLS"))


def until(is_so, what="it does not come"):
    """Waits until is_so(); what is said when that never is."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Daemon:
    def __init__(self, folder, settings=None):
        self.folder = Path(folder)
        self.database = self.folder / "chat.db"
        self.socket = self.folder / "hearth.sock"
        self.settings = {
            "listen.address": "127.0.0.1",
            "listen.port": 0,
            "storage.path": self.database,
            "admin.socket": self.socket,
            "limits.exempt": "127.0.0.0/8",
        }
        if OVER_TLS:
            self.settings.update({"tls.mode": "local_ca", "tls.port": 0})
        self.settings.update(settings or {})
        self.process = None
        self.port = None
        self.tls_port = None
        self.log = []  # every line on standard error, of all runs

    # ---- life

    def command(self):
        sets = [f"--set={key}={value}" for key, value in self.settings.items()]
        return [HEARTHD, *sets]

    def start(self, prefix=(), environment=None, descriptors=()):
        """Starts and waits until it is ready. prefix goes before the command: prlimit, faketime. descriptors stay open."""
        assert self.process is None
        self.process = subprocess.Popen(
            [*prefix, *self.command()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace", pass_fds=descriptors,
            env={**os.environ, **(environment or {})})
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read_log, args=[self.process], daemon=True)
        self.port = self.tls_port = None
        self._reader.start()
        assert self._ready.wait(DEADLINE_S), "not ready in time:\n" + self.text_of_log()
        assert self.port, "it ended instead of being ready:\n" + self.text_of_log()
        return self

    def _read_log(self, process):
        for line in process.stderr:
            line = line.rstrip("\n")
            self.log.append(line)
            secure = SECURE.match(line)
            if secure:
                self.tls_port = int(secure[2])
            ready = READY.match(line)
            if ready:
                self.port = int(ready[2])
                self._ready.set()
        self._ready.set()

    def text_of_log(self):
        return "\n".join(self.log[-200:])

    @property
    def pid(self):
        """Of hearthd itself, also behind a prefix that stays, such as strace."""
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return int(children[0]) if children else own

    def kill(self):
        """SIGKILL: as a crash would end it."""
        os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def stop(self, how=signal.SIGTERM):
        """Asks it to end; it must, with 0 and without a sanitizer's report."""
        os.kill(self.pid, how)
        status = self._reap()
        assert status == 0, f"exit {status}:\n" + self.text_of_log()
        self.check_log()

    def _reap(self):
        try:
            status = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError("it does not end:\n" + self.text_of_log()) from None
        finally:
            self._reader.join(DEADLINE_S)
            self.process.stderr.close()
            self.process = None
        return status

    def check_log(self):
        for line in self.log:
            assert not REPORT.search(line), "\n".join(self.log)
        assert sum(map(len, self.log)) < 1_000_000, "the log is too long"

    def restart(self):
        self.stop()
        return self.start()

    def finish(self):
        if self.process is None:
            return
        if self.process.poll() is not None:
            status = self._reap()
            raise AssertionError(f"it ended by itself, exit {status}:\n" + self.text_of_log())
        self.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.finish()

    # ---- asking

    @property
    def client_port(self):
        """Where clients come: of https when everything is over TLS."""
        return self.tls_port if OVER_TLS else self.port

    @property
    def url(self):
        return f"{'wss' if OVER_TLS else 'ws'}://127.0.0.1:{self.client_port}/ws"

    @property
    def ssl(self):
        """What a client needs for url; None without TLS."""
        return self.trusting() if OVER_TLS else None

    def trusting(self):
        """A client's context that trusts the gateway's own authority."""
        return ssl.create_default_context(cafile=self.folder / "tls" / "ca.crt")

    def http(self, method, path, body=None, headers=None):
        """One HTTP request: (status, headers, bytes)."""
        if OVER_TLS:
            connection = http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=DEADLINE_S,
                                                     context=self.trusting())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        return _exchange(connection, method, path, body, headers)

    def admin(self, method, path, body=None):
        """One request to the admin socket: (status, parsed JSON)."""
        connection = _UnixConnection(str(self.socket))
        status, _, text = _exchange(connection, method, path, body, None)
        return status, json.loads(text)

    def administrator(self, type, **fields):
        """One hearth.v1 request as the administrator: its reply, which must not be an error."""
        status, reply = self.admin("POST", "/admin/v1/do", {"type": type, **fields})
        assert status < 300, reply
        return reply

    def advance(self, seconds):
        """Lets time pass at once, by the clock that durations are measured with."""
        connection = _UnixConnection(str(self.socket))
        status, _, _ = _exchange(connection, "POST", f"/test/clock/{int(seconds * 1000)}", None, None)
        assert status == 204, "hearthd is not built with HEARTH_TEST_ENDPOINTS"

    def ctl(self, *words, input=None, check=True):
        """Runs hearthctl; with check it must succeed, and its standard output is the answer."""
        done = subprocess.run([HEARTHCTL, "--socket", str(self.socket), *words], text=True,
                              input=input, capture_output=True, timeout=DEADLINE_S)
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return done.stdout

    def settings_of(self, name):
        """A number that it is configured to."""
        group, key = name.split(".")
        printed = run_hearthd("--print-config", *self.command()[1:]).stdout
        body = re.search(rf"^{group} = \{{(.*?)^\}}", printed, re.M | re.S)[1]
        return int(re.search(rf"^\s*{key} = (\d+)", body, re.M)[1])

    def until_alone(self):
        """Waits until the connections of those who have gone are closed here, too."""
        until(lambda: self.admin("GET", "/admin/v1/status")[1]["connections"] <= 1, "connections stay open")

    def until_connections(self, count):
        """Waits until it has so many connections of any kind beside the one that asks."""
        line = f"\nhearth_connections {count + 1}\n"
        until(lambda: line in self.http("GET", "/metrics")[2].decode(), f"never {count} connections")

    def read_page_slowly(self):
        """What of a large page somebody gets who takes some bytes, and then nothing for long."""
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.settimeout(DEADLINE_S)
            slow.connect(("127.0.0.1", self.port))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = slow.recv(64)
            self.advance(1000)
            try:
                while more := slow.recv(4096):
                    got += more
            except ConnectionResetError:
                pass
        self.until_alone()
        return got

    def memory_bytes(self, kinds=("Private_",)):
        """What it has for itself: private memory (USS); or the sum of other lines of smaps_rollup."""
        fields = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(f.split()[1]) for f in fields if f.startswith(tuple(kinds))) * 1024


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE_S)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _exchange(connection, method, path, body, headers):
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def run_hearthd(*arguments):
    """hearthd as a command that ends by itself."""
    return subprocess.run([HEARTHD, *map(str, arguments)], capture_output=True, text=True,
                          timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
