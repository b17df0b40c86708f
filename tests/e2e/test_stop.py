"""A stop is honoured at any moment: also while the gateway builds itself again after a restore."""
import os
import signal
import socket
import time

import pytest

from daemon import DEADLINE_S


def silent_client(daemon):
    """A connection that never answers a close, so that taking down lasts a moment."""
    raw = socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S)
    raw.sendall(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert b" 101 " in raw.recv(4096)
    return raw


def wait_for_line(daemon, text, times=1):
    deadline = time.monotonic() + DEADLINE_S
    while sum(text in line for line in daemon.log) < times:
        assert time.monotonic() < deadline, daemon.text_of_log()
        time.sleep(0.001)


@pytest.mark.parametrize("moment", [("server: loop=", 1), ("server: restarting", 1),
                                    ("server: cut off", 1), ("server: loop=", 2)])
def test_a_stop_during_a_restore_ends_it(daemon, tmp_path, moment):
    daemon.ctl("send", "lobby", "one")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    raw = silent_client(daemon)
    pid = daemon.pid
    daemon.ctl("restore", str(tmp_path / "copy.db"), "--force")
    wait_for_line(daemon, *moment)
    os.kill(pid, signal.SIGTERM)
    assert daemon._reap() == 0, daemon.text_of_log()
    daemon.check_log()
    raw.close()
    daemon.start()
    assert "one" in daemon.ctl("tail", "lobby")


def test_two_stops_are_one(daemon):
    raw = silent_client(daemon)
    pid = daemon.pid
    os.kill(pid, signal.SIGTERM)
    wait_for_line(daemon, "server: stopping")
    os.kill(pid, signal.SIGTERM)
    assert daemon._reap() == 0
    raw.close()
    daemon.start()
