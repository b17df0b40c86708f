"""The configuration read again, by hearthctl and over the admin socket: what changed, what waits, what is wrong."""
import asyncio
import json
import os
import signal

import pytest
import websockets

from client import Refused, meet, part

PEOPLE = 500 if os.environ.get("HEARTH_LONG_TESTS") else 60


@pytest.fixture
def configured(make_daemon, tmp_path):
    """A gateway with a file: (daemon, write), where write(text) replaces the file."""
    path = tmp_path / "hearth.conf"
    path.write_text("")
    daemon = make_daemon(start=False)
    command = daemon.command
    daemon.command = lambda: [*command(), "-c", str(path)]
    daemon.start()
    return daemon, path.write_text


async def test_a_reload_tells_what_changed_and_what_waits(configured):
    daemon, write = configured
    [mina] = await meet(daemon, "mina")
    write("limits = { text_bytes = 64; nonce_window = 300; };\nstorage = { cache_bytes = 70000; };\n")
    said = daemon.ctl("reload")
    assert "changed: limits.text_bytes\n" in said
    assert "next start: storage.cache_bytes, limits.nonce_window" in said
    with pytest.raises(Refused, match="too_long"):
        await mina.send("x" * 65)
    status, reply = daemon.admin("POST", "/admin/v1/reload")
    assert status == 200 and reply["changed"] == []
    assert reply["waiting"] == ["storage.cache_bytes", "limits.nonce_window"], "it still waits"
    await mina.close()


async def test_the_plain_endpoint_is_switched_on_by_a_reload(make_daemon, tmp_path):
    path = tmp_path / "hearth.conf"
    path.write_text('plain = { enabled = false; room = "five-lines"; };\n')
    daemon = make_daemon(start=False)
    command = daemon.command
    daemon.command = lambda: [*command(), "-c", str(path)]
    daemon.start()
    assert "five-lines" not in daemon.ctl("room", "list")
    [mina] = await meet(daemon, "mina")
    path.write_text('plain = { enabled = true; room = "five-lines"; };\n')
    assert "changed: plain.enabled" in daemon.ctl("reload")
    assert (await mina.next("room", change="created"))["name"] == "five-lines"
    await mina.join("five-lines")
    async with websockets.connect(f"{daemon.url}/7") as plain:
        await plain.send('{"message":"hi"}')
        assert (await mina.next("message"))["text"] == "hi"
    await mina.close()


@pytest.mark.parametrize("text, said", [
    ("limits = { text_bytes = nonsense; };\n", "hearth.conf:1"),
    ("limits = { text_bytes = 64;\n  text_byte = 64; };\n", "hearth.conf:2"),
    ("limits = { text_bytes = 64; frame_bytes = 1024; };\n", "limits.frame_bytes"),
])
async def test_a_wrong_file_changes_nothing_and_is_exit_1(configured, text, said):
    daemon, write = configured
    [mina] = await meet(daemon, "mina")
    write(text)
    for words in (["reload"], ["config", "check"], ["config", "diff"]):
        done = daemon.ctl(*words, check=False)
        assert done.returncode == 1 and said in done.stderr, done
    status, reply = daemon.admin("POST", "/admin/v1/reload")
    assert status == 400 and reply["error_code"] == "bad_request" and said in reply["message"]
    daemon.process.send_signal(signal.SIGHUP)
    await mina.send("x" * 65)
    await mina.close()


async def test_check_and_diff_change_nothing(configured):
    daemon, write = configured
    [mina] = await meet(daemon, "mina")
    assert "right" in daemon.ctl("config", "check") and daemon.ctl("config", "diff") == ""
    write('server = { name = "새 이름"; loop = "poll"; };\n')
    assert "a reload would change: server.name" in daemon.ctl("config", "check")
    assert daemon.ctl("config", "diff").splitlines() == [
        "server.name: hearth -> 새 이름  (needs a reload)",
        "server.loop: auto -> poll  (needs a restart)"]
    assert json.loads(daemon.ctl("--json", "status"))["server"]["name"] == "hearth"
    daemon.ctl("reload")
    assert "server.name" not in daemon.ctl("config", "diff")
    assert json.loads(daemon.ctl("--json", "status"))["server"]["name"] == "새 이름"
    await mina.close()


def test_each_setting_is_shown_with_where_it_was_said(configured):
    daemon, write = configured
    write("# one\nlimits = {\n  text_bytes = 64;\n};\n")
    daemon.ctl("reload")
    lines = daemon.ctl("config", "show").splitlines()
    assert "limits.text_bytes = 64  (line 3)" in lines
    assert "limits.text_characters = 2000" in lines
    assert f"storage.path = {daemon.database}  (--set)" in lines
    assert len(daemon.ctl("config", "show", "server").splitlines()) == 2
    [one] = json.loads(daemon.ctl("--json", "config", "show", "limits.text_bytes"))["settings"]
    assert one == {"name": "limits.text_bytes", "value": "64", "source": "file", "line": 3,
                   "restart": False}
    assert daemon.ctl("config", "show", "limit", check=False).returncode == 1


def test_the_level_of_the_log_is_set_until_the_next_reload(configured):
    daemon, write = configured
    assert daemon.ctl("log", "level") == "info\n"
    assert daemon.ctl("log", "level", "debug") == "debug\n"
    assert daemon.admin("GET", "/admin/v1/log_level") == (200, {"level": "debug"})
    assert daemon.admin("POST", "/admin/v1/log_level", {"level": "warn"}) == (200, {"level": "warn"})
    assert daemon.admin("POST", "/admin/v1/log_level", {"level": "loud"})[0] == 400
    write('log = { level = "error"; };\n')
    daemon.ctl("reload")
    assert daemon.ctl("log", "level") == "error\n"


async def test_a_reload_under_load_loses_nothing_and_drops_nobody(configured):
    daemon, write = configured
    people = await meet(daemon, *(f"p{i}" for i in range(PEOPLE)), history=0)
    said = []

    async def talk(person):
        for i in range(3):
            said.append((await person.send(f"{person.name} {i}"))["seq"])

    async def reload_often():
        for i in range(20):
            write(f"limits = {{ text_bytes = {4096 + i}; unsent_bytes = {4194304 + i}; }};\n")
            assert (await asyncio.to_thread(daemon.ctl, "reload")).startswith("changed: ")

    await asyncio.gather(reload_often(), *map(talk, people))
    assert len(set(said)) == 3 * PEOPLE
    for listener in (people[0], people[-1]):
        heard = [entry["seq"] for entry in await listener.entries(3 * PEOPLE)]
        assert heard == sorted(said), "a message was lost, doubled or out of order"
    assert json.loads(daemon.ctl("--json", "status"))["users_here"] == PEOPLE
    await part(*people)
