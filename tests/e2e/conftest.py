"""Fixtures: a daemon of one's own, stopped and examined at the end."""
import pytest

from daemon import OVER_TLS, Daemon

# What HEARTH_TEST_OVER_TLS leaves out, by why: the client's clock is another than the gateway's; a disk so full that
# no authority can be written; the test is about http, or about what the gateway says and keeps without TLS.
ABOUT_HTTP = (
    "test_a_start_in_1970_goes_on_after_the_last_message", "test_limits_are_not_confused_by_jumps",
    "test_a_start_with_a_wrong_clock_wipes_nothing", "test_the_right_time_comes_back_with_the_correction",
    "test_an_hour_is_an_hour_whatever_the_clock_does", "test_a_short_mute_ends_though_the_clock_went_back",
    "test_no_clock_that_jumps_ends_a_room",

    "test_a_full_disk_is_waited_for_and_rooms_are_closed_until_then",
    "test_a_full_disk_is_said_and_over_when_there_is_space_again", "test_a_start_on_a_full_disk_serves_what_there_is",
    "test_a_start_after_a_crash_on_a_full_disk_of_4_mib", "test_a_full_disk_is_told_to_the_sender_who_comes_again",
    "test_where_a_disk_is_nearly_full_files_end_and_words_go_on",
    "test_a_disk_that_fills_in_the_middle_of_a_file_is_said_and_nothing_of_it_stays",

    "test_logs_may_be_json_lines", "test_requests_that_do_not_end_give_way",
    "test_metrics_tell_of_storage_clock_and_joins", "test_each_operation_answers_as_described",
    "test_every_file_is_for_its_owner_only", "test_who_came_to_the_proxy_over_tls_is_counted_so",
    "test_the_client_of_the_readme_reads_and_speaks", "test_the_two_clients_of_the_readme_understand_each_other",
    "test_the_plain_endpoint_is_switched_on_by_a_reload", "test_a_page_elsewhere_may_not_post",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if OVER_TLS and item.originalname in ABOUT_HTTP:
            item.add_marker(pytest.mark.skip(reason="about http"))


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
