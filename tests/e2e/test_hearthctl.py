"""hearthctl as somebody types it: what is wrong is one line, nothing hangs, errors are JSON for scripts."""
import json
import os
import signal
import subprocess

import pytest

from client import meet
from daemon import DEADLINE_S, HEARTHCTL


def run(*words, **options):
    return subprocess.run([HEARTHCTL, *words], text=True, capture_output=True, timeout=DEADLINE_S,
                          stdin=subprocess.DEVNULL, **options)


@pytest.mark.parametrize("words, said", [
    ([], "a command is needed"),
    (["rom", "list"], "did you mean room list?"),
    (["stauts"], "there is no command"),
    (["user", "remove", "x"], 'there is no command "user remove"; user is followed by one of: list, show, rename'),
    (["room"], 'there is no command "room"; room is followed by one of: list, show, create'),
    (["room", "lst"], 'there is no command "room lst"; did you mean room list?'),
    (["token"], 'there is no command "token"; token is followed by one of: create, list, revoke.'),
    (["ban", "lobby"], "ban needs USER; usage: hearthctl ban ROOM USER"),
    (["ban", "lobby", "troll", "--fpr", "3h"], "knows no option --fpr"),
    (["ban", "lobby", "troll", "--fo"], "--for needs a value: TIME"),
    (["ban", "lobby", "troll", "--f", "3h"], "ban has several options that begin with --f"),
    (["ban", "lobby", "troll", "--for"], "--for needs a value: TIME"),
    (["tail", "lobby", "-q"], "knows no option -q"),
    (["status", "now"], 'status takes no "now"'),
    (["room", "create", "x", "--private=yes"], "--private takes no value"),
    (["--frob", "status"], "knows no option --frob"),
    (["--timeout", "soon", "status"], "--timeout takes seconds"),
    (["completion", "tcsh"], "bash, zsh and fish"),
    (["help", "dance"], "no command"),
])
def test_wrong_use_is_one_line(words, said):
    done = run(*words)
    assert done.returncode == 2 and said in done.stderr, done
    assert len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize("words", [["ban", "--help"], ["-h", "ban"], ["help", "ban"]])
def test_help_of_one_command_tells_its_options(words):
    if words[0] == "-h":
        words = ["ban", "-h"]
    done = run(*words)
    assert done.returncode == 0 and "--for TIME" in done.stdout and "usage: hearthctl ban" in done.stdout


def test_help_of_a_word_lists_what_follows_it():
    done = run("help", "room")
    assert done.returncode == 0 and "room rename ROOM NAME" in done.stdout and "user list" not in done.stdout


def test_only_roles_that_can_be_given_are_named(daemon):
    for words, named in ((["user", "role", "mina", "king"], "guest, member, moderator or admin."),
                         (["user", "role", "mina", "owner"], "guest, member, moderator or admin."),
                         (["role", "lobby", "mina", "admin"], "guest, member, moderator or owner.")):
        done = run("--socket", daemon.socket, *words)
        assert done.returncode == 1 and f"role must be {named}" in done.stderr, done.stderr


async def test_options_stand_anywhere_and_in_any_spelling(daemon):
    [mina] = await meet(daemon, "mina")
    for i in range(5):
        await mina.send(f"line {i}")
    for words in (["tail", "lobby", "-n2"], ["tail", "-n", "2", "lobby"], ["tail", "--lines=2", "lobby"],
                  ["tail", "--lines", "2", "--", "lobby"]):
        assert [line[-6:] for line in daemon.ctl(*words).splitlines()] == ["line 3", "line 4"], words
    done = run("tail", "lobby", f"--socket={daemon.socket}", "--json", "-n1")
    assert json.loads(done.stdout)["text"] == "line 4"
    daemon.ctl("send", "lobby", "--", "-x", "--json", "is text")
    daemon.ctl("send", "lobby", "so", "is", "-n", "this")
    await mina.next("message", text="-x --json is text")
    await mina.next("message", text="so is -n this")
    await mina.close()


def test_what_cannot_be_undone_needs_yes_where_nobody_can_be_asked(daemon):
    daemon.ctl("room", "create", "den")
    done = run("--socket", daemon.socket, "room", "delete", "den")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert "den" in daemon.ctl("room", "list")
    daemon.ctl("room", "delete", "den", "--yes")
    assert "den" not in daemon.ctl("room", "list")


