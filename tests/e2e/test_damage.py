"""A database that is damaged: noticed at a start and while it is served, kept, and recovered."""
import http.client
import os
import re
import sqlite3
import subprocess

import pytest

from client import Client, meet

PAGE = 1024
SAID = 600


def row(seq):
    return {"kind": "message", "seq": seq, "ts": 1_800_000_000_000 + seq, "from": "mina",
            "text": f"entry number {seq}, word for word"}


def fill(daemon, *rooms, said=SAID):
    for room in rooms or ["lobby"]:
        for first in range(1, said, 200):
            rows = [row(seq) for seq in range(first, min(first + 200, said + 1))]
            assert daemon.administrator("import", room=room, rows=rows)["rows"] == len(rows)


def page_numbers(daemon, first_byte, content):
    """Of the pages, counted from 0, that begin with this byte and hold this."""
    data = daemon.database.read_bytes()
    return [i for i in range(1, len(data) // PAGE)
            if data[i * PAGE] == first_byte and content in data[i * PAGE:(i + 1) * PAGE]]


def leaves(daemon):
    """The pages that hold messages, without the first and the last."""
    return page_numbers(daemon, 13, b"word for word")[1:-1]


def overwrite(daemon, page, content=b"\xa5" * PAGE):
    overwrite_at(daemon, page * PAGE, content)


def overwrite_at(daemon, offset, content):
    with open(daemon.database, "r+b") as file:
        file.seek(offset)
        file.write(content)


def aside(daemon):
    return sorted(p.name for p in daemon.folder.glob("chat.db.damaged-*"))


def texts(daemon, room="lobby"):
    """Every message of the room that is there; None while it cannot be read."""
    found, after, more = {}, 0, True
    while more:
        status, page = daemon.admin("POST", "/admin/v1/do", {
            "type": "export", "room": room, "after": after, "limit": 1000})
        if status == 503:
            return None
        assert status == 200, page
        for entry in page["rows"]:
            after = entry["seq"]
            found[after] = entry["text"]
        more = page["more"]
    return found


def until_read(daemon, room="lobby"):
    while True:
        try:
            found = texts(daemon, room)
        except (OSError, http.client.HTTPException):
            continue  # it opens its database again
        if found is not None:
            return found


def until_found(daemon, query):
    while True:
        try:
            status, reply = daemon.admin("POST", "/admin/v1/do", {
                "type": "search", "query": query, "room": "lobby"})
        except (OSError, http.client.HTTPException):
            continue
        assert status in (200, 503), reply
        if status == 200 and reply["results"]:
            return


def right(found):
    return {seq for seq, text in found.items() if text == row(seq)["text"]}


def has_log(daemon, pattern):
    return any(re.search(pattern, line) for line in daemon.log)


def test_damage_after_a_clean_stop_is_noticed_and_what_is_left_recovered(daemon):
    fill(daemon)
    daemon.stop()
    pages = leaves(daemon)
    overwrite(daemon, pages[len(pages) // 2])
    daemon.start()
    found = until_read(daemon)
    assert SAID - 20 < len(right(found)) < SAID and len(right(found)) == len(found)
    assert len(aside(daemon)) == 1
    assert has_log(daemon, r"set aside.*chat\.db\.damaged-")
    until_recovered(daemon)
    status, _, _ = daemon.http("GET", "/healthz")
    assert status == 200


async def test_damage_beneath_the_running_gateway_is_noticed_when_it_is_read(make_daemon):
    daemon = make_daemon({"storage.cache_bytes": 65536})
    fill(daemon, said=3000)
    daemon.restart()  # everything is in the database then, and nothing in its cache
    [mina] = await meet(daemon, "mina", history=0)
    overwrite(daemon, leaves(daemon)[100])
    found = until_read(daemon)
    assert 2980 <= len(right(found)) < 3000 and len(aside(daemon)) == 1
    await mina.wait_closed()
    mina = await Client.connect(daemon, "mina again")
    await mina.join()
    await mina.send("it goes on")
    await mina.close()


def test_a_wal_without_its_database_is_kept(daemon):
    fill(daemon)
    daemon.kill()
    wal = daemon.folder / "chat.db-wal"
    bytes_of_wal = wal.stat().st_size
    assert bytes_of_wal > 32
    os.unlink(daemon.database)
    daemon.start()
    kept = [name for name in aside(daemon) if name.endswith("-wal")]
    assert len(kept) == 1 and (daemon.folder / kept[0]).stat().st_size == bytes_of_wal
    assert has_log(daemon, "set aside")


@pytest.mark.parametrize("place", ["a text", "the header"])
async def test_a_damaged_byte_in_the_wal_costs_no_more_than_its_page(daemon, place):
    """SQLite would drop every transaction from there on, without a word."""
    [mina] = await meet(daemon, "mina", history=0)
    acks = [await mina.send(row(i)["text"]) for i in range(200)]
    daemon.kill()
    await mina.wait_closed()
    wal = daemon.folder / "chat.db-wal"
    data = bytearray(wal.read_bytes())
    data[17 if place == "the header" else data.index(b"entry number 20, word") + 3] ^= 1
    wal.write_bytes(data)
    daemon.start()
    found = until_read(daemon)
    assert len(aside(daemon)) == 2 and has_log(daemon, "set aside")
    assert {ack["seq"] for ack in acks} <= set(found)
    assert [found[ack["seq"]] for ack in acks] == [row(i)["text"] for i in range(200)]


@pytest.mark.parametrize("table", ["search_blocks", "search_ids", "search_grams", "search_loose"])
def test_a_damaged_index_never_stops_a_start(daemon, table):
    fill(daemon, said=2000)
    while daemon.administrator("status")["unindexed"] >= 512:
        pass
    daemon.stop()
    database = sqlite3.connect(daemon.database)
    [root] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name=?", [table]).fetchone()
    database.close()
    overwrite(daemon, root - 1)
    daemon.start()
    assert len(right(until_read(daemon))) == 2000
    until_found(daemon, "number 77")


def test_a_flipped_version_or_id_stops_no_start(daemon):
    fill(daemon)
    for offset in (60, 61, 71):  # user_version, application_id
        daemon.stop()
        overwrite_at(daemon, offset, bytes([daemon.database.read_bytes()[offset] ^ 0x40]))
        daemon.start()
        assert len(right(until_read(daemon))) == SAID


async def test_a_text_with_a_damaged_byte_closes_no_room(daemon):
    """No check finds it: it is replaced as it is read, and counted."""
    fill(daemon, said=20)
    daemon.stop()
    data = daemon.database.read_bytes()
    at = data.index(b"entry number 7, word") + len("entry n")
    overwrite_at(daemon, at, b"\xff")
    overwrite_at(daemon, at + 1, b"\x07")
    daemon.start()
    wanted = "entry n\ufffd\ufffdber 7, word for word"
    assert texts(daemon)[7] == wanted
    mina = await Client.connect(daemon, "mina")
    await mina.ask("join", room="lobby", history=20)
    joined = [entry["text"] for entry in await mina.entries(20)]
    history = [m["text"] for m in (await mina.ask("history", room="lobby", limit=50))["messages"]]
    assert joined == history and joined[6] == wanted
    assert {row(seq)["text"] for seq in range(1, 21)} - set(joined) == {row(7)["text"]}
    _, _, metrics = daemon.http("GET", "/metrics")
    assert int(re.search(rb"^hearth_texts_mended_total (\d+)", metrics, re.M)[1]) >= 3
    await mina.close()


# ---- a recovery that is stopped

ROOMS = ["lobby", "kitchen", "garden"]
MUCH = 3000


def flip_magic(daemon):
    overwrite_at(daemon, 0, b"T")


def check_all(daemon):
    for room in ROOMS:
        assert len(right(until_read(daemon, room))) == MUCH, room
    until_recovered(daemon)
    recovered = daemon.administrator("status")["recovery"]
    assert recovered.startswith(f"{3 * MUCH} of {3 * MUCH} entries of 3 rooms, 0 pages unreadable")
    assert daemon.http("GET", "/healthz")[0] == 200
    assert len(aside(daemon)) == 1


def until_recovered(daemon):
    while daemon.administrator("status")["recovering"]:
        pass


def test_a_recovery_that_is_killed_again_and_again_loses_nothing(daemon):
    fill(daemon, *ROOMS, said=MUCH)
    daemon.stop()
    flip_magic(daemon)
    for part in range(1, 6):
        daemon.start()
        while True:
            status = daemon.administrator("status")
            done = int(status["recovery"].split()[0])
            if done >= part * MUCH / 2 or not status["recovering"]:
                break
        daemon.kill()
    daemon.start()
    check_all(daemon)


def test_a_database_that_is_damaged_again_while_it_is_recovered_loses_nothing(daemon):
    fill(daemon, *ROOMS, said=MUCH)
    daemon.stop()
    flip_magic(daemon)
    for _ in range(2):
        daemon.start()
        while int(daemon.administrator("status")["recovery"].split()[0]) < MUCH:
            pass
        daemon.kill()
        flip_magic(daemon)
    daemon.start()
    for room in ROOMS:
        assert len(right(until_read(daemon, room))) == MUCH
    until_recovered(daemon)
    assert len([name for name in aside(daemon) if not name.endswith("-wal")]) == 3


def kill_in_the_start(daemon, after_ms):
    """Killed so long after it was started, wherever it has got to."""
    process = subprocess.Popen(daemon.command(), stderr=subprocess.DEVNULL)
    try:
        process.wait(after_ms / 1000)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_a_start_that_is_killed_while_it_sets_aside_loses_nothing(daemon):
    fill(daemon, *ROOMS, said=MUCH)
    daemon.stop()
    flip_magic(daemon)
    for after_ms in (30, 60, 90, 120, 150, 200, 300):
        kill_in_the_start(daemon, after_ms)
    daemon.start()
    check_all(daemon)


async def test_a_full_disk_is_waited_for_and_rooms_are_closed_until_then(make_daemon, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
                      capture_output=True).returncode != 0:
        pytest.skip("only root can mount")
    daemon = make_daemon({"storage.path": folder / "chat.db", "storage.search": "false",
                          "storage.reserve_bytes": 0}, start=False)
    daemon.database = folder / "chat.db"
    try:
        daemon.start()
        fill(daemon, *ROOMS, said=MUCH)
        daemon.stop()
        flip_magic(daemon)
        space = os.statvfs(folder)
        with open(folder / "filler", "wb") as filler:
            filler.write(bytes(space.f_bavail * space.f_frsize - 400_000))
        daemon.start()
        async with await Client.connect(daemon, "mina") as mina:
            refused = await mina.try_ask("join", room="garden")
            assert refused["error_code"] == "storage_unavailable" and refused["field"] == "room"
            assert "recovered" in refused["message"] and refused["retry_after_ms"] > 0
            status, _, body = daemon.http("GET", "/healthz")
            assert status == 503 and b"recovered" in body
            daemon.kill()
            await mina.wait_closed()
        os.unlink(folder / "filler")
        daemon.start()
        for room in ROOMS:
            assert len(right(until_read(daemon, room))) == MUCH
        daemon.stop()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_room_that_was_recovered_has_a_new_log(daemon):
    fill(daemon)
    [mina] = await meet(daemon, "mina")
    last = (await mina.send("the last word"))["seq"]
    before = await mina.ask("join", room="lobby")
    await mina.close()
    daemon.stop()
    flip_magic(daemon)
    daemon.start()
    until_recovered(daemon)
    jun = await Client.connect(daemon, "jun")
    after = await jun.ask("join", room="lobby", after=last, log=before["log"])
    assert after["log"] != before["log"] and after["reset"]
    assert (await jun.send("it goes on"))["seq"] > last + 1000
    await jun.close()


def test_a_shortened_file_gives_what_it_still_has(daemon):
    fill(daemon, said=2000)
    daemon.stop()
    pages = leaves(daemon)
    os.truncate(daemon.database, pages[len(pages) // 2] * PAGE + 100)
    daemon.start()
    found = right(until_read(daemon))
    until_recovered(daemon)
    assert 900 < len(found) < 1100
    recovered = daemon.administrator("status")["recovery"]
    assert re.match(r"(\d+) of \1 entries of 1 room, [1-9]\d* pages unreadable", recovered), recovered
