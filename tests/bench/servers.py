"""The servers that the benchmark compares, each started on a free port and ended by its own pid."""
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

READY_SECONDS = 20


def _read_line(process, stream, pattern):
    """The first line of stream that matches; says what the server said when it never comes."""
    said, deadline = "", time.monotonic() + READY_SECONDS
    os.set_blocking(stream.fileno(), False)
    while time.monotonic() < deadline and process.poll() is None:
        select.select([stream], [], [], 0.2)
        said += (stream.read() or b"").decode(errors="replace")
        found = re.search(pattern, said)
        if found:
            return found
    raise RuntimeError(f"{process.args[0]} did not get ready: {said}")


def _connect(process, port):
    """Until somebody listens there."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} did not get ready")


class Server:
    """port, pid and dialect (of load) of a running server; a context manager. It is ready when its stream has
    said pattern; without a stream, whose lines nobody would read, when it listens on port."""

    def __init__(self, name, dialect, command, stream=None, pattern=None, port=None, **options):
        self.name, self.dialect = name, dialect
        pipe = {stream: subprocess.PIPE} if stream else {"stdout": subprocess.DEVNULL,
                                                         "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, **pipe, **options)
        self.pid = self.process.pid
        self.port = port
        self.stream = getattr(self.process, stream) if stream else None
        if self.stream:
            found = _read_line(self.process, self.stream, pattern)
            self.port = port or int(found.group(1))
        else:
            _connect(self.process, port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        if self.stream:
            self.stream.close()


def limit(build, how):
    """One send() a message or a turn; the floor under every broadcaster."""
    return Server(f"limit, a send per {how}", "raw",
                  [f"{build}/limit", how], "stdout", r"(\d+)\n")


def hearthd(build, folder=None, dialect="v1", prefix=(), **settings):
    """hearthd with every message stored; settings as group__name=value."""
    folder = folder or tempfile.mkdtemp(prefix="hearth-bench-")
    chosen = {"listen__address": "127.0.0.1", "listen__port": 0,
              "storage__path": f"{folder}/chat.db", "storage__durability": "process_crash",
              "admin__socket": f"{folder}/admin.sock", "limits__exempt": "127.0.0.0/8",
              "limits__connections": 12000, "limits__rooms": 10000,
              "limits__rooms_per_user": 1000, "log__level": "warn", **settings}
    words = [word for key, value in chosen.items()
             for word in ("--set", f"{key.replace('__', '.')}={value}")]
    return Server("hearthd" if dialect == "v1" else "hearthd, plain endpoint", dialect,
                  [*prefix, f"{build}/hearthd", *words], "stderr", r"ready http=\S+:(\d+)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def baseline():
    """FastAPI and uvicorn, as in baseline.py."""
    port = free_port()
    return Server("FastAPI + uvicorn", "plain",
                  ["/usr/bin/python3", "-m", "uvicorn", "baseline:app", "--port", str(port),
                   "--log-level", "info"], "stderr", r"running on", port=port,
                  cwd=os.path.dirname(os.path.abspath(__file__)))


def raise_descriptor_limit():
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


raise_descriptor_limit()
if sys.version_info < (3, 9):
    sys.exit("the benchmark needs Python 3.9")
