"""Reading files: who may, in what pieces, and what becomes of those whose bytes are gone."""
import json

from client import meet, part
from files import key_of, kept, must_upload, png, upload


def get(daemon, path, **headers):
    status, answered, body = daemon.http("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return status, {key.lower(): value for key, value in answered.items()}, body


async def said(daemon, person, body, name="x.png", room="lobby"):
    file = must_upload(daemon, person, body, name, room)
    await person.ask("send", room=room, nonce=file["id"], files=[file["id"]])
    return file, (await person.ask("file_url", id=file["id"]))["path"]


async def test_ranges(daemon):
    [mina] = await meet(daemon, "mina")
    body = bytes(range(256)) * 400
    _, path = await said(daemon, mina, body)
    status, headers, whole = get(daemon, path)
    assert status == 200 and whole == body and headers["accept-ranges"] == "bytes"
    etag = headers["etag"]
    for field, first, last in (("0-0", 0, 0), ("5-", 5, len(body) - 1), ("-7", len(body) - 7, len(body) - 1),
                               ("1000-99999999", 1000, len(body) - 1), ("20000-60000", 20000, 60000)):
        status, headers, part_of = get(daemon, path, Range=f"bytes={field}")
        assert status == 206 and part_of == body[first:last + 1]
        assert headers["content-range"] == f"bytes {first}-{last}/{len(body)}"
    status, headers, _ = get(daemon, path, Range=f"bytes={len(body)}-")
    assert status == 416 and headers["content-range"] == f"bytes */{len(body)}"
    for field in ("bytes=9-3", "lines=1-2", "bytes=0-1,5-6", "bytes=-"):
        assert get(daemon, path, Range=field)[0] == 200
    assert get(daemon, path, Range="bytes=0-9", If_Range=etag)[0] == 206
    assert get(daemon, path, Range="bytes=0-9", If_Range='"other"')[0] == 200
    status, headers, nothing = get(daemon, path, If_None_Match=etag)
    assert status == 304 and nothing == b"" and headers["etag"] == etag
    status, headers, nothing = daemon.http("HEAD", path)
    assert status == 200 and nothing == b""
    await part(mina)


async def test_what_is_no_picture_film_or_sound_is_only_ever_saved(daemon):
    [mina] = await meet(daemon, "mina")
    for body in (b"<!doctype html><script>alert(1)</script>", b"<svg/>", b"%PDF-1.7"):
        _, path = await said(daemon, mina, body, 'x".html')
        status, headers, _ = get(daemon, path)
        assert status == 200 and headers["content-disposition"].startswith('attachment; filename="x_.html"; ')
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert headers["content-type"] in ("application/octet-stream", "application/pdf")
    await part(mina)


async def test_a_file_is_read_by_whoever_may_read_its_room(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("create", room="den", visibility="private")
    await mina.join("den")
    file, path = await said(daemon, mina, png(), room="den")
    bare = f"/files/{file['id']}/x"
    assert get(daemon, bare)[0] == 404 and get(daemon, bare, **key_of(jun))[0] == 404
    assert (await jun.ask_in_vain("file_url", id=file["id"]))["error_code"] == "room_not_found"
    assert get(daemon, path)[0] == 200 and get(daemon, bare, **key_of(mina))[0] == 200
    open_file, _ = await said(daemon, jun, png(2, 2))
    assert get(daemon, f"/files/{open_file['id']}/x")[0] == 200  # as its message, without a key
    await mina.ask("invite", room="den", user="jun")
    jun_path = (await jun.ask("file_url", id=file["id"]))["path"]
    assert get(daemon, jun_path)[0] == 200
    await mina.ask("ban", room="den", user="jun")
    assert get(daemon, jun_path)[0] in (403, 404)
    assert get(daemon, path[:-1] + "xy"[path[-1] == "x"])[0] == 401
    key = path.split("key=")[1]
    assert get(daemon, f"/files/{open_file['id']}/x?key={key}")[0] == 403  # of another room
    daemon.advance(3601)
    assert get(daemon, path)[0] == 401
    await part(mina, jun)


async def test_before_it_is_said_only_its_uploader_reads_it(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    file = must_upload(daemon, mina, png())
    assert get(daemon, f"/files/{file['id']}/x", **key_of(mina))[0] == 200
    assert get(daemon, f"/files/{file['id']}/x", **key_of(jun))[0] == 404
    assert get(daemon, f"/files/{file['id']}/x")[0] == 404
    assert get(daemon, f"/files/{'0' * 32}/x", **key_of(mina))[0] == 404
    await part(mina, jun)


async def test_anonymous_reading_follows_the_setting(make_daemon):
    daemon = make_daemon({"http.anonymous_read": "false"})
    [mina] = await meet(daemon, "mina")
    file, path = await said(daemon, mina, png())
    assert get(daemon, f"/files/{file['id']}/x")[0] == 401 and get(daemon, path)[0] == 200
    await part(mina)


async def test_a_file_that_is_too_old_is_gone_and_its_message_stays(make_daemon):
    daemon = make_daemon({"files.age_days": 2})
    [mina] = await meet(daemon, "mina")
    file, path = await said(daemon, mina, png())
    for _ in range(5):
        daemon.advance(86400)
        await mina.send("a day has passed")
    while kept(daemon):
        await mina.ask("ping")
    [line] = [m for m in (await mina.ask("history", room="lobby"))["messages"] if "files" in m]
    assert line["files"] == [{**file, "gone": True}]
    status, _, answer = get(daemon, f"/files/{file['id']}/x", **key_of(mina))
    assert (status, json.loads(answer)["error_code"]) == (410, "gone")
    await part(mina)


async def test_no_bytes_without_a_row_and_no_row_without_bytes(daemon):
    [mina] = await meet(daemon, "mina")
    lost, _ = await said(daemon, mina, png(4, 4))
    await part(mina)
    daemon.kill()
    [name] = kept(daemon)
    (daemon.folder / "chat.files" / name).unlink()
    (daemon.folder / "chat.files" / ("ab" * 32)).write_bytes(b"power was cut before its row was there")
    (daemon.folder / "chat.files" / "upload-7").write_bytes(b"half of one")
    (daemon.folder / "chat.files" / "README").write_bytes(b"somebody else's")
    daemon.start()
    while kept(daemon) != ["README"]:
        daemon.administrator("ping")
    while True:
        _, page = daemon.admin("GET", "/admin/v1/rooms/lobby/messages")
        if page["messages"][-1]["files"][0].get("gone"):
            break
    assert page["messages"][-1]["files"] == [{**lost, "gone": True}]
