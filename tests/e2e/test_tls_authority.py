"""The board's own authority: what it vouches for, and for how long."""
import os
import signal
import ssl
import stat
import time

import pytest

from certificates import DAY_S, LOCAL_CA, der_of, get, openssl, shown, status
from daemon import until


def test_whoever_trusts_the_boards_authority_is_served(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    code, headers, pem = daemon.http("GET", "/ca.crt")
    assert code == 200 and headers["content-type"] == "application/x-x509-ca-cert"
    context = ssl.create_default_context(cadata=pem.decode())
    assert get(daemon, context=context)[0] == 200
    assert get(daemon, context=context, host="localhost")[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        get(daemon, context=ssl.create_default_context())


def test_keys_are_nobody_elses(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (daemon.folder / "tls").iterdir()}
    assert modes["ca.key"] == modes["board.key"] == 0o600


def test_the_boards_certificate_lasts_397_days(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    text = ssl._ssl._test_decode_cert(str(daemon.folder / "tls" / "board.crt"))
    lasts = ssl.cert_time_to_seconds(text["notAfter"]) - ssl.cert_time_to_seconds(text["notBefore"])
    assert lasts <= 397 * DAY_S
    assert ("DNS", "localhost") in text["subjectAltName"] and ("IP Address", "127.0.0.1") in text["subjectAltName"]
    assert status(daemon)["tls_expires"] // 1000 == ssl.cert_time_to_seconds(text["notAfter"])


def test_signatures_are_written_as_browsers_want_them(make_daemon):
    """ecdsa-with-SHA256 has no parameters (RFC 5758, 3.2): Chromium takes what has NULL there for no certificate."""
    folder = make_daemon(LOCAL_CA).folder / "tls"
    for name in ("ca.crt", "board.crt"):
        ecdsa = bytes.fromhex("06082a8648ce3d040302")
        assert [der_of(folder / name).count(part) for part in (b"\x30\x0a" + ecdsa, ecdsa + b"\x05\x00")] == [2, 0]


def test_the_authority_can_vouch_for_nobody_elses_name(make_daemon, tmp_path):
    folder = make_daemon(LOCAL_CA).folder / "tls"
    for name, is_fine in (("DNS:bank.example.com", False), ("IP:8.8.8.8", False), ("DNS:tv.lan", True),
                          ("IP:192.168.7.7", True)):
        (tmp_path / "names").write_text(f"subjectAltName={name}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=x",
                "-keyout", tmp_path / "k", "-out", tmp_path / "r")
        openssl("x509", "-req", "-in", tmp_path / "r", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-CAserial", tmp_path / "serial", "-extfile", tmp_path / "names",
                "-out", tmp_path / "c")
        done = openssl("verify", "-CAfile", folder / "ca.crt", tmp_path / "c", check=False)
        assert (done.returncode == 0) == is_fine, (name, done.stdout + done.stderr)


@pytest.mark.parametrize("made, days", [("now", 20), ("400 days", 300)], ids=["ends soon", "begins later"])
def test_the_authority_stays_and_an_untimely_certificate_is_made_anew(make_daemon, tmp_path, made, days):
    """What a board has made for itself while it believed another time is as little use as what ends."""
    daemon = make_daemon(LOCAL_CA)
    folder = daemon.folder / "tls"
    authority = (folder / "ca.crt").read_text()
    kept = shown(daemon)
    daemon.restart()
    assert shown(daemon) == kept
    daemon.stop()
    (tmp_path / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-new", "-key", folder / "board.key", "-subj", "/CN=hearth", "-out", tmp_path / "r")
    openssl("x509", "-req", "-in", tmp_path / "r", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-CAserial", tmp_path / "serial", "-days", days, "-extfile", tmp_path / "names",
            "-out", folder / "board.crt", prefix=[] if made == "now" else ["faketime", made])
    daemon.start()
    assert (folder / "ca.crt").read_text() == authority
    assert time.time() + 390 * DAY_S < status(daemon)["tls_expires"] / 1000 < time.time() + 397 * DAY_S
    assert get(daemon)[0] == 200


def test_a_new_name_is_in_the_next_certificate(make_daemon, tmp_path):
    daemon = make_daemon(LOCAL_CA, start=False)
    config = tmp_path / "hearth.conf"
    config.write_text("")
    command = daemon.command
    daemon.command = lambda: [*command(), "-c", str(config)]
    daemon.start()
    assert "club.lan" not in status(daemon)["tls_names"]
    config.write_text('http = { allowed_hosts = "club.lan"; };')
    os.kill(daemon.pid, signal.SIGHUP)
    until(lambda: "club.lan" in status(daemon)["tls_names"])
    assert get(daemon)[0] == 200


def test_an_authority_whose_key_is_lost_is_no_reason_not_to_start(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    folder = daemon.folder / "tls"
    daemon.stop()
    (folder / "board.crt").unlink()
    (folder / "ca.key").write_text("nothing\n")
    daemon.start()
    assert "ca.key" in status(daemon)["tls_warning"]
    assert daemon.http("GET", "/healthz")[0] == 200


def test_without_tls_there_is_no_authority(daemon):
    assert daemon.http("GET", "/ca.crt")[0] == 404
    assert status(daemon)["tls"] == "off" and "tls_warning" not in status(daemon)
