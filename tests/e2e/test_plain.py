"""The plain endpoint: /ws/{client_id}, for clients in five lines of any language."""
import asyncio
import json

import pytest
import websockets

from client import Client, meet
from daemon import DEADLINE_S


async def plain(daemon, client_id):
    return await websockets.connect(f"ws://127.0.0.1:{daemon.port}/ws/{client_id}",
                                    compression=None, ping_interval=None)


async def hear(socket):
    return await asyncio.wait_for(socket.recv(), DEADLINE_S)


async def test_four_plain_clients_talk(daemon):
    clients = [await plain(daemon, i) for i in range(1, 5)]
    for i, client in enumerate(clients, 1):
        await client.send(json.dumps({"message": f"hello from {i}"}))
        for other in clients:
            assert await hear(other) == f"Client {i}: hello from {i}"
    await clients[3].close()
    for other in clients[:3]:
        assert await hear(other) == "Client 4 left the chat"
    for client in clients[:3]:
        await client.close()


async def test_what_plain_clients_say_is_in_the_room_and_in_the_history(daemon):
    [mina] = await meet(daemon, "mina")
    seven = await plain(daemon, 7)
    await seven.send('{"message":"hi"}')
    heard = await mina.next("message")
    assert (heard["from"], heard["text"], heard["via"]) == ("client-7", "hi", "plain")
    history = await mina.ask("history", room="lobby")
    assert [m["from"] for m in history["messages"]] == ["client-7"]
    await mina.send("hi seven")
    assert await hear(seven) == "Client 7: hi"
    assert await hear(seven) == "mina: hi seven"
    await seven.close()
    await mina.close()


@pytest.mark.parametrize("frame", ["", "hello", "{}", "[]", '{"message":7}', '{"message":""}',
                                   '{"message":"a","message":"b"}', '{"message":"' + "x" * 5000 +
                                   '"}'])
async def test_a_frame_that_is_no_message_gets_an_error_and_the_connection_lives(daemon, frame):
    seven = await plain(daemon, 7)
    await seven.send(frame)
    reply = json.loads(await hear(seven))
    assert reply["error_code"] and reply["message"]
    await seven.send('{"message":"still here"}')
    assert await hear(seven) == "Client 7: still here"
    await seven.close()


@pytest.mark.parametrize("path", ["/ws/", "/ws/x", "/ws/1x", "/ws/1/2", "/ws/" + "9" * 40])
async def test_a_client_id_is_an_integer(daemon, path):
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await websockets.connect(f"ws://127.0.0.1:{daemon.port}{path}")
    assert refused.value.status_code in (400, 404)


async def test_it_can_be_switched_off(make_daemon):
    daemon = make_daemon({"plain.enabled": "false"})
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await plain(daemon, 7)
    assert refused.value.status_code == 404


async def test_it_speaks_into_the_configured_room(make_daemon):
    daemon = make_daemon({"plain.room": "radio"})
    seven = await plain(daemon, 7)
    await seven.send('{"message":"hi"}')
    assert await hear(seven) == "Client 7: hi"
    [mina] = await meet(daemon, "mina", room="radio")
    history = await mina.ask("history", room="radio")
    assert [m["text"] for m in history["messages"]] == ["hi"]
    await seven.close()
    await mina.close()


async def test_nobody_can_take_the_name_of_a_plain_client(daemon):
    mina = await Client.connect(daemon, hello=False)
    assert (await mina.ask_in_vain("hello", name="client-7"))["error_code"] == "name_invalid"
    await mina.close()


async def test_edits_and_deletions_do_not_confuse_plain_clients(daemon):
    [mina] = await meet(daemon, "mina")
    seven = await plain(daemon, 7)
    seq = (await mina.send("frist"))["seq"]
    await mina.ask("edit", room="lobby", target=seq, text="first")
    await mina.ask("delete", room="lobby", target=seq)
    await mina.send("second")
    heard = []
    while not heard or heard[-1] != "mina: second":
        heard.append(await hear(seven))
    assert all(not text.startswith("{") for text in heard)
    await seven.close()
    await mina.close()
