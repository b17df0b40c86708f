"""Exports and imports: files that are whole or not there, and that may have been through an editor."""
import os
import signal
import subprocess

import pytest

from client import meet
from daemon import DEADLINE_S, HEARTHCTL
from files import kept, key_of, must_upload, png


@pytest.fixture
async def export(daemon, tmp_path):
    """An export of a room with a word edited, one deleted and one reacted to."""
    mina, jun = await meet(daemon, "mina", "jun")
    for number in range(8):
        last = await mina.send(f"줄 {number}\nzwei", nonce=str(number))
    await mina.ask("edit", room="lobby", target=last["seq"], text="edited")
    await mina.ask("delete", room="lobby", target=last["seq"] - 1)
    await jun.ask("react", room="lobby", target=last["seq"], emoji="👍", on=True)
    file = tmp_path / "lobby.export"
    daemon.ctl("room", "export", "lobby", str(file))
    yield file
    await mina.close()
    await jun.close()


def rows_of(daemon, room):
    return daemon.ctl("room", "export", room).splitlines()[1:-1]


def test_a_file_that_stands_there_stays_until_the_export_is_whole(daemon, tmp_path):
    file = tmp_path / "kept"
    file.write_text("precious")
    assert daemon.ctl("room", "export", "nowhere", str(file), check=False).returncode == 1
    assert file.read_text() == "precious"
    daemon.stop()
    assert daemon.ctl("room", "export", "lobby", str(file), check=False).returncode == 3
    daemon.start()
    assert file.read_text() == "precious" and "kept" in os.listdir(tmp_path)
    assert not [name for name in os.listdir(tmp_path) if name.startswith("kept.")]


def test_an_interrupt_leaves_nothing_half_written(daemon, tmp_path):
    file = tmp_path / "cut"
    file.write_text("precious")
    os.kill(daemon.pid, signal.SIGSTOP)  # so that the export waits in the middle
    try:
        with subprocess.Popen([HEARTHCTL, "--socket", str(daemon.socket), "room", "export", "lobby", str(file)],
                              stderr=subprocess.DEVNULL) as export:
            export.send_signal(signal.SIGINT)
            export.wait(DEADLINE_S)
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    assert file.read_text() == "precious"
    assert not [name for name in os.listdir(tmp_path) if name.startswith("cut.")]


@pytest.mark.parametrize("change", [
    lambda text: text,
    lambda text: text.replace(b"\n", b"\r\n"),
    lambda text: b"\xef\xbb\xbf" + text,
    lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n") + b"\r\n\r\n",
    lambda text: text.rstrip(b"\n"),
], ids=["as it is", "CR LF", "byte order mark", "both", "no last line break"])
async def test_a_file_that_an_editor_has_saved_is_taken(daemon, export, change):
    export.write_bytes(change(export.read_bytes()))
    daemon.ctl("room", "import", str(export), "copy")
    assert rows_of(daemon, "copy") == rows_of(daemon, "lobby")


async def test_utf16_is_refused_by_its_name(daemon, export):
    export.write_bytes(export.read_text().encode("utf-16"))
    done = daemon.ctl("room", "import", str(export), "copy", check=False)
    assert done.returncode == 1 and "UTF-16" in done.stderr


async def test_an_import_can_be_run_again(daemon, export):
    whole = export.read_bytes()
    lines = whole.splitlines(keepends=True)
    export.write_bytes(b"".join(lines[:6]))
    done = daemon.ctl("room", "import", str(export), "copy", check=False)
    assert done.returncode == 1 and "breaks off" in done.stderr and "5 rows stored" in done.stderr
    export.write_bytes(whole)
    assert "6 rows stored, 5 were there already" in daemon.ctl("room", "import", str(export), "copy")
    assert rows_of(daemon, "copy") == rows_of(daemon, "lobby")
    assert "0 rows stored, 11 were there already" in daemon.ctl("room", "import", str(export), "copy")


async def test_a_broken_line_is_named_and_what_came_before_it_is_kept(daemon, export):
    lines = export.read_bytes().splitlines(keepends=True)
    export.write_bytes(b"".join(lines[:5]) + b"oops\n" + b"".join(lines[5:]))
    done = daemon.ctl("room", "import", str(export), "copy", check=False)
    assert done.returncode == 1 and "line 6" in done.stderr and "4 rows stored" in done.stderr
    assert rows_of(daemon, "copy") == rows_of(daemon, "lobby")[:4]


