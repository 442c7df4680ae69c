from __future__ import annotations

import threading
import time

import pytest

from brokersync.doctor.together import ask


def test_each_question_has_its_answer() -> None:
    assert ask({"one": lambda: 1, "two": lambda: 2}, 5) == {"one": 1, "two": 2}


def test_who_hangs_is_left_behind_and_the_others_are_heard() -> None:
    for_ever = threading.Event()
    began = time.monotonic()
    assert ask({"hangs": for_ever.wait, "answers": lambda: True}, 0.2) == {"hangs": None, "answers": True}
    assert time.monotonic() - began < 2
    for_ever.set()


def test_they_are_asked_at_once() -> None:
    meeting = threading.Barrier(2, timeout=5)
    assert None not in ask({"one": meeting.wait, "two": meeting.wait}, 5).values()


def test_an_error_of_ours_is_not_hidden() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask({"broken": broken}, 5)
