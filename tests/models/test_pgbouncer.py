"""Behind PgBouncer in transaction mode, which refuses the `options` start-up parameter, the limits hold all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models import session as sessions
from models.session import Database

pytestmark = pytest.mark.servers


def test_a_statement_is_cut_at_its_limit_and_the_next_one_has_its_own(pooled: Database) -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        _sleep(pooled, timedelta(milliseconds=50))
    _sleep(pooled, timedelta(seconds=5))
    with pooled.session() as session:
        assert session.scalars(text("SHOW statement_timeout")).one() == "25s"


def test_a_statement_sent_at_once_has_its_limit_and_leaves_none(
    pooled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "STATEMENT_TIMEOUT", timedelta(milliseconds=50))
    for _ in range(8):  # more than the pooler has connections
        with pytest.raises(OperationalError, match="statement timeout"):
            pooled.at_once("SELECT pg_sleep(0.3)", {})
    with pooled.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "0"


def _sleep(database: Database, limit: timedelta) -> None:
    with database.session(limit) as session:
        session.execute(text("SELECT pg_sleep(0.3)"))
