"""Certificates from elsewhere: renewed ones, and what a bad one does."""
import asyncio
import json
import re
import time

import pytest

from certificates import DAY_S, Files, anyone, der_of, join, openssl, shown, status
from daemon import run_hearthd, until


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


async def test_a_renewed_certificate_drops_nobody(make_daemon, files):
    daemon = make_daemon(files.make().put().settings)
    first = der_of(files.certificate)
    assert shown(daemon) == first
    mina = await join(daemon, "mina", anyone())
    files.make().put()
    await asyncio.to_thread(until, lambda: shown(daemon) == der_of(files.certificate))
    assert der_of(files.certificate) != first
    await mina.ask("send", room="lobby", text="still here", nonce="1")
    await mina.close()


def half(path):
    text = path.read_text()
    path.write_text(text[:len(text) // 2])


def spoil_missing(files):
    files.certificate.unlink()


def spoil_unreadable(files):
    files.certificate.unlink()
    files.certificate.mkdir()


def spoil_half_certificate(files):
    half(files.make().spare / "crt")
    files.put()


def spoil_half_key(files):
    half(files.make().spare / "key")
    files.put()


def spoil_other_key(files):
    files.make()
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", files.spare / "key")
    files.put()


def spoil_expired(files):
    files.make(made="300 days ago", days=30).put()


def spoil_other_kind(files):
    files.make(key=["ed25519"]).put()


def spoil_short_key(files):
    files.make(key=["rsa:1024"]).put()


def spoil_other_name(files):
    files.make("elsewhere.example.com").put()


@pytest.mark.parametrize("spoil, sentence", [
    (spoil_missing, "cannot be read"),
    (spoil_unreadable, "cannot be read"),
    (spoil_half_certificate, "no whole certificate"),
    (spoil_half_key, "no whole private key"),
    (spoil_other_key, "does not fit"),
    (spoil_expired, "expired on"),
    (spoil_other_kind, "of a kind that is not taken"),
    (spoil_short_key, "1024 bits"),
    (spoil_other_name, "elsewhere.example.com"),
])
def test_a_bad_certificate_is_a_sentence_and_the_old_one_goes_on(make_daemon, files, spoil, sentence):
    daemon = make_daemon(files.make().put().settings)
    good = shown(daemon)
    assert "tls_warning" not in status(daemon)
    spoil(files)
    until(lambda: sentence in status(daemon).get("tls_warning", ""))
    assert status(daemon)["tls_warning"].endswith("What was there before goes on.")
    assert shown(daemon) == good
    until(lambda: any("tls: " in line and sentence in line for line in daemon.log))
    if files.certificate.is_dir():
        files.certificate.rmdir()
    files.make().put()
    until(lambda: "tls_warning" not in status(daemon))
    assert shown(daemon) == der_of(files.certificate) != good


def test_without_a_usable_certificate_http_is_served_until_there_is_one(make_daemon, files):
    daemon = make_daemon(files.settings)
    assert daemon.http("GET", "/healthz")[0] == 200
    assert "cannot be read" in status(daemon)["tls_warning"]
    with pytest.raises(OSError):
        shown(daemon)
    files.make().put()
    until(lambda: "tls_warning" not in status(daemon))
    assert shown(daemon) == der_of(files.certificate)


def test_an_expired_certificate_is_better_than_none_and_never_stops_http(make_daemon, files):
    daemon = make_daemon(files.make(made="300 days ago", days=30).put().settings)
    assert shown(daemon) == der_of(files.certificate)
    assert re.fullmatch(r"The certificate expired on [-0-9]+\. Browsers warn of it; http goes on\.",
                        status(daemon)["tls_warning"])
    assert daemon.http("GET", "/healthz")[0] == 200


def test_what_is_not_valid_yet_is_shown_and_told_until_it_is(make_daemon, files):
    """It is the board's clock that is wrong, nearly always: whoever connects knows the time."""
    daemon = make_daemon(files.make().put().settings)
    files.make(made="2 days").put()
    until(lambda: "is not valid before" in status(daemon).get("tls_warning", ""))
    assert shown(daemon) == der_of(files.certificate)
    daemon.administrator("clock", time=int((time.time() + 3 * DAY_S) * 1000))
    until(lambda: "tls_warning" not in status(daemon))


def test_a_certificate_that_ends_while_it_is_shown_is_told(make_daemon, files):
    daemon = make_daemon(files.make(days=30).put().settings)
    daemon.administrator("clock", time=int((time.time() + 31 * DAY_S) * 1000))
    until(lambda: "expired on" in status(daemon).get("tls_warning", ""))
    until(lambda: any("tls: The certificate expired" in line for line in daemon.log))
    assert "What was there before" not in status(daemon)["tls_warning"]
    assert shown(daemon) == der_of(files.certificate)


def test_an_end_within_14_days_is_told(make_daemon, files):
    daemon = make_daemon(files.make(days=13).put().settings)
    warning = status(daemon)["tls_warning"]
    assert warning.startswith("The certificate expires on 20")
    assert json.loads(daemon.http("GET", "/api/v1/server")[2])["tls"]["warning"] == warning
    metrics = daemon.http("GET", "/metrics")[2].decode()
    expires = [line for line in metrics.splitlines() if line.startswith("hearth_tls_certificate_expires_seconds ")]
    assert float(expires[0].split()[1]) == status(daemon)["tls_expires"] / 1000
    assert warning in daemon.ctl("status")


def test_a_whole_chain_is_shown(make_daemon, files):
    files.make()
    leaf = (files.spare / "crt").read_text()
    key = (files.spare / "key").read_text()
    issuer = (files.make("issuer.example.org").spare / "crt").read_text()
    (files.spare / "crt").write_text(leaf + issuer)
    (files.spare / "key").write_text(key)
    daemon = make_daemon(files.put().settings)
    told = openssl("s_client", "-connect", f"127.0.0.1:{daemon.tls_port}", "-showcerts", input="", check=False)
    assert told.stdout.count("-----BEGIN CERTIFICATE-----") == 2


@pytest.mark.parametrize("settings, word", [
    ({"tls.mode": "files"}, "tls.certificate"),
    ({"tls.mode": "files", "tls.certificate": "/x"}, "tls.key"),
    ({"tls.mode": "local_ca", "tls.port": 8080, "listen.port": 8080}, "tls.port"),
    ({"tls.mode": "on"}, "tls.mode"),
])
def test_a_wrong_setting_is_named(settings, word):
    done = run_hearthd("--check-config", *[f"--set={key}={value}" for key, value in settings.items()])
    assert done.returncode == 2 and word in done.stderr


def checked(files, certificate=None):
    return run_hearthd("--check-config", "--set=tls.mode=files", f"--set=tls.certificate={certificate or files.certificate}",
                       f"--set=tls.key={files.key}", "--set=http.allowed_hosts=chat.example.org")


@pytest.mark.parametrize("spoil, sentence", [(None, ""), (spoil_expired, "expired on"),
                                             (spoil_other_name, "elsewhere.example.com")])
def test_a_check_says_what_makes_a_certificate_doubtful(files, spoil, sentence):
    """It is shown for want of a better one: no error."""
    files.make().put()
    if spoil:
        spoil(files)
    done = checked(files)
    assert done.returncode == 0 and sentence in done.stderr and bool(done.stderr) == bool(sentence)


@pytest.mark.parametrize("fault", ["missing", "unreadable", "another"])
def test_a_check_reads_the_files(files, tmp_path, fault):
    files.make().put()
    assert checked(files).returncode == 0
    bad = tmp_path / "bad.pem"
    if fault == "unreadable":
        bad.mkdir()
    elif fault == "another":
        bad.write_text("no certificate\n")
    done = checked(files, bad)
    assert done.returncode == 2 and str(bad) in done.stderr and "total" in done.stdout, done
