"""Files of messages: uploaded, said, read, gone with their message."""
import json

from client import meet, part
from files import key_of, kept, must_upload, png, upload


async def test_a_picture_is_uploaded_said_and_read(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    picture, small = png(30, 20), png(3, 2)
    file = must_upload(daemon, mina, picture, "Büro 1.png")
    assert file["name"] == "Büro 1.png" and file["type"] == "image/png"
    assert (file["size"], file["width"], file["height"]) == (len(picture), 30, 20)
    preview = must_upload(daemon, mina, small)
    ack = await mina.ask("send", room="lobby", text="", nonce="1", files=[
        {"id": file["id"], "preview": preview["id"], "alt": "A desk."}])
    wanted = [{**file, "preview": preview["id"], "alt": "A desk."}]
    heard = await jun.next("message", seq=ack["seq"])
    assert heard["files"] == wanted and heard["text"] == ""
    line = (await jun.ask("history", room="lobby"))["messages"][0]
    assert line["files"] == wanted and line["text"] == ""
    path = (await jun.ask("file_url", id=file["id"]))["path"]
    status, headers, body = daemon.http("GET", path)
    assert status == 200 and body == picture
    headers = {key.title(): value for key, value in headers.items()}
    assert headers["Content-Type"] == "image/png" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"].startswith("private") and "immutable" in headers["Cache-Control"]
    assert headers["Content-Disposition"] == "inline; filename=\"B__ro 1.png\"; filename*=UTF-8''B%C3%BCro%201.png"
    status, _, body = daemon.http("GET", f"/files/{preview['id']}/small.png?{path.split('?')[1]}")
    assert status == 200 and body == small
    assert daemon.http("GET", f"/files/{file['id']}/x", headers=key_of(jun))[0] == 200
    await part(mina, jun)


async def test_a_text_may_be_found_with_its_files(daemon):
    [mina] = await meet(daemon, "mina")
    file = must_upload(daemon, mina, png())
    await mina.ask("send", room="lobby", text="the boathouse", nonce="1", files=[file["id"]])
    [found] = (await mina.ask("search", query="boathouse"))["results"]
    assert found["files"] == [file]
    joined = await mina.ask("leave", room="lobby")
    _, caught = await mina.join("lobby")
    assert joined and caught[0]["files"] == [file]
    status, _, answer = daemon.http("GET", "/api/v1/rooms/lobby/messages", headers=key_of(mina))
    assert status == 200 and json.loads(answer)["messages"][0]["files"] == [file]
    await part(mina)


async def test_a_deleted_message_takes_its_files_along(daemon):
    [mina] = await meet(daemon, "mina")
    file, preview = must_upload(daemon, mina, png(5, 5)), must_upload(daemon, mina, png(1, 1))
    seq = (await mina.ask("send", room="lobby", nonce="1",
                          files=[{"id": file["id"], "preview": preview["id"]}]))["seq"]
    path = (await mina.ask("file_url", id=file["id"]))["path"]
    assert len(kept(daemon)) == 2
    await mina.ask("delete", room="lobby", target=seq)
    assert daemon.http("GET", path)[0] == 404
    assert "files" not in (await mina.ask("history", room="lobby"))["messages"][0]
    while kept(daemon):
        await mina.ask("ping")
    await part(mina)


async def test_the_same_bytes_are_kept_once_and_as_long_as_anybody_has_them(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    seqs = []
    for nonce, person in enumerate((mina, jun)):
        file = must_upload(daemon, person, png(7, 7))
        seqs.append((await person.ask("send", room="lobby", nonce=str(nonce), files=[file["id"]]))["seq"])
    assert len(kept(daemon)) == 1
    await mina.ask("delete", room="lobby", target=seqs[0])
    path = (await mina.ask("file_url", id=file["id"]))["path"]
    daemon.advance(120)
    await mina.send("something")
    assert daemon.http("GET", path)[0] == 200 and len(kept(daemon)) == 1
    await part(mina, jun)


async def test_a_repeated_send_is_one_message_with_its_files(daemon):
    [mina] = await meet(daemon, "mina")
    file = must_upload(daemon, mina, png())
    first = await mina.ask("send", room="lobby", nonce="same", files=[file["id"]])
    again = await mina.ask("send", room="lobby", nonce="same", files=[file["id"]])
    assert first["seq"] == again["seq"]
    assert len((await mina.ask("history", room="lobby"))["messages"]) == 1
    await part(mina)


async def test_a_message_has_only_files_of_its_sender_of_its_room_and_each_once(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    file = must_upload(daemon, mina, png())
    await mina.ask("create", room="den")
    await mina.join("den")

    async def refused(person, files, room="lobby"):
        error = await person.ask_in_vain("send", room=room, nonce="x", text="", files=files)
        return error["error_code"], error.get("field")

    assert await refused(jun, [file["id"]]) == ("bad_request", "files")
    assert await refused(mina, [file["id"]], "den") == ("bad_request", "files")
    assert await refused(mina, [file["id"], file["id"]]) == ("bad_request", "files")
    assert await refused(mina, ["0" * 32]) == ("bad_request", "files")
    assert await refused(mina, [file["id"]] * 9) == ("bad_request", "files")
    assert await refused(mina, [{"preview": file["id"]}]) == ("bad_request", "id")
    assert await refused(mina, []) == ("bad_request", "text")
    await mina.ask("send", room="lobby", nonce="1", files=[file["id"]])
    assert await refused(mina, [file["id"]]) == ("bad_request", "files")
    await part(mina, jun)


async def test_where_files_are_off_none_are_taken(make_daemon):
    daemon = make_daemon({"files.enabled": "false"})
    [mina] = await meet(daemon, "mina")
    assert "file_bytes" not in mina.welcome["limits"]
    status, answer = upload(daemon, mina, png())
    assert (status, answer["error_code"], answer["field"]) == (403, "forbidden", "files.enabled")
    error = await mina.ask_in_vain("send", room="lobby", nonce="x", files=["0" * 32])
    assert (error["error_code"], error["field"]) == ("forbidden", "files.enabled")
    await part(mina)


async def test_files_outlive_a_restart_and_go_with_their_room(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den")
    await mina.join("den")
    file = must_upload(daemon, mina, png(9, 9), room="den")
    await mina.ask("send", room="den", nonce="1", files=[file["id"]])
    await part(mina)
    daemon.restart()
    assert len(kept(daemon)) == 1
    assert daemon.admin("DELETE", "/admin/v1/rooms/den")[0] == 200
    daemon.advance(120)
    while kept(daemon):
        daemon.administrator("ping")
