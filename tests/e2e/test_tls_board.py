"""The board's own certificate, as what it is for changes: another address, and the time once it is known."""
import json
import ssl
import sys
import time

import pytest

from certificates import DAY_S, LOCAL_CA, Files, anyone, get, shown, status
from daemon import Daemon, until
from namespaces import inside, run
from test_clock import LIBRARIES, Clock


def board_certificate(daemon):
    return ssl._ssl._test_decode_cert(str(daemon.folder / "tls" / "board.crt"))


def in_days(count):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() + count * DAY_S))


def addresses(daemon):
    return [name for kind, name in board_certificate(daemon)["subjectAltName"] if kind == "IP Address"]


def another_address(folder):
    """A router gives the board another lease while people are there."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "lan", "type", "bridge")
    run("ip", "link", "set", "lan", "up")
    run("ip", "addr", "add", "192.168.1.5/24", "dev", "lan")
    with Daemon(folder, {**LOCAL_CA, "listen.address": "0.0.0.0"}) as daemon:
        authority = (daemon.folder / "tls" / "ca.crt").read_text()
        assert get(daemon, host="192.168.1.5")[0] == 200
        first = shown(daemon)
        run("ip", "addr", "del", "192.168.1.5/24", "dev", "lan")
        run("ip", "addr", "add", "192.168.7.7/24", "dev", "lan")
        until(lambda: shown(daemon) != first)
        assert "192.168.7.7" in addresses(daemon)
        assert get(daemon, host="192.168.7.7")[0] == 200
        assert (daemon.folder / "tls" / "ca.crt").read_text() == authority, "everybody would have to trust anew"
        with_both = shown(daemon)
        run("ip", "addr", "add", "203.0.113.9/24", "dev", "lan")  # on the internet, which is not the board's to vouch for
        daemon.advance(10)
        run("ip", "addr", "add", "10.0.0.9/24", "dev", "lan")
        until(lambda: shown(daemon) != with_both)
        assert "10.0.0.9" in addresses(daemon) and "203.0.113.9" not in addresses(daemon)


def test_another_address_is_in_the_certificate_while_it_runs(tmp_path):
    inside(another_address, tmp_path)


@pytest.fixture
def clock(tmp_path):
    if not LIBRARIES:
        pytest.skip("no libfaketime")
    return Clock(tmp_path)


def test_a_certificate_of_the_wrong_time_is_made_anew_when_the_time_is_known(make_daemon, clock):
    """A board without a clock whose image is two years old: what it made for itself has expired for everybody else."""
    daemon = make_daemon(LOCAL_CA, start=False)
    clock.set("1970-01-01 00:00:10")
    daemon.start(environment=clock.environment())
    first, serial = shown(daemon), board_certificate(daemon)["serialNumber"]
    began = ssl.cert_time_to_seconds(board_certificate(daemon)["notBefore"])
    clock.set(in_days(900))
    clock.synchronise()
    until(lambda: shown(daemon) != first)
    fresh = board_certificate(daemon)
    assert fresh["serialNumber"] != serial
    now = time.time() + 900 * DAY_S
    begins, ends = (ssl.cert_time_to_seconds(fresh[key]) for key in ("notBefore", "notAfter"))
    assert began < begins <= now + 60 and now + 390 * DAY_S < ends <= begins + 397 * DAY_S
    assert "tls_warning" not in status(daemon)


def test_a_certificate_that_ends_while_it_runs_is_told_and_stops_nothing(make_daemon, clock, tmp_path):
    """A board that is offline for longer than its certificate from the internet lasts."""
    daemon = make_daemon(Files(tmp_path).make(days=60).put().settings, start=False)
    clock.synchronise()
    clock.set(in_days(0))
    daemon.start(environment=clock.environment())
    assert "tls_warning" not in status(daemon)
    clock.set(in_days(45))
    assert "tls_warning" not in status(daemon)
    clock.set(in_days(47))
    until(lambda: status(daemon).get("tls_warning", "").startswith("The certificate expires on 20"))
    clock.set(in_days(90))
    until(lambda: "expired on" in status(daemon).get("tls_warning", ""))
    assert "http goes on" in json.loads(daemon.http("GET", "/api/v1/server")[2])["tls"]["warning"]
    assert daemon.http("GET", "/healthz")[0] == get(daemon, context=anyone())[0] == 200


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
