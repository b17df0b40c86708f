"""The example of a driver: messages become notifications of an ntfy server."""
from bridge import Bridge, Receiver, needed
from client import meet, part
from test_webhooks import settled

pytestmark = needed


async def test_messages_are_published(daemon):
    receiver = Receiver(lambda number, body: (500 if number == 1 else 413 if number == 3 else 200, {"Retry-After": "1"}, b"{}"))
    (mina,) = await meet(daemon, "mina")
    settings = f'ntfy = ( {{ rooms = ["lobby"]; url = "{receiver.url}"; token = "tk_1"; private = true; }} );\n'
    with Bridge(daemon, settings) as bridge:
        settled(bridge)
        first = await mina.send("the door is open")
        await mina.ask("react", room="lobby", target=first["seq"], emoji="👍", on=True)
        await mina.send("too long")
        await mina.send("한국어 🚪")
        posts = receiver.until(4)
    assert [body.decode() for _, body in posts] == ["the door is open", "the door is open", "too long", "한국어 🚪"]
    assert {headers["Title"] for headers, _ in posts} == {"mina in lobby"}
    assert {headers["Authorization"] for headers, _ in posts} == {"Bearer tk_1"}
    receiver.close()
    await part(mina)


async def test_a_post_under_way_ends_with_its_target(daemon):
    """Reading the configuration again while the server does not answer."""
    import threading
    held = threading.Event()
    receiver = Receiver(lambda number, body: (held.wait(30), (200, {}, b"{}"))[1])
    (mina,) = await meet(daemon, "mina")
    target = f'rooms = ["lobby"]; url = "{receiver.url}"; private = true;'
    with Bridge(daemon, f"ntfy = ( {{ {target} }} );\n") as bridge:
        settled(bridge)
        await mina.send("one")
        receiver.until(1)
        assert bridge.reload(f'ntfy = ( {{ {target} token = "other"; }} );\n')
        held.set()
        receiver.until(2)
    receiver.close()
    await part(mina)
