"""What may be set, and what is said when it is set wrongly: one sentence, exit 2, nothing touched."""
import json
import os
import re
import signal
import socket
import subprocess

import pytest

from client import Client, Refused, meet
from daemon import DEADLINE_S, HEARTHD, run_hearthd


def write(tmp_path, text):
    path = tmp_path / "hearth.conf"
    path.write_text(text)
    return path


WRONG_FILES = {
    "no syntax": ("listen = {", None),
    "an unknown group": ("nonsense = { a = 1; };\n", 1),
    "an unknown key": ("listen = {\n  prot = 8080;\n};\n", 2),
    "a wrong type": ("listen = {\n\n  port = \"eighty\";\n};\n", 3),
    "out of bounds": ("listen = { port = 65536; };\n", 1),
    "an unknown word": ("storage = {\n  durability = \"sometimes\";\n};\n", 2),
    "a value that is no group": ("listen = 5;\n", 1),
    "no network": ("limits = { exempt = \"300.0.0.0/8\"; };\n", 1),
    "a missing include": ("@include \"nowhere.conf\"\n", None),
}


@pytest.mark.parametrize("text, line", WRONG_FILES.values(), ids=WRONG_FILES.keys())
@pytest.mark.parametrize("check", [True, False])
def test_a_wrong_file_is_one_sentence_with_file_and_line(tmp_path, text, line, check):
    path = write(tmp_path, text)
    data = tmp_path / "data"
    data.mkdir()
    options = ["--check-config"] if check else []
    done = run_hearthd("-c", path, f"--set=storage.path={data}/chat.db",
                       f"--set=admin.socket={data}/s", "--set=listen.port=0", *options)
    assert done.returncode == 2, done
    said = done.stderr.strip().splitlines()
    assert len(said) == 1 and "hearth.conf" in said[0], said
    if line:
        assert re.search(rf"hearth\.conf:{line}\b", said[0]), said
    assert not list(data.iterdir()), "something was touched"


@pytest.mark.parametrize("assignment", [
    "listen.port=65536", "listen.port=x", "listen.port=", "listen.port", "nonsense.a=1",
    "listen.nonsense=1", "storage.durability=never", "plain.enabled=perhaps", "=1", "",
    "limits.exempt=10.0.0.0/33", "listen.address=not an address",
])
def test_a_wrong_set_is_refused(tmp_path, assignment):
    done = run_hearthd(f"--set=storage.path={tmp_path}/chat.db", "--set", assignment)
    assert done.returncode == 2, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("assignment, said", [
    ("rooms.first=a@b", "rooms.first"), ("plain.room=a\u202eb", "plain.room"),
    ("rooms.first=", "rooms.first"), ("http.page_dir=/nowhere/at/all", "/nowhere/at/all"),
    ("server.name=\udcc8\udcc0", "UTF-8"),
])
def test_what_cannot_work_is_named(tmp_path, assignment, said):
    for more in ([], ["--check-config"]):
        done = run_hearthd(f"--set=storage.path={tmp_path}/chat.db", "--set", assignment, *more)
        assert done.returncode == 2 and said in done.stderr, done
        assert len(done.stderr.splitlines()) == 1 and "memory" not in done.stderr


def test_what_is_given_too_much_is_named():
    done = run_hearthd("extra")
    assert done.returncode == 2 and "extra" in done.stderr and "--help" in done.stderr


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "hearth.conf"
    path.write_bytes('server = {\n  name = "화로";\n};\n'.encode("cp949"))
    done = run_hearthd("-c", path, "--check-config")
    assert done.returncode == 2 and "hearth.conf:2" in done.stderr and "UTF-8" in done.stderr


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = run_hearthd("-c", tmp_path / "nowhere.conf")
    assert done.returncode == 2 and "nowhere.conf" in done.stderr


@pytest.mark.parametrize("option", ["--nonsense", "-x", "stray"])
def test_an_unknown_option_is_refused(option):
    done = run_hearthd(option)
    assert done.returncode == 2 and done.stderr


def test_help_and_version_answer_and_end():
    assert "--set" in run_hearthd("--help").stdout
    version = run_hearthd("--version")
    assert version.returncode == 0 and re.search(r"\d+\.\d+\.\d+", version.stdout)


def test_the_printed_configuration_is_read_back_the_same(tmp_path):
    printed = run_hearthd("--set=listen.port=1234", "--set=limits.text_bytes=77", "--print-config")
    assert printed.returncode == 0
    path = write(tmp_path, printed.stdout)
    again = run_hearthd("-c", path, "--print-config")
    assert again.stdout == printed.stdout and "1234" in again.stdout


