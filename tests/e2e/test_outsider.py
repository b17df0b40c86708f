"""Other programs at the database while the gateway runs: they are refused, and nothing that was
acknowledged is lost, whatever they try."""
import asyncio
import os
import shutil
import subprocess
import sys

import pytest

from client import Client, meet, part
from daemon import DEADLINE_S, run_hearthd

PENDING_BYTE = 0x40000000  # of SQLite's locks: whoever wants to read the file locks it first
SHARED_FIRST = PENDING_BYTE + 2

COUNT = "SELECT count(*) FROM messages"
CHANGE = "UPDATE messages SET text='changed'"


def locks_of(daemon):
    """What /proc/locks says of the database: {(kind, how, first byte)}."""
    inode = f":{os.stat(daemon.database).st_ino}"
    rows = [row.split() for row in open("/proc/locks")]
    return {(row[1], row[3], int(row[6])) for row in rows if row[5].endswith(inode)}


def by_python(daemon, sql, mode="rw"):
    """In a process of its own: (it worked, what it said)."""
    program = ("import sqlite3, sys\n"
               "with sqlite3.connect(sys.argv[1], uri=True, timeout=0.1) as c:\n"
               "    print(c.execute(sys.argv[2]).fetchall())\n")
    done = subprocess.run([sys.executable, "-c", program, f"file:{daemon.database}?mode={mode}",
                           sql], capture_output=True, text=True, timeout=DEADLINE_S)
    return done.returncode == 0, done.stdout + done.stderr


def by_shell(daemon, sql):
    done = subprocess.run(["sqlite3", daemon.database, sql], capture_output=True, text=True,
                          timeout=DEADLINE_S)
    return done.returncode == 0, done.stdout + done.stderr


def by_second_hearthd(daemon):
    other = daemon.folder / "other.sock"
    done = run_hearthd("--set", f"storage.path={daemon.database}", "--set", f"admin.socket={other}",
                       "--set", "listen.port=0", "--set", "listen.address=127.0.0.1")
    return done.returncode == 0, done.stdout + done.stderr


def by_copy(daemon):
    """A copy reads along and is no danger; it may hold anything."""
    for end in ("", "-wal"):
        shutil.copy(f"{daemon.database}{end}", daemon.folder / f"copied{end}")
    subprocess.run(["cp", daemon.database, daemon.folder / "copied"], check=True)
    return False, "locked"


OUTSIDERS = {
    "sqlite3 reads": lambda daemon: by_shell(daemon, COUNT),
    "sqlite3 writes": lambda daemon: by_shell(daemon, CHANGE),
    "sqlite3 empties the WAL": lambda daemon: by_shell(daemon, "PRAGMA wal_checkpoint(TRUNCATE)"),
    "sqlite3 changes the journal": lambda daemon: by_shell(daemon, "PRAGMA journal_mode=DELETE"),
    "Python reads": lambda daemon: by_python(daemon, COUNT),
    "Python reads only": lambda daemon: by_python(daemon, COUNT, "ro"),
    "Python writes": lambda daemon: by_python(daemon, CHANGE),
    "a second hearthd": by_second_hearthd,
    "cp": by_copy,
}
REFUSALS = ("locked", "in use")


async def chatter(writer, said, stop):
    """Says one thing after another until it is told to stop, or the connection breaks."""
    number = 0
    while not stop.is_set():
        text = f"{writer.name} {number}"
        number += 1
        try:
            said[text] = (await writer.send(text, nonce=text))["seq"]
        except Exception as error:  # websockets' own
            assert isinstance(error, OSError) or "Connection" in type(error).__name__, error
            return


async def whole_log(daemon):
    reader = await Client.connect(daemon, "reader of everything")
    log, after = {}, 0
    while True:
        page = await reader.ask("history", room="lobby", after=after, limit=200)
        log.update((m["text"], m["seq"]) for m in page["messages"])
        if not page["more"]:
            break
        after = page["messages"][-1]["seq"]
    await reader.close()
    return log


