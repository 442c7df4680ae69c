from __future__ import annotations

import pytest

from tests.readme import printed
from tests.readme.masks import masked

SCREEN = """\
Account   Number   Net liq  Checked
───────────────────────────────────
a95d1e8d  …870  $54,058.71  0 s ago

Login ends  in 6 d 23 h (Fri 27 Nov 20:29 UTC)
"""


def test_ids_amounts_dates_and_widths_may_vary() -> None:
    later = SCREEN.replace("a95d1e8d", "1fb305e9").replace("54,058.71", "1,000.00").replace("Fri 27 Nov", "Tue 1 Dec")
    assert masked(later.replace("───", "─────")) == masked(SCREEN)


@pytest.mark.parametrize(
    ("printed_as", "is_now"),
    [
        ("Net liq", "Equity"),
        ("  Checked", ""),
        ("…870", "870"),
        ("$54", "-$54"),
        ("Login ends", "Login dies"),
        ("in 6 d 23 h", "in 23 h"),
        ("\nLogin", "\nOne more line\nLogin"),
    ],
)
def test_labels_columns_lines_and_signs_may_not(printed_as: str, is_now: str) -> None:
    changed = SCREEN.replace(printed_as, is_now)
    assert changed != SCREEN
    assert masked(changed) != masked(SCREEN)


def test_an_id_is_one_whatever_its_letters() -> None:
    assert masked("12345678 abcdefab 1fb305e9-7152-454a-943b-5c02a6711961") == ["id id id"]
    assert masked("accepted defaced") == ["accepted defaced"]


def test_a_continued_command_is_one_and_comments_are_none() -> None:
    block = printed.Block("sh", "make demo    # the whole system\n# nothing\ncurl a \\\n  --data b\n", "", None)
    assert printed.commands_of(block) == ["make demo", "curl a --data b"]


def test_every_kind_of_place_is_read() -> None:
    found = printed.commands()
    for command in ("make demo", "brokersync --help", "brokersync watch", "sudo make install", "honcho start"):
        assert command in found
    assert [command for command in found if not command.strip()] == []
