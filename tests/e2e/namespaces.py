"""Tests that want a network, or files in /etc, of their own: they run again inside new namespaces. Where the
kernel refuses those, they are skipped."""
import subprocess
import sys

import pytest


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


def inside(function, tmp_path):
    """Runs a function of a test file, which ends in `globals()[sys.argv[1]](sys.argv[2])` or in what runs that when
    it is async, as root of new user, network and mount namespaces."""
    if subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here")
    done = subprocess.run(["unshare", "-rnm", sys.executable, "-B", function.__code__.co_filename, function.__name__,
                           str(tmp_path)], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
