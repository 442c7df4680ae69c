"""A hundred connections, one of them dead, one hanging: the other 98 keep their cadence."""

from __future__ import annotations

import time
from collections.abc import Iterator

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
    everybody.let_one_die_and_one_hang()
    time.sleep(ROUNDS * SECONDS)
    until(lambda: everybody.status(DEAD) == "reauth_required")
    gaps = everybody.longest_gaps(since, everybody.now())
    assert len(gaps) == 98
    # One round and the wait for the dispatcher, twice over: the machine has other things to do.
    assert max(gaps.values()) < 2 * (everybody.interval + everybody.interval / 2)
    runs = everybody.runs(since)
    assert {outcome for person in gaps for _, outcome in runs[person]} <= {"ok", "unchanged"}
    assert [outcome for _, outcome in runs[DEAD]].count("failed") == 1
    until(lambda: "failed" in [outcome for _, outcome in everybody.runs(since)[HANGING]])
    assert everybody.status(HANGING) == "active"
