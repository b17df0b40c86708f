"""Other machines on one link, for tests that run `inside` a network of their own: see namespaces.py."""
import ctypes
import os
import socket
import subprocess

from namespaces import run


def _enter(fd):
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def make_link(*addresses):
    """The gateway's end: a bridge with these addresses, such as "10.7.0.1/24"."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "lan", "type", "bridge")
    run("ip", "link", "set", "lan", "up")
    for address in addresses:
        run("ip", "addr", "add", address, "dev", "lan", *(["nodad"] if ":" in address else []))


class Host:
    """Another machine: a network namespace behind a veth pair, held open by a process."""

    def __init__(self, name, *addresses, mac=None):
        self.process = subprocess.Popen(["unshare", "-n", "sleep", "300"])
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            pass
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
            str(self.process.pid))
        run("ip", "link", "set", name, "master", "lan", "up")
        if mac:
            self.do("ip", "link", "set", "eth0", "address", mac)
        self.do("ip", "link", "set", "lo", "up")
        self.do("ip", "link", "set", "eth0", "up")
        for address in addresses:
            self.have(address)

    def have(self, address, device="eth0"):
        self.do("ip", "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))

    def do(self, *words):
        run("nsenter", "-t", str(self.process.pid), "-n", *words)

    def socket(self, source, destination, port):
        """A TCP connection from this machine."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.process.pid}/ns/net", os.O_RDONLY)
        raw = None
        _enter(there)
        try:
            raw = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
            raw.settimeout(30)
            raw.bind((source, 0))
            raw.connect((destination, port))
        finally:
            _enter(home)
            os.close(home)
            os.close(there)
        return raw

    def end(self):
        self.process.kill()
        self.process.wait()
