from __future__ import annotations

import io
import uuid
from datetime import timedelta
from decimal import Decimal

from rich.console import Console, RenderableType

from brokersync.tables import accounts_table, connections_table, positions_table
from tests.brokersync.rows import NOW, account_row, connection_row, option_row, position_row

ANOTHER = uuid.UUID("9b5b1d9a-0000-4000-8000-000000000003")


def seen(table: RenderableType, width: int = 80) -> str:
    """What a terminal of that width shows."""
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(table)
    shown = file.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    return shown


def test_a_connection_says_when_its_login_ends_and_how_old_its_data_are() -> None:
    shown = seen(connections_table([connection_row()]))
    assert "0b6e2f41    42    schwab  active  in 6 d 23 h  12 s ago  in 4 min" in shown


def test_the_longest_status_still_fits() -> None:
    row = connection_row(status="credentials_unreadable", age=timedelta(minutes=59), next_sync_in=timedelta(minutes=59))
    shown = seen(connections_table([row]))
    assert "in 6 d 23 h" in shown
    assert "59 min ago" in shown
    assert "in 59 min" in shown


def test_what_is_wrong_with_a_connection_stands_under_the_table() -> None:
    row = connection_row(last_error_kind="bad_answer", last_error_text="GET /accounts: an HTML page")
    assert "\n\n0b6e2f41 bad answer: GET /accounts: an HTML page\n" in seen(connections_table([row]))


def test_a_connection_that_is_not_scheduled_has_no_next_sync() -> None:
    shown = seen(connections_table([connection_row(status="paused", next_sync_in=timedelta(seconds=-5))]))
    assert shown.splitlines()[2].endswith("none     ")


def test_an_overdue_connection_is_next_now() -> None:
    assert " now " in seen(connections_table([connection_row(next_sync_in=timedelta(seconds=-5))]))


def test_amounts_are_never_cut_where_a_name_is_too_long() -> None:
    rows = [account_row(nickname="Retirement savings of the whole family"), account_row(user_id="somebody-else")]
    shown = seen(accounts_table(rows))
    assert shown.count("$119,046.56") == 2
    assert shown.count("-$4,488.10") == 2


def test_amounts_stand_on_the_right() -> None:
    lines = seen(accounts_table([account_row(), account_row(net_liq=Decimal("1.5"))])).splitlines()
    assert lines[2].index("$119,046.56") + len("$119,046.56") == lines[3].index("$1.50") + len("$1.50")


def test_users_are_named_only_where_there_are_several() -> None:
    assert "User" not in seen(accounts_table([account_row()]))
    assert "User" in seen(accounts_table([account_row(), account_row(user_id="7")]))


def test_an_account_that_is_not_shared_any_more_says_so() -> None:
    assert "not shared" in seen(accounts_table([account_row(missing_since=NOW)]))


def test_positions_show_what_they_are_worth_and_gained() -> None:
    shown = seen(positions_table([position_row(), option_row()]))
    assert "F                 EQ         700    11.21  11.86  $8,302.00  $456.60" in shown
    assert "F 15 Jan 27 11 P  OPT         -5    11.21  11.86   -$177.50  $456.60" in shown


def test_several_accounts_are_kept_apart_by_their_numbers() -> None:
    lines = seen(positions_table([position_row(), position_row(account_id=ANOTHER, masked="…410")])).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [
        ["…733", "6f1c03aa"],
        ["F", "EQ"],
        [],
        ["…410", "9b5b1d9a"],
        ["F", "EQ"],
    ]
