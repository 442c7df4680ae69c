from __future__ import annotations

import uuid

import pytest

from brokersync.ids import NoSuchId, account_id, connection_id
from models.session import Database
from tests.records import a_connection, an_account

pytestmark = pytest.mark.servers

FIRST = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")
SECOND = uuid.UUID("0b6e2f42-0000-4000-8000-000000000001")


def test_the_first_characters_of_an_id_do(database: Database) -> None:
    a_connection(database, id=FIRST)
    a_connection(database, id=SECOND)
    assert connection_id(database, "0B6E2F41") == FIRST
    assert connection_id(database, str(SECOND)) == SECOND


def test_an_ambiguous_beginning_is_refused(database: Database) -> None:
    a_connection(database, id=FIRST)
    a_connection(database, id=SECOND)
    with pytest.raises(NoSuchId, match="More than one connection begins with 0b6e2f4"):
        connection_id(database, "0b6e2f4")


@pytest.mark.parametrize("typed", ["0b6", "%", ""])
def test_what_is_too_short_for_an_id_says_how_much_to_type(database: Database, typed: str) -> None:
    a_connection(database, id=FIRST)
    with pytest.raises(NoSuchId, match="is too short for an id: type at least its first 4 characters"):
        connection_id(database, typed)


@pytest.mark.parametrize("typed", ["____", "0b6e2f41-0000-4000-8000-0000000000011", "zoe1"])
def test_what_no_id_begins_with_says_which_command_lists_them(database: Database, typed: str) -> None:
    a_connection(database, id=FIRST)
    with pytest.raises(NoSuchId, match=f"No connection's id begins with '{typed}': `brokersync connections` lists"):
        connection_id(database, typed)


def test_an_account_is_not_found_by_its_connections_id(database: Database) -> None:
    account = an_account(database, a_connection(database, id=FIRST))
    assert account_id(database, str(account)[:8]) == account
    with pytest.raises(NoSuchId, match="There is no account 0b6e2f41: `brokersync accounts` lists them"):
        account_id(database, "0b6e2f41")
