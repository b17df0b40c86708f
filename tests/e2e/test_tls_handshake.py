"""How hands are shaken: what is spoken, and what those cost others who never come to the end."""
import asyncio
import os
import socket
import subprocess

import pytest

from certificates import LOCAL_CA, anyone, get, join, openssl, status, upgrade
from client import Client
from daemon import DEADLINE_S, run_hearthd, until


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
