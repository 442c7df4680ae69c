from __future__ import annotations

import re
from xml.parsers.expat import ParserCreate

from rich.table import Table

from brokersync import picture
from tests.readme.masks import text_of


def drawn(*lines: object) -> str:
    console = picture.recording()
    for line in lines:
        console.print(line)
    return picture.drawn(console)


def test_what_was_shown_can_be_read_from_the_picture() -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("Net liq", "$1,234.50 <&>")
    assert [line.rstrip() for line in text_of(drawn("first", table)).splitlines()] == [
        "first",
        "Net liq  $1,234.50 <&>",
    ]


def test_it_is_an_image_with_a_title_for_those_who_do_not_see_it() -> None:
    names: list[str] = []
    parser = ParserCreate()
    parser.StartElementHandler = lambda name, _: names.append(name)
    parser.Parse(drawn("x & y < z"), True)
    assert names[:2] == ["svg", "title"]
    assert f'role="img">\n<title>{picture.TITLE}</title>' in drawn("x")


def test_it_brings_its_own_background_and_is_as_wide_as_the_columns() -> None:
    svg = drawn("x")
    assert 'fill="#0d1117"' in svg
    (width,) = re.findall(r'viewBox="0 0 (\d+)', svg)
    assert int(width) >= picture.COLUMNS * 20 * picture.ASPECT_RATIO


def test_every_line_has_the_clip_path_that_it_names() -> None:
    svg = drawn(*(f"line {number}" for number in range(5)))
    named = set(re.findall(r"url\(#([^)]+)\)", svg))
    assert len(named) == 5
    assert named <= set(re.findall(r'clipPath id="([^"]+)"', svg))


def test_the_same_screen_makes_the_same_picture() -> None:
    assert drawn("same") == drawn("same")