@pytest.mark.parametrize("old, new", [(b"edited", b"edifed"), (b'"seq":2', b'"seq": 2')], ids=["a letter", "a space"])
async def test_rows_that_are_not_those_that_were_written_are_taken_and_told(daemon, export, old, new):
    whole = export.read_bytes()
    assert old in whole
    export.write_bytes(whole.replace(old, new, 1))
    done = daemon.ctl("room", "import", str(export), "copy", check=False)
    assert done.returncode == 0 and "edited, or it is damaged" in done.stderr and "11 rows stored" in done.stdout + done.stderr


async def test_an_export_of_an_earlier_format_needs_no_checks(daemon, export):
    lines = [line for line in export.read_bytes().splitlines(keepends=True) if b'"kind":"check"' not in line]
    export.write_bytes(b"".join(lines).replace(b'"format":3', b'"format":2'))
    daemon.ctl("room", "import", str(export), "copy")
    assert rows_of(daemon, "copy") == rows_of(daemon, "lobby")


async def test_something_else_in_the_same_place_is_not_overwritten(daemon, export):
    daemon.ctl("room", "create", "copy")
    daemon.ctl("send", "copy", "mine")
    done = daemon.ctl("room", "import", str(export), "copy", check=False)
    assert done.returncode == 1 and "something else" in done.stderr
    assert len(rows_of(daemon, "copy")) == 1


async def test_files_go_along_and_come_back(daemon, tmp_path):
    """Pictures, one of them with a small one, and one that is gone: into another room, twice, and cut off."""
    (mina,) = await meet(daemon, "mina")
    bodies = [png(4), png(9, 9, noise=100_000), png(2)]
    large, small, gone = [must_upload(daemon, mina, body, f"{number}.png") for number, body in enumerate(bodies)]
    await mina.ask("send", room="lobby", nonce="1", text="look", files=[
        {"id": large["id"], "preview": small["id"], "alt": "the pier\nat night"}, gone["id"]])
    await mina.send("after")
    daemon.ctl("file", "delete", gone["id"], "--yes")
    file, cut = tmp_path / "lobby.export", tmp_path / "cut.export"
    daemon.ctl("room", "export", "lobby", str(file))
    lines = file.read_text().splitlines()
    cut.write_text("\n".join(line for line in lines if '"data"' not in line))
    assert daemon.ctl("room", "import", str(cut), "cut", check=False).returncode == 1
    assert [daemon.ctl("room", "import", str(file), "again").split(" rows")[0] for _ in range(2)] == ["2", "0"]
    await mina.ask("join", room="again")
    (said, _) = (await mina.ask("history", room="again"))["messages"]
    picture, other = said["files"]
    assert (said["text"], picture["alt"], picture["width"]) == ("look", "the pier\nat night", 4)
    assert picture["id"] != large["id"] and other["gone"] and other["name"] == "2.png"
    for id, body in [(picture["id"], bodies[0]), (picture["preview"], bodies[1])]:
        assert daemon.http("GET", f"/files/{id}/x", headers=key_of(mina))[2] == body
    await mina.close()


async def test_a_file_whose_bytes_are_not_what_was_written_is_not_stored(daemon, tmp_path):
    (mina,) = await meet(daemon, "mina")
    picture = must_upload(daemon, mina, png(9, 9, noise=30_000), "x.png")
    await mina.ask("send", room="lobby", nonce="1", text="look", files=[picture["id"]])
    file, before = tmp_path / "lobby.export", kept(daemon)
    daemon.ctl("room", "export", "lobby", str(file))
    lines = file.read_text().splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if '"data"' in line][1]
    lines[at] = lines[at][:500] + ("A" if lines[at][500] != "A" else "B") + lines[at][501:]
    file.write_text("".join(lines))
    done = daemon.ctl("room", "import", str(file), "copy", check=False)
    assert done.returncode == 1 and "is damaged: it is not what was written" in done.stderr
    assert rows_of(daemon, "copy") == [] and kept(daemon) == before
    await mina.close()


async def test_a_conversation_of_two_is_exported_and_imported_by_nobody(daemon, tmp_path):
    mina, jun = await meet(daemon, "mina", "jun")
    await mina.ask("direct", to="jun", text="psst", nonce="1")
    file = tmp_path / "made.export"
    file.write_text('{"type":"hearth.export","format":1,"room":"@jun,mina"}\n')
    for words in (("export", "@jun,mina"), ("import", str(file))):
        done = daemon.ctl("room", *words, check=False)
        assert done.returncode == 1 and "conversation of two" in done.stderr
    await mina.close()
    await jun.close()
