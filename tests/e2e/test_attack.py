"""Many hostile connections of every kind, from several machines and addresses, while honest people come and chat, in
plain and over TLS: everybody honest gets in, nobody of them is put out, and what it takes stays below the promise.
HEARTH_LONG_TESTS: 1,000 connections against the usual limits, and the same against a small board."""
import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import websockets

from client import Client, Refused, part
from daemon import Daemon, run_hearthd
from hosts import Host, make_link
from namespaces import inside

LONG = bool(os.environ.get("HEARTH_LONG_TESTS"))
GATEWAY = "10.7.0.1"
MACHINES = 4         # of the attackers, with two addresses each
TRIES = 20           # of somebody honest: a page comes back by itself when it is told to
PAUSE_S = 0.3


class Way:
    """Where a client goes, as it takes a daemon."""

    def __init__(self, url, ssl):
        self.url, self.ssl = url, ssl


class Siege:
    def __init__(self, folder, connections, newcomers, **settings):
        make_link(f"{GATEWAY}/16")
        self.daemon = Daemon(folder, {"listen.address": GATEWAY, "limits.exempt": "", "tls.mode": "local_ca",
                                      "tls.port": 0, "limits.hello_ms": 60000, **settings})
        self.connections, self.newcomers, self.tries = connections, newcomers, 0
        self.hosts, self.crowds = [], []

    def host(self, name, *addresses):
        self.hosts.append(Host(name, *addresses))
        return self.hosts[-1]

    def begin(self):
        for i in range(MACHINES):
            addresses = [f"10.7.{1 + i}.2", f"10.7.{1 + i}.3"]
            host = self.host(f"troll{i}", *(f"{address}/16" for address in addresses))
            self.crowds.append(subprocess.Popen(
                ["nsenter", "-t", str(host.process.pid), "-n", sys.executable, "-B", str(Path(__file__).with_name("crowd.py")),
                 GATEWAY, str(self.daemon.port), str(self.daemon.tls_port), str(self.connections // MACHINES), *addresses],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for crowd in self.crowds:
            assert crowd.stdout.readline() == "begun\n"

    def end(self):
        return sum(int(crowd.communicate("")[0]) for crowd in self.crowds)

    def finish(self):
        for crowd in self.crowds:
            crowd.kill()
        for host in self.hosts:
            host.end()
        if self.daemon.process:
            self.daemon.kill()

    async def come(self, host, source, name, tls):
        """As a page does: again when it is refused for now."""
        way = Way(f"wss://{GATEWAY}/ws", self.daemon.trusting()) if tls else Way(f"ws://{GATEWAY}/ws", None)
        for _ in range(TRIES):
            self.tries += 1
            try:
                raw = host.socket(source, GATEWAY, self.daemon.tls_port if tls else self.daemon.port)
                more = {"server_hostname": GATEWAY} if tls else {}
                return await Client.connect(way, name, sock=raw, **more)
            except (OSError, EOFError, ConnectionError, websockets.WebSocketException, Refused) as error:
                print(f"{name} {'https' if tls else 'http'}: {error!r}")
                await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"{name} does not get in")

    def figure(self, name):
        text = self.daemon.admin("GET", "/admin/v1/status")[1]
        return text[name]


async def newcomers_come(siege, honest):
    people = []
    for n in range(siege.newcomers):
        source = f"10.7.100.{2 + n}"
        honest.have(f"{source}/16")
        person = await siege.come(honest, source, f"person {n}", tls=n % 2 == 1)
        await person.join()
        await person.send(f"here {n}")
        people.append(person)
    return people


def promised_bytes(daemon):
    printed = run_hearthd("--check-config", *daemon.command()[1:]).stdout
    return int(re.search(r"total\s+(\d+) bytes", printed)[1])


async def besiege(siege):
    daemon = siege.daemon
    daemon.start()
    honest = siege.host("honest", "10.7.100.1/16")
    mina = await siege.come(honest, "10.7.100.1", "mina", tls=False)
    await mina.join()
    siege.begin()
    most = daemon.settings_of("limits.connections")
    people = await newcomers_come(siege, honest)
    for n, person in enumerate(people):
        await mina.next("message", text=f"here {n}")
        await person.ask("ping")
    used, connections = daemon.memory_bytes(), siege.figure("connections")
    opened = siege.end()
    print(f"{opened} hostile connections, {connections} at the end; {siege.newcomers} came with {siege.tries} tries; "
          f"{used / 2**20:.1f} MiB")
    assert opened >= siege.connections
    assert connections <= most + 1, "whoever asks for the status is one"
    assert siege.tries <= 2 * (siege.newcomers + 1)
    if b"__asan_init" not in Path(f"/proc/{daemon.pid}/exe").read_bytes():
        assert used <= promised_bytes(daemon)
    await part(mina, *people)
    daemon.finish()


async def run(siege):
    try:
        await besiege(siege)
    finally:
        siege.finish()


async def the_usual_limits(folder):
    await run(Siege(folder, 1000, 40))


async def a_small_board(folder):
    await run(Siege(folder, 1000 if LONG else 90, 10 if LONG else 4, **{"memory.profile": "small"}))


@pytest.mark.parametrize("scene", [the_usual_limits, a_small_board] if LONG else [a_small_board],
                         ids=lambda scene: scene.__name__)
def test_an_attack(scene, tmp_path):
    inside(scene, tmp_path)


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]](Path(sys.argv[2])))
