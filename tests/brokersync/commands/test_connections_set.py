from __future__ import annotations

from datetime import timedelta

import pytest

from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login
from tests.records import a_connection
from tests.worker.stored import connection_row, events, put

pytestmark = pytest.mark.servers


def test_what_was_set_is_told_listed_and_in_the_document(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    short = str(connection_id)[:8]
    ran = run(
        "connections",
        "set",
        short,
        "--interval=10m",
        "--hours=09:30-16:00",
        "--time-zone=america/new_york",
        "--label=IRA",
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"Connection {connection_id}, IRA, is asked every 10 min, from 09:30 to 16:00 in America/New_York.\n"
    )
    listed = run("connections").out
    assert f"{short}    IRA    42    schwab" in listed
    assert "\nAsked every 10 min, from 09:30 to 16:00 in America/New_York\n" in listed
    (document,) = run("connections", "--json").document["connections"]
    settings = {"label": "IRA", "sync_interval": 600, "hours_from": "09:30", "hours_until": "16:00"}
    assert document.items() >= (settings | {"time_zone": "America/New_York"}).items()
    assert events(stored, connection_id) == ["settings_changed"]


def test_the_answer_is_the_connections_document(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    answer = run("connections", "set", str(connection_id), "--label", "IRA", "--json").document
    assert answer == {"connection": run("connections", "--json").document["connections"][0]}
    assert answer["connection"]["label"] == "IRA"


def test_what_is_not_named_stays_and_what_is_emptied_goes(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    run("connections", "set", str(connection_id), "--label=IRA", "--hours=22:00-06:00", "--time-zone=Europe/Berlin")
    run("connections", "set", str(connection_id), "--label=", "--hours=always")
    row = connection_row(stored, connection_id)
    assert (row.label, row.hours_from, row.hours_until, row.time_zone) == (None, None, None, "Europe/Berlin")
    assert row.sync_interval == timedelta(minutes=5)


def test_nothing_named_is_told_what_can_be_set(stored: Database) -> None:
    ran = run("connections", "set", "0b6e2f41")
    assert (ran.code, ran.out) == (2, "")
    assert "Error: Name what to set: --interval, --hours, --time-zone or --label.\n" in ran.err


@pytest.mark.parametrize(
    ("option", "typed"), [("--interval", "often"), ("--hours", "9-5"), ("--time-zone", "Mars"), ("--label", "a\nb")]
)
def test_what_cannot_be_used_changes_nothing(stored: Database, option: str, typed: str) -> None:
    connection_id, _ = a_login(stored)
    ran = run("connections", "set", str(connection_id), "--interval", "1h", option, typed)
    assert (ran.code, ran.out) == (2, "")
    assert f"Error: Invalid value for '{option}'" in ran.err
    assert events(stored, connection_id) == []


def test_an_unknown_connection_is_a_failure_that_says_where_to_look(stored: Database) -> None:
    ran = run("connections", "set", "ffffffff", "--label=x")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Error: There is no connection ffffffff: `brokersync connections` lists them.\n"


def test_asking_more_often_than_is_sensible_is_done_with_a_warning(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    ran = run("connections", "set", str(connection_id), "--interval=1s", "--json")
    assert ran.code == 0
    assert ran.err.startswith("Warning: Charles Schwab is asked more often than every ")
    assert ran.document["connection"]["sync_interval"] == 1
    assert run("connections", "set", str(connection_id), "--interval=1h").err == ""


def test_a_broker_that_is_not_known_any_more_is_no_obstacle(stored: Database) -> None:
    connection_id = a_connection(stored, broker="gone")
    assert run("connections", "set", str(connection_id), "--interval=1s").err == ""


def test_options_of_the_list_before_set_are_refused(stored: Database) -> None:
    ran = run("connections", "--json", "set", "0b6e2f41", "--label=x")
    assert (ran.code, ran.out) == (2, "")
    assert "Put the options of `set` behind it." in ran.err


def test_a_label_that_others_wrote_steers_no_terminal(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    put(stored, connection_id, label="\x1b[31mred", time_zone="\x1b[31mUTC")
    for arguments in (["connections"], ["connections", "set", str(connection_id), "--interval=1h"]):
        assert "\x1b[31m" not in run(*arguments).out
