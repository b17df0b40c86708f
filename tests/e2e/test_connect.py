"""The recipes of the README, run as they stand there."""
import json
import os
import re
import subprocess
import threading
from pathlib import Path

from client import meet, part
from daemon import DEADLINE_S, HEARTHCTL
from test_tokens import create

README = (Path(__file__).parent / "../../README.md").read_text(encoding="utf-8")


def recipe(name):
    found = re.search(rf"<!-- recipe: {name} -->\n```\w+\n(.*?)```", README, re.S)
    assert found, f"no recipe {name}"
    return found[1]


def environment(daemon, **more):
    """As a person has it: hearthctl in the path, the gateway's socket and address."""
    return {**os.environ, "PATH": f"{Path(HEARTHCTL).parent}:{os.environ['PATH']}",
            "HEARTH_SOCKET": str(daemon.socket), "HEARTH": f"http://127.0.0.1:{daemon.port}", **more}


def run(daemon, name):
    done = subprocess.run(["/bin/sh", "-eu", "-c", recipe(name)], env=environment(daemon), capture_output=True,
                          text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr


def lines(daemon):
    _, _, body = daemon.http("GET", "/api/v1/rooms/lobby/messages")
    return json.loads(body)["messages"]


def test_curl_posts_to_a_hook(daemon):
    run(daemon, "curl")
    said = lines(daemon)
    assert [line["from"] for line in said] == ["backup", "backup"]
    assert said[0]["text"] == "The backup is done." and "Filesystem" in said[1]["text"]


def test_curl_publishes_as_to_ntfy(daemon):
    run(daemon, "ntfy")
    assert [(line["from"], line["text"]) for line in lines(daemon)] == [("door", "⚠️ Door\nIt is open.")]


class Reading:
    """A program that prints what it reads."""

    def __init__(self, daemon, command, token):
        self.process = subprocess.Popen(command, env=environment(daemon, TOKEN=token), stdout=subprocess.PIPE,
                                        text=True, start_new_session=True)
        self.lines, self.changed = [], threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def until(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count, DEADLINE_S), self.lines
            return self.lines[:]

    def end(self):
        os.killpg(self.process.pid, 9)
        self.process.wait()
        self.thread.join(DEADLINE_S)
        self.process.stdout.close()


async def goes_on(daemon, command, cursor, texts_of):
    """What is said while it is away comes when it is back; what it confirmed does not."""
    token = create(daemon, "reader", "read", "lobby")
    (mina,) = await meet(daemon, "mina")
    await mina.send("one")
    reading = Reading(daemon, command, token)
    reading.until(1)
    seq = (await mina.send("two"))["seq"]
    assert texts_of(reading.until(2)) == ["one", "two"]
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(1000):
        _, _, body = daemon.http("POST", "/api/v1/do", {"type": "cursors"}, headers)
        if any(line["name"] == cursor and line["seq"] == seq for line in json.loads(body)["cursors"]):
            break
    reading.end()
    await mina.send("three")
    reading = Reading(daemon, command, token)
    await mina.send("four")
    assert texts_of(reading.until(2)) == ["three", "four"]
    reading.end()
    await part(mina)


async def test_the_reader_in_python_goes_on_where_it_was(daemon):
    await goes_on(daemon, ["/usr/bin/python3", "-B", "-c", recipe("reader")], "reader",
                  lambda said: [line.removeprefix("mina: ") for line in said])


async def test_the_reader_in_shell_goes_on_where_it_was(daemon):
    await goes_on(daemon, ["/bin/sh", "-c", recipe("shell")], "shell",
                  lambda said: [json.loads(line)["text"] for line in said])
