"""The memory that --check-config promises holds against its most expensive use: each list, reply, stream,
file and buffer with what takes the most bytes, from as many connections as there may be, none of which
reads. Measured in a release build: sanitizers keep memory of their own. HEARTH_LONG_TESTS: over TLS, too."""
import itertools
import json
import os
import re
import selectors
import socket
import ssl
import time
from pathlib import Path

import pytest

from certificates import anyone
from client import meet, part
from daemon import DEADLINE_S, run_hearthd
from files import kept, key_of, must_say, png
from test_frames import frame, handshake

LONG = bool(os.environ.get("HEARTH_LONG_TESTS"))
RESERVED = 8          # connections left for the test's own questions
QUIET_POLLS = 3       # of nothing new, 0.1 s apart
SAY_S = 3             # who is paused by then says no more
FILE_BYTES = 8 << 20  # in http.page_dir
NAME = "\U0001f600" * 31  # 4 bytes a character


def promised_bytes(daemon):
    printed = run_hearthd("--check-config", *daemon.command()[1:]).stdout
    return int(re.search(r"total\s+(\d+) bytes", printed)[1])


def used_bytes(daemon):
    """With its part of what others use too: the program and the libraries (PSS)."""
    return daemon.memory_bytes(["Pss:"])


def is_sanitized(daemon):
    return b"__asan_init" in open(f"/proc/{daemon.pid}/exe", "rb").read()


def request(type, **fields):
    return frame(1, json.dumps({"type": type, **fields}, ensure_ascii=False).encode())


class Crowd:
    """Connections that say what they are given and read no answer to it."""

    def __init__(self, daemon, count, words):
        self.sockets = []
        selector = selectors.DefaultSelector()
        for i in range(count):
            opening, rest = words(i)
            raw = self._connect(daemon, i)
            self.sockets.append(raw)
            raw.sendall(opening)
            selector.register(raw, selectors.EVENT_WRITE, (bool(opening), bytearray(rest)))
        for raw in self.sockets:
            got = b"" if selector.get_key(raw).data[0] else END
            while END not in got:
                got += raw.recv(512)
            raw.setblocking(False)
        self._say(selector)

    @staticmethod
    def _connect(daemon, i):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        raw.bind((f"127.0.1.{1 + i % 100}", 0))
        raw.settimeout(DEADLINE_S)
        raw.connect(("127.0.0.1", daemon.tls_port or daemon.port))
        return anyone().wrap_socket(raw) if daemon.tls_port else raw

    @staticmethod
    def _say(selector):
        """As much as the gateway takes: it pauses who has too much waiting."""
        deadline = time.monotonic() + SAY_S
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(0.2):
                rest = key.data[1]
                try:
                    del rest[:key.fileobj.send(rest)]
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    rest.clear()
                if not rest:
                    selector.unregister(key.fileobj)
        selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for raw in self.sockets:
            raw.close()


