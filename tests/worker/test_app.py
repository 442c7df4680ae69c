from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.signals import celeryd_after_setup
from cryptography.fernet import Fernet

from worker import app


@pytest.fixture
def started_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A worker that was started with `--concurrency 40`; its parts are not made yet."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/x")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    configured = app.app.conf.worker_concurrency
    app._parts.cache_clear()
    celeryd_after_setup.send(sender="worker", instance=SimpleNamespace(concurrency=40), conf=app.app.conf)
    yield 40
    app.app.conf.worker_concurrency = configured
    app._parts.cache_clear()


def test_every_slot_has_a_database_connection_whatever_concurrency_the_worker_was_started_with(
    started_with: int,
) -> None:
    pool = app.parts().database.engine.pool
    assert pool.size() == started_with + 2
    app.parts().close()
