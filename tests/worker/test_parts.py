"""What a process works with."""

from __future__ import annotations

import pytest

from brokers.interface import NotConfigured
from models.session import Database
from settings import Settings
from tests.fakes import FakeBroker
from worker.parts import Parts
from worker.publisher import Publisher

NOWHERE = "127.0.0.1:1"


def some_parts(environ: dict[str, str]) -> Parts:
    database = Database(f"postgresql+psycopg2://{NOWHERE}/none")
    return Parts(Settings(), database, Publisher(f"redis://{NOWHERE}"), environ)


def test_a_broker_is_built_once_and_closed_with_the_rest() -> None:
    parts = some_parts({})
    broker = FakeBroker()
    parts.brokers["fake"] = broker
    assert parts.broker("fake") is parts.broker("fake") is broker
    parts.close()
    assert broker.closed


def test_a_broker_is_configured_from_the_environment_that_was_handed_in() -> None:
    names = ("SCHWAB_CLIENT_ID", "SCHWAB_CLIENT_SECRET", "SCHWAB_REDIRECT_URI")
    parts = some_parts(dict.fromkeys(names, "https://127.0.0.1:8182/oauth/callback"))
    assert parts.broker("schwab") is parts.broker("schwab")
    parts.close()
    with pytest.raises(NotConfigured, match="SCHWAB_CLIENT_ID"):
        some_parts({}).broker("schwab")