def peak_bytes(daemon):
    """The most that it takes until nothing new happens any more."""
    peak, quiet, before = 0, 0, None
    deadline = time.monotonic() + DEADLINE_S
    while quiet < QUIET_POLLS and time.monotonic() < deadline:
        peak = max(peak, used_bytes(daemon))
        time.sleep(0.1)
        processor = open(f"/proc/{daemon.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]
        quiet = quiet + 1 if processor == before else 0
        before = processor
    return max(peak, used_bytes(daemon))


names = itertools.count(1)
END = b"\r\n\r\n"  # of a head


def websocket(daemon, *requests):
    """A guest of a new name who asks this. What one connection has waiting stays below what each may
    have, so that none is turned away."""
    opening, rest = handshake(daemon), b"".join(requests)
    return lambda i: (opening, request("hello", name=f"{NAME[:20]}{next(names)}") + rest)


def plain_get(path, *headers):
    lines = "".join(f"{line}\r\n" for line in headers)
    return lambda i: (b"", f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())


class Group:
    """A control group that may have so many bytes. bounds is empty where none can be made."""

    FILES = [("/sys/fs/cgroup/memory/{}", "memory.limit_in_bytes"), ("/sys/fs/cgroup/{}", "memory.max")]

    def __init__(self, name, size):
        self.folder = None
        for pattern, limit in self.FILES:
            folder = Path(pattern.format(name))
            try:
                folder.mkdir()
                (folder / limit).write_text(str(size))
                self.folder = folder
                return
            except OSError:
                if folder.is_dir():
                    folder.rmdir()

    @property
    def prefix(self):
        if not self.folder:
            return ()
        return ("sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh")

    def remove(self):
        if self.folder:
            self.folder.rmdir()


@pytest.fixture(params=["normal", "small", *(["small over TLS"] if LONG else [])])
def crowded(request, make_daemon, tmp_path):
    """A gateway whose rooms, topics and messages are as long as may be, in quotes: two bytes each. The small
    one is in a control group of 64 MiB, where it finds out by itself that it is."""
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_bytes(b"x" * FILE_BYTES)
    profile, _, is_tls = request.param.partition(" over ")
    group = Group(f"hearth-{os.getpid()}", 64 << 20) if profile == "small" else None
    in_group = group and group.folder
    tls = {"tls.mode": "local_ca", "tls.port": 0} if is_tls else {}
    daemon = make_daemon({"limits.text_characters": 8192, "storage.durability": "process_crash",
                          "memory.profile": "auto" if in_group else profile, **tls}, start=False)
    daemon.prefix, daemon.page = group.prefix if group else (), page
    daemon.start(prefix=daemon.prefix)
    if group:
        request.addfinalizer(group.remove)
        daemon.settings["memory.profile"] = "small"  # for those who ask outside of the group
        assert daemon.settings_of("limits.connections") == (40 if is_tls else 100)
        assert daemon.administrator("status")["connections_max"] == daemon.settings_of("limits.connections")
    fill(daemon)
    yield daemon
    daemon.finish()


def longest(daemon):
    """A text that is as long as may be once it is encoded."""
    return '"' * min(8192, (daemon.settings_of("limits.frame_bytes") - 1024) // 2)


def fill(daemon):
    for i in range(min(200, daemon.settings_of("limits.rooms") - 1)):
        daemon.administrator("create", room=f"{NAME[:28]}{i}", topic='"' * 1024)
    for i in range(150):
        daemon.administrator("send", room="lobby", text=longest(daemon), nonce=f"{i}")


def attacks(daemon):
    join = request("join", room="lobby", after=0)
    full = daemon.settings_of("limits.frame_bytes") - 1
    half = b"\x81\xfe" + full.to_bytes(2, "big") + bytes(4) + b"x" * (full - 100)
    most = min(full - 1000, 2 * 8192) // 2
    sends = [request("send", room="lobby", text='"' * most, nonce=str(n)) for n in range(3)]
    acks = [request("send", room="lobby", text="x", nonce="n" * 60 + str(n)) for n in range(200)]
    return {
        "welcome": websocket(daemon),
        "rooms": websocket(daemon, *[request("rooms", ref="r" * 64)] * 4),
        "history": websocket(daemon, *[request("history", room="lobby", limit=200)] * 5),
        "search": websocket(daemon, *[request("search", query='""', limit=200)] * 5),
        "join": websocket(daemon, join, *[request("who", room="lobby")] * 5),
        "messages by HTTP": plain_get("/api/v1/rooms/lobby/messages?limit=200"),
        "rooms by HTTP": plain_get("/api/v1/rooms"),
        "a stream of lines": plain_get("/api/v1/rooms/lobby/stream?after=0"),
        "a stream of events": plain_get("/api/v1/rooms/lobby/stream?after=0",
                                        "Accept: text/event-stream"),
        "figures": plain_get("/metrics"),
        "the page without gzip": plain_get("/"),
        "half a frame": websocket(daemon, half),
        "half a body": lambda i: (b"", b"POST /api/v1/do HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Content-Length: %d\r\n\r\n" % (full - 1) + b"x" * (full - 1000)),
        "texts": websocket(daemon, request("join", room="lobby", history=0), *sends),
        "passwords": lambda i: (handshake(daemon), request("hello", name=f"p{i}", password="x" * 255) * 3),
        "acknowledgements": websocket(daemon, request("join", room="lobby", history=0), *acks),
    }


def test_no_crowd_makes_it_take_more_than_it_promised(crowded):
    if is_sanitized(crowded):
        pytest.skip("a sanitizer's own memory is not what is promised")
    promised = promised_bytes(crowded)
    count = crowded.settings_of("limits.connections") - RESERVED
    found = {"at rest": used_bytes(crowded)}
    for name, words in attacks(crowded).items():
        with Crowd(crowded, count, words):
            found[name] = peak_bytes(crowded)
        crowded.until_alone()
    crowded.stop()
    crowded.settings["http.page_dir"] = crowded.page
    crowded.start(prefix=crowded.prefix)
    with Crowd(crowded, count, plain_get("/")):
        found["a file of http.page_dir"] = peak_bytes(crowded)
    for name, peak in found.items():
        print(f"{name:24} {peak / 2**20:7.1f} MiB of {promised / 2**20:.1f}")
    worst = max(found, key=found.get)
    assert found[worst] <= promised, f"{worst}: {found[worst]} bytes, {promised} were promised"


UPLOADS = 20
UPLOAD_BYTES = 32 << 10      # as README says; and of its connection, which --check-config counts by itself:
CONNECTION_BYTES = 10 << 10
PIECE_BYTES = 100 << 10


def begin_upload(daemon, person):
    raw = socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S)
    raw.sendall(f"POST /api/v1/rooms/lobby/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {8 << 20}\r\n"
                f"Authorization: {key_of(person)['Authorization']}\r\n\r\n".encode())
    return raw


def received_bytes(daemon):
    return sum((daemon.folder / "chat.files" / name).stat().st_size for name in kept(daemon))


async def feed_all(daemon, person, uploads):
    """Sends some of each, and gives the most that it takes meanwhile, and once all is written."""
    peak, awaited = 0, received_bytes(daemon) + 8 * PIECE_BYTES * len(uploads)
    for _ in range(8):
        for raw in uploads:
            raw.sendall(b"x" * PIECE_BYTES)
            peak = max(peak, daemon.memory_bytes())
    while received_bytes(daemon) < awaited:
        await person.ask("ping")
    return max(peak, daemon.memory_bytes())


async def test_an_upload_takes_no_more_than_is_said_while_it_comes_and_while_it_is_held(make_daemon):
    """Of as many more beside others that are held: what the first ones need once is counted elsewhere."""
    daemon = make_daemon({"files.uploads": 2 * UPLOADS})
    if is_sanitized(daemon):
        pytest.skip("a sanitizer's own memory is not what is promised")
    [mina] = await meet(daemon, "mina")
    uploads = [begin_upload(daemon, mina) for _ in range(UPLOADS)]
    before = await feed_all(daemon, mina, uploads)
    more = [begin_upload(daemon, mina) for _ in range(UPLOADS)]
    after = await feed_all(daemon, mina, more)
    print(f"{(after - before) / UPLOADS / 1024:.1f} KiB an upload, its connection included")
    assert after - before <= UPLOADS * (UPLOAD_BYTES + CONNECTION_BYTES)
    for raw in uploads + more:
        raw.close()
    await part(mina)


def begin_download(daemon, path):
    """A reader who takes the head and then waits, with as little of the bytes in the kernel as it allows."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", daemon.port))
    raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert raw.recv(15) == b"HTTP/1.1 200 OK"
    return raw


async def test_readers_of_one_picture_take_no_more_than_what_is_being_written_to_them(make_daemon):
    """200 at once, of 2 MB: of the second hundred, what the first needed once is counted elsewhere."""
    daemon = make_daemon({"limits.connections_per_address": 300})
    if is_sanitized(daemon):
        pytest.skip("a sanitizer's own memory is not what is promised")
    [mina] = await meet(daemon, "mina")
    file, _ = await must_say(daemon, mina, png(noise=2_000_000), "")
    path = (await mina.ask("file_url", id=file["id"]))["path"]
    readers = [begin_download(daemon, path) for _ in range(100)]
    before = used_bytes(daemon)
    readers += [begin_download(daemon, path) for _ in range(100)]
    after = used_bytes(daemon)
    print(f"{(after - before) / 100 / 1024:.1f} KiB a reader, its connection included")
    assert after - before <= 100 * (int(daemon.settings_of("limits.write_bytes")) + CONNECTION_BYTES)
    await mina.send("it goes on meanwhile")
    for raw in readers:
        raw.close()
    await part(mina)
