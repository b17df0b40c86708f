"""Bans of a device between hosts of their own: by the link-layer address where it is on the link, else by the
address. Each test runs again inside a network namespace; where the kernel refuses that, it is skipped."""
import asyncio
import sys

import pytest

from client import Client, Refused, part
from daemon import OVER_TLS, Daemon
from hosts import Host, make_link
from namespaces import inside, run

HOUR = 3600
MAC = "02:00:00:00:00:0%d"


class Link:
    """A gateway with a moderator at another machine of its link."""

    def __init__(self, folder, **settings):
        make_link("10.7.0.1/24", "fd00::1/64")
        self.daemon = Daemon(folder, {"listen.address": "::", "limits.exempt": "", **settings})
        self.hosts = []

    async def __aenter__(self):
        self.daemon.start()
        try:
            self.office = self.host("office", "10.7.0.9/24", mac=MAC % 9)
            self.mod = await self.come(self.office, "10.7.0.9", "mod")
            self.daemon.administrator("user", user="mod", role="moderator")
        except BaseException:
            self.end()
            raise
        return self

    async def __aexit__(self, *_):
        await self.mod.close()
        self.end()

    def end(self):
        """What is left running would be waited for."""
        for host in self.hosts:
            host.end()
        self.daemon.finish()

    def host(self, *words, mac=None):
        self.hosts.append(Host(*words, mac=mac))
        return self.hosts[-1]

    async def come(self, host, source, name=None, **options):
        destination = "fd00::1" if ":" in source else "10.7.0.1"
        raw = host.socket(source, destination, self.daemon.client_port)
        if OVER_TLS:
            options["server_hostname"] = destination
        return await Client.connect(self.daemon, name, sock=raw, **options)

    async def refused(self, host, source, name, **options):
        with pytest.raises(Refused) as refused:
            await self.come(host, source, name, **options)
        assert refused.value.code == "banned"

    async def ban(self, user, **fields):
        return await self.mod.ask("ban", user=user, scope="gateway", reach="device", seconds=HOUR, **fields)


async def several_devices(folder):
    async with Link(folder) as link:
        troll = link.host("troll", "10.7.0.2/24", "10.7.0.3/24", "fd00::2/64", mac=MAC % 2)
        phone = link.host("phone", "10.7.0.4/24", "fd00::4/64", mac=MAC % 4)
        jun = await link.come(troll, "10.7.0.2", "jun")
        ara = await link.come(phone, "10.7.0.4", "ara")
        assert (await link.ban("jun"))["reach"] == ["keys", "device"]
        assert (await jun.wait_closed())[0] == 4003
        for source in ("10.7.0.2", "10.7.0.3", "fd00::2"):  # whatever its address, on either protocol
            await link.refused(troll, source, "somebody new")
        await ara.join()
        dan = await link.come(phone, "fd00::4", "dan")  # nobody else is
        link.daemon.advance(HOUR + 1)
        late = await link.come(troll, "10.7.0.3", "somebody new")
        await part(ara, dan, late)


async def another_mac(folder):
    """A changed link-layer address comes in: a ban slows an evader down, and `ask` stops one."""
    async with Link(folder) as link:
        troll = link.host("troll", "10.7.0.2/24", mac=MAC % 2)
        jun = await link.come(troll, "10.7.0.2", "jun")
        await link.ban("jun")
        await jun.wait_closed()
        troll.do("ip", "link", "set", "eth0", "down")
        troll.do("ip", "link", "set", "eth0", "address", MAC % 3)
        troll.do("ip", "link", "set", "eth0", "up")
        run("ip", "neigh", "flush", "dev", "lan")
        again = await link.come(troll, "10.7.0.2", "somebody new")
        await again.join()
        await link.mod.ask("newcomers", mode="ask")
        other = await link.come(troll, "10.7.0.2", "one more")
        assert other.welcome["waiting"]
        assert (await other.ask_in_vain("send", room="lobby", text="x", nonce="1"))["error_code"] in (
            "forbidden", "not_joined")
        await part(again, other)


