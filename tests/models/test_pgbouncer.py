"""Behind PgBouncer in transaction mode, which refuses the `options` start-up parameter, the limits hold all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models.session import Database

pytestmark = pytest.mark.servers


def test_a_statement_is_cut_at_its_limit_and_the_next_one_has_its_own(pooled: Database) -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        _sleep(pooled, timedelta(milliseconds=50))
    _sleep(pooled, timedelta(seconds=5))
    with pooled.session() as session:
        assert session.scalars(text("SHOW statement_timeout")).one() == "25s"


def _sleep(database: Database, limit: timedelta) -> None:
    with database.session(limit) as session:
        session.execute(text("SELECT pg_sleep(0.3)"))