async def check_log(daemon, said):
    log = await whole_log(daemon)
    lost = {text for text, seq in said.items() if log.get(text) != seq}
    assert said and not lost, f"{len(lost)} of {len(said)} acknowledged messages are not there"


def test_its_locks_stay_for_the_whole_life(make_daemon):
    daemon = make_daemon()
    wanted = {("OFDLCK", "WRITE", PENDING_BYTE), ("POSIX", "WRITE", SHARED_FIRST)}
    assert locks_of(daemon) == wanted
    daemon.ctl("room", "create", "den")
    daemon.ctl("send", "den", "hello")
    daemon.ctl("backup", str(daemon.folder / "copy.db"))
    assert locks_of(daemon) == wanted
    daemon.ctl("backup", str(daemon.database), "--force", check=False)
    daemon.ctl("restore", str(daemon.database), "--force", check=False)
    assert locks_of(daemon) == wanted
    assert not daemon.database.with_name("chat.db-shm").exists()


def test_its_locks_are_there_again_after_a_restore(make_daemon):
    daemon = make_daemon()
    daemon.ctl("backup", str(daemon.folder / "copy.db"))
    before = os.stat(daemon.database).st_ino
    daemon.ctl("restore", str(daemon.folder / "copy.db"), "--force")
    while daemon.ctl("status", check=False).returncode != 0:
        pass
    assert os.stat(daemon.database).st_ino != before
    assert len(locks_of(daemon)) == 2


@pytest.mark.parametrize("name", OUTSIDERS)
async def test_an_outsider_is_refused_and_takes_nothing_away(daemon, name):
    said, stop = {}, asyncio.Event()
    writers = await meet(daemon, "mina", "jun")
    talking = [asyncio.ensure_future(chatter(writer, said, stop)) for writer in writers]
    for _ in range(3):
        worked, answer = await asyncio.to_thread(OUTSIDERS[name], daemon)
        assert not worked and any(word in answer for word in REFUSALS), answer
        already = len(said)
        while len(said) < already + 20:  # acknowledged after the outsider has gone
            await asyncio.sleep(0.001)
    daemon.kill()
    stop.set()
    await asyncio.gather(*talking)
    await part(*writers)
    daemon.start()
    assert "is set aside" not in daemon.text_of_log()
    await check_log(daemon, said)


async def test_an_outsider_that_was_there_first_is_named(daemon):
    [mina] = await meet(daemon, "mina")
    said = {"kept": (await mina.send("kept"))["seq"]}
    await mina.close()
    daemon.stop()
    program = ("import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n"
               "c.execute('SELECT count(*) FROM messages').fetchall()\n"
               "print('reading', flush=True)\nsys.stdin.read()\n")
    with subprocess.Popen([sys.executable, "-c", program, daemon.database], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as outsider:
        assert outsider.stdout.readline() == "reading\n"
        done = run_hearthd(*daemon.command()[1:])
        assert done.returncode == 1
        assert f"pid {outsider.pid}" in done.stderr and "in use" in done.stderr
        outsider.stdin.close()
    daemon.start()
    await check_log(daemon, said)


def test_whoever_removes_the_lock_file_does_not_get_in_either(daemon):
    os.unlink(f"{daemon.database}-lock")
    worked, answer = by_second_hearthd(daemon)
    assert not worked and f"pid {daemon.pid}" in answer
    daemon.ctl("status")


def test_every_file_is_for_its_owner_only(daemon):
    daemon.stop()
    daemon.start(prefix=["sh", "-c", 'umask 0; exec "$@"', "sh"])
    daemon.ctl("send", "lobby", "hello")
    daemon.ctl("backup", str(daemon.folder / "copy.db"))
    modes = {file.name: file.stat().st_mode & 0o777 for file in daemon.folder.iterdir()}
    assert modes.pop(daemon.socket.name) == 0o660
    assert set(modes.values()) == {0o600}, modes
