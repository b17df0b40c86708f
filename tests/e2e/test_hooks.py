"""What other programs post: read, said once, and answered in the words that each of them demands."""
import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import threading
from urllib.parse import urlencode, urlsplit

import pytest

from client import meet, part
from daemon import DEADLINE_S
from test_disk import fill, small_disk  # noqa: F401, the fixture
from test_tokens import bearer, create


def add(daemon, room="lobby", name="alarm", *options):
    made = json.loads(daemon.ctl("hook", "add", room, name, *options, "--json"))
    assert (made["room"], made["name"]) == (room, name)
    made["path"] = urlsplit(made["url"]).path
    return made


def post(daemon, path, body=b"", content_type=None, method="POST", **headers):
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    if isinstance(body, (dict, list)):
        content_type, body = content_type or "application/json", json.dumps(body)
    if content_type:
        headers["Content-Type"] = content_type
    if isinstance(body, str):
        body = body.encode()
    return daemon.http(method, path, body, headers)


def said(daemon, room="lobby"):
    _, _, body = daemon.http("GET", f"/api/v1/rooms/{room}/messages")
    return [line["text"] for line in json.loads(body)["messages"]]


def lines(daemon, room="lobby"):
    _, _, body = daemon.http("GET", f"/api/v1/rooms/{room}/messages")
    return json.loads(body)["messages"]


def rows_of(daemon, room="lobby"):
    rows, after = [], 0
    while True:
        page = daemon.administrator("export", room=room, after=after)
        rows += page["rows"]
        if not page["more"]:
            return rows
        after = rows[-1]["seq"]


ALERT = {"status": "firing", "labels": {"alertname": "HighLoad", "instance": "node1", "severity": "page"},
         "annotations": {"summary": "The load is high."}, "startsAt": "2026-11-29T10:00:00Z",
         "generatorURL": "http://prom/graph", "fingerprint": "abc"}


def alerts(*alerts):
    return {"version": "4", "groupKey": "{}:{}", "receiver": "hearth", "status": "firing", "alerts": list(alerts)}


