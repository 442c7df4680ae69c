from __future__ import annotations

import io
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.console import Console, RenderableType

from brokersync.screen import show
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


@pytest.mark.parametrize(
    ("status", "said"), [("reauth_required", ""), ("disconnected", "since then it was disconnected; to go on, ")]
)
def test_a_login_that_is_no_more_comes_with_the_command_that_renews_it(status: str, said: str) -> None:
    ended = {"status": status, "last_error_kind": "login_ended", "last_error_text": "ended by the broker"}
    shown = " ".join(seen(connections_table([connection_row(user_id="a b", **ended)])).split())
    assert f"ended by the broker {said}log in again with brokersync link --repair 0b6e2f41" in shown


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
    assert "F                 EQ         700    11.21  11.86  $8,302.00  +$456.60" in shown
    assert "F 15 Jan 27 11 P  OPT         -5    11.21  11.86   -$177.50  +$456.60" in shown


def test_several_accounts_are_kept_apart_by_their_numbers() -> None:
    lines = seen(positions_table([position_row(), position_row(account_id=ANOTHER, masked="…410")])).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [
        ["…733", "6f1c03aa"],
        ["F", "EQ"],
        [],
        ["…410", "9b5b1d9a"],
        ["F", "EQ"],
    ]


def ends(lines: list[str], texts: list[str]) -> set[int]:
    """The columns at which these texts end, one in each line."""
    return {line.index(text) + len(text) for line, text in zip(lines, texts, strict=True)}


def test_of_several_currencies_each_is_named_and_the_digits_stand_below_each_other() -> None:
    rows = [account_row(), account_row(currency="EUR", net_liq=Decimal("12345.67"), cash=Decimal("-0.5"))]
    lines = seen(accounts_table(rows)).splitlines()[2:]
    assert len(ends(lines, ["119,046.56 USD", "12,345.67 EUR"])) == 1
    assert len(ends(lines, ["-4,488.10 USD", "-0.50 EUR"])) == 1
    held = [position_row(), position_row(symbol="VOW3", currency="EUR", unrealized_pnl=Decimal("-12"))]
    lines = seen(positions_table(held)).splitlines()[2:]
    assert len(ends(lines, ["+456.60 USD", "-12.00 EUR"])) == 1


def test_one_currency_that_is_not_the_dollar_is_named() -> None:
    assert "12,345.67 EUR" in seen(accounts_table([account_row(currency="EUR", net_liq=Decimal("12345.67"))]))


def test_a_command_that_is_there_to_be_copied_is_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ended = {"status": "reauth_required", "last_error_kind": "login_ended", "last_error_text": "ended by the broker"}
    show(connections_table([connection_row(**ended)]))
    repair = "  brokersync link --repair 0b6e2f41"
    assert repair in capsys.readouterr().out.splitlines()


def test_the_line_above_an_accounts_positions_is_not_wrapped() -> None:
    rows = [option_row(), option_row(account_id=ANOTHER, masked="…410")]
    assert "…410 9b5b1d9a" in [line.strip() for line in seen(positions_table(rows), 55).splitlines()]


MILLIONS = {"net_liq": Decimal("9876543.21"), "cash": Decimal("-1234567.89")}


@pytest.mark.parametrize("width", [30, 40, 60, 75, 80, 100])
def test_every_amount_that_is_shown_is_whole(width: int) -> None:
    rows = [account_row(nickname="Retirement savings", **MILLIONS), account_row(user_id="somebody-else", **MILLIONS)]
    shown = seen(accounts_table(rows), width)
    assert (shown.count("$9,876,543.21"), shown.count("-$1,234,567.89")) == (2, 2)
    held = {"quantity": Decimal("-123456.789"), "market_value": Decimal("7654321.10")}
    shown = seen(positions_table([position_row(**held), option_row(**held)]), width)
    assert (shown.count("-123,456.789"), shown.count("$7,654,321.10")) == (2, 2)
    assert shown.count("$456.60") in {0, 2}
    assert ("Gain" in shown.split("Too narrow")[0]) == ("$456.60" in shown)


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(80, None), (74, "Type"), (60, "Type, Checked, Number"), (40, "Type, Checked, Number, Name")],
)
def test_columns_go_in_a_known_order_and_it_says_which(width: int, left_out: str | None) -> None:
    shown = seen(accounts_table([account_row(nickname="Retirement savings", **MILLIONS)]), width)
    assert ("Too narrow" in shown) == (left_out is not None)
    if left_out:
        assert f"Too narrow for: {left_out}." in " ".join(shown.split())


def test_at_80_columns_a_name_beside_millions_stays_readable() -> None:
    shown = seen(accounts_table([account_row(nickname="Retirement savings", **MILLIONS)]))
    assert "Retirement " in shown


def test_where_no_table_fits_each_row_is_a_list() -> None:
    lines = [line.rstrip() for line in seen(accounts_table([account_row(**MILLIONS)]), 26).splitlines()]
    assert "Net liq  $9,876,543.21" in lines
    assert "Checked  12 s ago" in lines


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_connections_times_are_whole_at_any_width(width: int) -> None:
    shown = seen(connections_table([connection_row(user_id="somebody-else", status="credentials_unreadable")]), width)
    assert "in 6 d 23 h" in shown
    assert "0b6e2f41" in shown
