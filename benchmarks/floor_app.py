"""The floor in a bare Celery task: an app of its own, with the worker's settings."""

from __future__ import annotations

import os
import threading

from celery import Celery

import celeryconfig
import settings
from benchmarks.floor import Floor

QUEUE = "floor"
TASK = "floor_sync"

app = Celery("floor")
app.config_from_object(celeryconfig)
app.conf.task_default_queue = QUEUE

_of_thread = threading.local()


@app.task(name=TASK, shared=False)
def floor_sync(token: str, connection_id: str, user_id: str, account_ids: dict[str, str]) -> None:
    if not hasattr(_of_thread, "floor"):
        loaded = settings.load()
        _of_thread.floor = Floor(
            os.environ["SCHWAB_BASE_URL"], loaded.require_database_url(), loaded.require_live_data_redis_url()
        )
    _of_thread.floor.sync(token, connection_id, user_id, account_ids)
