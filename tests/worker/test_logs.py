"""What a log line may hold."""

from __future__ import annotations

import logging
import sys
import uuid

import pytest

from worker import logs
from worker.logs import FIELDS, FieldFormatter


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
