"""A client of hearth.v1, as small as a test wants it: requests by ref, everything else in an inbox."""
import asyncio
import itertools
import json

import websockets

from daemon import DEADLINE_S

ENTRIES = ("message", "edit", "delete", "reaction", "topic")


class Refused(Exception):
    """An error reply; .code is its error_code, .reply all of it."""

    def __init__(self, reply):
        super().__init__(f"{reply['error_code']}: {reply['message']}")
        self.reply = reply
        self.code = reply["error_code"]


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.welcome = None
        self.inbox = []  # frames that are no reply, in order, until they are taken
        self._refs = itertools.count(1)
        self._waiting = {}
        self._changed = asyncio.Condition()
        self._reading = asyncio.ensure_future(self._read())

    # ---- life

    @classmethod
    async def connect(cls, daemon, name=None, *, hello=True, session=None, **options):
        options.setdefault("subprotocols", ["hearth.v1"])
        options.setdefault("max_size", None)
        options.setdefault("max_queue", None)
        options.setdefault("compression", None)
        options.setdefault("open_timeout", DEADLINE_S)
        options.setdefault("close_timeout", DEADLINE_S)
        options.setdefault("ping_interval", None)
        options.setdefault("ssl", getattr(daemon, "ssl", None))
        client = cls(await websockets.connect(daemon.url, **options))
        if hello:
            fields = {"name": name, "session": session}
            fields = {key: value for key, value in fields.items() if value is not None}
            try:
                client.welcome = await client.ask("hello", **fields)
            except Refused:
                await client.close()
                raise
        return client

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()

    async def close(self):
        await self.socket.close()
        await self._reading

    async def break_off(self):
        """Goes as a lost connection does: without a word."""
        self.socket.transport.abort()
        await self._reading

    async def wait_closed(self):
        """Waits until the server has closed: (code, reason)."""
        await asyncio.wait_for(self.socket.wait_closed(), DEADLINE_S)
        await self._reading
        return self.socket.close_code, self.socket.close_reason

    @property
    def name(self):
        return self.welcome["user"]["name"]

    @property
    def key(self):
        return self.welcome["session"]

    async def _read(self):
        try:
            async for text in self.socket:
                await self._take(json.loads(text))
        except websockets.ConnectionClosed:
            pass
        finally:
            async with self._changed:
                for future in self._waiting.values():
                    if not future.done():
                        future.set_exception(ConnectionError("closed before the reply"))
                self._changed.notify_all()

    async def _take(self, frame):
        future = self._waiting.pop(frame.get("ref"), None) if "ref" in frame else None
        if future:
            if not future.done():
                future.set_result(frame)
            return
        async with self._changed:
            self.inbox.append(frame)
            self._changed.notify_all()

    # ---- speaking

    async def send_text(self, text):
        await self.socket.send(text)

    async def start(self, type, **fields):
        """Sends a request; its reply is the future's result."""
        ref = next(self._refs)
        future = asyncio.get_running_loop().create_future()
        self._waiting[ref] = future
        await self.socket.send(json.dumps({"type": type, "ref": ref, **fields}))
        return future

    async def try_ask(self, type, **fields):
        """Sends a request and gives its reply, error or not."""
        future = await self.start(type, **fields)
        return await asyncio.wait_for(future, DEADLINE_S)

    async def ask(self, type, **fields):
        reply = await self.try_ask(type, **fields)
        if reply["type"] == "error":
            raise Refused(reply)
        return reply

    async def ask_in_vain(self, type, **fields):
        """Sends a request that must be refused; gives the error reply."""
        reply = await self.try_ask(type, **fields)
        assert reply["type"] == "error", reply
        return reply

    # ---- listening

    async def next(self, *types, **fields):
        """Takes the first frame of these types with these fields out of the inbox, waiting for it."""
        index = await self._find(types, fields)
        return self.inbox.pop(index)

    async def _find(self, types, fields):
        def fits(frame):
            return ((not types or frame["type"] in types) and
                    all(frame.get(key) == value for key, value in fields.items()))

        async def find():
            async with self._changed:
                while True:
                    for i, frame in enumerate(self.inbox):
                        if fits(frame):
                            return i
                    if self._reading.done() or self.socket.closed:
                        raise ConnectionError(f"closed while waiting for {types} {fields}")
                    await self._changed.wait()

        return await asyncio.wait_for(find(), DEADLINE_S)

    async def entries(self, count, room=None):
        """Takes the next count log entries (of a room), in order."""
        fields = {"room": room} if room else {}
        return [await self.next(*ENTRIES, **fields) for _ in range(count)]

    def received(self, *types):
        """What lies in the inbox of these types."""
        return [frame for frame in self.inbox if frame["type"] in types]

    async def settle(self):
        """Everything that the server told before now has arrived: what gathers in one turn of its
        loop goes out together, so the second reply comes behind all of it."""
        await self.ask("ping")
        await self.ask("ping")

    # ---- what nearly every test does

    async def join(self, room="lobby", **fields):
        """Joins and reads up to live: (joined, the entries before live)."""
        joined = await self.ask("join", room=room, **fields)
        live = await self._find(("live",), {"room": room})
        before, after = self.inbox[:live], self.inbox[live + 1:]
        caught = [f for f in before if f["type"] in ENTRIES and f["room"] == room]
        self.inbox = [f for f in before if f not in caught] + after
        return joined, caught

    async def send(self, text, room="lobby", **fields):
        fields.setdefault("nonce", f"{id(self):x}-{next(self._refs)}")
        return await self.ask("send", room=room, text=text, **fields)


_names = itertools.count(1)


def new_name():
    """A name that nobody has had."""
    return f"somebody {next(_names)}"


async def meet(daemon, *names, room="lobby", **join):
    """Connects people who are all in one room."""
    people = [await Client.connect(daemon, name) for name in names]
    for person in people:
        await person.join(room, **join)
    return people


async def part(*people):
    for person in people:
        await person.close()
