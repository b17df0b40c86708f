"""What lies at the path of the database, before a start and beneath the running gateway."""
import json
import os
import shutil
import sqlite3
import subprocess

import pytest

from client import Client, meet
from daemon import run_hearthd


def beside(daemon, end):
    return daemon.database.with_name(daemon.database.name + end)


def replace(daemon):
    shutil.copy(daemon.database, beside(daemon, ".other"))
    os.replace(beside(daemon, ".other"), daemon.database)


def overwrite(daemon):
    """As cp does: the file stays, its content is another."""
    with open(daemon.database, "r+b") as file:
        content = file.read()
        file.seek(0)
        file.truncate()
        file.write(content + content)


CHANGES = {
    "deleted": lambda daemon: os.unlink(daemon.database),
    "moved": lambda daemon: os.rename(daemon.database, beside(daemon, ".old")),
    "replaced": replace,
    "overwritten": overwrite,
    "shortened": lambda daemon: os.truncate(daemon.database, 2048),
    "WAL deleted": lambda daemon: os.unlink(beside(daemon, "-wal")),
    "WAL emptied": lambda daemon: os.truncate(beside(daemon, "-wal"), 0),
}


async def wait_until_unwell(daemon, client):
    while True:
        status, _, body = daemon.http("GET", "/healthz")
        if status == 503:
            return json.loads(body)
        await client.ask("ping")


@pytest.mark.parametrize("change", CHANGES)
async def test_a_file_that_somebody_takes_away_is_noticed(daemon, change):
    [mina] = await meet(daemon, "mina")
    await mina.send("before")
    CHANGES[change](daemon)
    reply = await mina.try_ask("send", room="lobby", text="after", nonce="1")
    assert reply["error_code"] == "storage_unavailable"
    health = await wait_until_unwell(daemon, mina)
    assert "chat.db" in json.dumps(health), health
    assert (await mina.next("notice"))["text"]
    again = await mina.try_ask("send", room="lobby", text="after", nonce="2")
    assert again["error_code"] == "storage_unavailable"
    await mina.close()


async def test_it_is_noticed_while_nobody_speaks(daemon):
    [mina] = await meet(daemon, "mina")
    os.unlink(daemon.database)
    assert (await mina.next("notice"))["text"]
    await mina.close()


async def test_what_only_a_deleted_wal_held_is_in_the_database(daemon):
    [mina] = await meet(daemon, "mina")
    acks = [await mina.send(f"message {i}") for i in range(20)]
    os.unlink(beside(daemon, "-wal"))
    await mina.next("notice")
    daemon.kill()
    await mina.wait_closed()
    daemon.start()
    jun = await Client.connect(daemon, "jun")
    history = await jun.ask("history", room="lobby", limit=100)
    assert [m["seq"] for m in history["messages"]] == [ack["seq"] for ack in acks]
    await jun.close()


async def test_a_file_that_is_back_is_used_again(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("before")
    os.rename(daemon.database, beside(daemon, ".old"))
    await mina.next("notice")
    os.rename(beside(daemon, ".old"), daemon.database)
    await mina.next("notice")
    await mina.send("after")
    await mina.close()


# ---- at a start

def refusal(daemon):
    done = run_hearthd(*daemon.command()[1:])
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_a_database_of_another_program_is_refused_and_left_alone(make_daemon):
    daemon = make_daemon(start=False)
    with sqlite3.connect(daemon.database) as other:
        other.execute("CREATE TABLE photos(name)")
        other.execute("PRAGMA user_version=1")
    before = daemon.database.read_bytes()
    assert "another program" in refusal(daemon)
    assert daemon.database.read_bytes() == before


def test_a_link_that_leads_nowhere_is_refused(make_daemon):
    daemon = make_daemon(start=False)
    daemon.database.symlink_to(daemon.folder / "nowhere" / "chat.db")
    assert "symbolic link" in refusal(daemon)
    daemon.database.unlink()
    daemon.database.symlink_to(daemon.folder / "elsewhere.db")
    assert "symbolic link" in refusal(daemon)
    assert not (daemon.folder / "elsewhere.db").exists()


async def test_a_link_to_a_database_is_followed(make_daemon):
    daemon = make_daemon(start=False)
    (daemon.folder / "real").mkdir()
    real = daemon.folder / "real" / "chat.db"
    daemon.start()
    daemon.stop()
    os.rename(daemon.database, real)
    daemon.database.symlink_to(real)
    daemon.start()
    [mina] = await meet(daemon, "mina")
    await mina.send("hello")
    assert real.with_name("chat.db-wal").exists() and not beside(daemon, "-wal").exists()
    await mina.close()


def test_a_folder_in_place_of_the_file_is_named(make_daemon):
    daemon = make_daemon(start=False)
    daemon.database.mkdir()
    assert "is a folder" in refusal(daemon)


def test_a_file_system_that_is_read_only_is_named(make_daemon, tmp_path):
    folder = tmp_path / "mounted"
    folder.mkdir()
    daemon = make_daemon({"storage.path": folder / "chat.db"}, start=False)
    daemon.start()
    daemon.stop()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)],
                      capture_output=True).returncode != 0:
        pytest.skip("only root can mount")
    try:
        assert "mounted read-only" in refusal(daemon)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


# ---- where there are no locks

NO_LOCKS = ["strace", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e",
            "inject=flock:error=ENOLCK"]
UNDER_STRACE = {"ASAN_OPTIONS": "detect_leaks=0"}


async def test_without_locks_a_killed_hearthd_does_not_stop_the_next(make_daemon):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    daemon = make_daemon(start=False)
    for round in range(3):
        daemon.start(prefix=NO_LOCKS, environment=UNDER_STRACE)
        assert daemon.administrator("status")["journal_mode"] == "delete+dotfile"
        [mina] = await meet(daemon, f"mina {round}")
        await mina.send("hello")
        second = subprocess.run([*NO_LOCKS, *daemon.command(), f"--set=admin.socket={daemon.socket}2"],
                                capture_output=True, text=True, env={**os.environ, **UNDER_STRACE})
        assert second.returncode == 1 and f"pid {daemon.pid}" in second.stderr, second.stderr
        daemon.kill()
        await mina.wait_closed()
    daemon.start()
    [mina] = await meet(daemon, "mina")
    history = await mina.ask("history", room="lobby", limit=10)
    assert [m["text"] for m in history["messages"]] == ["hello"] * 3
    await mina.close()
