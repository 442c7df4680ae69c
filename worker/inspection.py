"""What a worker tells about itself to who asks all workers (`brokersync doctor`)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from celery.worker.control import inspect_command
from celery.worker.state import total_count

IGNORED_BY_THREADS = ("time_limit", "soft_time_limit", "max_tasks_per_child", "max_memory_per_child")
"""Options of `celery worker` that only a prefork pool heeds."""


@inspect_command()
def brokersync_worker(state: Any) -> dict[str, Any]:
    """`{version, pool, slots, queues, options, dispatches}`; `options` are those given that only a prefork pool heeds."""
    worker = state.consumer.controller
    return {
        "version": version("brokersync"),
        "pool": type(worker.pool).__module__.rpartition(".")[2],
        "slots": worker.concurrency,
        "queues": sorted(queue.name for queue in state.consumer.task_consumer.queues),
        "options": [name for name in IGNORED_BY_THREADS if getattr(worker, name, None)],
        "dispatches": total_count["dispatch_due_connections"],
    }
