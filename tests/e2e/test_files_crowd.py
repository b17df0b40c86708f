"""Many who send and read files at once, and those who are refused in the middle of a body: each gets its answer in
words, whole, and is never cut off while it is still sending."""
import itertools
import json
import os
import re
import signal
import socket
import threading
from collections import Counter

import pytest

from certificates import anyone
from client import meet, part
from daemon import DEADLINE_S, OVER_TLS, until
from files import must_say, png

_bodies = itertools.count()


def some(size):
    """Bytes that nobody has sent."""
    return next(_bodies).to_bytes(8, "big") + b"x" * (size - 8)


def request(method, path, key=None, body=b"", **headers):
    lines = {"Host": "localhost", **({"Authorization": f"Bearer {key}"} if key else {}), **headers}
    if body:
        lines["Content-Length"] = len(body)
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def file_post(key, size=1_000_000, room="lobby", **headers):
    return request("POST", f"/api/v1/rooms/{room}/files", key, some(size), **headers)


def connect(daemon):
    raw = socket.create_connection(("127.0.0.1", daemon.tls_port or daemon.port), timeout=DEADLINE_S)
    return anyone().wrap_socket(raw) if daemon.tls_port else raw


def exchange(daemon, words, together, answers):
    """As the simplest clients do: all is sent before anything is read. An error is the answer, too."""
    together.wait(DEADLINE_S)
    try:
        with connect(daemon) as raw:
            raw.sendall(words)
            answers.append(raw.makefile("rb").read())
    except OSError as error:
        answers.append(error)