async def a_copied_mac(folder):
    """Whoever copies the address of somebody banned is shut out, and nobody else is; lifting it helps."""
    async with Link(folder) as link:
        troll = link.host("troll", "10.7.0.2/24", mac=MAC % 2)
        jun = await link.come(troll, "10.7.0.2", "jun")
        banned = await link.ban("jun")
        await jun.wait_closed()
        troll.end()
        copy = link.host("copy", "10.7.0.5/24", mac=MAC % 2)
        phone = link.host("phone", "10.7.0.4/24", mac=MAC % 4)
        run("ip", "neigh", "flush", "dev", "lan")
        await link.refused(copy, "10.7.0.5", "ara")
        dan = await link.come(phone, "10.7.0.4", "dan")
        await link.mod.ask("lift", id=banned["id"])
        ara = await link.come(copy, "10.7.0.5", "ara")
        await part(ara, dan)


async def behind_a_router(folder):
    """Beyond the link the router's own link-layer address is nobody's: the address counts, and no other."""
    async with Link(folder) as link:
        router = link.host("router", "10.7.0.8/24", "fd00::8/64", mac=MAC % 8)
        run("ip", "route", "add", "10.8.0.0/16", "via", "10.7.0.8")
        run("ip", "-6", "route", "add", "fd01::/48", "via", "fd00::8")
        for address in ("10.8.0.2/32", "10.8.0.3/32", "fd01::2/128", "fd01::3/128", "fd01:0:0:1::2/128"):
            router.have(address, "lo")
        jun = await link.come(router, "10.8.0.2", "jun")
        assert (await link.ban("jun"))["reach"] == ["keys", "address"]
        await jun.wait_closed()
        await link.refused(router, "10.8.0.2", "somebody new")
        ara = await link.come(router, "10.8.0.3", "ara")
        eve = await link.come(router, "fd01::2", "eve")
        assert (await link.ban("eve"))["reach"] == ["keys", "address"]
        await eve.wait_closed()
        await link.refused(router, "fd01::3", "eve again")  # the same /64
        dan = await link.come(router, "fd01:0:0:1::2", "dan")
        own = await link.come(router, "10.7.0.8", "the router itself")
        await part(ara, dan, own)


async def behind_a_proxy(folder):
    """Of a trusted proxy neither its link-layer address nor its own counts, but whom it comes for."""
    async with Link(folder, **{"http.trusted_proxies": "10.7.0.7"}) as link:
        proxy = link.host("proxy", "10.7.0.7/24", mac=MAC % 7)
        def via(address):
            return {"extra_headers": {"X-Forwarded-For": address}}
        jun = await link.come(proxy, "10.7.0.7", "jun", **via("192.0.2.2"))
        ara = await link.come(proxy, "10.7.0.7", "ara", **via("192.0.2.3"))
        assert (await link.ban("jun"))["reach"] == ["keys", "address"]
        assert (await jun.wait_closed())[0] == 4003
        await link.refused(proxy, "10.7.0.7", "somebody new", **via("192.0.2.2"))
        await ara.join()
        dan = await link.come(proxy, "10.7.0.7", "dan", **via("192.0.2.4"))
        await part(ara, dan)


async def a_muted_device(folder):
    async with Link(folder) as link:
        troll = link.host("troll", "10.7.0.2/24", mac=MAC % 2)
        phone = link.host("phone", "10.7.0.4/24", mac=MAC % 4)
        jun = await link.come(troll, "10.7.0.2", "jun")
        await link.mod.ask("mute", user="jun", scope="gateway", reach="device", seconds=HOUR)
        again = await link.come(troll, "10.7.0.2", "somebody new")
        ara = await link.come(phone, "10.7.0.4", "ara")
        for person in (again, ara):
            await person.join()
        assert (await again.ask_in_vain("send", room="lobby", text="x", nonce="1"))["error_code"] == "muted"
        await ara.send("nobody else is")
        await part(jun, again, ara)
        link.daemon.restart()
        link.mod = await link.come(link.office, "10.7.0.9", session=link.mod.key)
        once_more = await link.come(troll, "10.7.0.2", "another")
        await once_more.join()
        assert (await once_more.ask_in_vain("send", room="lobby", text="x", nonce="1"))["error_code"] == "muted"
        link.daemon.advance(HOUR + 1)
        await once_more.send("an hour later")
        await part(once_more)


@pytest.mark.parametrize("scene", [several_devices, another_mac, a_copied_mac, behind_a_router, behind_a_proxy,
                                   a_muted_device], ids=lambda scene: scene.__name__)
def test_a_ban_of_a_device(scene, tmp_path):
    inside(scene, tmp_path)


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]](sys.argv[2]))
