"""What an administrator does about files."""
import json

from client import meet, part
from files import key_of, kept, must_upload, png


async def test_files_are_listed_shown_and_removed(daemon):
    [mina] = await meet(daemon, "mina")
    file = must_upload(daemon, mina, png(6, 5), "pier.png")
    seq = (await mina.ask("send", room="lobby", nonce="1", files=[{"id": file["id"], "alt": "The pier."}]))["seq"]
    must_upload(daemon, mina, b"something else", "x.bin")
    listed = daemon.ctl("file", "list").splitlines()
    assert len(listed) == 2 and listed[1].startswith(f"{file['id']}\tlobby\tmina\t") and listed[1].endswith("pier.png")
    assert len(daemon.ctl("file", "list", "--room", "lobby", "--lines", "1").splitlines()) == 1
    shown = daemon.ctl("file", "show", file["id"])
    assert "6 x 5" in shown and f"#{seq}" in shown and "The pier." in shown
    line = json.loads(daemon.ctl("file", "show", file["id"], "--json"))
    assert line["file"]["id"] == file["id"] and (line["room"], line["user"], line["seq"]) == ("lobby", "mina", seq)
    status = json.loads(daemon.ctl("status", "--json"))
    assert status["files"] == 2 and status["files_bytes"] == file["size"] + 14
    assert status["file_rooms"] == [{"name": "lobby", "files": 2, "bytes": file["size"] + 14}]
    assert status["file_users"][0]["name"] == "mina"
    plain = daemon.ctl("status").splitlines()
    assert [line.split(":")[1] for line in plain if line.startswith("files by room")] == [" lobby"]
    assert [line.split()[-3:] for line in plain if line.startswith("files by user")] == [["in", "2:", "mina"]]
    daemon.ctl("file", "delete", file["id"], "--yes")
    [line] = (await mina.ask("history", room="lobby"))["messages"]
    assert line["files"][0]["gone"] is True and line["files"][0]["alt"] == "The pier."
    assert daemon.http("GET", f"/files/{file['id']}/x", headers=key_of(mina))[0] == 410
    while len(kept(daemon)) > 1:
        await mina.ask("ping")
    assert "gone" in daemon.ctl("file", "list")
    assert daemon.ctl("file", "show", "0" * 32, check=False).returncode == 1
    await part(mina)


async def test_a_file_is_sent_from_the_command_line(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    path = tmp_path / "Büro 1.png"
    path.write_bytes(png(10, 11, noise=100_000))
    daemon.ctl("send", "lobby", "--file", str(path), "look")
    heard = await mina.next("message")
    assert heard["text"] == "look" and heard["files"][0]["name"] == "Büro 1.png" and heard["files"][0]["height"] == 11
    daemon.ctl("send", "lobby", "--file", str(path))
    assert (await mina.next("message"))["text"] == ""
    refused = daemon.ctl("send", "nowhere", "--file", str(path), check=False)
    assert refused.returncode == 1 and "no such room" in refused.stderr.lower()
    assert daemon.ctl("send", "lobby", check=False).returncode == 2
    await part(mina)


async def test_one_line_of_curl(daemon, tmp_path):
    import shutil
    import subprocess
    if not shutil.which("curl"):
        return
    [mina] = await meet(daemon, "mina")
    path = tmp_path / "photo.png"
    path.write_bytes(png(noise=3_000_000))
    done = subprocess.run(["curl", "-s", "-H", f"Authorization: Bearer {mina.key}", "--data-binary", f"@{path}",
                           f"http://127.0.0.1:{daemon.port}/api/v1/rooms/lobby/files?name=photo.png"],
                          capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["file"]["name"] == "photo.png"
    await part(mina)
