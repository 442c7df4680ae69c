"""One line a record: time, level, logger, constant message, and the fields that belong to it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection

FIELDS = (
    "task_id",
    "task",
    "broker",
    "connection",
    "account",
    "status",
    "accounts",
    "outcome",
    "count",
    "event",
    "target",
    "hours",
    "next_at",
    "zone",
    "why",
    "kind",
    "reason",
    "version",
)
"""What may stand behind a message: ids, words and numbers. A field that is not named here is not written."""


class FieldFormatter(logging.Formatter):
    """Appends `name=value` for each known field of the record to its line; a traceback follows below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s%(fields)s")

    def format(self, record: logging.LogRecord) -> str:
        record.fields = "".join(f" {name}={record.__dict__[name]}" for name in FIELDS if name in record.__dict__)
        return super().format(record)


class NothingDone(logging.Filter):
    """Holds back Celery's INFO lines about the runs of `periodic` tasks: that one is sent, that it came, and how it ended
    where it had nothing to do and so returned 0. At a run every two seconds they would hide all others.
    """

    def __init__(self, periodic: Collection[str]) -> None:
        super().__init__()
        self._periodic = periodic

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.INFO:
            return True
        if record.name == "celery.beat":
            return not (isinstance(record.args, tuple) and record.args and record.args[-1] in self._periodic)
        told = record.__dict__.get("data") or {}
        came, ended = record.name == "celery.worker.strategy", told.get("return_value") == "0"
        return not (told.get("name") in self._periodic and (came or ended))


def configure(level: int | str, periodic: Collection[str] = ()) -> None:
    """Everything to standard error; nothing of the libraries below WARNING but Celery's own lines.

    `periodic`: tasks whose runs are told only where they did something; at DEBUG all are.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("celery", "worker"):
        logging.getLogger(name).setLevel(level)
    if logging.getLogger("celery").level > logging.DEBUG:
        handler.addFilter(NothingDone(periodic))
