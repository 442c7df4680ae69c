"""A hundred connections, one of them dead, one hanging: the other 98 keep their cadence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.end_to_end.hundred import DEAD, HANGING, Hundred, hundred
from tests.end_to_end.installation import until
from tests.plugins.servers import Addresses

pytestmark = pytest.mark.processes

SECONDS = 6
ROUNDS = 3


@pytest.fixture
def everybody(
    servers: Addresses, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hundred]:
    with hundred(servers, tmp_path_factory.mktemp("logs"), monkeypatch, SECONDS) as linked:
        yield linked


def test_one_that_is_dead_and_one_that_hangs_keep_none_of_the_other_98_waiting(everybody: Hundred) -> None:
    since = everybody.now()
    everybody.let_one_die()
    # A round takes some two seconds more, until the dispatcher comes by. Behind the hanging one it would be ten, each time;
    # on a machine that has other things to do it may be more for once.
    longest = [_longest_gap_beside_one_that_hangs(everybody)]
    while longest[-1] >= 2 * everybody.interval and len(longest) < 3:
        longest.append(_longest_gap_beside_one_that_hangs(everybody))
    assert min(longest) < 2 * everybody.interval
    runs = everybody.runs(since)
    well = everybody.connections.keys() - {DEAD, HANGING}
    assert len(well) == 98
    assert {outcome for person in well for _, outcome in runs[person]} <= {"ok", "unchanged"}
    until(lambda: everybody.status(DEAD) == "reauth_required")
    assert [outcome for _, outcome in everybody.runs(since)[DEAD]].count("failed") == 1
    assert everybody.status(HANGING) == "active"


def _longest_gap_beside_one_that_hangs(everybody: Hundred) -> timedelta:
    """For how long any of the 98 was not asked, over some rounds and until the one that hangs was given up."""
    since = everybody.now()
    everybody.let_one_hang()
    time.sleep(ROUNDS * SECONDS)
    until(lambda: "failed" in [outcome for _, outcome in everybody.runs(since)[HANGING]])
    return max(everybody.longest_gaps(since, everybody.now()).values())