def test_what_cannot_be_undone_is_asked_for_on_a_terminal(daemon):
    daemon.ctl("room", "create", "den")
    for answer, gone in ((b"n\n", False), (b"\n", False), (b"y\n", True)):
        screen, terminal = os.openpty()
        done = subprocess.Popen([HEARTHCTL, "--socket", daemon.socket, "room", "delete", "den"],
                                stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.write(screen, answer)
        _, said = done.communicate(timeout=DEADLINE_S)
        os.close(screen)
        os.close(terminal)
        assert b"[y/N]" in said and done.returncode == (0 if gone else 1)
        assert ("den" not in daemon.ctl("room", "list")) == gone


def test_errors_are_json_for_who_asks_for_json(daemon):
    done = run("--socket", daemon.socket, "--json", "who", "nowhere")
    error = json.loads(done.stderr)
    assert done.returncode == 1 and error["type"] == "error" and error["error_code"] == "room_not_found"
    done = run("--socket", daemon.socket, "--json", "log", "level", "loud")
    error = json.loads(done.stderr)
    assert done.returncode == 1 and error["type"] == "error" and error["field"] == "level"
    done = run("--json", "--socket", "/nowhere/hearth.sock", "status")
    assert done.returncode == 3 and json.loads(done.stderr)["error_code"] == "no_daemon"
    done = run("dance", "--json")
    assert done.returncode == 2 and json.loads(done.stderr)["error_code"] == "wrong_use"


@pytest.mark.parametrize("words", [["status"], ["backup", "/tmp/never"], ["tail", "lobby"]])
def test_a_gateway_that_stands_still_is_given_up_on(daemon, words):
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        done = run("--socket", daemon.socket, "--timeout", "1", *words)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert done.returncode == 3 and "said nothing for 1 s" in done.stderr


async def test_following_ends_when_nobody_reads(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.send("one")
    follow = subprocess.Popen([HEARTHCTL, "--socket", daemon.socket, "tail", "lobby", "-f"],
                              stdout=subprocess.PIPE)
    assert b"one" in follow.stdout.readline()
    follow.stdout.close()  # as head does; nothing more is said in the room
    assert follow.wait(DEADLINE_S) in (0, -signal.SIGPIPE)
    await mina.close()


async def test_nothing_that_guests_write_steers_the_terminal(daemon):
    [mina] = await meet(daemon, "mina")
    await mina.ask("create", room="den", topic="a\u202eb\nc")
    await mina.join("den")
    await mina.send("a\u202eb\u2066c\u2028d\n2030-01-01 00:00  keeper: pay up", room="den")
    for words in (["tail", "den"], ["room", "show", "den"], ["room", "list"], ["who", "den"]):
        said = daemon.ctl(*words)
        assert not {c for c in said if c in "\u202e\u2066\u2028\x1b\r"}, words
        assert not any(line.startswith("2030-") for line in said.splitlines())
    await mina.close()


async def test_tail_goes_back_in_time_and_what_it_names_can_be_changed(daemon):
    [mina] = await meet(daemon, "mina")
    for i in range(30):
        await mina.send(f"line {i}")
    newest = daemon.ctl("tail", "lobby", "-n", "10").splitlines()
    assert newest[0].endswith("#21  mina: line 20")
    before = daemon.ctl("tail", "lobby", "-n", "10", "--before", "21").splitlines()
    assert before[-1].endswith("#20  mina: line 19") and len(before) == 10
    daemon.ctl("edit", "lobby", "#20", "better", "words")
    assert daemon.ctl("tail", "lobby", "-n1", "-b", "21").endswith("mina: better words (edited)\n")
    assert daemon.ctl("delete", "lobby", "19", check=False).returncode == 2
    daemon.ctl("delete", "lobby", "19", "--yes")
    assert daemon.ctl("tail", "lobby", "-n1", "-b", "20").endswith("mina: (deleted)\n")
    for words in (["edit", "lobby", "x", "y"], ["tail", "lobby", "-b", "0"], ["delete", "lobby", "-1", "-y"]):
        assert daemon.ctl(*words, check=False).returncode == 2, words
    assert daemon.ctl("edit", "lobby", "999", "y", check=False).returncode == 1
    await mina.close()


async def test_search_finds_page_after_page(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    daemon.ctl("room", "create", "den")
    await jun.join("den")
    for i in range(5):
        await mina.send(f"needle {i}")
    await jun.send("needle of jun", "den")
    found = daemon.ctl("search", "needle").splitlines()
    assert len(found) == 6 and found[0].startswith("den  ") and found[-1].endswith("needle 0")
    assert len(daemon.ctl("search", "-n", "2", "needle").splitlines()) == 2
    assert len(daemon.ctl("search", "--room", "den", "needle").splitlines()) == 1
    assert len(daemon.ctl("search", "--from", "mina", "needle").splitlines()) == 5
    [one] = [json.loads(line) for line in daemon.ctl("--json", "search", "--from", "jun", "needle").splitlines()]
    assert one["room"] == "den"
    assert daemon.ctl("search", "nothing at all") == ""
    await mina.close()
    await jun.close()


async def test_status_is_watched_line_by_line(daemon):
    [mina] = await meet(daemon, "mina")
    with subprocess.Popen([HEARTHCTL, "--socket", str(daemon.socket), "status", "--watch"],
                          stdout=subprocess.PIPE, text=True) as watch:
        assert "people" in watch.stdout.readline() and watch.stdout.readline().split()[0] == "1"
        assert watch.stdout.readline().split()[0] == "1"
        watch.terminate()
    await mina.close()
