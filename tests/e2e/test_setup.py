"""hearthctl setup: what it asks, what it writes, what it shows."""
import json
import os
import pty
import re
import socket
import stat
import subprocess

import pytest

from client import Client
from daemon import DEADLINE_S, HEARTHCTL, run_hearthd


def setup(path, *words, socket="/nowhere", **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([HEARTHCTL, "--socket", str(socket), "setup", "--config", str(path), *words],
                          capture_output=True, text=True, timeout=DEADLINE_S, **options)


def test_what_is_given_is_written_and_the_rest_stays(tmp_path):
    path = tmp_path / "hearth.conf"
    path.write_text('# mine\nlimits = { text_bytes = 64; };\nserver = { name = "old"; };\n')
    done = setup(path, "--name", "화로 \"1\"", "--port", "80", "--yes")
    assert done.returncode == 0, done
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    printed = run_hearthd("-c", path, "--print-config").stdout
    assert 'name = "화로 \\"1\\"";' in printed and re.search(r"text_bytes = 64;", printed)
    assert re.search(r"^    port = 80;", printed, re.M)
    assert len([line for line in path.read_text().splitlines() if " = " in line and "#" not in line]) == 6
    assert "# mine" in (tmp_path / "hearth.conf.old").read_text()
    assert re.search(r"^The page: http://[\w.]+/$", done.stdout, re.M), "port 80 needs no number"
    assert "systemctl start hearth" in done.stdout


@pytest.mark.parametrize("words, said", [
    (["--port", "70000"], "listen.port"), (["--tls", "maybe"], "tls.mode"),
    (["--name", "x" * 64], "server.name"),
])
def test_what_will_not_do_is_named_and_nothing_is_written(tmp_path, words, said):
    done = setup(tmp_path / "hearth.conf", *words)
    assert done.returncode == 2 and said in done.stderr and not list(tmp_path.iterdir())


def test_a_wrong_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "hearth.conf"
    path.write_text("nonsense = 1;\n")
    done = setup(path, "--name", "x")
    assert done.returncode == 1 and "hearth.conf:1" in done.stderr and path.read_text() == "nonsense = 1;\n"


def test_on_a_terminal_it_asks_again_until_the_answer_will_do(tmp_path):
    path = tmp_path / "hearth.conf"
    screen, terminal = os.openpty()
    asking = subprocess.Popen([HEARTHCTL, "--socket", "/nowhere", "setup", "-c", str(path)], stdin=terminal,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    asked = len(re.findall(r"^\s*\{\"[\w.]+\", \".*\", OPTION_", (SOURCE / "command_setup.c").read_text(), re.M))
    there = run_hearthd("--print-config").stdout
    lines = {"server.name": "Our house", "accounts.newcomers": "", "tls.mode": "", "listen.port": "many\n8090"}
    assert len(lines) == asked
    for name, answer in lines.items():
        group, key = name.split(".")
        if re.search(rf"^{group} = {{.*?^    {key} = ", there, re.M | re.S):
            os.write(screen, (answer + "\n").encode())
    said, complained = asking.communicate(timeout=DEADLINE_S)
    os.close(screen)
    os.close(terminal)
    assert asking.returncode == 0, complained
    assert "must be an integer" in complained and ":8090/" in said
    assert 'name = "Our house"' in path.read_text() and "port = 8090" in path.read_text()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Terminal:
    """hearthctl with a terminal of its own, as somebody sees it who answers when asked."""

    def __init__(self, *words):
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execv(HEARTHCTL, [HEARTHCTL, *map(str, words)])
        self.shown = ""

    def read(self):
        try:
            self.shown += os.read(self.screen, 65536).decode()
        except OSError: # its end
            return False
        return True

    def answer(self, question, words):
        while question not in self.shown:
            assert self.read(), self.shown
        self.shown = self.shown[self.shown.index(question) + len(question):]
        os.write(self.screen, (words + "\n").encode())

    def end(self):
        while self.read():
            pass
        os.close(self.screen)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.parametrize("newcomers", ["open", "closed"])
async def test_a_phone_comes_in_as_the_first_administrator_by_what_the_terminal_shows(make_daemon, tmp_path, newcomers):
    port = free_port()
    daemon = make_daemon({"listen.port": port})
    path = tmp_path / "hearth.conf"
    path.write_text(f"listen = {{ port = {port}; }};\n")
    terminal = Terminal("--socket", daemon.socket, "setup", "-c", path)
    terminal.answer("called?", "우리집")
    terminal.answer("come in", newcomers)
    terminal.answer("Encryption", "")
    terminal.answer("port?", "")
    terminal.answer("administrator?", "보스")
    assert terminal.end() == 0, terminal.shown
    shown = terminal.shown[terminal.shown.index("opens this"):].replace("\r", "")
    scanned = read_back(shown)
    assert scanned in shown
    phone = await Client.connect(daemon, hello=False)
    welcome = await phone.ask("hello", code=scanned.split("#move/")[1])
    assert (welcome["user"]["name"], welcome["user"]["role"]) == ("보스", "admin")
    late = await Client.connect(daemon, hello=False)
    assert (await late.ask_in_vain("hello", code=scanned.split("#move/")[1]))["error_code"] == "unauthorized"
    await late.close()
    await phone.close()


def test_a_running_gateway_reads_it_and_says_what_waits(make_daemon, tmp_path):
    path = tmp_path / "hearth.conf"
    path.write_text("")
    daemon = make_daemon(start=False)
    daemon.settings.pop("listen.port")
    command = daemon.command
    path.write_text("listen = { port = 0; };\n")
    daemon.command = lambda: [*command(), "-c", str(path)]
    daemon.start()
    done = setup(path, "--name", "by setup", "--port", "8123", socket=daemon.socket)
    assert done.returncode == 0 and "next start: listen.port" in done.stdout, done
    assert json.loads(daemon.ctl("--json", "status"))["server"]["name"] == "by setup"


async def test_the_first_administrator_comes_in_by_the_link(make_daemon, tmp_path):
    port = free_port()
    daemon = make_daemon({"listen.port": port})
    path = tmp_path / "hearth.conf"
    path.write_text(f"listen = {{ port = {port}; }};\n")
    status, reply = daemon.admin("POST", "/admin/v1/do", {"type": "user", "user": "nobody at all"})
    if reply["error_code"] == "unknown_type":
        pytest.skip("this version gives nobody a role in the gateway")
    done = setup(path, "--admin", "boss", socket=daemon.socket)
    assert done.returncode == 0, done
    link = re.search(r"opens this, once and within two minutes: (\S+)", done.stdout)[1]
    assert read_back(done.stdout[done.stdout.index("opens this"):]) == link
    code = link.split("#move/")[1]
    boss = await Client.connect(daemon, hello=False)
    welcome = await boss.ask("hello", code=code)
    assert welcome["user"]["name"] == "boss" and welcome["user"]["role"] == "admin"
    await boss.close()
    again = setup(path, "--admin", "boss", socket=daemon.socket)
    assert again.returncode == 1 and "name_taken" in again.stderr


def test_an_administrator_needs_a_gateway_that_runs(tmp_path):
    done = setup(tmp_path / "hearth.conf", "--admin", "boss")
    assert done.returncode == 1 and "while hearthd runs" in done.stderr


# ---- the QR code, read back by the rules of ISO/IEC 18004

SOURCE = __import__("pathlib").Path(__file__).parents[2] / "daemon/cli"
WORDS = {1: (19, 7), 2: (34, 10), 3: (55, 15), 4: (80, 20), 5: (108, 26)}


def cells_of(printed):
    rows = [line for line in printed.splitlines() if line and set(line) <= set(" ▀▄█")]
    grid = []
    for row in rows:
        grid.append([char not in "▀█" for char in row])
        grid.append([char not in "▄█" for char in row])
    size = len(rows[0]) - 4
    return [row[2:2 + size] for row in grid[2:2 + size]]


def words_of(cells):
    size, bits, up = len(cells), [], True
    version = (size - 17) // 4

    def is_frame(y, x):
        finder = (y < 9 and x < 9) or (y < 9 and x >= size - 8) or (y >= size - 8 and x < 9)
        aligned = version > 1 and abs(y - (size - 7)) <= 2 and abs(x - (size - 7)) <= 2
        return finder or aligned or y == 6 or x == 6
    for right in [x for x in range(size - 1, 6, -2)] + [5, 3, 1]:
        for step in range(size):
            y = size - 1 - step if up else step
            bits += [cells[y][x] ^ ((y + x) % 2 == 0) for x in (right, right - 1) if not is_frame(y, x)]
        up = not up
    return [int("".join(str(int(bit)) for bit in bits[i:i + 8]), 2) for i in range(0, sum(WORDS[version]) * 8, 8)]


def times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = (a << 1) ^ (0x11d if a & 128 else 0), b >> 1
    return product


def read_back(printed):
    cells = cells_of(printed)
    words = words_of(cells)
    data, correction = WORDS[(len(cells) - 17) // 4]
    root = 1
    for _ in range(correction):
        rest = 0
        for word in words:
            rest = times(rest, root) ^ word
        assert rest == 0, "the correction words do not fit"
        root = times(root, 2)
    text = int.from_bytes(bytes(words[:data]), "big")
    bits = f"{text:0{data * 8}b}"
    assert bits[:4] == "0100"
    length = int(bits[4:12], 2)
    return bytes(int(bits[12 + 8 * i:20 + 8 * i], 2) for i in range(length)).decode()


@pytest.mark.parametrize("port", ["80", "8080", "65535"])
def test_the_qr_code_says_the_link(tmp_path, port):
    done = setup(tmp_path / "hearth.conf", "--port", port)
    assert read_back(done.stdout) == re.search(r"The page: (\S+)", done.stdout)[1]
