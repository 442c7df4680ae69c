"""`make demo` shows what the README's picture shows, and `make readme` draws that picture again."""

from __future__ import annotations

import re
from concurrent.futures import Future

import pytest

from brokersync import picture
from tests.guards.tree import ROOT
from tests.readme import printed
from tests.readme.masks import masked, text_of
from tests.readme.newcomer import Newcomer

pytestmark = pytest.mark.processes


@pytest.fixture
def looked(visitor: Newcomer, demos: list[Future[str]]) -> Newcomer:
    """After both commands."""
    for demo in demos:
        demo.result()
    return visitor


def lines_of_the_picture(svg: str) -> list[str]:
    prompt, *lines = masked(text_of(svg))
    assert prompt == "$ make demo"
    return lines


def test_the_picture_shows_what_the_demo_shows(looked: Newcomer) -> None:
    steps_and_screen = masked(looked.typed["make demo"])
    shown = lines_of_the_picture(picture.FILE.read_text())
    first = steps_and_screen.index(shown[0])
    assert all(line.startswith("✓") for line in steps_and_screen[:first])
    assert steps_and_screen[first : first + len(shown)] == shown
    assert [line for line in steps_and_screen[first + len(shown) :] if not line.startswith("All stopped")] == []


def test_make_readme_draws_the_same_picture_and_leaves_the_readme_as_it_is(looked: Newcomer) -> None:
    drawn = (looked.folder / picture.FILE.relative_to(ROOT)).read_text()
    assert lines_of_the_picture(drawn) == lines_of_the_picture(picture.FILE.read_text())
    assert (looked.folder / "README.md").read_text() == printed.README.read_text(), "run `make readme`"


def test_the_readme_shows_the_picture_and_says_in_words_what_is_on_it() -> None:
    (alternative, file) = re.findall(r"!\[([^\]]+)\]\(([^)]+first-screen[^)]+)\)", printed.README.read_text())[0]
    assert ROOT / file == picture.FILE
    for word in ("login", "accounts", "positions"):
        assert word in alternative


def test_the_picture_loads_nothing() -> None:
    addresses = re.findall(r"https?://[^\"' )]+", picture.FILE.read_text())
    assert addresses == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|@font-face|<script|<image|href=", picture.FILE.read_text())
