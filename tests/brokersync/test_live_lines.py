from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console
from rich.text import Text

from brokersync.demo.notes import note_line
from brokersync.live_lines import change_texts, update_line
from brokersync.screen import put
from brokersync.updates import Change, Update, changes
from tests.brokersync.live_documents import held, positions

AT = datetime(2026, 11, 20, 18, 0, 5, tzinfo=UTC)
MOVED = changes(
    positions(1, held("AAPL", "120", "27768"), held("F", "700", "8302"), held("KO", "3", "204")),
    positions(2, held("AAPL", "120", "27782.4"), held("F", "700", "8288"), held("KO", "3", "205")),
)


def update(*moved: Change, cash: str | None = None, **more: bool) -> Update:
    cash_change = None if cash is None else Decimal(cash)
    return Update("a", 3, AT, "USD", Decimal("61758.77"), Decimal("12.21"), cash_change, 6, list(moved), **more)


def told(*rows: list[dict[str, object]]) -> list[str]:
    """The forms in which the one change between these holdings can be told, the fullest first."""
    (change,) = changes(*(positions(version, *each) for version, each in enumerate(rows, 1)))
    return [form.plain for form in change_texts(change)]


def test_a_line_says_when_which_account_what_it_is_worth_and_what_moved() -> None:
    line = update_line(update(*MOVED), "…733", AT, 500)
    assert line.plain == (
        "18:00:05  …733  v3   $61,758.77  +$12.21  AAPL 231.40 → 231.52 +$14.40  F 11.86 → 11.84 -$14.00"
        "  KO 68.00 → 68.33 +$1.00"
    )


@pytest.mark.parametrize("width", range(60, 160))
def test_a_line_fits_the_terminal_and_counts_what_it_leaves_out(width: int) -> None:
    line = update_line(update(*MOVED, cash="-5"), "…733", AT, width).plain
    assert max(map(len, line.splitlines())) <= width
    assert "  cash -$5.00" in line
    named = sum(f" {word} " in line for word in ("AAPL", "F", "KO"))
    assert named == 3 or line.endswith(f"  +{3 - named} more")


def test_eighty_columns_hold_a_price_with_its_move_and_a_trade_with_its_value() -> None:
    price = update_line(update(*MOVED), "…733", AT, 80).plain
    assert price == "18:00:05  …733  v3   $61,758.77  +$12.21  AAPL 231.40 → 231.52 +$14.40  +2 more"
    (sold,) = changes(positions(1, held("F", "700", "8302")), positions(2, held("F", "600", "7140")))
    trade = update_line(update(sold, *MOVED, cash="1184"), "…733", AT, 80).plain
    assert trade.splitlines() == [
        "18:00:05  …733  v3   $61,758.77  +$12.21  F 700 → 600 shares -$1,162.00",
        "          cash +$1,184.00  AAPL 231.40 → 231.52 +$14.40  F -$14.00  KO +$1.00",
    ]


TRADED = changes(
    positions(1, held("VTI", "2", "600"), held("F", "700", "8302")),
    positions(2, held("KO", "-10", "-660.60"), held("F", "700", "8288")),
)


def test_every_trade_and_the_cash_that_moved_are_told_with_their_values_on_as_many_lines_as_they_need() -> None:
    assert update_line(update(*TRADED, cash="1260.60"), "…733", AT, 80).plain.splitlines() == [
        "18:00:05  …733  v3   $61,758.77  +$12.21  KO opened, -10 -$660.60",
        "          VTI closed, 2 shares before -$600.00  cash +$1,260.60  F 11.84 -$14.00",
    ]
    assert update_line(update(*TRADED, cash="1260.60"), "…733", AT, 100).plain.splitlines() == [
        "18:00:05  …733  v3   $61,758.77  +$12.21  KO opened, -10 shares at 66.06 -$660.60",
        "          VTI closed, 2 shares before -$600.00  cash +$1,260.60  F 11.86 → 11.84 -$14.00",
    ]


@pytest.mark.parametrize("width", range(50, 160))
def test_no_trade_is_left_out_at_any_width(width: int) -> None:
    line = update_line(update(*TRADED, *MOVED, cash="1260.60"), "…733", AT, width).plain
    assert max(map(len, line.splitlines())) <= width
    for told in ("KO opened, -10", "-$660.60", "VTI closed", "-$600.00", "cash +$1,260.60"):
        assert told in line


def test_where_trades_leave_no_room_for_a_count_the_prices_begin_a_line() -> None:
    (sold,) = changes(positions(1, held("F", "700", "8302")), positions(2, held("F", "600", "7140")))
    alone = update_line(update(sold), "…733", AT, 75).plain
    assert update_line(update(sold, *MOVED), "…733", AT, 75).plain.splitlines() == [
        alone,
        "          AAPL 231.40 → 231.52 +$14.40  F 11.86 → 11.84 -$14.00  KO +$1.00",
    ]


def test_a_narrow_terminal_has_room_for_a_trade_and_a_price_without_the_version() -> None:
    assert update_line(update(*TRADED), "…733", AT, 60).plain.splitlines() == [
        "18:00:05  …733  $61,758.77  +$12.21  KO opened, -10 -$660.60",
        "          VTI closed, 2 shares before -$600.00  F -$14.00",
    ]
    assert update_line(update(*MOVED), "…733", AT, 60).plain == (
        "18:00:05  …733  $61,758.77  +$12.21  AAPL +$14.40  +2 more"
    )


