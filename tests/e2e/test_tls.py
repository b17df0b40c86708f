"""TLS: which certificate is shown, what a bad one does, who may connect, and what hostile ones cost others."""
import asyncio
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest
import websockets

from certificates import DAY_S, LOCAL_CA, Files, anyone, der_of, get, openssl, shown, status
from client import Client
from daemon import DEADLINE_S, run_hearthd, until
from test_frames import frame


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


async def join(daemon, name, context=None):
    """A client that comes over TLS."""
    options = {"subprotocols": ["hearth.v1"], "compression": None, "max_size": None, "ping_interval": None,
               "open_timeout": DEADLINE_S}
    client = Client(await websockets.connect(f"wss://127.0.0.1:{daemon.tls_port}/ws", ssl=context or daemon.trusting(),
                                             **options))
    client.welcome = await client.ask("hello", name=name)
    await client.ask("join", room="lobby")
    return client


# ---- the board's own authority

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


# ---- files

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


def spoil_other_name(files):
    files.make("elsewhere.example.com").put()


@pytest.mark.parametrize("spoil, sentence", [
    (spoil_missing, "cannot be read"),
    (spoil_unreadable, "cannot be read"),
    (spoil_half_certificate, "no whole certificate"),
    (spoil_half_key, "no whole private key"),
    (spoil_other_key, "does not fit"),
    (spoil_expired, "expired on"),
    (spoil_other_name, "elsewhere.example.com"),
])
def test_a_bad_certificate_is_a_sentence_and_the_old_one_goes_on(make_daemon, files, spoil, sentence):
    daemon = make_daemon(files.make().put().settings)
    good = shown(daemon)
    assert "tls_warning" not in status(daemon)
    spoil(files)
    until(lambda: sentence in status(daemon).get("tls_warning", ""))
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
    assert "expired on" in status(daemon)["tls_warning"]
    assert daemon.http("GET", "/healthz")[0] == 200


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


# ---- what is spoken

def s_client(daemon, *words):
    return openssl("s_client", "-connect", f"127.0.0.1:{daemon.tls_port}", *words, input="", check=False)


def speaks_tls_1_3():
    return "OpenSSL" in run_hearthd("--version").stdout


