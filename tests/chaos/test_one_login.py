"""What `tests/end_to_end/test_one_login.py` proves, for longer, with slower answers, and with processes that are killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.session import Database
from tests.end_to_end.one_login import Rotating, Shared, rotating_sandbox

pytestmark = [pytest.mark.chaos, pytest.mark.processes, pytest.mark.servers]

SLOWEST = 15
"""Seconds: longer than a lock with a fixed time is mostly held, and shorter than our own limit of 20."""


@pytest.fixture
def sandbox(database: Database, tmp_path: Path) -> Iterator[Rotating]:
    with rotating_sandbox(database, tmp_path) as started:
        yield started


@pytest.mark.parametrize("seconds", [30, 120])
def test_eight_processes_that_share_a_login_never_lose_it(sandbox: Rotating, seconds: int) -> None:
    sandbox.answer_slowly(SLOWEST)
    shared = sandbox.share(sandbox.new_login(), seconds)
    assert not shared.lost, shared.login
    assert shared.words() == {"asked", "answered", "saved", "busy"}
    assert shared.login["refreshes"] == shared.count("asked") == shared.credential.token_version - 1
    assert shared.login["refreshes"] > seconds / 5
    assert sum("asked" in noted for noted in shared.notes.values()) > 3


def test_a_login_is_lost_only_to_a_kill_between_the_brokers_answer_and_the_commit_and_is_known_for_it(
    sandbox: Rotating, tell: Callable[[str], None]
) -> None:
    sandbox.answer_slowly(3)
    # After a kill the others wait some seconds for whoever they believe to be at it: a round has to be longer than that.
    rounds = [sandbox.share(sandbox.new_login(), 15, "--kill-every", "1", "--seed", str(seed)) for seed in range(12)]
    lost = [each for each in rounds if each.lost]
    assert sum(each.count("killed") for each in rounds) > 100
    assert sum(each.count("saved") for each in rounds) > 50
    for shared in lost:
        assert (shared.login["ended_by"], shared.credential.cut_short_by) == ("an old refresh token", "crash")
        assert shared.killed_while_asking
    for shared in rounds:
        assert shared.words() <= {"asked", "answered", "saved", "busy", "killed", "login_ended"}
    tell(_told(rounds, lost))


def _told(rounds: list[Shared], lost: list[Shared]) -> str:
    return (
        f"{len(rounds)} logins, {sum(each.count('saved') for each in rounds)} refreshes, "
        f"{sum(each.count('killed') for each in rounds)} processes killed, "
        f"{sum(each.killed_while_asking for each in rounds)} of them while asking: {len(lost)} logins lost, "
        "all in such a crash"
    )
