"""Backups carry files, and one without any is still taken."""
import sqlite3

from client import Client, meet, part
from files import key_of, kept, must_upload, png


async def test_a_backup_brings_files_along_and_back(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    pictures = [png(4, 4), png(9, 9, noise=200_000), png(2, 2)]
    files = [must_upload(daemon, mina, body) for body in pictures]
    for file in files:
        await mina.ask("send", room="lobby", nonce=file["id"], files=[file["id"]])
    copy = tmp_path / "copy.db"
    daemon.ctl("backup", str(copy))
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM files").fetchone() == (3,)
    before = kept(daemon)
    for line in (await mina.ask("history", room="lobby"))["messages"][1:]:
        await mina.ask("delete", room="lobby", target=line["seq"])
    while len(kept(daemon)) > 1:
        await mina.ask("ping")
    daemon.ctl("restore", str(copy), "--force")
    key = mina.key
    await mina.wait_closed()
    again = await Client.connect(daemon, session=key)
    await again.join()
    assert kept(daemon) == before
    for file, body in zip(files, pictures):
        assert daemon.http("GET", f"/files/{file['id']}/x", headers=key_of(again))[2] == body
    await part(again)


async def test_a_backup_without_files_is_the_database_alone(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    await mina.send("words")
    copy = tmp_path / "copy.db"
    daemon.ctl("backup", str(copy))
    head = copy.read_bytes()
    assert len(head) == int.from_bytes(head[16:18], "big") * int.from_bytes(head[28:32], "big")
    daemon.ctl("restore", str(copy), "--force")
    await mina.wait_closed()
    again = await Client.connect(daemon, session=mina.key)
    assert (await again.ask("history", room="lobby"))["messages"][0]["text"] == "words"
    await part(again)


async def test_a_copy_to_a_path_says_what_it_does_not_hold_and_a_backup_with_files_is_not_taken_without_them(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    for width in (4, 5, 4):
        file = must_upload(daemon, mina, png(width))
        await mina.ask("send", room="lobby", nonce=file["id"], files=[file["id"]])
    assert daemon.administrator("backup", path=str(tmp_path / "alone.db"))["without_files"] == 2
    daemon.ctl("backup", str(tmp_path / "whole.db"))
    status, refused = daemon.admin("POST", "/admin/v1/do", {"type": "restore", "path": str(tmp_path / "whole.db"),
                                                            "overwrite": True})
    assert status == 400 and "hearthctl restore" in refused["message"]
    await mina.ask("ping")
    for line in (await mina.ask("history", room="lobby"))["messages"]:
        await mina.ask("delete", room="lobby", target=line["seq"])
    assert "without_files" not in daemon.administrator("backup", path=str(tmp_path / "words.db"))
    await part(mina)
