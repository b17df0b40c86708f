"""The clients of protocol/README.md, as they stand there, talk to each other."""
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from client import meet
from daemon import DEADLINE_S

HERE = Path(__file__).parent
README = (HERE / "../../protocol/README.md").read_text(encoding="utf-8")
LINES_MAX = 25


def program(language):
    found = re.search(rf"<!-- client: {language} -->\n```\w+\n(.*?)```", README, re.S)
    assert found, f"no client in {language}"
    assert found[1].count("\n") <= LINES_MAX
    return found[1]


class Running:
    """One client as a person runs it: types lines, reads lines."""

    def __init__(self, command, daemon, name):
        self.process = subprocess.Popen(
            [*command, daemon.url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1)
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def sees(self, line):
        with self.changed:
            seen = self.changed.wait_for(lambda: line in self.lines or None in self.lines, DEADLINE_S)
        if seen and line in self.lines:
            return True
        self.process.kill()
        raise AssertionError(f"{line!r} not in {self.lines}: {self.process.communicate()[1]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture(params=["python", "javascript"])
def command(request, tmp_path):
    if request.param == "python":
        path = tmp_path / "client.py"
        path.write_text(program("python"), encoding="utf-8")
        return ["/usr/bin/python3", "-B", str(path)]
    node = shutil.which("node")
    assert node, "node is needed, as it is to build the page"
    path = tmp_path / "client.mjs"
    path.write_text(program("javascript"), encoding="utf-8")
    return [node, "--no-warnings", "--require", str(HERE / "websocket.cjs"), str(path)]


async def test_the_client_of_the_readme_reads_and_speaks(daemon, command):
    [mina] = await meet(daemon, "mina")
    await mina.send("before")
    with Running(command, daemon, "jun") as jun:
        jun.sees("mina: before")
        jun.type("안녕 \"mina\"")
        heard = await mina.next("message", **{"from": "jun"})
        assert heard["text"] == "안녕 \"mina\"" and heard["nonce"]
        jun.sees("jun: 안녕 \"mina\"")
        await mina.send("hi\njun: I give up")
        jun.sees("mina: hi jun: I give up")
        await mina.send("x" * 1500)  # a frame of more than 125 bytes
        jun.sees("mina: " + "x" * 1500)
    await mina.close()


def test_the_two_clients_of_the_readme_understand_each_other(daemon, tmp_path):
    (tmp_path / "client.py").write_text(program("python"), encoding="utf-8")
    (tmp_path / "client.mjs").write_text(program("javascript"), encoding="utf-8")
    script = [shutil.which("node"), "--no-warnings", "--require", str(HERE / "websocket.cjs"),
              str(tmp_path / "client.mjs")]
    with Running(["/usr/bin/python3", "-B", str(tmp_path / "client.py")], daemon, "mina") as mina:
        mina.type("hello")
        mina.sees("mina: hello")
        with Running(script, daemon, "jun") as jun:
            jun.sees("mina: hello")
            jun.type("hello yourself")
            mina.sees("jun: hello yourself")
