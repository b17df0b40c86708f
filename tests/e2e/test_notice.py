"""What the gateway itself says."""
from client import meet


async def test_the_administrator_speaks_as_the_server(daemon):
    [mina] = await meet(daemon, "mina")
    daemon.ctl("send", "lobby", "maintenance at noon")
    heard = await mina.next("message")
    assert heard["text"] == "maintenance at noon" and heard["from"]
    assert heard["from"] != "mina" and not heard.get("guest")
    await mina.close()
