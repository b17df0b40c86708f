"""What an administrator sees from afar: figures with names that dashboards know, a status in words, and
what devices hear that ask for the internet."""
import json
import re
from pathlib import Path

import pytest

from client import meet, part

GRAFANA = Path(__file__).parents[2] / "packaging/grafana"


def figures(daemon):
    text = daemon.http("GET", "/metrics")[2].decode()
    return {match[1]: float(match[2]) for match in re.finditer(r"^(\w+) (\S+)$", text, re.M)}, text


def test_every_figure_that_dashboard_and_alerts_name_is_there(daemon):
    _, text = figures(daemon)
    there = set(re.findall(r"^# TYPE (\w+)", text, re.M))
    for file in ("hearth.json", "alerts.yml"):
        named = set(re.findall(r"\bhearth_\w+", (GRAFANA / file).read_text()))
        missing = {name for name in named if name not in there and name.removesuffix("_bucket") not in there}
        assert named and not missing, (file, missing)
    dashboard = json.loads((GRAFANA / "hearth.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) and all(panel["targets"] for panel in dashboard["panels"])


def test_the_figures_tell_of_disk_backup_clock_and_bridges(daemon, tmp_path):
    before, _ = figures(daemon)
    assert before["hearth_last_backup_timestamp_seconds"] == 0 and before["hearth_clock_set"] == 1
    assert before["hearth_storage_free_bytes"] > 0 and before["hearth_database_bytes"] > 0
    daemon.ctl("token", "create", "a bridge", "--role", "bridge")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    daemon.ctl("send", "lobby", "the writer notes the backup before this")
    after, text = figures(daemon)
    assert abs(after["hearth_last_backup_timestamp_seconds"] - after["hearth_time_seconds"]) < 3600
    assert 'hearth_bridge_up{bridge="a bridge"} 0\n' in text


def test_status_says_in_words_what_to_do(daemon, tmp_path):
    assert daemon.ctl("status").splitlines()[-1] == "all is well"
    daemon.advance(3 * 3600)
    assert "! The last backup is older than a week, or there is none" in daemon.ctl("status")
    daemon.ctl("backup", str(tmp_path / "copy.db"))
    assert daemon.ctl("status").splitlines()[-1] == "all is well"


PROBES = {
    "/generate_204": (204, b""), "/gen_204": (204, b""),
    "/hotspot-detect.html": (200, b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"),
    "/ncsi.txt": (200, b"Microsoft NCSI"), "/connecttest.txt": (200, b"Microsoft Connect Test"),
    "/success.txt": (200, b"success\n"),
}


@pytest.mark.parametrize("captive", ["off", "online", "portal"])
def test_devices_that_ask_for_the_internet(make_daemon, captive):
    daemon = make_daemon({"http.captive": captive})
    for path, (status, body) in PROBES.items():
        got, headers, text = daemon.http("GET", path, headers={"Host": "captive.example.com"})
        if captive == "off":
            assert got == 403, path
        elif captive == "online":
            assert (got, text) == (status, body), path
        else:
            assert got == 302 and headers["location"] == f"http://127.0.0.1:{daemon.port}/", path
        if captive != "off":
            assert headers["cache-control"] == "no-store"
    assert daemon.http("GET", "/healthz", headers={"Host": "captive.example.com"})[0] == 403
    assert daemon.http("POST", "/success.txt", "x", headers={"Host": "captive.example.com"})[0] == 403
