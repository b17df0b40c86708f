"""What peers are counted by, between hosts of their own: network namespaces joined by veth pairs. The
test runs again inside a user and network namespace; where the kernel refuses those, it is skipped."""
import sys

from daemon import Daemon
from hosts import Host, make_link
from namespaces import inside, run

kept = []


def connect(host, source, port, count):
    """How many of so many WebSockets from this address are let in; they stay open."""
    taken = 0
    for _ in range(count):
        raw = host.socket(source, "fd00::1", port)
        raw.sendall(b"GET /ws HTTP/1.1\r\nHost: [fd00::1]\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        kept.append(raw)
        taken += b" 101 " in raw.recv(4096)
    return taken


def gateway(folder):
    make_link("fd00::1/64")
    return Daemon(folder, {"listen.address": "::", "limits.exempt": "",
                           "limits.connections_per_address": 3,
                           "limits.connections_per_network": 5, "limits.hello_ms": 60000})


def one_neighbour(folder):
    with gateway(folder) as daemon:
        phone = Host("phone", "fd00::2/64")
        troll = Host("troll", "fd00::9/64", *[f"fd00::{i}:9/64" for i in range(1, 5)])
        taken = [connect(troll, "fd00::9", daemon.port, 5)]
        taken += [connect(troll, f"fd00::{i}:9", daemon.port, 2) for i in range(1, 5)]
        assert sum(taken) == 3, f"one device had {taken}"
        assert connect(phone, "fd00::2", daemon.port, 3) == 3, "the other one is shut out"
        for host in (phone, troll):
            host.end()


def a_household_beyond(folder):
    with gateway(folder) as daemon:
        router = Host("router", "fd00::fe/64")
        run("ip", "-6", "route", "add", "fd01::/48", "via", "fd00::fe")
        for number in range(1, 4):
            router.do("ip", "-6", "addr", "add", f"fd01::{number}/128", "dev", "lo")
        router.do("ip", "-6", "addr", "add", "fd01:0:0:1::1/128", "dev", "lo")
        taken = [connect(router, f"fd01::{number}", daemon.port, 3) for number in range(1, 4)]
        assert sum(taken) == 5, f"one /64 had {taken}"
        assert connect(router, "fd01:0:0:1::1", daemon.port, 2) == 2, "another /64 is shut out"
        router.end()


def test_one_neighbour_is_counted_once_with_all_its_addresses(tmp_path):
    inside(one_neighbour, tmp_path)


def test_beyond_the_link_a_64_is_counted_as_several_people(tmp_path):
    inside(a_household_beyond, tmp_path)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
