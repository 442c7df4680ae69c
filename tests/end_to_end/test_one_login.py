"""Eight processes that share one login: with a broker that ends a login whose old refresh token comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.session import Database
from tests.end_to_end.installation import until
from tests.end_to_end.one_login import Rotating, rotating_sandbox

pytestmark = [pytest.mark.processes, pytest.mark.servers]

SECONDS = 6
SLOWEST = 3


@pytest.fixture
def sandbox(database: Database, tmp_path: Path) -> Iterator[Rotating]:
    with rotating_sandbox(database, tmp_path) as started:
        started.answer_slowly(SLOWEST)
        yield started


def test_eight_processes_that_share_a_login_never_lose_it(sandbox: Rotating) -> None:
    shared = sandbox.share(sandbox.new_login(), SECONDS)
    assert not shared.lost, shared.login
    assert shared.words() == {"asked", "answered", "saved", "busy"}
    assert shared.login["refreshes"] == shared.count("asked") == shared.credential.token_version - 1
    assert shared.login["refreshes"] > 5
    assert sum("asked" in noted for noted in shared.notes.values()) > 2


def test_without_the_lock_of_the_credentials_the_same_processes_lose_it(sandbox: Rotating) -> None:
    assert until(lambda: sandbox.share(sandbox.new_login(), SECONDS, "--without-lock").lost, 60)
