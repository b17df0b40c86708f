"""The recipes of the README, run as they stand there."""
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from client import meet, part
from daemon import DEADLINE_S, HEARTHCTL
from test_hooks import add, post
from test_tokens import create

README = (Path(__file__).parent / "../../README.md").read_text(encoding="utf-8")


def recipe(name):
    found = re.search(rf"<!-- recipe: {name} -->\n```\w*\n(.*?)```", README, re.S)
    assert found, f"no recipe {name}"
    return found[1]


def environment(daemon, **more):
    """As a person has it: hearthctl in the path, the gateway's socket and address."""
    return {**os.environ, "PATH": f"{Path(HEARTHCTL).parent}:{os.environ['PATH']}",
            "HEARTH_SOCKET": str(daemon.socket), "HEARTH": f"http://127.0.0.1:{daemon.port}", **more}


def run(daemon, name):
    done = subprocess.run(["/bin/sh", "-eu", "-c", recipe(name)], env=environment(daemon), capture_output=True,
                          text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr


def lines(daemon):
    _, _, body = daemon.http("GET", "/api/v1/rooms/lobby/messages")
    return json.loads(body)["messages"]


def test_curl_posts_to_a_hook(daemon):
    run(daemon, "curl")
    said = lines(daemon)
    assert [line["from"] for line in said] == ["backup", "backup"]
    assert said[0]["text"] == "The backup is done." and "Filesystem" in said[1]["text"]


def test_curl_publishes_as_to_ntfy(daemon):
    run(daemon, "ntfy")
    assert [(line["from"], line["text"]) for line in lines(daemon)] == [("door", "⚠️ Door\nIt is open.")]


class Reading:
    """A program that prints what it reads."""

    def __init__(self, daemon, command, token):
        self.process = subprocess.Popen(command, env=environment(daemon, TOKEN=token), stdout=subprocess.PIPE,
                                        text=True, start_new_session=True)
        self.lines, self.changed = [], threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def until(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count, DEADLINE_S), self.lines
            return self.lines[:]

    def end(self):
        os.killpg(self.process.pid, 9)
        self.process.wait()
        self.thread.join(DEADLINE_S)
        self.process.stdout.close()


async def goes_on(daemon, command, cursor, texts_of):
    """What is said while it is away comes when it is back; what it confirmed does not."""
    token = create(daemon, "reader", "read", "lobby")
    (mina,) = await meet(daemon, "mina")
    await mina.send("one")
    reading = Reading(daemon, command, token)
    reading.until(1)
    seq = (await mina.send("two"))["seq"]
    assert texts_of(reading.until(2)) == ["one", "two"]
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(1000):
        _, _, body = daemon.http("POST", "/api/v1/do", {"type": "cursors"}, headers)
        if any(line["name"] == cursor and line["seq"] == seq for line in json.loads(body)["cursors"]):
            break
    reading.end()
    await mina.send("three")
    reading = Reading(daemon, command, token)
    await mina.send("four")
    assert texts_of(reading.until(2)) == ["three", "four"]
    reading.end()
    await part(mina)


async def test_the_reader_in_python_goes_on_where_it_was(daemon):
    await goes_on(daemon, ["/usr/bin/python3", "-B", "-c", recipe("reader")], "reader",
                  lambda said: [line.removeprefix("mina: ") for line in said])


async def test_the_reader_in_shell_goes_on_where_it_was(daemon):
    await goes_on(daemon, ["/bin/sh", "-c", recipe("shell")], "shell",
                  lambda said: [json.loads(line)["text"] for line in said])


# ---- hooks, with exactly what each program posts

HOOK = "http://board.lan:8080/hooks/hearth_..."

GRAFANA = {
    "receiver": "hearth", "status": "firing", "orgId": 1,
    "alerts": [{"status": "firing", "labels": {"alertname": "Disk", "grafana_folder": "NAS"},
                "annotations": {"summary": "The disk is nearly full."}, "startsAt": "2026-11-29T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://grafana.lan:3000/alerting/grafana/a/view",
                "fingerprint": "c6eadffa33fcdf37", "silenceURL": "http://grafana.lan:3000/alerting/silence/new",
                "dashboardURL": "", "panelURL": "", "values": {"B": 91}, "valueString": "[ var='B' value=91 ]"}],
    "groupLabels": {"alertname": "Disk"}, "commonLabels": {"alertname": "Disk"}, "commonAnnotations": {},
    "externalURL": "http://grafana.lan:3000/", "version": "1", "groupKey": "{}:{alertname=\"Disk\"}", "truncatedAlerts": 0,
    "title": "[FIRING:1] Disk NAS", "state": "alerting", "message": "**Firing**"}

KUMA = {
    "heartbeat": {"monitorID": 1, "status": 0, "time": "2026-11-29 10:00:00.000", "msg": "timeout of 48000ms exceeded",
                  "important": True, "duration": 60, "timezone": "UTC", "localDateTime": "2026-11-29 10:00:00"},
    "monitor": {"id": 1, "name": "NAS", "url": "http://nas.lan", "type": "http", "interval": 60},
    "msg": "[NAS] [🔴 Down] timeout of 48000ms exceeded"}

GITEA = {
    "secret": "", "ref": "refs/heads/main", "before": "28e1", "after": "bffe",
    "compare_url": "http://gitea.lan:3000/mina/board/compare/28e1...bffe",
    "commits": [{"id": "bffe", "message": "Fix the door\n", "url": "http://gitea.lan:3000/mina/board/commit/bffe",
                 "author": {"name": "Mina", "email": "mina@lan", "username": "mina"}, "timestamp": "2026-11-29T10:00:00Z"}],
    "repository": {"id": 1, "name": "board", "full_name": "mina/board", "html_url": "http://gitea.lan:3000/mina/board"},
    "pusher": {"id": 1, "login": "mina"}, "sender": {"id": 1, "login": "mina", "username": "mina"}}


def test_grafana_is_provisioned_as_it_says(daemon):
    hook = add(daemon, "lobby", "grafana")
    settings = re.search(r"type: webhook\n +settings:\n +url: (\S+)\n", recipe("grafana"))
    assert settings[1] == HOOK
    answer = post(daemon, hook["path"], GRAFANA)
    assert (answer[0], answer[2]) == (200, b"ok")
    resolved = {**GRAFANA["alerts"][0], "status": "resolved", "endsAt": "2026-11-29T10:05:00Z"}
    assert post(daemon, hook["path"], {**GRAFANA, "status": "resolved", "alerts": [resolved]})[0] == 200
    assert [line["text"].split(":")[0] for line in lines(daemon)] == ["🔥 firing", "✅ resolved"]


def test_uptime_kuma_says_what_is_down(daemon):
    assert "Webhook with body JSON" in README
    answer = post(daemon, add(daemon, "lobby", "kuma")["path"], KUMA)
    assert (answer[0], answer[2]) == (200, b"ok") and lines(daemon)[0]["text"] == KUMA["msg"]


def test_gitea_pushes_what_it_signs(daemon):
    assert "ALLOWED_HOST_LIST = private" in recipe("gitea")
    hook = add(daemon, "lobby", "forge", "--secret")
    body = json.dumps(GITEA, indent=2)
    signature = hmac.new(hook["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X_Gitea_Event": "push", "X_Gitea_Event_Type": "push", "X_Gitea_Delivery": "f6266f16-1bf3", "X_GitHub_Event": "push",
               "X_Gitea_Signature": signature, "X_Hub_Signature": "sha1=0", "X_Hub_Signature_256": f"sha256={signature}",
               "X_GitHub_Delivery": "f6266f16-1bf3", "X_Gogs_Event": "push"}
    for _ in range(2):
        assert post(daemon, hook["path"], body, "application/json", **headers)[0] == 200
    assert [line["text"] for line in lines(daemon)] == [
        "[mina/board] mina pushed 1 commit to main: Fix the door http://gitea.lan:3000/mina/board/compare/28e1...bffe"]


@pytest.mark.skipif(not shutil.which("apprise"), reason="apprise is not there")
def test_apprise_posts_to_a_hook(daemon):
    run(daemon, "apprise")
    assert [(line["from"], line["text"]) for line in lines(daemon)] == [("nas", "NAS\nThe disk is full.")]
