"""What a log line may hold."""

from __future__ import annotations

import logging
import sys
import uuid

import pytest
from celery.app import trace

from worker import logs
from worker.logs import FIELDS, FieldFormatter, NothingDone


def line(message: str = "not published", **fields: object) -> str:
    record = logging.LogRecord("worker.sync", logging.WARNING, __file__, 1, message, (), None)
    record.__dict__.update(fields)
    return FieldFormatter().format(record).partition(",")[2][4:]


def test_the_fields_of_a_record_stand_behind_its_message() -> None:
    connection = uuid.uuid4()
    assert (
        line(connection=connection, accounts=2)
        == f"WARNING worker.sync: not published connection={connection} accounts=2"
    )


def test_a_field_that_is_not_on_the_list_is_not_written() -> None:
    assert line(refresh_token="refresh-1", url="https://x", number="77310452") == "WARNING worker.sync: not published"
    assert {"token", "link", "code", "number", "url", "error"} & set(FIELDS) == set()


def test_a_traceback_stands_below_the_line_with_its_fields() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        first, *rest = line(exc_info=sys.exc_info(), status="active").splitlines()
    assert first == "WARNING worker.sync: not published status=active"
    assert rest[0].startswith("Traceback")


def test_libraries_are_quiet_and_our_lines_are_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    before = {name: logging.getLogger(name).level for name in ("", "celery", "worker")}
    try:
        logs.configure("INFO")
        logging.getLogger("urllib3").info("GET /accounts?code=1")
        logging.getLogger("worker.sync").info("synced", extra={"outcome": "ok"})
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    written = capsys.readouterr().err
    assert "code=1" not in written
    assert written.endswith("INFO worker.sync: synced outcome=ok\n")


def kept(name: str, message: str, *args: object, level: int = logging.INFO) -> bool:
    """Whether the line is written where `publish_pending` is periodic; a task's line has its fields under `data` too."""
    record = logging.LogRecord(name, level, __file__, 1, message, args, None)
    if isinstance(record.args, dict):
        record.__dict__["data"] = record.args
    return bool(NothingDone({"publish_pending"}).filter(record))


@pytest.mark.parametrize(("task", "told"), [("publish_pending", False), ("sync_connection", True)])
def test_a_run_of_a_periodic_task_that_did_nothing_is_not_told(task: str, told: bool) -> None:
    came, done = {"name": task, "id": "1"}, {"name": task, "id": "1", "runtime": 0.1, "return_value": "0"}
    assert kept("celery.beat", "Scheduler: Sending due task %s (%s)", "publishing", task) is told
    assert kept("celery.worker.strategy", trace.LOG_RECEIVED, came) is told
    assert kept("celery.app.trace", trace.LOG_SUCCESS, done) is told


def test_what_a_periodic_task_did_and_that_it_failed_is_told() -> None:
    done = {"name": "publish_pending", "id": "1", "runtime": 0.1, "return_value": "3"}
    failed = {"name": "publish_pending", "id": "1", "exc": "OSError"}
    assert kept("celery.app.trace", trace.LOG_SUCCESS, done)
    assert kept("celery.app.trace", trace.LOG_FAILURE, failed, level=logging.ERROR)
    assert kept("celery.beat", "beat: Starting...")


@pytest.mark.parametrize(("level", "filters"), [("INFO", 1), (logging.INFO, 1), ("DEBUG", 0), (logging.DEBUG, 0)])
def test_at_debug_every_line_is_written(level: int | str, filters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    before = {name: logging.getLogger(name).level for name in ("", "celery", "worker")}
    try:
        logs.configure(level, {"prune"})
        assert len(root.handlers[0].filters) == filters
    finally:
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)
