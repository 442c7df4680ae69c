"""The Celery application: `celery -A worker.app worker`, `beat`, `flower`, and the parts its tasks work with."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging, worker_shutdown

import celeryconfig
import settings
from models.session import Database
from worker import limits, logs
from worker.parts import Parts
from worker.publisher import Publisher
from worker.watchdog import Watchdog

app = Celery("brokersync", include=["worker.tasks", "worker.inspection"])
app.config_from_object(celeryconfig)

watchdog = Watchdog(limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE)


_making_parts = threading.Lock()


def parts() -> Parts:
    """Made when the first task runs, once for all threads. Raises `settings.NotConfigured`."""
    with _making_parts:
        return _parts()


@cache
def _parts() -> Parts:
    loaded = settings.load()
    return Parts(
        settings=loaded,
        # A slot holds one session at a time; two to spare, since a pool that is too small fails tasks.
        database=Database(loaded.require_database_url(), pool_size=app.conf.worker_concurrency + 2),
        publisher=Publisher(loaded.require_live_data_redis_url()),
        environ=os.environ,
    )


@celeryd_after_setup.connect
def _take_the_real_concurrency(instance: Any, **_: Any) -> None:
    """`--concurrency` on the command line is in the worker, not in its configuration."""
    app.conf.worker_concurrency = instance.concurrency


@setup_logging.connect
def _configure_logging(loglevel: int | str = "INFO", **_: Any) -> None:
    logs.configure(loglevel, {str(entry["task"]) for entry in celeryconfig.beat_schedule.values()})


@worker_shutdown.connect
def _close(**_: Any) -> None:
    if _parts.cache_info().currsize:
        parts().close()
