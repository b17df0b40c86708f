"""Files as the tests of files make and send them."""
import json
import struct
import zlib
from urllib.parse import quote


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width=3, height=2, extra=b"", noise=0):
    """A PNG of one colour. noise: so many bytes more of picture that do not pack."""
    rows = b"".join(b"\0" + b"\x40\x80\xc0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    import random
    more = random.Random(noise).randbytes(noise) if noise else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra +
            chunk(b"IDAT", zlib.compress(rows) + more) + chunk(b"IEND", b""))


def key_of(person):
    return {"Authorization": f"Bearer {person.key}"}


def disposition(name):
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


def upload(daemon, person, body, name="picture.png", room="lobby", headers=None):
    """Uploads a file: (status, parsed answer)."""
    status, _, answer = daemon.http(
        "POST", f"/api/v1/rooms/{room}/files", body,
        {"Content-Type": "application/octet-stream", **key_of(person), **disposition(name), **(headers or {})})
    return status, json.loads(answer)


def must_upload(daemon, person, body, name="picture.png", room="lobby"):
    status, answer = upload(daemon, person, body, name, room)
    assert status == 201, answer
    return answer["file"]


async def must_say(daemon, person, body, text, name="picture.png"):
    """A message with this file: (the file, the ack)."""
    file = must_upload(daemon, person, body, name)
    return file, await person.ask("send", room="lobby", text=text, nonce=file["id"], files=[file["id"]])


def kept(daemon):
    """The names in the folder of files."""
    folder = daemon.folder / "chat.files"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
