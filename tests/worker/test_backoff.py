"""When to try again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.backoff import wait_after

ALMOST_ONE = 0.999999


def seconds(kind: str, failures: int, retry_after: float | None = None, coin: float = ALMOST_ONE) -> float:
    asked = None if retry_after is None else timedelta(seconds=retry_after)
    return wait_after(kind, failures, asked, lambda: coin).total_seconds()


@pytest.mark.parametrize(
    "kind", ["unreachable", "broker_down", "rate_limited", "bad_answer", "internal", "login_ended"]
)
def test_the_longest_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour(kind: str) -> None:
    waits = [round(seconds(kind, failures)) for failures in (0, 1, 2, 3, 4, 5, 6, 7, 1000)]
    assert waits == [30, 30, 60, 120, 240, 480, 900, 900, 900]


def test_the_wait_is_spread_over_the_whole_span_but_never_nothing() -> None:
    assert seconds("unreachable", 5, coin=0.0) == 2
    assert seconds("unreachable", 5, coin=0.5) == 240
    assert seconds("unreachable", 5, coin=0.25) == 120


@pytest.mark.parametrize(("asked", "wait"), [(77, 77), (0, 2), (-5, 2), (3600, 3600), (86_400, 3600)])
def test_a_broker_that_says_when_is_believed_within_reason(asked: float, wait: float) -> None:
    assert seconds("rate_limited", 9, asked, coin=0.0) == wait


@pytest.mark.parametrize("kind", ["app_misconfigured", "credentials_unreadable"])
@pytest.mark.parametrize("failures", [1, 9])
def test_what_only_an_operator_ends_is_probed_every_quarter_of_an_hour(kind: str, failures: int) -> None:
    assert seconds(kind, failures, coin=0.0) == 900
