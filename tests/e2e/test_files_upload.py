"""Uploads: in pieces over links that break, within bounds, and nothing left of what was not finished."""
import json
import os
import signal
import socket

import pytest

from client import meet, new_name, part
from daemon import DEADLINE_S, OVER_TLS
from files import disposition, key_of, kept, must_upload, png, upload


def announce(daemon, person, size, room="lobby", name="x.png"):
    status, headers, answer = daemon.http("POST", f"/api/v1/rooms/{room}/files?size={size}", "",
                                          {**key_of(person), **disposition(name)})
    headers = {key.lower(): value for key, value in headers.items()}
    return status, headers.get("location"), json.loads(answer)


def patch(daemon, person, place, offset, body):
    status, headers, answer = daemon.http("PATCH", place, body, {**key_of(person), "Upload-Offset": str(offset)})
    headers = {key.lower(): value for key, value in headers.items()}
    return status, headers.get("upload-offset"), json.loads(answer) if answer else None


def stands(daemon, person, place):
    status, headers, _ = daemon.http("HEAD", place, None, key_of(person))
    headers = {key.lower(): value for key, value in headers.items()}
    return status, headers.get("upload-offset"), headers.get("upload-length")


def break_off(daemon, person, place, offset, body, promised):
    """A PATCH whose connection is lost in the middle of its body."""
    head = (f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {person.key}\r\n"
            f"Upload-Offset: {offset}\r\nContent-Length: {promised}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S) as raw:
        if OVER_TLS:
            return
        raw.sendall(head + body)


async def test_a_file_comes_over_a_link_that_breaks_twenty_times(daemon):
    [mina] = await meet(daemon, "mina")
    body = png(noise=10_000_000 if "HEARTH_LONG_TESTS" in os.environ else 2_000_000)
    _, place, answer = announce(daemon, mina, len(body))
    assert answer["upload"] == {"id": place.rsplit("/", 1)[1], "size": len(body), "offset": 0}
    offset = 0
    for cut in range(20):
        break_off(daemon, mina, place, offset, body[offset:offset + 50_000 + cut * 1000], len(body) - offset)
        status, stood, length = stands(daemon, mina, place)
        assert status == 200 and int(length) == len(body) and int(stood) >= offset
        offset = int(stood)
    while True:
        status, stood, answer = patch(daemon, mina, place, offset, body[offset:])
        if status == 201:
            break
        assert status == 409 and int(stood) > offset  # what was on its way when the link broke has come
        offset = int(stood)
    file = answer["file"]
    assert file["size"] == len(body) and file["type"] == "image/png"
    _, _, read = daemon.http("GET", f"/files/{file['id']}/x", headers=key_of(mina))
    assert read == body
    assert kept(daemon) and not any(name.startswith("upload-") for name in kept(daemon))
    await part(mina)


async def test_pieces_are_taken_where_they_belong_and_the_last_answer_can_be_asked_again(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    body = png(8, 8)
    _, place, _ = announce(daemon, mina, len(body))
    assert patch(daemon, mina, place, 0, body[:30])[:2] == (204, "30")
    assert patch(daemon, mina, place, 0, body[:30])[:2] == (409, "30")
    assert patch(daemon, mina, place, 31, body[31:])[:2] == (409, "30")
    assert patch(daemon, mina, place, 30, body[30:] + b"more")[:2] == (409, "30")
    assert stands(daemon, mina, place) == (200, "30", str(len(body)))
    assert stands(daemon, jun, place)[0] == 404
    status, _, first = patch(daemon, mina, place, 30, body[30:])
    assert status == 201
    status, _, again = patch(daemon, mina, place, len(body), b"")
    assert status == 201 and again == first
    await mina.ask("send", room="lobby", nonce="1", files=[first["file"]["id"]])
    await part(mina, jun)


def go_on_at_once(daemon, requests):
    """Sends all of them while the daemon stands still, so that it hears them in one turn; gives the answers."""
    os.kill(daemon.pid, signal.SIGSTOP)
    raws = [socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S) for _ in requests]
    for raw, request in zip(raws, requests):
        raw.sendall(request)
    os.kill(daemon.pid, signal.SIGCONT)
    answers = []
    for raw in raws:
        with raw:
            answers.append(raw.makefile("rb").read())
    return answers


async def test_of_several_who_go_on_with_one_upload_at_once_none_harms_it(daemon):
    if OVER_TLS:
        return  # a handshake is not heard in the same turn
    [mina] = await meet(daemon, "mina")
    body = png(noise=15_000)
    _, place, _ = announce(daemon, mina, len(body))
    who = f"Host: 127.0.0.1\r\nAuthorization: Bearer {mina.key}\r\n"
    patches = [(f"PATCH {place} HTTP/1.1\r\n{who}Upload-Offset: 0\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
               for _ in range(6)]
    answers = go_on_at_once(daemon, patches)
    assert sorted(answer[:13] for answer in answers) == [b"HTTP/1.1 201 "] + [b"HTTP/1.1 409 "] * 5
    stood = int(stands(daemon, mina, place)[1])  # of one that was taken a piece may have been written before
    status, _, answer = patch(daemon, mina, place, stood, body[stood:])
    assert status == 201
    assert daemon.http("GET", f"/files/{answer['file']['id']}/x", headers=key_of(mina))[2] == body
    await part(mina)


async def test_who_goes_on_with_an_upload_while_it_is_forgotten_hears_of_it(daemon):
    if OVER_TLS:
        return
    [mina] = await meet(daemon, "mina")
    _, place, _ = announce(daemon, mina, 1000)
    who = f"Host: 127.0.0.1\r\nAuthorization: Bearer {mina.key}\r\n"
    patch_head = f"PATCH {place} HTTP/1.1\r\n{who}Upload-Offset: 0\r\nContent-Length: 500\r\n\r\n".encode()
    forget = f"DELETE {place} HTTP/1.1\r\n{who}\r\n".encode()
    answers = go_on_at_once(daemon, [patch_head + b"x" * 500, forget, patch_head + b"x" * 500])
    assert answers[1].startswith(b"HTTP/1.1 204 ")
    assert stands(daemon, mina, place)[0] == 404
    while kept(daemon):
        await mina.ask("ping")
    await part(mina)


async def test_an_upload_that_is_not_wanted_leaves_nothing(daemon):
    [mina] = await meet(daemon, "mina")
    _, place, _ = announce(daemon, mina, 1000)
    assert patch(daemon, mina, place, 0, b"x" * 500)[0] == 204
    assert len(kept(daemon)) == 1
    assert daemon.http("DELETE", place, None, key_of(mina))[0] == 204
    assert stands(daemon, mina, place)[0] == 404
    while kept(daemon):
        await mina.ask("ping")
    await part(mina)


async def test_an_hour_without_a_byte_ends_an_upload_and_a_file_that_nobody_said(daemon):
    [mina] = await meet(daemon, "mina")
    _, place, _ = announce(daemon, mina, 1000)
    assert patch(daemon, mina, place, 0, b"x" * 500)[0] == 204
    must_upload(daemon, mina, png())
    assert len(kept(daemon)) == 2
    daemon.advance(3500)
    assert stands(daemon, mina, place)[0] == 200
    daemon.advance(3700)
    assert stands(daemon, mina, place)[0] == 404
    while kept(daemon):
        daemon.administrator("ping")
    await part(mina)


async def test_of_a_body_that_breaks_off_nothing_is_kept(daemon):
    [mina] = await meet(daemon, "mina")
    head = (f"POST /api/v1/rooms/lobby/files HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {mina.key}\r\n"
            "Content-Length: 100000\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S) as raw:
        raw.sendall(head + b"x" * 50_000)
        while not kept(daemon):
            await mina.ask("ping")
    while kept(daemon):
        await mina.ask("ping")
    await part(mina)


@pytest.mark.parametrize("setting, of, code", [("bytes", "bytes", 413), ("user_bytes", "user_bytes", 507),
                                               ("room_bytes", "room_bytes", 507), ("disk_bytes", "disk_bytes", 507)])
async def test_each_bound_holds_at_its_edge_and_is_named(make_daemon, setting, of, code):
    daemon = make_daemon({f"files.{setting}": 20000})
    [mina] = await meet(daemon, "mina")
    assert upload(daemon, mina, b"x" * 20000, "x")[0] == 201
    status, answer = upload(daemon, mina, b"y" * (20001 if code == 413 else 1), "y")
    assert (status, answer["field"]) == (code, f"files.{of}")
    assert answer["error_code"] == ("too_long" if code == 413 else "disk_quota")
    status, _, answer = announce(daemon, mina, 20001)
    assert (status, answer["field"]) == (code, f"files.{of}")
    await part(mina)


async def test_what_is_gone_makes_room_again(make_daemon):
    daemon = make_daemon({"files.user_bytes": 20000})
    [mina] = await meet(daemon, "mina")
    file = must_upload(daemon, mina, b"x" * 20000, "x")
    seq = (await mina.ask("send", room="lobby", nonce="1", files=[file["id"]]))["seq"]
    assert upload(daemon, mina, b"y", "y")[0] == 507
    await mina.ask("delete", room="lobby", target=seq)
    assert upload(daemon, mina, b"y" * 20000, "y")[0] == 201
    await part(mina)


async def test_so_many_at_a_time_and_in_an_hour(make_daemon):
    daemon = make_daemon({"files.uploads": 2, "files.per_hour": 4, "limits.exempt": ""})
    mina, jun = await meet(daemon, "mina", "jun")
    places = [announce(daemon, mina, 10)[1] for _ in range(2)]
    status, _, answer = announce(daemon, jun, 10)
    assert (status, answer["error_code"]) == (429, "rate_limited") and answer["retry_after_ms"] > 0
    assert patch(daemon, mina, places[0], 0, b"0123456789")[0] == 201
    assert announce(daemon, mina, 10)[0] == 201
    assert daemon.http("DELETE", places[1], None, key_of(mina))[0] == 204
    assert announce(daemon, mina, 10)[0] == 201
    assert patch(daemon, mina, announce(daemon, mina, 10)[1] or places[0], 0, b"x")[0] in (404, 409)
    status, answer = upload(daemon, mina, b"x")
    assert (status, answer["error_code"]) == (429, "rate_limited") and answer["retry_after_ms"] > 1000
    await part(mina, jun)


async def test_where_places_are_short_one_that_nobody_feeds_for_a_minute_gives_way(make_daemon):
    daemon = make_daemon({"files.uploads": 2})
    mina, jun = await meet(daemon, "mina", "jun")
    places = [announce(daemon, mina, 10)[1] for _ in range(2)]
    assert patch(daemon, mina, places[0], 0, b"01234")[0] == 204
    assert announce(daemon, jun, 10)[0] == 429
    daemon.advance(61)
    assert announce(daemon, jun, 10)[0] == 201
    assert [stands(daemon, mina, place)[0] for place in places] == [200, 404]
    assert patch(daemon, mina, places[0], 5, b"56789")[0] == 201
    await part(mina, jun)


async def test_strange_files(daemon):
    [mina] = await meet(daemon, new_name())

    def answer(body):
        status, answer = upload(daemon, mina, body)
        return (status, answer["file"]["type"]) if status == 201 else (status, answer["field"])

    assert answer(b"") == (400, "body")
    assert announce(daemon, mina, 4 << 30)[0] == 413
    huge = png()[:16] + (65536).to_bytes(4, "big") * 2 + png()[24:]
    status, file = upload(daemon, mina, huge)
    assert status == 201 and file["file"]["type"] == "application/octet-stream" and "width" not in file["file"]
    assert answer(png()[:20]) == (400, "body")
    assert answer(png(noise=5000)[:3000]) == (201, "image/png")
    assert answer(b"GIF89a/*<script>alert(1)</script>*/=1;" + b"x" * 100) == (400, "body")
    assert answer(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>") == (201, "application/octet-stream")
    assert answer(b"<!doctype html><script>alert(1)</script>") == (201, "application/octet-stream")
    assert answer(b"x") == (201, "application/octet-stream")
    assert answer(b"%PDF-1.7 ...") == (201, "application/pdf")
    head = (f"POST /api/v1/rooms/lobby/files HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {mina.key}\r\n"
            "Content-Length: 4294967296\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S) as raw:
        raw.sendall(head + b"x" * 1000)
        assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")
    await part(mina)


async def test_who_may_not_speak_may_not_upload(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    status, answer = upload(daemon, jun, b"x", room="den")
    assert (status, answer["error_code"]) == (404, "room_not_found")
    daemon.administrator("mute", room="lobby", user="jun")
    assert upload(daemon, jun, b"x")[1]["error_code"] == "muted"
    assert daemon.http("POST", "/api/v1/rooms/lobby/files", b"x")[0] == 401
    assert kept(daemon) == []
    await part(mina, jun)


async def test_a_restart_in_the_middle_leaves_nothing_and_whoever_comes_begins_anew(daemon):
    [mina] = await meet(daemon, "mina")
    _, place, _ = announce(daemon, mina, 1000)
    assert patch(daemon, mina, place, 0, b"x" * 500)[0] == 204
    await mina.close()
    daemon.kill()
    assert len(kept(daemon)) == 1
    daemon.start()
    assert kept(daemon) == []
    assert stands(daemon, mina, place)[0] == 404
    assert daemon.http("DELETE", place, None, key_of(mina))[0] == 404
