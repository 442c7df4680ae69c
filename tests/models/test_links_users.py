"""Whom a link may be for, asked for by web app or command line."""

from __future__ import annotations

import pytest

from models.links import LONGEST_USER_ID, UserIdUnusable, make_link
from models.session import Database

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("user_id", ["", "  ", "4\n2", "4\x1b[2J", "4\u202e2", "4" * (LONGEST_USER_ID + 1)])
def test_a_user_has_a_name_that_can_be_shown(database: Database, user_id: str) -> None:
    with database.session() as session, pytest.raises(UserIdUnusable, match="1 to 200 characters"):
        make_link(session, user_id, "fake")


def test_a_users_name_may_be_long_and_in_any_script(database: Database) -> None:
    with database.session() as session:
        assert make_link(session, "4" * LONGEST_USER_ID, "fake")
        assert make_link(session, "Ådne Øy", "fake")
