"""What peers are counted by, between hosts of their own: network namespaces joined by veth pairs. The
test runs again inside a user and network namespace; where the kernel refuses those, it is skipped."""
import os
import socket
import subprocess
import sys

from daemon import Daemon
from namespaces import inside, run


class Host:
    """Another machine: a network namespace behind a veth pair, held open by a process."""

    def __init__(self, name, *addresses):
        self.process = subprocess.Popen(["unshare", "-n", "sleep", "300"])
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            pass
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
            str(self.process.pid))
        run("ip", "link", "set", name, "master", "lan", "up")
        self.do("ip", "link", "set", "eth0", "up")
        for address in addresses:
            self.do("ip", "-6", "addr", "add", address, "dev", "eth0", "nodad")

    def do(self, *words):
        run("nsenter", "-t", str(self.process.pid), "-n", *words)

    def connect(self, source, port, count):
        """How many of so many WebSockets from this address are let in; they stay open."""
        held, home = [], os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.process.pid}/ns/net", os.O_RDONLY)
        os_setns(there)
        try:
            for _ in range(count):
                raw = socket.socket(socket.AF_INET6)
                raw.settimeout(30)
                raw.bind((source, 0))
                raw.connect(("fd00::1", port))
                raw.sendall(b"GET /ws HTTP/1.1\r\nHost: [fd00::1]\r\nUpgrade: websocket\r\n"
                            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                held.append((raw, b" 101 " in raw.recv(4096)))
        finally:
            os_setns(home)
        kept.extend(held)
        return sum(is_in for _, is_in in held)


kept = []


def os_setns(fd):
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def gateway(folder):
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "lan", "type", "bridge")
    run("ip", "link", "set", "lan", "up")
    run("ip", "-6", "addr", "add", "fd00::1/64", "dev", "lan", "nodad")
    return Daemon(folder, {"listen.address": "::", "limits.exempt": "",
                           "limits.connections_per_address": 3,
                           "limits.connections_per_network": 5, "limits.hello_ms": 60000})


def one_neighbour(folder):
    with gateway(folder) as daemon:
        phone = Host("phone", "fd00::2/64")
        troll = Host("troll", "fd00::9/64", *[f"fd00::{i}:9/64" for i in range(1, 5)])
        taken = [troll.connect("fd00::9", daemon.port, 5)]
        taken += [troll.connect(f"fd00::{i}:9", daemon.port, 2) for i in range(1, 5)]
        assert sum(taken) == 3, f"one device had {taken}"
        assert phone.connect("fd00::2", daemon.port, 3) == 3, "the other one is shut out"
        for host in (phone, troll):
            host.process.kill()


def a_household_beyond(folder):
    with gateway(folder) as daemon:
        router = Host("router", "fd00::fe/64")
        run("ip", "-6", "route", "add", "fd01::/48", "via", "fd00::fe")
        for number in range(1, 4):
            router.do("ip", "-6", "addr", "add", f"fd01::{number}/128", "dev", "lo")
        router.do("ip", "-6", "addr", "add", "fd01:0:0:1::1/128", "dev", "lo")
        router.do("ip", "link", "set", "lo", "up")
        taken = [router.connect(f"fd01::{number}", daemon.port, 3) for number in range(1, 4)]
        assert sum(taken) == 5, f"one /64 had {taken}"
        assert router.connect("fd01:0:0:1::1", daemon.port, 2) == 2, "another /64 is shut out"
        router.process.kill()


def test_one_neighbour_is_counted_once_with_all_its_addresses(tmp_path):
    inside(one_neighbour, tmp_path)


def test_beyond_the_link_a_64_is_counted_as_several_people(tmp_path):
    inside(a_household_beyond, tmp_path)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