def test_check_config_prints_the_worst_case_memory(tmp_path):
    small = run_hearthd("--check-config", "--set=limits.connections=10")
    large = run_hearthd("--check-config", "--set=limits.connections=1000")
    assert small.returncode == large.returncode == 0

    def total(done):
        line = [line for line in done.stdout.splitlines() if "total" in line.lower()][-1]
        return max(int(n) for n in re.findall(r"\d+", line))
    assert total(small) < total(large)


def test_check_config_counts_what_idle_connections_take_over_tls():
    def idle_mib(*settings):
        printed = run_hearthd("--check-config", "--set=limits.connections=1000", *settings).stdout
        return float(re.search(r"it is about ([0-9.]+) MiB", printed)[1])
    assert idle_mib("--set=tls.mode=local_ca") > idle_mib() + 12


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    done = run_hearthd(f"--set=storage.path={tmp_path}/nowhere/chat.db", "--set=listen.port=0")
    assert done.returncode != 0 and "nowhere" in done.stderr


def test_a_port_in_use_is_named(make_daemon, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        done = run_hearthd("--set=listen.address=127.0.0.1", f"--set=listen.port={port}",
                           f"--set=storage.path={tmp_path}/chat.db")
        assert done.returncode not in (0, 2) and str(port) in done.stderr


def test_settings_come_from_a_file_and_set_wins(make_daemon, tmp_path):
    path = write(tmp_path, 'server = { name = "from the file"; };\n'
                           'limits = { text_bytes = 64; };\n')
    daemon = make_daemon(start=False)
    done = subprocess.run([*daemon.command(), "-c", str(path), "--set", "limits.text_bytes=65",
                           "--print-config"], capture_output=True, text=True, timeout=DEADLINE_S)
    assert '"from the file"' in done.stdout and re.search(r"text_bytes = 65\b", done.stdout)


async def test_sighup_reads_the_configuration_again(make_daemon, tmp_path):
    path = write(tmp_path, "limits = { text_bytes = 64; };\n")
    daemon = make_daemon(start=False)
    command = daemon.command
    daemon.command = lambda: [*command(), "-c", str(path)]
    daemon.start()
    [mina] = await meet(daemon, "mina")
    assert (await mina.ask_in_vain("send", room="lobby", text="x" * 65, nonce="1"))[
        "error_code"] == "too_long"
    write(tmp_path, "limits = { text_bytes = 128; };\n")
    daemon.process.send_signal(signal.SIGHUP)
    for _ in range(10_000):  # it is read between two turns; each question is one
        try:
            await mina.send("x" * 65)
            break
        except Refused as refused:
            assert refused.code == "too_long"
    else:
        raise AssertionError("the new limit does not apply:\n" + daemon.text_of_log())
    write(tmp_path, "limits = { text_bytes = nonsense; };\n")
    daemon.process.send_signal(signal.SIGHUP)
    await mina.send("a wrong file changes nothing")
    await mina.close()


async def test_the_ready_line_names_the_port(daemon):
    assert f"hearthd: ready http=127.0.0.1:{daemon.port}" in daemon.log
    assert HEARTHD
    mina = await Client.connect(daemon, "mina")
    await mina.close()


def test_systemd_is_told_when_it_is_ready_that_it_is_alive_and_when_it_stops(make_daemon, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(DEADLINE_S)
        daemon = make_daemon(start=False)
        daemon.start(environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"})
        assert b"READY=1" in notify.recv(4096)
        assert [notify.recv(4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        daemon.stop()
        told = b""
        while b"STOPPING=1" not in told:
            told = notify.recv(4096)


def test_a_file_of_an_older_version_is_taken_and_what_was_renamed_is_named(make_daemon, tmp_path):
    path = write(tmp_path, 'rooms = { create = "keeper"; };\n')
    checked = run_hearthd("-c", path, "--check-config")
    assert checked.returncode == 0
    assert 'rooms.create = "keeper" is called "administrator" now' in checked.stdout
    daemon = make_daemon(start=False)
    command = daemon.command
    daemon.command = lambda: [*command(), "-c", str(path)]
    daemon.start()
    assert any("older version" in line and "keeper" in line for line in daemon.log)
    assert "rooms.create = administrator" in daemon.ctl("config", "show", "rooms")


def test_a_start_that_fails_says_why_as_an_error(tmp_path):
    done = subprocess.run([HEARTHD, f"--set=storage.path={tmp_path}/nowhere/chat.db", "--set=listen.port=0"],
                          capture_output=True, text=True, timeout=DEADLINE_S,
                          env={**os.environ, "JOURNAL_STREAM": "1:2"})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("<3>hearthd: ") and "nowhere" in last


def test_logs_may_be_json_lines(make_daemon):
    daemon = make_daemon({"log.format": "json"})
    daemon.stop()
    lines = [json.loads(line) for line in daemon.log if not line.startswith("hearthd: ready")]
    assert lines and all({"time", "level", "area", "message"} == set(line) for line in lines)
