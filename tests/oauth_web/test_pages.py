from __future__ import annotations

import string
from dataclasses import fields
from datetime import timedelta

import pytest

from oauth_web import notices
from oauth_web.pages import in_words

NOTICES = [value for value in vars(notices).values() if isinstance(value, notices.Notice)]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7 * 86400, "7 days"),
        (7 * 86400 - 3, "7 days"),
        (2 * 86400, "2 days"),
        (2 * 86400 - 1, "48 hours"),
        (7200, "2 hours"),
        (7199, "120 minutes"),
        (60, "1 minute"),
        (10, "0 minutes"),
        (-5, "0 minutes"),
    ],
)
def test_a_span_is_told_as_people_do(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("said", NOTICES, ids=lambda said: said.title)
def test_every_page_says_what_happened_what_was_not_done_and_what_to_do_next(said: notices.Notice) -> None:
    texts = [said.title, said.happened, said.not_done, said.next_step]
    assert all(texts)
    blanks = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    assert blanks <= {"broker", "again"}
    assert 200 <= said.status < 600
    assert len(fields(said)) == 6


def test_no_two_pages_have_one_title() -> None:
    assert len({said.title for said in NOTICES}) == len(NOTICES)
