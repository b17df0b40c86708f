"""The real daemon on disks that are full or slow."""
import asyncio
import json
import os
import shutil
import subprocess

import pytest

from client import Client, meet, part
from files import must_upload, png, upload
from test_files_upload import announce, patch


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with open(folder / "filler", "wb", buffering=0) as filler:
        block = b"x" * 4096
        try:
            while True:
                filler.write(block)
        except OSError:
            pass


def fill_but(folder, free_bytes):
    space = os.statvfs(folder)
    with open(folder / "filler", "wb") as filler:
        filler.write(bytes(space.f_bavail * space.f_frsize - free_bytes))


async def say_until_refused(client, prefix):
    acks = []
    for i in range(20_000):
        reply = await client.try_ask("send", room="lobby", text=f"{prefix} {i} " + "x" * 1500,
                                     nonce=f"{prefix}-{i}")
        if reply["type"] == "error":
            return acks, reply
        acks.append(reply)
    raise AssertionError("the disk is never full")


async def test_a_full_disk_is_said_and_over_when_there_is_space_again(make_daemon, small_disk):
    daemon = make_daemon({"storage.path": small_disk / "chat.db"})
    mina, jun = await meet(daemon, "mina", "jun")
    before = [await mina.send(f"before {i}") for i in range(5)]
    fill(small_disk)
    acks, reply = await say_until_refused(mina, "full")
    assert reply["error_code"] == "storage_unavailable" and reply["message"]
    status, _, body = daemon.http("GET", "/healthz")
    assert status == 503 and len(json.loads(body)) > 1, "it says why"
    assert (await jun.ask("ping"))["type"] == "pong"
    assert len((await jun.ask("history", room="lobby", limit=200))["messages"]) > 0
    os.unlink(small_disk / "filler")
    while (await mina.try_ask("send", room="lobby", text="again", nonce="again"))["type"] != "ack":
        pass
    while daemon.http("GET", "/healthz")[0] != 200:
        await jun.ask("ping")
    expected = [a["seq"] for a in before + acks]
    seen, after = [], 0
    while True:
        page = await jun.ask("history", room="lobby", after=after, limit=200)
        seen += [(m["seq"], m["text"]) for m in page["messages"]]
        if not page["more"]:
            break
        after = seen[-1][0]
    assert [seq for seq, _ in seen][:len(expected)] == expected, "acknowledged and not there"
    assert len({text for _, text in seen}) == len(seen), "stored twice"
    assert seen[-1][1] == "again"
    await part(mina, jun)


async def test_a_start_on_a_full_disk_serves_what_there_is(make_daemon, small_disk):
    daemon = make_daemon({"storage.path": small_disk / "chat.db"})
    [mina] = await meet(daemon, "mina")
    ack = await mina.send("kept")
    await mina.close()
    daemon.stop()
    fill(small_disk)
    daemon.start()
    mina = await Client.connect(daemon, session=mina.key)
    history = await mina.ask("history", room="lobby")
    assert [m["seq"] for m in history["messages"]] == [ack["seq"]]
    await mina.close()
    os.unlink(small_disk / "filler")


async def test_a_start_after_a_crash_on_a_full_disk_of_4_mib(make_daemon, small_disk):
    if subprocess.call(["mount", "-o", "remount,size=4m", str(small_disk)]) != 0:
        pytest.skip("it cannot be made smaller")
    daemon = make_daemon({"storage.path": small_disk / "chat.db"})
    [mina] = await meet(daemon, "mina")
    ack = await mina.send("kept")
    fill(small_disk)
    daemon.kill()
    daemon.start()
    mina = await Client.connect(daemon, session=mina.key)
    history = await mina.ask("history", room="lobby")
    assert [m["seq"] for m in history["messages"]] == [ack["seq"]]
    await mina.close()
    os.unlink(small_disk / "filler")


def files_on(folder):
    return [path.name for path in (folder / "chat.files").iterdir()]


@pytest.fixture
def disk_with_files(small_disk, make_daemon):
    """A file system of 48 MiB, and a gateway on it."""
    if subprocess.call(["mount", "-o", "remount,size=48m", str(small_disk)]) != 0:
        pytest.skip("it cannot be made larger")
    return small_disk, make_daemon({"storage.path": small_disk / "chat.db"})


async def begin_upload(daemon, person):
    _, place, _ = announce(daemon, person, 2 << 20)
    assert patch(daemon, person, place, 0, b"x" * (1 << 20))[0] == 204
    return place


