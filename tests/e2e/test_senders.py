"""Programs that Debian has, posting to hooks: what they were told is in the room, once, whoever is killed meanwhile."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from bridge import Bridge, needed, tries
from client import meet, part
from daemon import DEADLINE_S
from test_connect import environment, recipe
from test_hooks import add, rows_of
from test_webhooks import settled

KILLS = 20 if os.environ.get("HEARTH_LONG_TESTS") else 3


def has(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"{missing} is not there")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def texts(daemon):
    return [row["text"] for row in rows_of(daemon)]


# ---- Alertmanager

class Alertmanager:
    """With the receiver of the README, but for where the gateway is."""

    def __init__(self, folder, hook):
        self.port = free_port()
        config = recipe("alertmanager").replace("http://board.lan:8080/hooks/hearth_...", hook)
        (folder / "alertmanager.yml").write_text(
            "route:\n  receiver: hearth\n  group_wait: 100ms\n  group_interval: 1s\n  group_by: ['...']\n" + config)
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/am",
             f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fire(self, name, **more):
        alerts = [{"labels": {"alertname": name, "instance": "node1"}, "annotations": {"summary": "It burns."}, **more}]
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v2/alerts", json.dumps(alerts).encode(),
                                         {"Content-Type": "application/json"})
        for _ in tries():
            try:
                return urllib.request.urlopen(request).status
            except OSError:
                pass

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)


@has("prometheus-alertmanager")
def test_alertmanager_tells_what_fires_and_what_is_resolved(daemon, tmp_path):
    manager = Alertmanager(tmp_path, add(daemon)["url"].replace("localhost", "127.0.0.1"))
    manager.fire("Disk")
    for _ in tries():
        if texts(daemon):
            break
    manager.fire("Disk", endsAt=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1)))
    for _ in tries():
        if len(texts(daemon)) == 2:
            break
    manager.close()
    first, second = texts(daemon)
    assert first.startswith("🔥 firing: Disk on node1: It burns.") and second.startswith("✅ resolved: Disk on node1")


@has("prometheus-alertmanager")
def test_alertmanager_comes_again_until_it_is_told_ok(daemon, tmp_path):
    hook = add(daemon)["url"]
    daemon.settings["listen.port"] = daemon.port
    manager = Alertmanager(tmp_path, hook)
    for kill in range(KILLS):
        daemon.kill()
        manager.fire(f"Kill{kill}")
        daemon.start()
    wanted = {f"Kill{kill}" for kill in range(KILLS)}
    for _ in tries():
        said = [text.split()[2] for text in texts(daemon)]
        if set(said) == wanted:
            break
    manager.close()
    assert sorted(said) == sorted(wanted), "an alert is missing, or there twice"


# ---- curl and Apprise, while the gateway is killed

class Sender(threading.Thread):
    """Runs a command with a number, again until it succeeds; told has the numbers that did."""

    def __init__(self, command):
        super().__init__()
        self.command, self.told, self.stop = command, [], threading.Event()

    def run(self):
        number = 0
        while not self.stop.is_set():
            done = subprocess.run(self.command(number), capture_output=True)
            if done.returncode == 0:
                self.told.append(number)
                number += 1


def killed_under(daemon, sender):
    sender.start()
    for _ in range(KILLS):
        before = len(sender.told)
        for _ in tries():
            if len(sender.told) >= before + 2:
                break
        daemon.kill()
        daemon.start()
    before = len(sender.told)
    for _ in tries():
        if len(sender.told) > before:
            break
    sender.stop.set()
    sender.join(DEADLINE_S)
    assert len(sender.told) > KILLS


@has("curl")
def test_what_curl_was_told_ok_for_is_there_once(daemon):
    hook = add(daemon)["url"]
    daemon.settings["listen.port"] = daemon.port
    sender = Sender(lambda number: ["curl", "-sf", "-m", "5", "-d", json.dumps({"message": f"m{number}", "id": number}), hook])
    killed_under(daemon, sender)
    said = texts(daemon)
    assert len(said) == len(set(said)), "something is there twice"
    assert {f"m{number}" for number in sender.told} <= set(said), "something is missing"


@has("apprise")
def test_what_apprise_was_told_ok_for_is_there(daemon):
    """It gives no id: a post whose answer was lost is there twice."""
    hook = add(daemon)["url"]
    daemon.settings["listen.port"] = daemon.port
    sender = Sender(lambda number: ["apprise", "-b", f"m{number}", hook.replace("http://", "json://")])
    killed_under(daemon, sender)
    said = texts(daemon)
    assert {f"m{number}" for number in sender.told} <= set(said), "something is missing"
    assert len(said) - len(set(said)) <= KILLS


@has("apprise")
def test_apprise_speaks_to_a_hook_as_json_and_as_a_form(daemon):
    hook = add(daemon, "lobby", "apprise")["url"]
    for scheme in ("json://", "form://"):
        done = subprocess.run(["apprise", "-t", "Door", "-b", "It is open.", hook.replace("http://", scheme)],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 0, (scheme, done.stdout, done.stderr)
    assert texts(daemon) == ["Door\nIt is open."] * 2


# ---- webhook, which checks what hearth-bridge has signed

@needed
@has("webhook")
async def test_webhook_runs_what_a_signed_message_asks_for(daemon, tmp_path):
    secret = "whsec_" + "c2VjcmV0" * 4
    port, heard = free_port(), tmp_path / "heard"
    script = tmp_path / "run"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {heard}\n')
    script.chmod(0o755)
    rule = {"match": {"type": "payload-hmac-sha256", "secret": "secret" * 4,
                      "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}}
    (tmp_path / "hooks.json").write_text(json.dumps([{
        "id": "hearth", "execute-command": str(script), "trigger-rule": rule, "trigger-rule-mismatch-http-response-code": 500,
        "include-command-output-in-response": True,
        "pass-arguments-to-command": [{"source": "payload", "name": "data.text"}]}]))
    receiver = subprocess.Popen(["webhook", "-hooks", tmp_path / "hooks.json", "-ip", "127.0.0.1", "-port", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (mina,) = await meet(daemon, "mina")
    settings = (f'webhooks = ( {{ name = "out"; url = "http://127.0.0.1:{port}/hooks/hearth"; rooms = ["lobby"]; '
                f'private = true; secret = "{secret}"; }} );\n')
    wanted = [f"m{i}" for i in range(10)]
    with Bridge(daemon, settings) as bridge:
        settled(bridge)
        for text in wanted[:5]:
            await mina.send(text)
        for _ in tries():
            if heard.exists() and len(heard.read_text().split()) == 5:
                break
        receiver.send_signal(signal.SIGKILL)
        receiver.wait()
        for text in wanted[5:]:
            await mina.send(text)
        receiver = subprocess.Popen(receiver.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in tries():
            if len(heard.read_text().split()) >= 10:
                break
    receiver.kill()
    receiver.wait()
    assert heard.read_text().split() == wanted
    await part(mina)
