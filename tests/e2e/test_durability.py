"""Acknowledged is kept: once, in order, whatever ends the process."""
import asyncio
import signal

import pytest

from client import Client, meet, part

ROUNDS = 20


async def chatter(writer, said):
    """Says texts one after another, several under way, until the connection breaks."""
    async def one(text):
        try:
            said[text] = (await writer.send(text, nonce=text))["seq"]
        except (ConnectionError, OSError, RuntimeError):
            pass
        except Exception as error:  # websockets' own
            assert "Connection" in type(error).__name__, error

    number = 0
    while not writer.socket.closed:
        await asyncio.gather(*[one(f"{writer.name} {number + i}") for i in range(8)])
        number += 8


async def everything(daemon):
    """The whole log of the lobby as history has it: [(seq, text)]."""
    reader = await Client.connect(daemon, "reader of everything")
    log, after = [], 0
    while True:
        page = await reader.ask("history", room="lobby", after=after, limit=200)
        log += [(m["seq"], m["text"]) for m in page["messages"]]
        if not page["more"]:
            break
        after = log[-1][0]
    await reader.close()
    return log


async def kill_while_they_talk(daemon, round, said, heard):
    writers = await meet(daemon, *[f"writer {round}-{i}" for i in range(3)])
    [listener] = await meet(daemon, f"listener {round}", history=0)
    talking = [asyncio.ensure_future(chatter(w, said)) for w in writers]
    wanted = 3 + round * 7  # another moment each round, without a clock
    heard += [(m["seq"], m["text"]) for m in await listener.entries(wanted)]
    daemon.kill()
    await asyncio.gather(*talking)
    await listener.wait_closed()
    heard += [(m["seq"], m["text"]) for m in listener.received("message")]
    await part(*writers)


@pytest.mark.parametrize("durability", ["power_loss", "process_crash"])
async def test_after_twenty_sigkills_every_acknowledged_message_is_there_once(make_daemon,
                                                                              durability):
    daemon = make_daemon({"storage.durability": durability})
    said, heard = {}, []
    for round in range(ROUNDS if durability == "power_loss" else 5):
        await kill_while_they_talk(daemon, round, said, heard)
        daemon.start()
    log = await everything(daemon)
    seqs = [seq for seq, _ in log]
    texts = [text for _, text in log]
    assert seqs == sorted(set(seqs)), "a seq was used twice, or the order is wrong"
    assert len(texts) == len(set(texts)), "a nonce was stored twice"
    kept = dict((text, seq) for seq, text in log)
    lost = {text for text, seq in said.items() if kept.get(text) != seq}
    assert said and not lost, f"{len(lost)} of {len(said)} acknowledged messages are not there"
    ghosts = set(heard) - set(log)
    assert not ghosts, f"{len(ghosts)} messages were shown and are not there"


async def test_sigterm_commits_what_waits_and_closes_with_1001(daemon):
    mina, jun = await meet(daemon, "mina", "jun")
    waiting = [await mina.start("send", room="lobby", text=f"t{i}", nonce=f"n{i}")
               for i in range(50)]
    acks = await asyncio.gather(*waiting)
    daemon.stop(signal.SIGTERM)
    assert (await mina.wait_closed())[0] == 1001
    assert (await jun.wait_closed())[0] == 1001
    daemon.start()
    assert [seq for seq, _ in await everything(daemon)] == [ack["seq"] for ack in acks]


async def test_sigint_ends_it_as_well(daemon):
    [mina] = await meet(daemon, "mina")
    daemon.stop(signal.SIGINT)
    assert (await mina.wait_closed())[0] == 1001
    daemon.start()


async def test_what_was_not_acknowledged_at_a_stop_can_be_said_again(daemon):
    [mina] = await meet(daemon, "mina")
    waiting = [await mina.start("send", room="lobby", text=f"t{i}", nonce=f"n{i}")
               for i in range(200)]
    daemon.stop()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    await mina.close()
    daemon.start()
    again = await Client.connect(daemon, session=mina.key)
    await again.join()
    second = [await again.send(f"t{i}", nonce=f"n{i}") for i in range(200)]
    for before, after in zip(done, second):
        if isinstance(before, dict) and before["type"] == "ack":
            assert before["seq"] == after["seq"]
    texts = [text for _, text in await everything(daemon)]
    assert sorted(texts) == sorted(f"t{i}" for i in range(200))
    await again.close()


async def test_a_seq_is_not_used_again_after_a_crash(daemon):
    [mina] = await meet(daemon, "mina")
    before = (await mina.send("one"))["seq"]
    daemon.kill()
    await mina.wait_closed()
    daemon.start()
    [jun] = await meet(daemon, "jun")
    assert (await jun.send("two"))["seq"] >= before + 2**20
    await jun.close()


async def test_time_never_runs_backwards_within_a_room(daemon):
    [mina] = await meet(daemon, "mina")
    acks = [await mina.send(str(i)) for i in range(20)]
    assert all(a["ts"] <= b["ts"] for a, b in zip(acks, acks[1:]))
    await mina.close()


async def come_in(daemon, name, keys):
    try:
        client = await Client.connect(daemon, name)
        keys[name] = client.key
        await client.wait_closed()
    except (ConnectionError, OSError, EOFError):
        pass
    except Exception as error:  # websockets' own, and replies that did not come
        assert any(word in type(error).__name__ for word in ("Connection", "Handshake", "InvalidMessage")), error


async def test_whoever_was_welcome_is_known_after_a_crash(daemon):
    for round in range(5):
        keys = {}
        coming = [asyncio.ensure_future(come_in(daemon, f"newcomer {round}-{i}", keys))
                  for i in range(40)]
        while len(keys) < 1 + round * 5:
            await asyncio.sleep(0)
        daemon.kill()
        await asyncio.gather(*coming)
        daemon.start()
        for name, key in keys.items():
            again = await Client.connect(daemon, session=key)
            assert again.name == name
            await again.close()
