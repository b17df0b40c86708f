"""What those find who look for weak TLS: sslscan, and in a long run testssl.sh."""
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

from certificates import LOCAL_CA, get
from daemon import DEADLINE_S

LONG = bool(os.environ.get("HEARTH_LONG_TESTS"))
AEAD = ("GCM", "CHACHA20")
# Of a board at home, and meant so: an authority of its own that revokes nothing and has no name in DNS; http beside
# https, which a device goes to by itself once it trusts; a client's own order of ciphers, since all are good and a
# phone knows which its processor can do; compressed files that hold no secret. The first is about testssl.sh itself.
BY_DESIGN = ("engine_problem", "cert_revocation", "DNS_CAArecord", "HSTS", "cipher_order", "BREACH")


def scan(daemon):
    done = subprocess.run(["sslscan", "--xml=-", "--no-colour", f"127.0.0.1:{daemon.tls_port}"], capture_output=True,
                          text=True, check=True, timeout=DEADLINE_S)
    return xml.fromstring(done.stdout).find("ssltest")


@pytest.mark.skipif(not shutil.which("sslscan"), reason="without sslscan")
def test_sslscan_finds_new_versions_and_strong_ciphers_alone(make_daemon):
    daemon = make_daemon(LOCAL_CA)
    found = scan(daemon)
    versions = {each.get("type") + each.get("version") for each in found.iter("protocol") if each.get("enabled") == "1"}
    assert versions in ({"tls1.2"}, {"tls1.2", "tls1.3"})
    ciphers = [each.get("cipher") for each in found.iter("cipher")]
    assert len(ciphers) >= 3
    for cipher in ciphers:
        assert cipher.startswith(("ECDHE-", "TLS_")) and any(word in cipher for word in AEAD), cipher
    assert all(each.get("vulnerable") == "0" for each in found.iter("heartbleed"))
    assert [each.get("supported") for each in found.iter("renegotiation")] == ["0"]
    assert all(each.get("supported") == "0" for each in found.iter("compression"))
    assert get(daemon)[0] == 200


@pytest.mark.skipif(not (LONG and shutil.which("testssl")), reason="minutes long: HEARTH_LONG_TESTS=1, testssl.sh")
def test_testssl_finds_nothing_to_complain_of(make_daemon, tmp_path):
    daemon = make_daemon(LOCAL_CA)
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--add-ca",
                    str(daemon.folder / "tls" / "ca.crt"), "--jsonfile", str(tmp_path / "found.json"),
                    f"127.0.0.1:{daemon.tls_port}"], capture_output=True, check=False, timeout=1500)
    found = json.loads((tmp_path / "found.json").read_text())
    bad = [each for each in found if each["severity"] not in ("OK", "INFO", "DEBUG") and each["id"] not in BY_DESIGN]
    assert len(found) > 50 and bad == []
    assert get(daemon)[0] == 200