def exchange_all(daemon, requests):
    """Sends all of them at once; gives the answers, in no order."""
    together, answers = threading.Barrier(len(requests)), []
    threads = [threading.Thread(target=exchange, args=(daemon, words, together, answers)) for words in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def status_of(answer):
    """Of an answer that is whole, in words if it is a refusal."""
    assert isinstance(answer, bytes) and answer, f"cut off: {answer!r}"
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    assert length is None or len(body) == int(length[1])
    status = int(answer[9:12])
    assert status < 400 or json.loads(body)["message"].endswith((".", "?"))
    return status


def statuses(daemon, requests):
    return Counter(map(status_of, exchange_all(daemon, requests)))


async def test_fifty_who_send_and_fifty_who_read_at_once_are_all_answered(make_daemon):
    daemon = make_daemon({"files.uploads": 50})
    [mina] = await meet(daemon, "mina")
    file, _ = await must_say(daemon, mina, png(noise=2_000_000), "")
    reads = [request("GET", f"/files/{file['id']}/x") for _ in range(50)]
    assert statuses(daemon, [*reads, *(file_post(mina.key) for _ in range(50))]) == {200: 50, 201: 50}
    await part(mina)


async def test_more_uploads_than_may_be_at_a_time_are_refused_in_words(daemon):
    [mina] = await meet(daemon, "mina")
    found = statuses(daemon, [file_post(mina.key) for _ in range(50)])
    assert set(found) == {201, 429} and found[201] >= daemon.settings_of("files.uploads")
    await part(mina)


async def test_where_all_places_are_taken_who_comes_with_a_body_is_told_so(make_daemon):
    if OVER_TLS:
        return  # there who has its answer gives way to who begins a handshake
    daemon = make_daemon({"limits.connections": 64})
    [mina] = await meet(daemon, "mina")
    file, _ = await must_say(daemon, mina, png(noise=2_000_000), "")
    reads = [request("GET", f"/files/{file['id']}/x") for _ in range(50)]
    for _ in range(3):
        found = statuses(daemon, [*reads, *(file_post(mina.key) for _ in range(50))])
        assert set(found) <= {200, 201, 429, 503} and sum(found.values()) == 100
    await part(mina)


SHORT, LONG = 3_000_000, 20_000_000  # of a body that is waited for before it is refused, and of one that is not

REFUSED = {
    "a key that nobody has": (401, lambda key: file_post("nobody's", SHORT)),
    "no key": (401, lambda key: file_post(None, SHORT)),
    "another way to sign in": (401, lambda key: file_post(None, SHORT, Authorization="Basic bTptCg==")),
    "a page elsewhere": (403, lambda key: file_post(key, SHORT, Origin="http://evil.example")),
    "another name": (403, lambda key: file_post(None, SHORT, Host="evil.example")),
    "a room that is not there": (404, lambda key: file_post(key, SHORT, room="nowhere")),
    "the same with more than is waited for": (404, lambda key: file_post(key, LONG, room="nowhere")),
    "too long a file": (413, lambda key: file_post(key, LONG)),
    "bytes with an announcement": (400, lambda key: request("POST", "/api/v1/rooms/lobby/files?size=5", key,
                                                            some(SHORT))),
    "a size that is none": (400, lambda key: request("POST", "/api/v1/rooms/lobby/files?size=x", key, some(SHORT))),
    "a piece without its place": (400, lambda key: request("PATCH", "/api/v1/uploads/aaaa", key, some(SHORT))),
    "a piece of nothing": (404, lambda key: request("PATCH", "/api/v1/uploads/aaaa", key, some(SHORT),
                                                    Upload_Offset=0)),
    "too long a message": (413, lambda key: request("POST", "/api/v1/rooms/lobby/messages", key, some(SHORT))),
    "a message that is longer still": (413, lambda key: request("POST", "/api/v1/rooms/lobby/messages", key,
                                                                some(LONG))),
    "no such hook": (413, lambda key: request("POST", "/hooks/nobody's", None, some(SHORT))),
    "a body that nobody asked for": (400, lambda key: request("GET", "/api/v1/rooms", key, some(SHORT))),
    "no such method": (501, lambda key: request("BREW", "/", key, some(SHORT))),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_who_is_refused_in_the_middle_of_a_body_reads_why(make_daemon, what):
    daemon = make_daemon({"files.bytes": LONG - 1})
    [mina] = await meet(daemon, "mina")
    status, make = REFUSED[what]
    assert statuses(daemon, [make(mina.key) for _ in range(4)]) == {status: 4}
    await part(mina)


async def test_who_has_its_answer_and_hangs_up_never_is_let_go(daemon):
    """Its connection is none of limits.connections any more, and ends when it says nothing for long."""
    if OVER_TLS:
        return  # there others wait for its end
    with connect(daemon) as raw:
        raw.sendall(f"POST /api/v1/rooms/lobby/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LONG}\r\n\r\n"
                    .encode() + b"x" * 1000)
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 413 ")
        daemon.until_connections(0)
        raw.sendall(b"x" * 1000)
        daemon.advance(6)

        def is_let_go():
            try:
                raw.sendall(b"x")
            except (BrokenPipeError, ConnectionResetError):
                return True

        until(is_let_go)


TURN_FILE_BYTES = 65536


def figure(daemon, name):
    return float(re.search(rf"^hearth_{name} (\S+)$", daemon.http("GET", "/metrics")[2].decode(), re.M)[1])


async def test_however_many_read_a_picture_a_turn_of_the_loop_writes_no_more_of_it_than_some_pieces(make_daemon):
    """So what is said meanwhile waits for no more than those."""
    if OVER_TLS:
        return  # a handshake is not heard while it stands still
    daemon = make_daemon({"limits.connections_per_address": 300})
    mina, jun = await meet(daemon, "mina", "jun")
    file, _ = await must_say(daemon, mina, png(noise=2_000_000), "")
    os.kill(daemon.pid, signal.SIGSTOP)  # so that all are heard at once
    raws = [connect(daemon) for _ in range(100)]
    for raw in raws:
        raw.sendall(request("GET", f"/files/{file['id']}/x"))
    os.kill(daemon.pid, signal.SIGCONT)
    readers = [threading.Thread(target=lambda raw=raw: sizes.append(len(raw.makefile("rb").read()))) for raw in raws]
    sizes = []
    for reader in readers:
        reader.start()
    for i in range(20):
        await mina.send(f"word {i}")
        await jun.next("message", text=f"word {i}")
    for reader in readers:
        reader.join()
    for raw in raws:
        raw.close()
    assert all(size > file["size"] for size in sizes) and len(sizes) == len(raws)
    assert 0 < figure(daemon, "loop_turn_file_bytes") <= TURN_FILE_BYTES
    await part(mina, jun)