# what is posted -> (status, body of the answer, what is said)
POSTS = {
    "slack": (dict(body={"text": "deploy <https://x.org|done> &amp; fine"}),
              (200, b"ok", "deploy done (https://x.org) & fine")),
    "slack form": (dict(body=urlencode({"payload": json.dumps({"text": "hi"})}),
                        content_type="application/x-www-form-urlencoded"), (200, b"ok", "hi")),
    "slack multipart": (dict(body='--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n{"text":"hi"}\r\n--b--\r\n',
                             content_type="multipart/form-data; boundary=b"), (200, b"ok", "hi")),
    "attachments": (dict(body={"attachments": [{"pretext": "before", "title": "T", "title_link": "http://l",
                                                "text": "body", "fields": [{"title": "k", "value": "v"}]},
                                               {"fallback": "only this", "image_url": "http://i/chart.png"}]}),
                    (200, b"ok", "before\nT http://l\nbody\nk: v\nonly this\nhttp://i/chart.png")),
    "blocks": (dict(body={"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Head"}},
                                     {"type": "section", "text": {"type": "mrkdwn", "text": "*body*"}},
                                     {"type": "image", "image_url": "http://i/map.png", "alt_text": "a map"},
                                     {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                                         {"type": "text", "text": "see "}, {"type": "link", "url": "http://l", "text": "it"}]}]}]}),
               (200, b"ok", "Head\n*body*\na map\nhttp://i/map.png\nsee it (http://l)")),
    "discord": (dict(body={"content": "hi", "embeds": [{"title": "T", "url": "http://u", "description": "d"}]}),
                (204, b"", "hi\nT http://u\nd")),
    "alertmanager": (dict(body=alerts(ALERT)),
                     (200, b"ok", "🔥 firing: HighLoad on node1 (page): The load is high. http://prom/graph")),
    "resolved": (dict(body=alerts({**ALERT, "status": "resolved"})),
                 (200, b"ok", "✅ resolved: HighLoad on node1: The load is high. http://prom/graph")),
    "grafana": (dict(body={"receiver": "x", "orgId": 1, "status": "firing", "title": "[FIRING:1]", "groupKey": "g",
                           "alerts": [{"status": "firing", "labels": {"alertname": "A"}, "annotations": {},
                                       "startsAt": "x", "fingerprint": "f", "dashboardURL": "http://g/d"}]}),
                (200, b"ok", "🔥 firing: A http://g/d")),
    "campfire": (dict(body="just text", content_type="text/plain"), (201, b"ok", "just text")),
    "curl": (dict(body="just text", content_type="application/x-www-form-urlencoded"), (201, b"ok", "just text")),
    "curl json": (dict(body='{"text":"hi"}', content_type="application/x-www-form-urlencoded"), (200, b"ok", "hi")),
    "plain json": (dict(body={"text": "hi"}), (200, b"ok", "hi")),
    "apprise": (dict(body={"version": "1.0", "title": "T", "message": "m", "attachments": [], "type": "info"}),
                (200, b"ok", "T\nm")),
    "gotify": (dict(body={"title": "T", "message": "m", "priority": 5}), (200, b"ok", "T\nm")),
    "uptime kuma": (dict(body={"heartbeat": {"status": 0}, "monitor": {"name": "web"}, "msg": "[web] down"}),
                    (200, b"ok", "[web] down")),
    "push": (dict(body={"ref": "refs/heads/main", "compare": "http://c", "sender": {"login": "mina"},
                        "repository": {"full_name": "o/r"}, "commits": [{"message": "one"}, {"message": "Fix it\n\nmore"}]},
                  X_GitHub_Event="push"), (200, b"ok", "[o/r] mina pushed 2 commits to main: Fix it… http://c")),
    "pull request": (dict(body={"action": "closed", "sender": {"login": "jun"}, "repository": {"full_name": "o/r"},
                                "pull_request": {"merged": True, "number": 3, "title": "T", "html_url": "http://p"}},
                          X_Gitea_Event="pull_request"), (200, b"ok", "[o/r] jun merged pull request #3: T http://p")),
    "issue": (dict(body={"action": "opened", "sender": {"login": "jun"}, "issue": {"number": 3, "title": "T", "html_url": "http://i"}},
                   X_GitHub_Event="issues"), (200, b"ok", "jun opened issue #3: T http://i")),
    "comment": (dict(body={"action": "created", "sender": {"login": "jun"}, "issue": {"number": 3, "title": "T"},
                           "comment": {"body": "so it is", "html_url": "http://k"}}, X_GitHub_Event="issue_comment"),
                (200, b"ok", "jun commented on #3 T: so it is http://k")),
    "release": (dict(body={"action": "published", "sender": {"login": "jun"},
                           "release": {"tag_name": "v1", "name": "First", "html_url": "http://r"}}, X_Forgejo_Event="release"),
                (200, b"ok", "jun published release v1: First http://r")),
    "ping": (dict(body={"zen": "x"}, X_GitHub_Event="ping"), (200, b"ok", None)),
}


@pytest.mark.parametrize("name", POSTS)
async def test_each_program_is_understood_and_answered(shared, name):
    fields, (status, body, text) = POSTS[name]
    room = name.replace(" ", "-")
    shared.administrator("create", room=room)
    hook = add(shared, room, f"hook {name}")
    answer = post(shared, hook["path"], **fields)
    assert (answer[0], answer[2]) == (status, body), answer
    assert said(shared, room) == ([text] if text else [])
    if text:
        line = lines(shared, room)[0]
        assert (line["from"], line["via"]) == (f"hook {name}", "webhook")


async def test_discord_waits_for_its_message(daemon):
    hook = add(daemon)
    status, _, body = post(daemon, hook["path"] + "?wait=true", {"content": "hi", "username": "Cap"})
    assert status == 200 and json.loads(body)["content"] == "hi" and json.loads(body)["id"] == "1"
    assert lines(daemon)[0]["from"] == "Cap"


async def test_what_has_an_id_is_said_once(daemon):
    hook = add(daemon)
    for _ in range(3):
        assert post(daemon, hook["path"], alerts(ALERT, {**ALERT, "fingerprint": "other"}))[0] == 200
        assert post(daemon, hook["path"], {"text": "x"})[0] == 200
        assert post(daemon, hook["path"], {"message": "m", "id": 7})[0] == 200
        assert post(daemon, hook["path"], {"ref": "main", "commits": [{"message": "c"}]}, X_GitHub_Event="push",
                    X_GitHub_Delivery="d-1")[0] == 200
    assert len(said(daemon)) == 2 + 3 + 1 + 1


