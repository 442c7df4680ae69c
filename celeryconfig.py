"""Celery's settings, each with its reason. Celery 5.7, Redis transport, one process with a pool of threads.

In a threads pool Celery's time limits, max-tasks, max-memory and child-lost settings do nothing, so they are not set:
`worker.limits` and `worker.watchdog` stand in their place.
"""

from __future__ import annotations

from datetime import timedelta

import settings

_settings = settings.load()

# -- broker ------------------------------------------------------------------------------------------------------------
broker_url = _settings.celery_broker_url
# The code's default is None, which warns: a worker that starts before its Redis waits for it.
broker_connection_retry_on_startup = True
# Never give up on Redis; a supervisor decides about processes, not a counter of 100.
broker_connection_max_retries = None
# READONLY after a fail-over and out-of-memory replies pass; they are not a reason to end the worker.
broker_channel_error_retry = True
# Longer than prefetch wait and run time together (`worker.limits.VISIBILITY`; celeryconfig may not import the worker, a
# test holds the two together). The sweep is made quick: with the default it comes every 100 s.
_visibility = 600
broker_transport_options = {
    "visibility_timeout": _visibility,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "socket_connect_timeout": 5,
    # Longer than kombu waits for a message in one call (1 s); without it a send to a Redis that hangs would hang too.
    "socket_timeout": 5,
    "retry_on_timeout": True,
}
# The same for results.
redis_socket_timeout = 5
redis_socket_connect_timeout = 5
# By default the result backend tries 20 times.
result_backend_transport_options = {
    "visibility_timeout": _visibility,
    "retry_policy": {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.5},
}
visibility_timeout = _visibility
# A web request or a command line that sends a task does not hang on a dead Redis.
broker_pool_acquire_timeout = 5
task_publish_retry_policy = {"max_retries": 3, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1}

# -- results -----------------------------------------------------------------------------------------------------------
# Only the tasks that somebody waits for keep a result, and for a quarter of an hour; state lives in PostgreSQL.
result_backend = _settings.celery_broker_url
task_ignore_result = True
result_expires = timedelta(minutes=15)

# -- messages ----------------------------------------------------------------------------------------------------------
# JSON only: pickle would let whoever can write to Redis run code.
task_serializer = "json"
result_serializer = "json"
event_serializer = "json"
accept_content = ["json"]
result_accept_content = ["json"]
task_default_queue = "brokersync"
# A typo in a queue's name is an error, not a queue that nobody reads.
task_create_missing_queues = False
enable_utc = True
timezone = "UTC"

# -- worker ------------------------------------------------------------------------------------------------------------
# A sync waits for the broker nearly all of its time: threads carry 32 of them in one process of some 90 MB.
worker_pool = "threads"
worker_concurrency = 32
# Take only what is being worked on, and acknowledge it when done: a killed worker loses no message.
worker_prefetch_multiplier = 1
task_acks_late = True
# A task whose acknowledgement is no longer possible runs on: it may be between a token's exchange and its commit.
worker_cancel_long_running_tasks_on_connection_loss = False
# TERM lets syncs end, however long; QUIT, for who is in a hurry, still gives them this long (nearly all take a second).
worker_soft_shutdown_timeout = 10.0
# `worker.logs` writes the log lines.
worker_hijack_root_logger = False
# Flower shows task events; it switches them on while it is there (`--enable-events`, its default).
worker_send_task_events = False
task_send_sent_event = False

# -- beat --------------------------------------------------------------------------------------------------------------
# `expires`: after an outage one tick of each is enough.
beat_schedule = {
    "dispatch_due_connections": {
        "task": "dispatch_due_connections",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 10},
    },
    "publish_pending": {"task": "publish_pending", "schedule": timedelta(seconds=5), "options": {"expires": 15}},
    # Nothing about a login's end is a matter of seconds.
    "watch_logins": {"task": "watch_logins", "schedule": timedelta(seconds=15), "options": {"expires": 30}},
    # Mostly it finds no open circuit; who has mended an app does not wait long for the probe that was asked for.
    "probe_apps": {"task": "probe_apps", "schedule": timedelta(seconds=5), "options": {"expires": 15}},
    # Whoever is told to act is told at once; a run that finds nothing is one statement.
    "deliver_events": {"task": "deliver_events", "schedule": timedelta(seconds=2), "options": {"expires": 10}},
    # Idle logins die after days: a run more or less is nothing, and short ones do not hold a slot for long.
    "refresh_idle_logins": {
        "task": "refresh_idle_logins",
        "schedule": timedelta(minutes=11),
        "options": {"expires": 300},
    },
    # An odd interval, so that it does not meet the full hour with everybody else's jobs.
    "prune": {"task": "prune", "schedule": timedelta(minutes=63), "options": {"expires": 600}},
}
# A beat that was replaced is noticed within seconds.
beat_max_loop_interval = 2
