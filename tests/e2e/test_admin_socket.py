"""The administrator's socket and hearthctl on it."""
import json
import os
import socket
import stat
import subprocess

import pytest

from client import Client, meet
from daemon import DEADLINE_S, HEARTHCTL


def test_only_owner_and_group_may_open_the_socket(daemon):
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660
    assert stat.S_IMODE(os.stat(daemon.database).st_mode) == 0o600


def test_the_socket_is_gone_after_a_stop_and_comes_back(daemon):
    daemon.stop()
    assert not daemon.socket.exists()
    daemon.start()
    daemon.ctl("status")


def test_a_socket_left_by_a_crash_is_replaced(daemon):
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()
    daemon.ctl("status")


async def test_the_admin_api_is_not_on_the_network(daemon):
    for path in ("/admin/v1/status", "/admin/v1/rooms"):
        assert daemon.http("GET", path)[0] == 404
    assert daemon.http("POST", "/admin/v1/do", {"type": "status"})[0] == 404
    mina = await Client.connect(daemon, "mina")
    for type in ("status", "backup", "restore", "export", "import"):
        fields = {"path": "/tmp/x", "room": "lobby", "rows": []}
        assert (await mina.ask_in_vain(type, **fields))["error_code"] == "forbidden"
    await mina.close()


def test_the_routes_of_the_admin_api(daemon):
    status, reply = daemon.admin("GET", "/admin/v1/status")
    assert status == 200 and reply["journal_mode"]
    status, reply = daemon.admin("GET", "/admin/v1/rooms")
    assert [room["name"] for room in reply["rooms"]] == ["lobby"]
    status, _ = daemon.admin("POST", "/admin/v1/rooms", {"room": "den", "topic": "quiet"})
    assert status in (200, 201)
    status, reply = daemon.admin("GET", "/admin/v1/rooms/den")
    assert status == 200
    assert daemon.admin("PATCH", "/admin/v1/rooms/den", {"topic": "loud"})[0] == 200
    assert daemon.admin("POST", "/admin/v1/rooms/den/messages",
                        {"text": "hi", "nonce": "n"})[0] == 201
    status, reply = daemon.admin("GET", "/admin/v1/rooms/den/messages")
    assert [m["text"] for m in reply["messages"]][-1] == "hi"
    assert daemon.admin("DELETE", "/admin/v1/rooms/den")[0] == 200
    assert daemon.admin("GET", "/admin/v1/rooms/den")[0] == 404
    assert daemon.admin("GET", "/admin/v1/nowhere")[0] == 404


def test_every_request_has_a_path_of_its_name(daemon):
    assert daemon.admin("GET", "/admin/v1/clock")[1]["state"]
    for name in ("settings", "tokens", "hooks", "bridges", "log_level"):
        assert daemon.admin("GET", "/admin/v1/" + name)[0] == 200, name
    assert daemon.admin("POST", "/admin/v1/create", {"room": "den"})[0] in (200, 201)
    assert daemon.admin("POST", "/admin/v1/purge", {"room": "den"}) == (200, {"entries": 0})
    assert daemon.admin("POST", "/admin/v1/purge", {"room": "nowhere"})[0] == 404
    assert daemon.admin("POST", "/admin/v1/purge")[1]["field"] == "room"
    assert daemon.admin("GET", "/admin/v1/reload")[0] == 405, "reading changes nothing"
    assert daemon.admin("POST", "/admin/v1/reload")[0] == 200
    for name in ("hello", "welcome", "nowhere", "setting_line"):
        assert daemon.admin("POST", "/admin/v1/" + name, {"name": "x"})[0] == 404, name
    for name in ("clock", "purge"):
        assert daemon.http("POST", "/admin/v1/" + name, {})[0] == 404, "not over the network"


# ---- hearthctl

async def test_hearthctl_manages_rooms(daemon):
    [mina] = await meet(daemon, "mina")
    daemon.ctl("room", "create", "den", "--topic", "a quiet place")
    assert "den" in daemon.ctl("room", "list") and "lobby" in daemon.ctl("room", "list")
    assert "a quiet place" in daemon.ctl("room", "show", "den")
    daemon.ctl("room", "set", "den", "--topic", "a loud place", "--keep", "true")
    assert "a loud place" in daemon.ctl("room", "show", "den")
    await mina.join("den")
    rooms = json.loads(daemon.ctl("--json", "room", "list"))["rooms"]
    assert {room["name"]: room["members"] for room in rooms} == {"lobby": 1, "den": 1}
    daemon.ctl("room", "delete", "den", "--yes")
    assert "den" not in daemon.ctl("room", "list")
    assert (await mina.next("room", change="removed"))["name"] == "den"
    await mina.close()


