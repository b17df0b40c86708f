"""A hostile crowd at one machine: crowd.py HOST PORT TLS_PORT COUNT ADDRESS... holds COUNT connections open, of every
kind in turn, from these addresses. What is closed comes again. It says "begun" once COUNT were opened, and when its
input ends how many it was in all."""
import asyncio
import base64
import contextlib
import itertools
import json
import logging
import os
import ssl
import sys

AGAIN_S = 0.05      # until somebody who was put out comes again
SLOWLY_S = 1        # between two bites of a page reader, 64 bytes each, and two bytes of a head
names = itertools.count(1)


class Crowd:
    def __init__(self, host, port, tls_port, count, addresses):
        self.host, self.port, self.tls_port, self.count = host, port, tls_port, count
        self.sources = itertools.cycle(addresses)
        self.opened = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    async def connect(self, tls=False, handshake=True):
        reader, writer = await asyncio.open_connection(
            self.host, self.tls_port if tls else self.port, local_addr=(next(self.sources), 0), limit=64,
            ssl=self.context if tls and handshake else None)
        self.opened += 1
        if self.opened == self.count:
            print("begun", flush=True)
        return reader, writer

    async def upgrade(self, writer):
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())

    async def until_closed(self, reader):
        while await reader.read(64):
            pass

    # ---- the kinds

    async def says_nothing(self):
        reader, _ = await self.connect()
        await self.until_closed(reader)

    async def drips_a_head(self):
        reader, writer = await self.connect()
        for byte in b"GET / HTTP/1.1\r\nHost: " + b"x" * 1000:
            writer.write(bytes([byte]))
            if reader.at_eof():
                return
            await asyncio.sleep(SLOWLY_S)

    async def begins_a_body(self):
        reader, writer = await self.connect()
        writer.write(b"POST /api/v1/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{")
        await self.until_closed(reader)

    async def says_no_hello(self):
        reader, writer = await self.connect()
        await self.upgrade(writer)
        await self.until_closed(reader)

    async def reads_nothing(self, tls=False):
        reader, writer = await self.connect(tls)
        writer.transport.pause_reading()
        await self.upgrade(writer)
        hello = {"type": "hello", "name": f"deaf {os.getpid()} {next(names)}"}
        for request in [hello] + [{"type": "history", "room": "lobby", "limit": 200}] * 20:
            text = json.dumps(request).encode()
            writer.write(b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text)
        while not writer.transport.is_closing():
            await asyncio.sleep(SLOWLY_S)
            writer.write(b"\x8a\x80" + bytes(4))  # a pong: it is alive

    async def reads_nothing_over_tls(self):
        await self.reads_nothing(True)

    async def reads_a_page_slowly(self):
        reader, writer = await self.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while await reader.read(64):
            await asyncio.sleep(SLOWLY_S)

    async def begins_tls(self):
        reader, writer = await self.connect(True, handshake=False)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        await self.until_closed(reader)

    async def says_nothing_over_tls(self):
        reader, _ = await self.connect(True)
        await self.until_closed(reader)

    # ---- all of it

    async def again_and_again(self, kind):
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await kind()
            await asyncio.sleep(AGAIN_S)

    async def attack(self):
        kinds = [self.says_nothing, self.drips_a_head, self.begins_a_body, self.says_no_hello, self.reads_nothing,
                 self.reads_a_page_slowly, self.begins_tls, self.says_nothing_over_tls, self.reads_nothing_over_tls]
        tasks = [asyncio.ensure_future(self.again_and_again(kinds[i % len(kinds)])) for i in range(self.count)]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        with contextlib.suppress(BrokenPipeError):
            print(self.opened, flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # of writing to who has hung up
    asyncio.run(Crowd(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5:]).attack())
