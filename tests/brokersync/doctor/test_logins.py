"""What the doctor says of logins that have ended, or will with nobody being told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brokersync.doctor import logins
from brokersync.doctor.findings import Finding, Level
from models.connection import Status
from models.session import Database
from settings import Settings
from tests.records import a_connection

pytestmark = pytest.mark.servers


def examined(database: Database, **given: Any) -> list[Finding]:
    with database.session() as session:
        return logins.examine(session, Settings(**given))


def ending(database: Database, left: timedelta, **values: Any) -> None:
    ends_at = datetime.now(UTC) + left
    a_connection(database, login_at=ends_at - timedelta(days=7), login_expires_at=ends_at, **values)


@pytest.mark.parametrize(("count", "said"), [(1, "1 login has ended"), (2, "2 logins have ended")])
def test_a_login_that_has_ended_is_a_warning_with_the_command_that_repairs_it(
    count: int, said: str, database: Database
) -> None:
    first, *_ = [a_connection(database, status=Status.REAUTH_REQUIRED) for _ in range(count)]
    a_connection(database)
    (found,) = examined(database)
    assert (found.level, found.check) == (Level.WARNING, "Logins")
    assert found.said.startswith(said)
    assert str(found.remedy).startswith(f"brokersync link --repair {first}")
    assert ("`brokersync connections`" in str(found.remedy)) == (count > 1)


@pytest.mark.parametrize(
    ("given", "is_told"),
    [
        ({}, True),
        ({"notify_urls": "mailto://me@example.org"}, False),
        ({"webhook_url": "https://app.example.org/events"}, False),
        ({"login_notices": (timedelta(hours=2),)}, False),
    ],
)
def test_a_login_that_ends_soon_is_a_warning_where_nobody_would_be_told(
    given: dict[str, Any], is_told: bool, database: Database
) -> None:
    ending(database, timedelta(hours=23, minutes=30))
    ending(database, timedelta(hours=47), status=Status.PAUSED)
    ending(database, timedelta(days=3))
    ending(database, timedelta(minutes=-5))
    ending(database, timedelta(hours=1), status=Status.DISCONNECTED)
    a_connection(database, login_expires_at=None)
    found = examined(database, **({"login_notices": (timedelta(hours=48),)} | given))
    assert [(each.level, each.check) for each in found] == [(Level.WARNING, "Logins")] * is_told
    if is_told:
        assert found[0].said.startswith("2 logins end within 2 d (the first in 23 h 29 min), and nobody is told")
        assert "NOTIFY_URLS" in str(found[0].remedy)


def test_a_login_that_never_lives_longer_than_the_notice_is_no_matter(database: Database) -> None:
    now = datetime.now(UTC)
    a_connection(database, login_at=now, login_expires_at=now + timedelta(hours=24))
    assert examined(database) == []
