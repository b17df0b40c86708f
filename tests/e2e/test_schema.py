"""What each command prints with --json is what hearthctl schema says."""
import json
import subprocess

import pytest

from client import meet
from daemon import DEADLINE_S, HEARTHCTL
from files import must_upload

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}

# command -> how it is called, in this order; one that needs nothing is called by its words
CALLS = {
    "room list": [], "room create": ["den"], "room set": ["den", "--topic", "quiet"], "room show": ["lobby"],
    "send": ["lobby", "hello world"], "edit": ["lobby", "1", "hello, world"], "tail": ["lobby"],
    "file list": [], "file show": ["{file}"], "file delete": ["{file}", "--yes"], "search": ["hello"], "delete": ["lobby", "1", "--yes"], "notice": ["tea"], "who": ["lobby"],
    "room rename": ["den", "hall"], "room archive": ["hall"], "room unarchive": ["hall"],
    "room purge": ["hall", "--yes"], "room delete": ["hall", "--yes"], "invite": ["lobby", "mina"],
    "role": ["lobby", "mina", "moderator"], "mute": ["lobby", "jun", "--for", "1h"], "unmute": ["lobby", "jun"],
    "kick": ["lobby", "jun"], "ban": ["lobby", "jun", "--for", "1h"], "unban": ["lobby", "jun"],
    "ban add": ["jun", "--room", "lobby"], "ban list": [], "ban remove": ["{id}"],
    "mute add": ["jun", "--room", "lobby"], "mute list": [], "mute remove": ["{id}"],
    "newcomers": [], "knock list": [], "erase": ["jun", "--yes"], "audit": [], "invite create": [], "invite list": [], "invite revoke": ["1"], "hook add": ["lobby", "a hook"], "hook list": [], "hook test": ["a hook"], "hook remove": ["a hook"], "token create": ["a bridge", "--role", "bridge"],
    "token list": [], "bridge list": [], "bridge pause": ["a bridge"], "bridge resume": ["a bridge"], "token revoke": ["a bridge"], "status": [], "reload": [],
    "config show": [], "config check": [], "config diff": [], "log level": [], "clock": [],
    "session list": [], "session kick": ["{session}"],
    "user list": [], "user show": ["jun"], "user role": ["jun", "member"], "user rename": ["jun", "june"],
    "user free-name": ["jun"], "user password": ["june"], "user logout": ["june"], "user forget": ["june", "--yes"],
}


def check(value, schema, path):
    if "allOf" in schema:
        return check(value, schema["allOf"][0], path)
    if "const" in schema:
        assert value == schema["const"], path
        return
    assert isinstance(value, TYPES[schema["type"]]) and (schema["type"] == "boolean" or value is not True), path
    if "enum" in schema:
        assert value in schema["enum"], path
    if schema["type"] == "integer" and "minimum" in schema:
        assert schema["minimum"] <= value <= schema["maximum"], path
    if schema["type"] == "array":
        for i, item in enumerate(value):
            check(item, schema["items"], f"{path}[{i}]")
    if schema["type"] == "object":
        assert set(schema["required"]) <= set(value), (path, schema["required"], value)
        for name, field in value.items():
            if name in schema["properties"]:
                check(field, schema["properties"][name], f"{path}.{name}")


def schema_of(*words):
    done = subprocess.run([HEARTHCTL, "schema", *words], capture_output=True, text=True, timeout=DEADLINE_S)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


async def test_what_is_printed_fits_the_schema(daemon, tmp_path):
    people = await meet(daemon, "mina", "jun")
    must_upload(daemon, people[0], b"a file", "a file")
    code, all_of_them = schema_of()
    assert code == 0
    schemas = {words: schema for words, schema in all_of_them["$defs"].items() if schema}
    calls = {**CALLS, "backup": [str(tmp_path / "copy.db")]}
    known = {}  # what one prints another needs
    for words, operands in calls.items():
        printed = daemon.ctl("--json", *words.split(), *(operand.format(**known) for operand in operands), input="a secret\n")
        assert printed, words
        for line in printed.splitlines():
            reply = json.loads(line)
            check(reply, schemas[words], words)
            known.update({"id": reply["id"]} if words.endswith(" add") and "id" in reply else {})
            known.update({"file": one["file"]["id"] for one in (reply["files"] if words == "file list" else [])})
            known.update({"session": one["id"] for one in reply.get("sessions", [])})
    # the clock is the machine's; it starts anew; nobody waits; a bridge has to have read
    left = set(schemas) - set(calls) - {"clock set", "restore", "knock admit", "knock refuse", "bridge replay"}
    assert not left, f"nobody calls {left}"
    for person in people:
        await person.close()


def test_only_commands_whose_output_is_no_json_have_no_schema():
    _, all_of_them = schema_of()
    without = {words for words, schema in all_of_them["$defs"].items() if not schema}
    assert without == {"completion", "help", "room export", "room import", "schema", "setup"}


@pytest.mark.parametrize("words, code", [(["status"], 0), (["room", "list"], 0), (["help"], 2), (["nonsense"], 2)])
def test_the_schema_of_one_command(words, code):
    got, schema = schema_of(*words)
    assert got == code
    if code == 0:
        assert schema["$schema"].endswith("/schema") and schema["type"] == "object"