def test_where_not_even_one_change_fits_it_says_what_is_counted() -> None:
    assert update_line(update(*MOVED), "…733", AT, 50).plain.endswith("+$12.21  3 changes")
    assert update_line(update(MOVED[0]), "…733", AT, 48).plain.endswith("+$12.21  1 change")


def test_cash_stands_between_what_was_traded_and_what_only_moved() -> None:
    (sold,) = changes(positions(1, held("GE", "7", "70")), positions(2, held("GE", "6", "60")))
    line = update_line(update(sold, *MOVED, cash="-10"), "…733", AT, 500).plain
    assert line.index("GE") < line.index("cash -$10.00") < line.index("AAPL")


def test_cash_that_stood_still_is_not_told() -> None:
    assert "cash" not in update_line(update(*MOVED, cash="0"), "…733", AT, 500).plain


def test_the_last_change_takes_the_room_that_a_count_would_need() -> None:
    whole = update_line(update(*MOVED), "…733", AT, 500).plain
    assert update_line(update(*MOVED), "…733", AT, len(whole)).plain == whole


def test_a_first_line_says_what_there_is_and_no_change() -> None:
    assert update_line(update(first=True), "…733", AT, 80).plain == "18:00:05  …733  v3   $61,758.77  6 positions"


def test_what_was_sent_again_says_so() -> None:
    assert update_line(update(again=True), "…733", AT, 80).plain.endswith("$61,758.77  sent again, as it was")


def test_a_trade_is_told_by_quantity_price_and_value_in_shorter_forms_too() -> None:
    assert told([held("F", "700", "8302")], [held("F", "600", "7140")]) == [
        "F 700 → 600 shares, 11.86 → 11.90 -$1,162.00",
        "F 700 → 600 shares -$1,162.00",
        "F 700 → 600 -$1,162.00",
        "F 700 → 600",
    ]
    assert told([held("F", "700", "8302")], []) == [
        "F closed, 700 shares before -$8,302.00",
        "F closed -$8,302.00",
        "F closed",
    ]
    assert told([], [held("F", "-5", "-60")]) == [
        "F opened, -5 shares at 12.00 -$60.00",
        "F opened, -5 -$60.00",
        "F opened, -5",
    ]


def test_a_price_that_did_not_move_has_no_arrow() -> None:
    assert told([held("F", "700", "8302")], [held("F", "600", "7116")])[0] == "F 700 → 600 shares -$1,186.00"
    assert told([held("F", "700", "8302")], [held("F", "700", "8302.01")]) == ["F 11.86 +$0.01", "F +$0.01"]


def test_a_price_that_the_broker_does_not_give_is_a_dash() -> None:
    assert told([held("F", "1", "2", mark_price=None)], [held("F", "1", "3", mark_price=None)]) == [
        "F — +$1.00",
        "F +$1.00",
    ]


def test_an_option_goes_by_a_short_name_and_is_counted_in_contracts() -> None:
    option = {"asset_type": "OPT", "underlying": "AAPL", "strike": Decimal("240"), "put_call": "CALL"}
    symbol = "AAPL  270618C00240000"
    assert told([held(symbol, "2", "3270", **option)], [held(symbol, "3", "4905", **option)])[0] == (
        "AAPL 240C 2 → 3 contracts +$1,635.00"
    )


def test_one_is_counted_as_one() -> None:
    assert told([held("F", "2", "24")], [held("F", "1", "12")])[0] == "F 2 → 1 share -$12.00"
    assert told([held("F", "-1", "-12")], [])[0] == "F closed, -1 share before +$12.00"
    assert told([], [held("F", "1", "12")])[0] == "F opened, 1 share at 12.00 +$12.00"


def test_a_value_that_the_broker_does_not_give_is_no_loss_and_no_gain_when_it_comes_back() -> None:
    known, unknown = [held("F", "7", "100")], [held("F", "7", "100", market_value=None, mark_price=None)]
    assert told(known, unknown) == ["F value $100.00 → —"]
    assert told(unknown, known) == ["F value — → $100.00"]


def test_a_trade_of_which_no_value_is_given_is_told_without_one() -> None:
    unknown = held("F", "7", "100", market_value=None, mark_price=None)
    assert told([], [unknown]) == ["F opened, 7 shares", "F opened, 7", "F opened, 7"]
    assert told([unknown], []) == ["F closed, 7 shares before", "F closed", "F closed"]


def test_a_value_is_in_the_currency_of_its_position() -> None:
    assert told([held("SAP", "1", "10", currency="EUR")], [held("SAP", "1", "12.5", currency="EUR")])[1] == (
        "SAP 12.50 +2.50 EUR"
    )


def test_a_long_note_goes_on_below_its_words() -> None:
    console = Console(width=30)
    with console.capture() as captured:
        console.print(note_line(AT, Text("a note that needs two lines")))
    assert captured.get().splitlines()[1].startswith(" " * 10 + "two")


@pytest.mark.parametrize("columns", [30, 80])
def test_a_command_of_a_note_has_a_line_of_its_own_and_is_never_broken(columns: int) -> None:
    command = ".venv/bin/brokersync link --repair 0b6e2f41"
    console = Console(width=columns)
    with console.capture() as captured:
        put(console, note_line(AT, Text(f"what a person should know first:\n{command}")))
    assert captured.get().splitlines()[-1] == " " * 10 + command