def test_old_versions_and_weak_ciphers_are_refused(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    assert "Cipher is ECDHE-" in s_client(daemon, "-tls1_2").stdout
    if speaks_tls_1_3():
        assert "TLSv1.3, Cipher is TLS_" in s_client(daemon, "-tls1_3").stdout
    for words in (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
                  ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256")):
        done = s_client(daemon, *words)
        assert done.returncode != 0 and "Cipher is (NONE)" in done.stdout, words
    assert get(daemon)[0] == 200


def test_a_renegotiation_is_refused(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    command = ["timeout", str(DEADLINE_S), "openssl", "s_client", "-connect", f"127.0.0.1:{daemon.tls_port}", "-tls1_2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        client.stdin.write("R\n")  # which is its word for it; its standard input stays open until it has heard the answer
        client.stdin.flush()
        said = client.stdout.read()
    assert "RENEGOTIATING" in said and "no renegotiation" in said
    assert client.returncode != 0 and get(daemon)[0] == 200


def test_http_1_1_is_all_that_is_offered(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    assert "ALPN protocol: http/1.1" in s_client(daemon, "-alpn", "h2,http/1.1").stdout
    assert "Cipher is (NONE)" in s_client(daemon, "-alpn", "h2").stdout


def test_plain_http_on_the_port_is_told_so(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    with socket.create_connection(("127.0.0.1", daemon.tls_port), DEADLINE_S) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: board\r\n\r\n")
        answer = b""
        while part := raw.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer


def test_the_page_is_the_same_and_knows_the_other_port(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    plain, secure = daemon.http("GET", "/"), get(daemon, "/")
    assert plain[2] == secure[2] and plain[0] == secure[0] == 200
    told = json.loads(daemon.http("GET", "/api/v1/server")[2])["tls"]
    assert told == {"mode": "local_ca", "port": daemon.tls_port, "redirect": False, "warning": ""}


def test_the_page_that_tests_trust_may_ask_the_other_port_only(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    code, headers, body = daemon.http("GET", "/trust")
    assert code == 200 and b"/assets/trust-" in body and headers["content-type"].startswith("text/html")
    assert "connect-src 'self' https:;" in headers["content-security-policy"]
    assert "https:" not in daemon.http("GET", "/")[1]["content-security-policy"]


def test_the_pages_of_the_other_port_may_see_that_it_answers(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    own = f"http://127.0.0.1:{daemon.port}"
    assert get(daemon, headers={"Origin": own})[1]["access-control-allow-origin"] == own
    for strange in (f"http://127.0.0.1:{daemon.port + 1}", "http://example.org", "null"):
        assert "access-control-allow-origin" not in get(daemon, headers={"Origin": strange})[1]


async def test_people_chat_across_both_ports(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    mina = await join(daemon, "mina")
    jun = await Client.connect(daemon, "jun")
    await jun.ask("join", room="lobby")
    await mina.ask("send", room="lobby", text="안녕", nonce="1")
    assert (await jun.next("message"))["text"] == "안녕"
    for i in range(300):
        await jun.ask("send", room="lobby", text="x" * 2000, nonce=f"j{i}")
    texts = [await mina.next("message") for _ in range(301)]
    assert [t["nonce"] for t in texts if t["from"] == "jun"] == [f"j{i}" for i in range(300)]
    await mina.close()
    await jun.close()


def upgrade(daemon, context=None):
    """A bare WebSocket over TLS, its socket's buffers small."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(DEADLINE_S)
    raw.connect(("127.0.0.1", daemon.tls_port))
    secure = (context or daemon.trusting()).wrap_socket(raw, server_hostname="127.0.0.1")
    secure.sendall(f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{daemon.tls_port}\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n".encode())
    return secure


async def test_a_slow_reader_misses_nothing(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    slow = upgrade(daemon)
    slow.sendall(frame(1, b'{"type":"hello","name":"slow"}') + frame(1, b'{"type":"join","room":"lobby","history":0}'))
    got = b""
    while b'"type":"live"' not in got:
        got += slow.recv(65536)
    jun = await Client.connect(daemon, "jun")
    await jun.ask("join", room="lobby")
    for start in range(0, 2000, 100):
        waiting = [await jun.start("send", room="lobby", text=f"{i:05}" + "x" * 1000, nonce=str(i))
                   for i in range(start, start + 100)]
        await asyncio.gather(*waiting)
    await jun.close()
    got = b""
    while b"01999x" not in got:
        part = await asyncio.to_thread(slow.recv, 65536)
        assert part, "thrown out"
        got += part
    positions = [got.find(f'"{i:05}x'.encode()) for i in range(2000)]
    assert -1 not in positions and positions == sorted(positions)
    slow.close()


def test_an_answer_is_whole_when_the_gateway_hangs_up(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    for _ in range(20):
        code, headers, body = get(daemon, "/", headers={"Accept-Encoding": "identity"})
        assert code == 200 and len(body) == int(headers["content-length"])


async def test_a_stop_is_said_over_tls_too(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    mina = await join(daemon, "mina")
    await asyncio.to_thread(daemon.stop)
    assert (await mina.wait_closed())[0] == 1001


# ---- hostile ones

HELLO = bytes.fromhex("160301020001000100")  # and then nothing: a ClientHello of 512 bytes that does not come


@pytest.mark.parametrize("said", [b"", b"\x16", HELLO, HELLO + bytes(200), b"\x16\x03\x01\xff\xff" + bytes(64)],
                         ids=["silent", "one byte", "head", "half", "too long"])
async def test_hands_that_are_never_shaken_cost_nobody_a_place(make_daemon, said):
    daemon = make_daemon({**LOCAL_CA, "limits.connections": 40})
    held = []
    for _ in range(300):
        raw = socket.create_connection(("127.0.0.1", daemon.tls_port), DEADLINE_S)
        try:
            raw.sendall(said)
        except OSError:
            pass  # sent away already
        held.append(raw)
    guests = [await join(daemon, f"guest{i}") for i in range(20)]
    plain = [await Client.connect(daemon, f"plain{i}") for i in range(10)]
    assert status(daemon)["connections"] >= 30
    for each in [*guests, *plain]:
        await each.close()
    for raw in held:
        raw.close()
    until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) < 60)


async def test_300_who_shake_hands_at_once_and_say_nothing_cost_nobody_a_place(make_daemon):
    daemon = make_daemon({**LOCAL_CA, "limits.connections": 40})
    context = anyone()
    coming = [asyncio.open_connection("127.0.0.1", daemon.tls_port, ssl=context) for _ in range(300)]
    held = await asyncio.gather(*coming, return_exceptions=True)  # some are sent away before their turn comes
    guests = [await join(daemon, f"guest{i}") for i in range(20)]
    plain = [await Client.connect(daemon, f"plain{i}") for i in range(10)]
    assert status(daemon)["connections"] >= 30
    for each in [*guests, *plain]:
        await each.close()
    for each in held:
        if isinstance(each, tuple):
            each[1].transport.abort()


async def test_whoever_does_not_come_to_the_point_is_sent_away(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    with socket.create_connection(("127.0.0.1", daemon.tls_port), DEADLINE_S) as raw:
        raw.sendall(HELLO)
        until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) > 10)
        daemon.advance(11)
        raw.settimeout(DEADLINE_S)
        try:
            assert raw.recv(100) == b""
        except ConnectionResetError:
            pass


def test_noise_in_the_middle_ends_only_the_one_who_makes_it(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    for _ in range(20):
        secure = upgrade(daemon)
        raw = socket.socket(fileno=os.dup(secure.fileno()))
        raw.sendall(os.urandom(500))
        raw.settimeout(DEADLINE_S)
        try:
            while raw.recv(4096):
                pass
        except OSError:
            pass
        raw.close()
        secure.detach()
    assert get(daemon)[0] == 200


def test_many_who_go_in_the_middle_leave_nothing_behind(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    get(daemon)
    before = len(os.listdir(f"/proc/{daemon.pid}/fd"))
    context = daemon.trusting()
    for i in range(60):
        if i % 3 == 0:
            socket.create_connection(("127.0.0.1", daemon.tls_port), DEADLINE_S).close()
        else:
            secure = upgrade(daemon, context)
            if i % 3 == 1:
                secure.recv(10)
            socket.socket(fileno=secure.detach()).close()
    until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) <= before + 1)


@pytest.mark.parametrize("fault", ["missing", "unreadable", "another"])
def test_a_check_reads_the_files(files, tmp_path, fault):
    hearthd = os.environ["HEARTHD"]

    def check(certificate, key):
        return subprocess.run([hearthd, "--set", "tls.mode=files", "--set", f"tls.certificate={certificate}",
                               "--set", f"tls.key={key}", "--check-config"], capture_output=True, text=True)

    files.make().put()
    assert check(files.certificate, files.key).returncode == 0
    bad = tmp_path / "bad.pem"
    if fault == "unreadable":
        bad.mkdir()
    elif fault == "another":
        bad.write_text("no certificate\n")
    done = check(bad, files.key)
    assert done.returncode == 2 and str(bad) in done.stderr and "total" in done.stdout, done
