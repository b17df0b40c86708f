"""Fixtures: a daemon of one's own, stopped and examined at the end."""
import pytest

from daemon import Daemon


@pytest.fixture
def daemon(tmp_path):
    """A running gateway with the defaults, its data in a folder of its own."""
    with Daemon(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A gateway for all tests of a file that leave nothing behind: many short ones, say, of one
    request each. Its people have names of their own: see client.new_name."""
    with Daemon(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def make_daemon(tmp_path):
    """Makes gateways with settings: make_daemon({"limits.text_bytes": 64})."""
    made = []

    def make(settings=None, start=True):
        made.append(Daemon(tmp_path, settings))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.finish()
