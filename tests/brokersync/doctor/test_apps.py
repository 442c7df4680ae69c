"""What the doctor says of apps: circuits that are open, connections that one app does not serve, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from brokersync.doctor import apps, stored
from brokersync.doctor.findings import Finding, Level
from models.connection import Status
from models.session import Database
from tests.brokersync.stored_circuits import open_circuit
from tests.records import a_connection

pytestmark = pytest.mark.servers


def examined(database: Database) -> list[Finding]:
    with database.session() as session:
        return apps.examine(session)


def test_a_refused_app_is_one_fault_with_who_waits_and_what_to_do(database: Database) -> None:
    open_circuit(database)
    for kind in ("app_misconfigured", None):
        a_connection(database, broker="schwab", last_error_kind=kind)
    a_connection(database, broker="schwab", status=Status.DISCONNECTED)
    a_connection(database, broker="another")
    (found,) = examined(database)
    assert (found.level, found.check) == (Level.FAULT, "Charles Schwab")
    assert found.said == (
        "It has refused the app for 3 h (app_misconfigured): 2 connections are waiting; it is asked about it again in 7 min."
    )
    assert "Ready For Use" in str(found.remedy)
    assert "brokersync sync --all" in str(found.remedy)


def test_a_refused_app_that_workers_do_not_have_any_more_holds_nobody_back(database: Database) -> None:
    open_circuit(database)
    a_connection(database, broker="schwab", last_success_at=datetime.now(UTC) - timedelta(hours=2))
    assert examined(database) == []
    a_connection(database, broker="schwab", last_success_at=datetime.now(UTC) - timedelta(hours=4))
    (found,) = examined(database)
    assert "1 connection is waiting" in found.said


def test_a_worker_that_lacks_the_variables_is_told_of_while_another_one_asks(database: Database) -> None:
    open_circuit(database, app="")
    a_connection(database, broker="schwab", last_success_at=datetime.now(UTC))
    (found,) = examined(database)
    assert "no connection is waiting" in found.said


def test_a_probe_that_is_due_comes_any_moment(database: Database) -> None:
    open_circuit(database, probe_at=datetime.now(UTC) - timedelta(seconds=1))
    a_connection(database, broker="schwab")
    (found,) = examined(database)
    assert found.said.endswith("1 connection is waiting; it is asked about it any moment.")


def test_a_worker_that_lacks_the_variables_is_a_fault_of_that_worker(database: Database) -> None:
    open_circuit(database, app="")
    (found,) = examined(database)
    assert (found.level, "A worker has lacked its variables for 3 h" in found.said) == (Level.FAULT, True)
    assert found.remedy == "Correct that worker's environment and start it again."


def test_a_silent_broker_is_a_warning_that_asks_nothing_of_anybody(database: Database) -> None:
    open_circuit(database, error_kind="broker_down")
    (found,) = examined(database)
    assert (found.level, "answered nobody for 3 h" in found.said) == (Level.WARNING, True)
    assert str(found.remedy).startswith("Nothing")


def test_a_circuit_of_a_broker_that_is_gone_is_told_by_its_name(database: Database) -> None:
    open_circuit(database, broker="gone")
    (found,) = examined(database)
    assert (found.check, str(found.remedy).startswith("Once that is done")) == ("gone", True)


def test_an_app_that_was_refused_at_the_last_sync_is_a_fault(database: Database) -> None:
    for _ in range(2):
        a_connection(database, broker="schwab", last_error_kind="app_misconfigured")
    a_connection(database, broker="schwab", last_error_kind="app_misconfigured", status=Status.DISCONNECTED)
    a_connection(database, broker="schwab", last_error_kind="unreachable")
    (found,) = examined(database)
    assert (found.level, found.check) == (Level.FAULT, "Charles Schwab")
    assert "refused the app (app_misconfigured): 2 connections are waiting" in found.said


def test_connections_that_wait_for_a_circuit_are_not_called_overdue(database: Database) -> None:
    long_due = datetime.now(UTC) - timedelta(minutes=10)
    open_circuit(database)
    a_connection(database, broker="schwab", next_sync_at=long_due)
    with database.session() as session:
        assert stored.overdue(session) == []
    a_connection(database, broker="another", next_sync_at=long_due)
    with database.session() as session:
        assert len(stored.overdue(session)) == 1
