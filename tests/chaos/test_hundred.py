"""What `tests/end_to_end/test_hundred.py` shows, for longer, and against the same hundred while nothing was wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.end_to_end.hundred import DEAD, HANGING, Hundred, hundred
from tests.plugins.servers import Addresses

pytestmark = [pytest.mark.chaos, pytest.mark.processes]

SECONDS = 10
PHASE = 90
"""Seconds, in which each is asked some eight times."""


@pytest.fixture
def everybody(
    servers: Addresses, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hundred]:
    with hundred(servers, tmp_path_factory.mktemp("logs"), monkeypatch, SECONDS) as linked:
        yield linked


def test_98_are_asked_as_often_beside_a_dead_and_a_hanging_one_as_without(
    everybody: Hundred, tell: Callable[[str], None]
) -> None:
    well, asked_well = _phase(everybody)
    everybody.let_one_die()
    everybody.let_one_hang()
    ill, asked_ill = _phase(everybody)
    tell(
        f"98 connections, every {SECONDS} s, {PHASE} s each: asked {asked_well} times with gaps up to "
        f"{well.total_seconds():.1f} s; beside a dead and a hanging one {asked_ill} times, up to {ill.total_seconds():.1f} s"
    )
    assert asked_ill > 0.9 * asked_well
    assert ill < well + everybody.interval / 2
    assert everybody.status(DEAD) == "reauth_required"
    assert everybody.status(HANGING) == "active"


def _phase(everybody: Hundred) -> tuple[timedelta, int]:
    """The longest time that any of the 98 was not asked, and how often they were asked in all."""
    since = everybody.now()
    time.sleep(PHASE)
    gaps = everybody.longest_gaps(since, everybody.now())
    runs = everybody.runs(since)
    assert {outcome for person in gaps for _, outcome in runs[person]} <= {"ok", "unchanged"}
    return max(gaps.values()), sum(len(runs[person]) for person in gaps)
