from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console
from rich.text import Text

from brokersync.demo.notes import note_line
from brokersync.live_lines import change_text, signed, update_line
from brokersync.updates import Change, Update, changes
from tests.brokersync.live_documents import held, positions

AT = datetime(2026, 11, 20, 18, 0, 5, tzinfo=UTC)
MOVED = changes(
    positions(1, held("AAPL", "120", "27768"), held("F", "700", "8302"), held("KO", "3", "204")),
    positions(2, held("AAPL", "120", "27782.4"), held("F", "700", "8288"), held("KO", "3", "205")),
)


def update(*moved: Change, **more: bool) -> Update:
    return Update("a", 3, AT, "USD", Decimal("61758.77"), Decimal("12.21"), 6, list(moved), **more)


def test_a_line_says_when_which_account_what_it_is_worth_and_what_moved() -> None:
    line = update_line(update(*MOVED), "…733", AT, 120)
    assert line.plain == (
        "18:00:05  …733  v3   $61,758.77  +$12.21  AAPL 231.52 +$14.40  F 11.84 -$14.00  KO 68.33 +$1.00"
    )


@pytest.mark.parametrize("width", range(60, 100))
def test_a_line_fits_the_terminal_and_counts_what_it_leaves_out(width: int) -> None:
    line = update_line(update(*MOVED), "…733", AT, width).plain
    assert len(line) <= width
    named = sum(f" {symbol} " in line for symbol in ("AAPL", "F", "KO"))
    assert named == 3 or line.endswith(f"  +{3 - named} more")


def test_the_last_change_takes_the_room_that_a_count_would_need() -> None:
    whole = update_line(update(*MOVED), "…733", AT, 500).plain
    assert update_line(update(*MOVED), "…733", AT, len(whole)).plain == whole


def test_a_first_line_says_what_there_is_and_no_change() -> None:
    assert update_line(update(first=True), "…733", AT, 80).plain == "18:00:05  …733  v3   $61,758.77  6 positions"


def test_what_was_sent_again_says_so() -> None:
    assert update_line(update(again=True), "…733", AT, 80).plain.endswith("$61,758.77  sent again, as it was")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [("700", "600", "F 700 → 600"), ("700", None, "F closed, 700 before"), (None, "-5", "F opened, -5")],
)
def test_a_trade_is_told_by_its_quantities(before: str | None, now: str | None, said: str) -> None:
    (change,) = changes(*(positions(1, *([held("F", each, "70")] if each else [])) for each in (before, now)))
    assert change_text(change, "USD").plain == said


def test_an_option_goes_by_a_short_name() -> None:
    option = {"underlying": "AAPL", "strike": Decimal("240"), "put_call": "CALL"}
    symbol = "AAPL  270618C00240000"
    (change,) = changes(
        positions(1, held(symbol, "2", "3270", **option)), positions(2, held(symbol, "2", "3280", **option))
    )
    assert change_text(change, "USD").plain == "AAPL 240C 1,640.00 +$10.00"


def test_a_change_has_its_sign_also_without_colour() -> None:
    assert [signed(Decimal(each), "USD").plain for each in ("14.4", "-14.4", "0")] == ["+$14.40", "-$14.40", "$0.00"]


def test_a_long_note_goes_on_below_its_words() -> None:
    console = Console(width=30)
    with console.capture() as captured:
        console.print(note_line(AT, Text("a note that needs two lines")))
    assert captured.get().splitlines()[1].startswith(" " * 10 + "two")
