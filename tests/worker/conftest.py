"""The parts of a worker, with a broker that answers what a test wrote down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.session import Database
from settings import Settings
from tests.fakes import FakeBroker
from worker.parts import Parts
from worker.publisher import Publisher


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def parts(database: Database, redis_url: str, broker: FakeBroker) -> Iterator[Parts]:
    """Real database, real Redis, the fake broker; a coin that always falls in the middle."""
    publisher = Publisher(redis_url)
    yield Parts(Settings(), database, publisher, {}, random=lambda: 0.5, brokers={"fake": broker})
    publisher.close()
