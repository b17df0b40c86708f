"""Without a service manager: root takes the port, and an ordinary user without rights does the rest."""
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from client import meet
from daemon import Daemon, run_hearthd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
NOBODY = pwd.getpwnam("nobody")


class As(Daemon):
    """hearthd --user nobody, its data in a folder of that user's."""

    def command(self):
        return [*super().command(), "--user", "nobody"]


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="hearth-user-"))
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    yield path
    shutil.rmtree(path)


def status_of(daemon):
    lines = Path(f"/proc/{daemon.pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


async def test_root_becomes_the_user_and_keeps_nothing(folder):
    with As(folder) as daemon:
        [mina] = await meet(daemon, "mina")
        await mina.send("hi")
        status = status_of(daemon)
        assert set(status["Uid"].split()) == {str(NOBODY.pw_uid)}
        assert set(status["Gid"].split()) == {str(NOBODY.pw_gid)}
        assert "0" not in status["Groups"].split()
        assert status["NoNewPrivs"] == "1"
        assert all(int(status[f"Cap{kind}"], 16) == 0 for kind in ("Inh", "Prm", "Eff", "Amb"))
        limits = Path(f"/proc/{daemon.pid}/limits").read_text()
        assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")] == [["0", "0"]]
        assert daemon.socket.stat().st_uid == NOBODY.pw_uid and daemon.socket.stat().st_mode & 0o777 == 0o660
        assert {path.stat().st_mode & 0o077 for path in folder.iterdir() if path != daemon.socket} == {0}
        await mina.close()
    assert not daemon.socket.exists(), "it is its own to take away"


def test_a_port_of_root_is_taken_before(folder):
    with As(folder, {"listen.port": 957}) as daemon:
        assert daemon.http("GET", "/healthz")[0] == 200


def test_nothing_is_written_elsewhere(folder, tmp_path_factory):
    with As(folder) as daemon:
        if not any("landlock=" in line for line in daemon.log):
            pytest.skip("the kernel has no Landlock")
        elsewhere = Path(tempfile.mkdtemp(prefix="hearth-else-"))
        os.chown(elsewhere, NOBODY.pw_uid, NOBODY.pw_gid)
        try:
            assert daemon.ctl("backup", str(folder / "copy.db"), check=False).returncode == 0
            reply = daemon.admin("POST", "/admin/v1/do", {"type": "backup", "path": str(elsewhere / "copy.db")})
            assert reply[0] >= 400 and not list(elsewhere.iterdir())
        finally:
            shutil.rmtree(elsewhere)


@pytest.mark.parametrize("name", ["nobody-of-that-name", "root"])
def test_a_user_that_cannot_be_become_is_told(folder, name):
    done = run_hearthd(*Daemon(folder).command()[1:], "--user", name)
    assert done.returncode == 2 and name in done.stderr
    assert not (folder / "hearth.sock").exists()


def test_others_than_root_cannot_become_somebody(folder):
    command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *Daemon(folder).command(),
               "--user", "daemon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "only root" in done.stderr
