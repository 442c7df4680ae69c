"""One line a record: time, level, logger, constant message, and the fields that belong to it."""

from __future__ import annotations

import logging
import sys

FIELDS = ("task_id", "task", "connection", "account", "status", "accounts", "outcome", "count")
"""What may stand behind a message: ids, words and numbers. A field that is not named here is not written."""


class FieldFormatter(logging.Formatter):
    """Appends `name=value` for each known field of the record to its line; a traceback follows below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s%(fields)s")

    def format(self, record: logging.LogRecord) -> str:
        record.fields = "".join(f" {name}={record.__dict__[name]}" for name in FIELDS if name in record.__dict__)
        return super().format(record)


def configure(level: int | str) -> None:
    """Everything to standard error; nothing of the libraries below WARNING but Celery's own lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("celery", "worker"):
        logging.getLogger(name).setLevel(level)
