"""The README's way to a certificate of an authority of the internet, as it stands there: uacme proves the name by
DNS to pebble, which is Let's Encrypt's own server for tests. Both in a network of their own, where pebble's
certificate is trusted."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from certificates import Files, openssl, shown, status
from daemon import DEADLINE_S, Daemon, until
from namespaces import inside, run

README = Path(__file__).parent / "../../README.md"
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
# What the DNS server of an internet name does for its owner, by whatever means.
HOOK = """#!/bin/sh
[ "$2" = dns-01 ] || exit 1
case $1 in
begin) ask=set-txt ;;
*) ask=clear-txt ;;
esac
exec curl -fsS -d "{\\"host\\":\\"_acme-challenge.$3.\\",\\"value\\":\\"$5\\"}" "http://127.0.0.1:8055/$ask"
"""


def make_authority(folder):
    """pebble, its DNS server, and trust in pebble's own certificate. Gives both processes."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=pebble", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", folder / "pebble.key", "-out", folder / "pebble.crt")
    run("mount", "--bind", folder / "pebble.crt", TRUSTED)
    run("ip", "link", "set", "lo", "up")
    config = {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000", "httpPort": 5002,
              "tlsPort": 5001, "certificate": str(folder / "pebble.crt"), "privateKey": str(folder / "pebble.key")}
    (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
    names = ["pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "", "-dns01", "127.0.0.1:8053",
             "-management", "127.0.0.1:8055"]
    pebble = ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", "127.0.0.1:8053"]
    with open(folder / "pebble.log", "w", encoding="utf-8") as log:
        return [subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PEBBLE_VA_NOSLEEP": "1"})
                for command in (names, pebble)]


def answers(*words):
    return subprocess.run(["curl", "-fsS", *words], capture_output=True, check=False).returncode == 0


def recipe(folder):
    """As the README has it, but for the folders, the server, the hook and the group."""
    found = re.search(r"<!-- recipe: acme -->\n```\w+\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert found, "the README has no such recipe"
    (folder / "hook").write_text(HOOK)
    (folder / "hook").chmod(0o755)
    text = found[1].replace("uacme ", f"uacme -a https://localhost:14000/dir -c {folder}/uacme ")
    for theirs, ours in (("/etc/ssl/uacme/", f"{folder}/uacme/"), ("/usr/share/uacme/nsupdate.sh", f"{folder}/hook"),
                         ("/etc/hearth/", f"{folder}/"), (" -g _hearth", "")):
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


def follow(folder, text):
    done = subprocess.run(["sh", "-e", "-c", text], capture_output=True, text=True, timeout=DEADLINE_S,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr + (folder / "pebble.log").read_text()


def a_name_on_the_internet(folder):
    folder = Path(folder)
    authority = make_authority(folder)
    try:
        until(lambda: answers("https://localhost:14000/dir") and answers("-d", '{"host":"x."}', "http://127.0.0.1:8055/clear-txt"))
        files = Files(folder)
        with Daemon(folder, files.settings) as daemon:
            assert "cannot be read" in status(daemon)["tls_warning"]
            account, certificate = recipe(folder).split("\n", 1)
            follow(folder, account + "\n" + certificate)
            until(lambda: "tls_warning" not in status(daemon))
            first = shown(daemon)
            assert status(daemon)["tls_names"] == "chat.example.org"
            shutil.rmtree(folder / "uacme/chat.example.org")  # or nothing is due
            follow(folder, certificate)
            until(lambda: shown(daemon) != first)
            assert "tls_warning" not in status(daemon)
    finally:
        for process in authority:
            process.kill()
            process.wait()


@pytest.mark.skipif(not (shutil.which("pebble") and shutil.which("uacme")), reason="without pebble and uacme")
def test_a_name_on_the_internet_has_a_certificate_and_its_renewal(tmp_path):
    inside(a_name_on_the_internet, tmp_path)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
