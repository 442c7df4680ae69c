"""The question about the app alone: one for all that fail together, and not for long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from brokers.errors import AppMisconfigured, BadAnswer, BrokerDown, BrokerError, RateLimited, Unreachable
from tests.fakes import FakeBroker
from worker import app_answers
from worker.app_answers import Answer, AppAnswers, ask

REFUSED = AppMisconfigured("POST /token", "the app was refused")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (None, Answer.TAKEN),
        (REFUSED, Answer.REFUSED),
        (BrokerDown("POST /token", "a page", 400), Answer.UNCLEAR),
        (BadAnswer("POST /token", "nonsense"), Answer.UNCLEAR),
        (BrokerDown("POST /token", "a gateway's page", 502, unanswered=True), Answer.NONE),
        (Unreachable("POST /token", "time-out"), Answer.NONE),
        (RateLimited("POST /token", "too many"), Answer.NONE),
    ],
)
def test_an_answer_is_a_yes_a_no_neither_or_none(error: BrokerError | None, answer: Answer) -> None:
    broker = FakeBroker()
    broker.will("check_app", error)
    assert ask(broker, 3) is answer
    assert broker.deadlines == [3]


def test_of_many_at_once_one_asks_and_all_take_its_answer() -> None:
    broker, answers = FakeBroker(), AppAnswers()

    def slow() -> BrokerError:
        time.sleep(0.1)
        return REFUSED

    broker.will("check_app", slow)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: answers.of(broker, "app", 5), range(30))) == {Answer.REFUSED}
    assert broker.called("check_app") == 1


def test_an_answer_is_good_for_its_app_and_for_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    broker, answers = FakeBroker(), AppAnswers()
    broker.will("check_app", None, REFUSED)
    assert answers.of(broker, "app", 5) is Answer.TAKEN
    assert answers.of(broker, "another", 5) is Answer.REFUSED
    assert answers.of(broker, "app", 5) is Answer.TAKEN
    monkeypatch.setattr(app_answers, "GOOD_FOR", 0.0)
    assert answers.of(broker, "app", 5) is Answer.REFUSED


def test_who_waits_too_long_for_the_one_that_asks_goes_on_without_an_answer() -> None:
    broker, answers, let_go, asking = FakeBroker(), AppAnswers(), threading.Event(), threading.Event()

    def hang() -> None:
        asking.set()
        let_go.wait(10)

    broker.will("check_app", hang)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(answers.of, broker, "app", 5)
        assert asking.wait(5)
        try:
            assert answers.of(broker, "app", 0.05) is Answer.NONE
        finally:
            let_go.set()
        assert first.result() is Answer.TAKEN
