"""protocol/openapi.json says what is answered: each of its operations is asked for once, and what comes back is
of the status and the form that it describes."""
import http.client
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlencode

import pytest

from client import meet
from daemon import DEADLINE_S, _exchange, _UnixConnection

DOCUMENT = json.loads((Path(__file__).parents[2] / "protocol/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}

# What is asked: name in the path, query, body; and the status where it is not the one that is promised.
ROOM = {"name": "lobby"}
NO_FILE = {"name": "0" * 32}
NOTHING = {"name": "x", "body": "x", "status": (401, 404, 400)}
ASKED = {
    ("GET", "/ca.crt"): {"status": (404,)},
    ("GET", "/api/v1/rooms"): {"query": {"query": "lob"}},
    ("GET", "/api/v1/rooms/{room}/messages"): {**ROOM, "query": {"limit": 2}},
    ("POST", "/api/v1/rooms/{room}/messages"): {**ROOM, "body": {"text": "hi", "nonce": "1"}},
    ("GET", "/api/v1/rooms/{room}/stream"): {**ROOM, "query": {"history": 1}},
    ("POST", "/api/v1/rooms/{room}/files"): {**ROOM, "body": "a file"},
    ("GET", "/api/v1/uploads/{id}"): {**NO_FILE, "status": (404,)},
    ("PATCH", "/api/v1/uploads/{id}"): {**NO_FILE, "body": "bytes", "status": (400,)},
    ("DELETE", "/api/v1/uploads/{id}"): {**NO_FILE, "status": (404,)},
    ("GET", "/files/{id}/{name}"): {**NO_FILE, "status": (404,)},
    ("GET", "/admin/v1/files/{id}/{name}"): {**NO_FILE, "status": (404,)},
    ("POST", "/admin/v1/rooms/{room}/files"): {**ROOM, "body": "a file"},
    ("GET", "/api/v1/stream"): {"query": {"room": "lobby"}},
    ("POST", "/api/v1/cursor"): {"body": {"name": "c", "room": "lobby", "log": "0" * 16, "seq": 1}, "status": (403,)},
    ("POST", "/api/v1/do"): {"body": {"type": "ping"}},
    ("GET", "/admin/v1/rooms"): {"query": {"query": "lob"}},
    ("POST", "/admin/v1/rooms"): {"body": {"room": "made"}},
    ("GET", "/admin/v1/rooms/{room}"): ROOM,
    ("PATCH", "/admin/v1/rooms/{room}"): {**ROOM, "body": {"topic": "tea"}},
    ("DELETE", "/admin/v1/rooms/{room}"): {"name": "other"},
    ("GET", "/admin/v1/rooms/{room}/messages"): {**ROOM, "query": {"limit": 2}},
    ("POST", "/admin/v1/rooms/{room}/messages"): {**ROOM, "body": {"text": "hi", "nonce": "2"}},
    ("GET", "/admin/v1/rooms/{room}/stream"): {**ROOM, "query": {"history": 1}},
    ("GET", "/admin/v1/stream"): {"query": {"room": "lobby"}},
    ("POST", "/admin/v1/do"): {"body": {"type": "status"}},
    ("POST", "/admin/v1/restore"): {"body": "no database", "status": (400,)},
    ("PUT", "/admin/v1/restore"): {"body": "no database", "status": (400,)},
    ("GET", "/admin/v1/{request}"): {"name": "status"},
    ("POST", "/admin/v1/{request}"): {"name": "notice", "body": {"text": "tea"}},
}


def resolve(schema):
    while "$ref" in schema:
        at = DOCUMENT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        schema = at
    return schema


def check(value, schema, where="reply"):
    schema = resolve(schema)
    for part in schema.get("allOf", []):
        check(value, part, where)
    if "enum" in schema:
        assert value in schema["enum"], f"{where} is {value!r}"
    if "type" not in schema:
        return
    assert isinstance(value, TYPES[schema["type"]]), f"{where} is {value!r}, not {schema['type']}"
    for name in schema.get("required", []):
        assert name in value, f"{where} lacks {name}"
    for name, of in schema.get("properties", {}).items():
        if name in value:
            check(value[name], of, f"{where}.{name}")
    if "properties" in schema:
        unknown = set(value) - set(schema["properties"]) - {"type"}
        assert not unknown, f"{where} has {unknown} besides"
    for i, item in enumerate(value if "items" in schema else []):
        check(item, schema["items"], f"{where}[{i}]")


def at_once(daemon, method, target, body):
    """Head and body in one piece: a body that is none is refused at its first bytes."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(DEADLINE_S)
        raw.connect(str(daemon.socket))
        raw.sendall(f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        response = http.client.HTTPResponse(raw)
        response.begin()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def ask(daemon, method, path, how, key):
    target = path
    if "{" in path:
        target = re.sub(r"\{\w+\}", how["name"], path)
    if "query" in how:
        target += "?" + urlencode(how["query"])
    body = how.get("body")
    if path.startswith("/admin"):
        if "stream" in path:
            return None
        if path.endswith("restore"):
            return at_once(daemon, method, target, body)
        return _exchange(_UnixConnection(str(daemon.socket)), method, target, body, None)
    if "stream" in path:
        return None
    return daemon.http(method, target, body, {"Authorization": f"Bearer {key}"} if key else None)


@pytest.mark.parametrize("method, path", OPERATIONS, ids=[" ".join(o) for o in OPERATIONS])
async def test_each_operation_answers_as_described(shared, method, path):
    described = DOCUMENT["paths"][path][method.lower()]
    how = ASKED.get((method, path), NOTHING if path.startswith(("/hooks", "/ntfy")) else {})
    people = await meet(shared, f"p{OPERATIONS.index((method, path))}")
    shared.admin("POST", "/admin/v1/rooms", {"room": "other"})
    answer = ask(shared, method, path, how, None if path.startswith(("/hooks", "/ntfy")) else people[0].key)
    await people[0].close()
    if answer is None:
        return  # a stream stays open: e2e.stream
    status, headers, text = answer
    [promised] = [int(code) for code in described["responses"] if code.isdigit()]
    assert status in how.get("status", (promised,)), (status, text[:300])
    response = resolve(described["responses"][str(status)] if status == promised else described["responses"]["default"])
    kinds = response["content"]
    kind = headers["content-type"].split(";")[0]
    assert kind in kinds or "*/*" in kinds, f"{kind} instead of {list(kinds)}"
    if kind == "application/json" and kind in kinds:
        check(json.loads(text), kinds[kind]["schema"])


def test_what_is_described_is_whole():
    assert DOCUMENT["openapi"] == "3.1.0" and len(OPERATIONS) > 30
    assert set(ASKED) <= set(OPERATIONS)
    for path, methods in DOCUMENT["paths"].items():
        names = [p["name"] for p in next(iter(methods.values()))["parameters"] if p["in"] == "path"]
        assert [part.strip("{}") for part in path.split("/") if part.startswith("{")] == names
