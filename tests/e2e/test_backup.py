"""backup and restore: streams between the gateway and the caller's own file."""
import os
import socket
import sqlite3
import stat
import subprocess

import pytest

from client import meet, new_name
from daemon import DEADLINE_S, HEARTHCTL, _UnixConnection


def ctl_bytes(daemon, *words, input=None, folder=None):
    """hearthctl where standard input and output are bytes."""
    return subprocess.run([HEARTHCTL, "--socket", str(daemon.socket), *words], input=input, cwd=folder,
                          capture_output=True, timeout=DEADLINE_S)


def count_messages(path):
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    [count] = database.execute("SELECT count(*) FROM messages").fetchone()
    database.close()
    return count


def strangers(daemon):
    return [name for name in os.listdir(daemon.folder) if "partial" in name]


ROWS = 4 * 36  # of a megabyte


def grow(daemon, megabytes):
    """So much in the lobby."""
    [lobby] = daemon.administrator("rooms")["rooms"]
    for part in range(megabytes * ROWS // 4):
        rows = [{"kind": "message", "seq": lobby["last"] + 1 + part * 4 + i, "ts": 1, "from": "jun",
                 "text": f"{part} {i} " + "x" * 7200} for i in range(4)]
        daemon.administrator("import", room="lobby", rows=rows)


async def say(daemon, *texts):
    [mina] = await meet(daemon, new_name())
    for text in texts:
        await mina.send(text)
    await mina.close()


async def test_the_file_is_the_callers(daemon, tmp_path):
    await say(daemon, "one", "two")
    caller = tmp_path / "elsewhere"
    caller.mkdir()
    done = ctl_bytes(daemon, "backup", "mine.db", folder=caller)
    assert done.returncode == 0 and done.stdout.startswith(b"copied to mine.db, "), done.stderr
    assert os.listdir(caller) == ["mine.db"] and not strangers(daemon)
    assert stat.S_IMODE(os.stat(caller / "mine.db").st_mode) == 0o600
    assert count_messages(caller / "mine.db") == 2
    while not daemon.administrator("status")["last_backup"]:
        pass  # it is noted with the next commit


async def test_standard_output_and_input_are_files_too(daemon, tmp_path):
    await say(daemon, "one")
    copy = ctl_bytes(daemon, "backup", "-")
    assert copy.returncode == 0 and copy.stdout.startswith(b"SQLite format 3\0"), copy.stderr
    await say(daemon, "two")
    through_pipe = ctl_bytes(daemon, "restore", "-", "--force", input=copy.stdout)
    assert through_pipe.returncode == 0, through_pipe.stderr
    assert through_pipe.stdout.startswith(b"restored from standard input, ")
    assert history_of(daemon) == ["one"]
    (tmp_path / "copy.db").write_bytes(copy.stdout)
    with open(tmp_path / "copy.db", "rb") as file:
        done = subprocess.run([HEARTHCTL, "--socket", str(daemon.socket), "restore", "-", "--force"],
                              stdin=file, capture_output=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr


def history_of(daemon):
    """What the lobby has; also while the gateway is building itself again."""
    while True:
        try:
            status, reply = daemon.admin("GET", "/admin/v1/rooms/lobby/messages")
        except OSError:
            continue
        if status == 200:
            return [message["text"] for message in reply["messages"]]


def test_a_file_is_replaced_only_when_that_is_meant(daemon, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("precious")
    refused = daemon.ctl("backup", str(target), check=False)
    assert refused.returncode == 1 and "--force" in refused.stderr and target.read_text() == "precious"
    daemon.ctl("backup", str(target), "--force")
    assert count_messages(target) == 0
    for path in ("/dev/null", str(tmp_path)):
        assert daemon.ctl("backup", path, "--force", check=False).returncode == 1
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name", ["chat.db", "chat.db-wal", "chat.db-reserve"])
def test_the_database_itself_is_neither_written_nor_read(daemon, name):
    path = daemon.folder / name
    before = os.stat(path).st_ino
    for command in ("backup", "restore"):
        refused = daemon.ctl(command, str(path), "--force", check=False)
        assert refused.returncode == 1 and "in use" in refused.stderr, refused.stderr
    assert os.stat(path).st_ino == before


def test_what_cannot_be_written_is_said_and_nothing_is_left(daemon, tmp_path):
    for path in (tmp_path / "nowhere" / "copy.db", "/proc/copy.db"):
        refused = daemon.ctl("backup", str(path), check=False)
        assert refused.returncode == 1 and str(path) in refused.stderr
    daemon.kill()
    before = set(os.listdir(tmp_path))
    assert daemon.ctl("backup", str(tmp_path / "copy.db"), check=False).returncode == 3
    assert set(os.listdir(tmp_path)) == before
    daemon.start()


def test_a_large_one_goes_out_and_comes_back(daemon, tmp_path):
    grow(daemon, 6)
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    assert count_messages(tmp_path / "copy.db") == 6 * ROWS
    grow(daemon, 1)
    answer = daemon.ctl("restore", str(tmp_path / "copy.db"), "--force")
    assert answer.startswith("restored from ")
    assert len(history_of(daemon)) > 0 and not strangers(daemon)
    assert daemon.administrator("status")["entries"] == 6 * ROWS


def test_a_restart_leaves_nothing_of_what_was_under_way(daemon):
    daemon.stop()
    for name in ("chat.db.backup.partial", "chat.db.restore.partial"):
        (daemon.folder / name).write_text("broken off")
    daemon.start()
    assert not strangers(daemon)


@pytest.mark.parametrize("what", ["nothing", "junk", "cut", "foreign"])
async def test_what_is_no_backup_is_refused_in_words(daemon, tmp_path, what):
    await say(daemon, "kept")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    whole = (tmp_path / "copy.db").read_bytes()
    bad = tmp_path / "bad.db"
    if what == "foreign":
        database = sqlite3.connect(bad)
        database.execute("CREATE TABLE recipes(text)")
        database.close()
    else:
        bad.write_bytes({"nothing": b"", "junk": b"x" * 300_000, "cut": whole[:-2048]}[what])
    refused = daemon.ctl("restore", str(bad), "--force", check=False)
    assert refused.returncode == 1 and len(refused.stderr) > 30, refused.stderr
    assert history_of(daemon) == ["kept"] and not strangers(daemon)


async def test_messages_are_not_replaced_by_accident(daemon, tmp_path):
    await say(daemon, "kept")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    refused = daemon.ctl("restore", str(tmp_path / "copy.db"), check=False)
    assert refused.returncode == 1 and "has messages" in refused.stderr
    assert history_of(daemon) == ["kept"]


def test_an_empty_gateway_takes_a_backup_without_being_forced(daemon, tmp_path):
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    daemon.ctl("restore", str(tmp_path / "copy.db"))


# ---- the routes

def connect(daemon):
    connection = _UnixConnection(str(daemon.socket))
    connection.connect()
    return connection.sock


def until_gone(daemon):
    while strangers(daemon):
        daemon.administrator("ping")


def test_a_backup_is_not_on_the_network_and_not_made_to_be_looked_at(daemon):
    assert daemon.http("GET", "/admin/v1/backup")[0] == 404
    assert daemon.http("POST", "/admin/v1/restore", b"x")[0] == 404
    assert daemon.admin("GET", "/admin/v1/restore")[0] == 405
    connection = _UnixConnection(str(daemon.socket))
    connection.request("HEAD", "/admin/v1/backup")
    assert connection.getresponse().status == 405
    connection.close()


def test_one_at_a_time_and_who_goes_makes_room(daemon, tmp_path):
    grow(daemon, 4)
    reader = connect(daemon)
    reader.sendall(b"GET /admin/v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reader.recv(12) == b"HTTP/1.1 200"
    refused = daemon.ctl("backup", str(tmp_path / "copy.db"), check=False)
    assert refused.returncode == 1 and "under way" in refused.stderr
    reader.close()
    while daemon.ctl("backup", str(tmp_path / "copy.db"), check=False).returncode:
        pass


@pytest.mark.parametrize("sent", [0, 1000, 200_000])
def test_an_upload_that_breaks_off_leaves_nothing(daemon, sent):
    sender = connect(daemon)
    sender.sendall(b"POST /admin/v1/restore?overwrite=true HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 5000000\r\n\r\n" + b"x" * sent)
    while not strangers(daemon):
        daemon.administrator("ping")
    sender.close()
    until_gone(daemon)
    assert daemon.admin("GET", "/healthz")[0] == 200


def test_an_upload_needs_no_invitation(daemon, tmp_path):
    grow(daemon, 3)
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    for method in ("POST", "PUT"):
        connection = _UnixConnection(str(daemon.socket))
        connection.request(method, "/admin/v1/restore?overwrite=true",
                           (tmp_path / "copy.db").read_bytes())
        response = connection.getresponse()
        assert response.status == 200, response.read()
        connection.close()
        assert len(history_of(daemon)) > 0


def test_a_kill_in_the_middle_changes_nothing(daemon, tmp_path):
    grow(daemon, 1)
    sender = connect(daemon)
    sender.sendall(b"POST /admin/v1/restore?overwrite=true HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 5000000\r\n\r\n" + b"x" * 300_000)
    while not strangers(daemon):
        daemon.administrator("ping")
    daemon.kill()
    sender.close()
    daemon.start()
    assert daemon.administrator("status")["entries"] == ROWS and not strangers(daemon)


def test_a_stop_ends_what_is_under_way(daemon):
    grow(daemon, 4)
    reader = connect(daemon)
    reader.sendall(b"GET /admin/v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reader.recv(12) == b"HTTP/1.1 200"
    daemon.stop()
    reader.close()
    daemon.start()