async def test_a_hook_with_a_secret_takes_what_is_signed(daemon):
    hook = add(daemon, "lobby", "forge", "--secret")
    body = json.dumps({"action": "opened", "issue": {"number": 1, "title": "T"}})
    signature = hmac.new(hook["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
    good = {"X_Hub_Signature_256": f"sha256={signature}", "X_GitHub_Event": "issues"}
    assert post(daemon, hook["path"], body, **good)[0] == 200
    for wrong in ("sha256=" + "0" * 64, signature, "sha256=", "sha1=" + signature):
        assert post(daemon, hook["path"], body, **{**good, "X_Hub_Signature_256": wrong})[0] == 401
    assert post(daemon, hook["path"], body, X_GitHub_Event="issues")[0] == 401
    assert len(said(daemon)) == 1 and "hearth_hooks_unsigned_total 5" in daemon.http("GET", "/metrics")[2].decode()


BAD = {
    "no json": (dict(body='{"text":', content_type="application/json"), 400),
    "a list": (dict(body='[1]', content_type="application/json"), 400),
    "no text": (dict(body={"hello": 1}), 400),
    "empty": (dict(body=""), 400),
    "no utf-8": (dict(body=b"\xff\xfe\xfd"), 400),
    "no utf-8 in json": (dict(body=b'{"text":"\xff"}', content_type="application/json"), 400),
    "a nul": (dict(body=b"a\0b", content_type="text/plain"), 400),
    "nested to death": (dict(body='{"a":' * 20000, content_type="application/json"), 400),
    "nested in a list": (dict(body='{"text":' + "[" * 60000, content_type="application/json"), 400),
    "attachments": (dict(body='{"attachments":[' + "{}," * 30000 + "{}]}", content_type="application/json"), 400),
    "too many attachments": (dict(body='{"attachments":[' + "{}," * 100_000 + "{}]}", content_type="application/json"), 413),
    "too large": (dict(body="x" * 1_000_000), 413),
    "no boundary": (dict(body="--b", content_type="multipart/form-data"), 400),
    "a broken part": (dict(body="--b\r\n\r\n--b", content_type="multipart/form-data; boundary=b"), 400),
    "another page": (dict(body={"text": "x"}, Origin="http://evil.example"), 403),
    "another site": (dict(body={"text": "x"}, Sec_Fetch_Site="cross-site"), 403),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_told_so(shared, name):
    fields, status = BAD[name]
    hook = add(shared, "lobby", f"bad {name}")
    answer = post(shared, hook["path"], **fields)
    assert answer[0] == status, answer
    assert json.loads(answer[2])["message"]
    assert post(shared, hook["path"], {"text": "it still works"})[0] == 200


async def test_an_unknown_hook_is_an_unknown_path(daemon):
    hook = add(daemon)
    wrong = [hook["path"][:-1] + "x", "/hooks/x", "/hooks/hearth_" + "0" * 64]
    answers = {post(daemon, path, {"text": "x"})[2] for path in wrong}
    assert {post(daemon, path, {"text": "x"})[0] for path in wrong} == {404}
    assert answers == {daemon.http("GET", "/api/nothing")[2]}
    token = create(daemon, "poster", "post", "lobby")
    assert post(daemon, f"/hooks/{token}", {"text": "x"})[0] == 404, "a token is no hook"
    daemon.ctl("hook", "remove", "alarm")
    assert post(daemon, hook["path"], {"text": "x"})[0] == 404
    assert daemon.ctl("hook", "list") == ""


async def test_hooks_are_listed_and_tried(daemon):
    add(daemon, "lobby", "one")
    add(daemon, "lobby", "two", "--secret")
    assert daemon.ctl("hook", "list") == "one\tlobby\ntwo\tlobby\tsigned\n"
    daemon.ctl("hook", "test", "one")
    (line,) = lines(daemon)
    assert (line["from"], line["via"]) == ("one", "webhook")
    assert daemon.ctl("hook", "test", "three", check=False).returncode == 1
    assert daemon.ctl("hook", "add", "nowhere", "x", check=False).returncode == 1
    assert daemon.ctl("hook", "add", "lobby", "one", check=False).returncode == 1


async def test_long_texts_are_cut_and_marked(daemon):
    hook = add(daemon)
    for text in ("x" * 100_000, "é" * 50_000, "👩‍🚀" * 5000, "\x01" * 5000):
        assert post(daemon, hook["path"], text, "text/plain")[0] == 201
    for text in said(daemon):
        assert text.endswith("…") and len(text.encode()) <= 8192
    post(daemon, hook["path"], alerts(*({**ALERT, "fingerprint": str(i)} for i in range(40))))
    assert len(said(daemon)) == 4 + 32 and said(daemon)[-1].endswith("… and 8 more")


async def test_a_hook_is_known_by_any_name_of_the_machine(daemon):
    hook = add(daemon)
    assert post(daemon, hook["path"], {"text": "x"}, Host="board.example.org")[0] == 200
    assert daemon.http("GET", "/api/v1/rooms", headers={"Host": "board.example.org"})[0] == 403
    token = create(daemon, "reader", "read", "lobby")
    assert daemon.http("GET", "/api/v1/rooms", headers={"Host": "board.example.org", **bearer(token)})[0] == 200


# ---- ntfy

async def test_ntfy_is_spoken(daemon):
    token = create(daemon, "ntfy", "post", "lobby")
    basic = base64.b64encode(f":{token}".encode()).decode()
    auth = base64.b64encode(f"Bearer {token}".encode()).decode().rstrip("=")
    status, _, body = post(daemon, "/ntfy/lobby", "the door is open", method="PUT", Authorization=f"Bearer {token}",
                           Title="Door", Tags="warning,door,garage", Priority="high", Click="http://c")
    answer = json.loads(body)
    assert status == 200 and (answer["event"], answer["topic"], answer["id"]) == ("message", "lobby", "1"), answer
    assert post(daemon, "/ntfy/lobby", "basic", Authorization=f"Basic {basic}", X_Title="T",
                Attach="http://cam/door.jpg")[0] == 200
    assert post(daemon, f"/ntfy/lobby?auth={auth}", "asked")[0] == 200
    assert post(daemon, f"/ntfy/lobby?auth={token}", "as it is")[0] == 200
    assert daemon.http("GET", f"/ntfy/lobby/publish?message=got&auth={auth}")[0] == 200
    assert post(daemon, "/ntfy/", {"topic": "lobby", "message": "m", "title": "T", "tags": ["tada"], "priority": 5,
                                   "click": "http://c"}, Authorization=f"Bearer {token}")[0] == 200
    assert said(daemon) == ["🟠 ⚠️ 🚪 Door\nthe door is open #garage\nhttp://c", "T\nbasic\nhttp://cam/door.jpg", "asked", "as it is", "got",
                            "🔴 🎉 T\nm\nhttp://c"]


async def test_ntfy_refuses_in_its_own_words(daemon):
    token = create(daemon, "ntfy", "post", "lobby")
    reader = create(daemon, "reader", "read", "lobby")
    for fields, status in [(dict(path="/ntfy/lobby"), 401), (dict(path="/ntfy/lobby", Authorization="Bearer x"), 401),
                           (dict(path="/ntfy/lobby?auth=x"), 401), (dict(path="/ntfy/lobby?auth="), 401),
                           (dict(path="/ntfy/nowhere", Authorization=f"Bearer {token}"), 404),
                           (dict(path="/ntfy/lobby", Authorization=f"Bearer {reader}"), 403),
                           (dict(path="/ntfy/lobby", body=b"\xff", Authorization=f"Bearer {token}"), 400),
                           (dict(path="/ntfy/", body="{}", Authorization=f"Bearer {token}"), 400)]:
        fields = {"body": "x", **fields}
        answer = post(daemon, fields.pop("path"), **fields)
        assert answer[0] == status, answer
        assert json.loads(answer[2])["http"] == status and "www-authenticate" not in answer[1]


# ---- exactness

async def test_everything_told_ok_is_there_once_whatever_is_killed(daemon):
    hook = add(daemon)
    told, stop = [], threading.Event()

    def send():
        number = 0
        while not stop.is_set() or number < 60:
            number += 1
            while True:
                try:
                    answer = post(daemon, hook["path"], {"message": f"m{number}", "id": number})
                    if answer[0] == 200:
                        told.append(number)
                        break
                except (OSError, TypeError, http.client.HTTPException):
                    pass
                if stop.wait(0.02):
                    return

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(5):
        before = len(told)
        while len(told) < before + 8:
            stop.wait(0.02)
        daemon.kill()
        daemon.start()
    before = len(told)
    while len(told) < before + 8:
        stop.wait(0.02)
    stop.set()
    sender.join()
    texts = [row["text"] for row in rows_of(daemon)]
    assert len(texts) == len(set(texts)), "something is there twice"
    assert {f"m{number}" for number in told} <= set(texts), "something that was told ok is missing"


SENDERS, FLOOD_POSTS = (100, 1000) if os.environ.get("HEARTH_LONG_TESTS") else (16, 24)


class Flood(threading.Thread):
    """Posts as fast as it is answered, over one connection, until it is told to stop."""

    def __init__(self, daemon, path):
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, DEADLINE_S, source_address=("127.0.0.2", 0))
        self.path, self.answers, self.stop = path, [], threading.Event()

    def run(self):
        while not self.stop.is_set():
            self.connection.request("POST", self.path, b'{"text":"again"}', {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            answer.read()
            self.answers.append((answer.status, answer.getheader("Retry-After")))
        self.connection.close()


async def test_a_hook_over_its_rate_is_slowed_and_told_to_come_again_and_nobody_else_is(make_daemon):
    """Each waits for a while in the gateway, which takes as many as the rate says; the others of the room go on at once."""
    daemon = make_daemon({"limits.exempt": "", "limits.bridge_messages_per_minute": 300, "limits.messages_burst": 5})
    hook, other = add(daemon), add(daemon, "lobby", "other")
    (mina,) = await meet(daemon, "mina")
    floods = [Flood(daemon, hook["path"]) for _ in range(SENDERS)]
    for flood in floods:
        flood.start()
    for share in range(1, 4):
        while sum(len(flood.answers) for flood in floods) < FLOOD_POSTS * share / 3:
            await asyncio.sleep(0.01)
        await mina.send(f"chat {share}")
        assert post(daemon, other["path"], {"text": f"other {share}"})[0] == 200
    for flood in floods:
        flood.stop.set()
    for flood in floods:
        flood.join()
    answers = [answer for flood in floods for answer in flood.answers]
    assert {status for status, _ in answers} == {200, 503}
    assert all(again for status, again in answers if status == 503)
    texts = [row["text"] for row in rows_of(daemon)]
    assert texts.count("again") == [status for status, _ in answers].count(200)
    assert [text for text in texts if text != "again"] == [f"{who} {i}" for i in (1, 2, 3) for who in ("chat", "other")]
    await part(mina)


async def test_what_has_been_posted_takes_no_place_any_more(make_daemon):
    daemon = make_daemon({"limits.exempt": "", "memory.profile": "small", "limits.bridge_messages_per_minute": 100000})
    hook = add(daemon)
    statuses = [post(daemon, hook["path"], {"text": f"m{i}"})[0] for i in range(60)]
    assert statuses == [200] * 60


# ---- a full disk

async def test_a_full_disk_is_told_to_the_sender_who_comes_again(make_daemon, small_disk):
    daemon = make_daemon({"storage.path": small_disk / "chat.db"})
    hook = add(daemon)
    fill(small_disk)
    for number in range(20_000):
        answer = post(daemon, hook["path"], {"message": f"m{number} " + "x" * 1500, "id": number})
        if answer[0] != 200:
            break
    assert answer[0] == 503 and "retry-after" in answer[1], answer
    os.unlink(small_disk / "filler")
    while post(daemon, hook["path"], {"message": f"m{number}", "id": number})[0] != 200:
        pass
    assert post(daemon, hook["path"], {"message": f"m{number}", "id": number})[0] == 200
    ids = [row["origin"] for row in rows_of(daemon)]
    assert ids == [f"id:{i}" for i in range(number + 1)]


# ---- real senders

async def test_curl_posts_a_text(daemon):
    hook = add(daemon)
    for arguments in (["-d", "the backup is done"], ["-d", '{"text":"in JSON"}'],
                      ["-F", "text=from a form"], ["--data-urlencode", "payload={\"text\":\"as Slack\"}"]):
        done = subprocess.run(["curl", "-sS", "-f", *arguments, f"http://127.0.0.1:{daemon.port}{hook['path']}"],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and done.stdout == "ok", done
    assert said(daemon) == ["the backup is done", "in JSON", "from a form", "as Slack"]