async def test_hearthctl_speaks_and_listens(daemon):
    [mina] = await meet(daemon, "mina")
    daemon.ctl("send", "lobby", "dinner", "is", "ready")
    daemon.ctl("send", "lobby", "-", input="from\nstandard input\n")
    assert (await mina.next("message"))["text"] == "dinner is ready"
    assert (await mina.next("message"))["text"] == "from\nstandard input"
    await mina.send("coming\u202e\n2030-01-01 00:00  mina: forged")
    assert daemon.ctl("tail", "lobby", "-n", "1").splitlines()[0].endswith("mina: coming\\u{202e}")
    assert daemon.ctl("tail", "lobby", "-n", "1").splitlines()[1].startswith("    2030-")
    lines = [json.loads(line) for line in daemon.ctl("--json", "tail", "lobby").splitlines()]
    assert [line["text"] for line in lines][0] == "dinner is ready" and len(lines) == 3
    await mina.close()


async def test_hearthctl_follows_a_room(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("before")
    with subprocess.Popen([HEARTHCTL, "--socket", str(daemon.socket), "tail", "lobby", "-f"],
                          stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout.readline().endswith("mina: before\n")
        await mina.send("after")
        assert tail.stdout.readline().endswith("mina: after\n")
        tail.terminate()
    await mina.close()


async def test_hearthctl_moderates(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    assert "jun" in daemon.ctl("who", "lobby")
    daemon.ctl("role", "lobby", "mina", "moderator")
    daemon.ctl("mute", "lobby", "jun", "--for", "10m")
    assert (await jun.ask_in_vain("send", room="lobby", text="x", nonce="1"))[
        "error_code"] == "muted"
    daemon.ctl("unmute", "lobby", "jun")
    await jun.send("thanks")
    daemon.ctl("kick", "lobby", "jun", "--reason", "go to bed")
    assert (await jun.next("kicked"))["reason"] == "go to bed"
    await jun.join()
    daemon.ctl("ban", "lobby", "jun", "--for", "1h")
    assert (await jun.next("kicked"))["banned"] is True
    assert (await jun.ask_in_vain("join", room="lobby"))["error_code"] == "banned"
    daemon.ctl("unban", "lobby", "jun")
    await jun.join()
    await mina.close()
    await jun.close()


@pytest.mark.parametrize("words, code", [
    (["status"], 0), (["room", "list"], 0), (["help"], 0), (["completion", "bash"], 0),
    (["room", "show", "nowhere"], 1), (["send", "nowhere", "hi"], 1), (["tail", "nowhere"], 1),
    (["tail", "nowhere", "-f"], 1), (["room", "create", "lobby"], 1),
    (["kick", "lobby", "nobody"], 1), (["room", "create", "#bad/name"], 1),
    ([], 2), (["nonsense"], 2), (["room"], 2), (["room", "create"], 2), (["send", "lobby"], 2),
    (["tail", "lobby", "-n", "x"], 2), (["tail", "lobby", "--nonsense"], 2),
    (["room", "set", "lobby"], 2), (["ban", "lobby", "x", "--for", "soon"], 2),
    (["room", "list", "too", "many"], 2), (["--nonsense"], 2),
])
def test_exit_codes(daemon, words, code):
    done = daemon.ctl(*words, check=False)
    assert done.returncode == code, done
    assert (done.stderr != "") == (code != 0)


def test_without_a_daemon_the_exit_code_is_3(tmp_path):
    done = subprocess.run([HEARTHCTL, "--socket", str(tmp_path / "none"), "status"],
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 3 and done.stderr
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    done = subprocess.run([HEARTHCTL, "status"], capture_output=True, text=True,
                          timeout=DEADLINE_S,
                          env={**os.environ, "HEARTH_SOCKET": str(tmp_path / "left")})
    assert done.returncode == 3


def test_a_proxy_does_not_matter(daemon):
    done = subprocess.run([HEARTHCTL, "--socket", str(daemon.socket), "status"],
                          capture_output=True, timeout=DEADLINE_S,
                          env={**os.environ, "http_proxy": "http://127.0.0.1:9",
                               "all_proxy": "http://127.0.0.1:9"})
    assert done.returncode == 0


# ---- backup, export and their ways back

async def test_a_backup_is_made_while_running_and_put_back(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    said = [(await mina.send(f"text {i}"))["seq"] for i in range(20)]
    copy = tmp_path / "copy.db"
    daemon.ctl("backup", str(copy))
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert daemon.ctl("backup", str(copy), check=False).returncode == 1, "it overwrote a file"
    daemon.ctl("backup", str(copy), "--force")
    await mina.send("after the backup")
    assert daemon.ctl("restore", str(copy), check=False).returncode == 1, "it overwrote a database"
    daemon.ctl("restore", str(copy), "--force")
    assert (await mina.wait_closed())[0] == 1001
    # it builds itself again in place: the ready line comes once more, perhaps with another port
    again = await reconnect(daemon, mina.key)
    history = await again.ask("history", room="lobby", limit=200)
    assert [m["seq"] for m in history["messages"]] == said
    assert again.name == "mina"
    await again.close()


async def test_a_restore_is_answered_when_nobody_else_is_there(daemon, tmp_path):
    daemon.ctl("send", "lobby", "one")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    answer = daemon.ctl("restore", str(tmp_path / "copy.db"), "--force")
    assert answer.startswith("restored"), answer


async def reconnect(daemon, key):
    """After a restart in place: as soon as it listens again."""
    for _ in range(10_000):
        try:
            return await Client.connect(daemon, session=key)
        except OSError:
            if daemon.process.poll() is not None:
                break
            await __import__("asyncio").sleep(0.01)
    raise AssertionError("it does not come back:\n" + daemon.text_of_log())


async def test_what_is_no_backup_is_not_put_in_place(daemon, tmp_path):
    [mina] = await meet(daemon, "mina")
    await mina.send("stays")
    (tmp_path / "no.db").write_bytes(b"no database" * 1000)
    for path in ("no.db", "nowhere.db"):
        assert daemon.ctl("restore", str(tmp_path / path), "--force", check=False).returncode == 1
    await mina.send("still here")
    await mina.close()


async def test_an_export_of_an_import_is_the_same(make_daemon, tmp_path):
    daemon = make_daemon()
    [mina] = await meet(daemon, "mina")
    daemon.ctl("room", "create", "den")
    await mina.join("den")
    seqs = [(await mina.send(f"text {i} 한국어 \"quoted\" \\ \u2028", "den"))["seq"]
            for i in range(300)]
    await mina.ask("edit", room="den", target=seqs[0], text="changed")
    await mina.ask("delete", room="den", target=seqs[1])
    await mina.ask("react", room="den", target=seqs[2], emoji="👍", on=True)
    await mina.send("answer", "den", reply_to=seqs[3])
    exported = tmp_path / "den.jsonl"
    daemon.ctl("room", "export", "den", str(exported))
    lines = [json.loads(line) for line in exported.read_text().split("\n") if line]
    assert len(lines) == 1 + 304 + 1 and lines[0]["room"] == "den"
    assert daemon.ctl("room", "export", "den") == exported.read_text()
    daemon.ctl("room", "delete", "den", "--yes")
    await mina.close()
    daemon.restart()
    daemon.ctl("room", "import", str(exported))
    assert daemon.ctl("room", "export", "den") == exported.read_text()
    daemon.ctl("room", "import", "-", "copy", input=exported.read_text())
    rows = daemon.ctl("room", "export", "copy").splitlines()[1:-1]
    assert rows == exported.read_text().splitlines()[1:-1]


@pytest.mark.parametrize("text", ["", "nonsense\n", '{"type":"hearth.export","format":99}\n',
                                  '{"type":"hearth.export","format":1,"room":"x"}\nnonsense\n'])
def test_what_is_no_export_is_not_imported(daemon, text):
    assert daemon.ctl("room", "import", "-", input=text, check=False).returncode == 1


async def test_status_tells_what_an_administrator_asks(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("hi")
    status = json.loads(daemon.ctl("--json", "status"))
    assert status["users_here"] == 1 and status["entries"] == 1 and status["rooms"] == 1
    assert status["durability"] == "power_loss" and status["last_backup"] == 0
    assert status["clock_set"] is True and not status["failing"]
    text = daemon.ctl("status")
    assert "journal" in text and "last backup" in text and "never" in text
    await mina.close()