def check_disk_is_full(status, answer):
    assert (status, answer["error_code"], answer["field"]) == (507, "disk_quota", "files.disk_bytes"), answer
    assert "disk" in answer["message"]


async def test_where_a_disk_is_nearly_full_files_end_and_words_go_on(disk_with_files):
    folder, daemon = disk_with_files
    [mina] = await meet(daemon, "mina")
    file = must_upload(daemon, mina, png(noise=1 << 20))
    said = [(await mina.ask("send", room="lobby", nonce="1", files=[file["id"]]))["seq"]]
    place = await begin_upload(daemon, mina)
    fill_but(folder, 12 << 20)
    check_disk_is_full(*upload(daemon, mina, b"x"))
    status, _, answer = patch(daemon, mina, place, 1 << 20, b"x" * (1 << 20))
    check_disk_is_full(status, answer)
    daemon.advance(120)  # the oldest files give way
    while files_on(folder):
        said.append((await mina.send(f"word {len(said)}"))["seq"])
    messages = (await mina.ask("history", room="lobby", limit=200))["messages"]
    assert [m["seq"] for m in messages][-len(said):] == said[-200:]
    first = (await mina.ask("history", room="lobby", after=said[0] - 1, limit=1))["messages"][0]
    assert first["files"][0]["gone"] is True
    os.unlink(folder / "filler")
    must_upload(daemon, mina, b"x")
    await part(mina)


async def test_a_disk_that_fills_in_the_middle_of_a_file_is_said_and_nothing_of_it_stays(disk_with_files):
    folder, daemon = disk_with_files
    [mina] = await meet(daemon, "mina")
    place = await begin_upload(daemon, mina)
    fill(folder)
    status, _, answer = patch(daemon, mina, place, 1 << 20, b"x" * (1 << 20))
    check_disk_is_full(status, answer)
    while files_on(folder):
        await mina.ask("ping")
    assert (await mina.send("it took the place of the file"))["seq"]
    os.unlink(folder / "filler")
    must_upload(daemon, mina, b"x")
    await part(mina)


async def test_nobody_waits_for_a_disk_that_hangs_but_who_asked_it(make_daemon):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    daemon = make_daemon(start=False)
    # LeakSanitizer cannot work where strace does.
    daemon.start(prefix=["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
                         "inject=fdatasync,fsync:delay_enter=700000"],
                 environment={"ASAN_OPTIONS": "detect_leaks=0"})
    mina, known = await meet(daemon, "mina", "jun")
    await known.close()
    slow = await mina.start("send", room="lobby", text="slow", nonce="1")
    jun = await Client.connect(daemon, session=known.key)
    await jun.join()
    await jun.ask("history", room="lobby")
    await jun.ask("rooms")
    assert (await mina.ask("ping"))["type"] == "pong"
    assert not slow.done(), "acknowledged before the disk had it"
    assert (await asyncio.wait_for(slow, 60))["type"] == "ack"
    assert (await jun.next("message"))["text"] == "slow"
    await part(mina, jun)


def test_a_ceiling_is_chosen_at_the_first_start_and_said(make_daemon, small_disk):
    daemon = make_daemon({"storage.path": str(small_disk / "chat.db"), "storage.reserve_bytes": 0})
    chosen = daemon.administrator("status")["max_bytes"]
    assert 3 << 20 < chosen <= 4 << 20
    assert any(f"chosen_from_free_space={chosen}" in line for line in daemon.log)
    assert f"storage.max_bytes = {chosen}" in daemon.ctl("config", "show", "storage")
    assert "storage.max_bytes" not in daemon.ctl("config", "diff")
    (small_disk / "filler").write_bytes(b"x" * (2 << 20))
    daemon.restart()
    assert daemon.administrator("status")["max_bytes"] == chosen


def test_a_ceiling_is_chosen_anew_for_the_board_that_a_backup_is_restored_on(make_daemon, small_disk, tmp_path):
    there = make_daemon({"storage.path": str(small_disk / "chat.db"), "storage.reserve_bytes": 0})
    there.ctl("backup", str(tmp_path / "copy.db"))
    chosen = there.administrator("status")["max_bytes"]
    there.stop()
    here = make_daemon()
    own = here.administrator("status")["max_bytes"]
    here.ctl("restore", str(tmp_path / "copy.db"), "--force")
    assert here.administrator("status")["max_bytes"] > max(chosen, own // 2)


def test_a_ceiling_that_is_set_wins(make_daemon):
    daemon = make_daemon({"storage.max_bytes": 7000000})
    assert daemon.administrator("status")["max_bytes"] == 7000000
