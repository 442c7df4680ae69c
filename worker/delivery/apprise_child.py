"""A process of its own in which Apprise sends notices to one address, and which ends with it.

Apprise's services may hang in ways that no time-out of theirs reaches, and its log shows addresses with their secrets. So it
runs where it can be killed, and where nobody reads what it prints. Nothing of ours is imported here.

Standard input: {"url", "notices": [{"title", "body", "urgency"}], "begin_within", "end_after"} (seconds).
Standard output, one JSON object a line: {"service": its name, null where Apprise cannot use the address}, then for each
notice that was tried {"taken": true or false, "status": HTTP's, if there was one, "reached": false where nobody answered,
"endless": true where the answer was more than this process may hold}.
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import IO, Any

import apprise

_MEMORY = 512 << 20
"""Bytes of address space. Apprise takes half of it; a service reads an answer whole, and one may have no end."""

_STATUS = re.compile(r"error=(\d{3})\b")


class _Hints(logging.Handler):
    """Of all that Apprise logs only a number and a fact are kept: the rest may hold the address."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.status: int | None = None
        self.reached = True
        self.endless = False

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Apprise tells of an exception while it handles it, without naming it.
        if isinstance(sys.exception(), MemoryError):
            self.endless = True
        found = _STATUS.search(message)
        if found:
            self.status = int(found[1])
        elif "onnection error" in message or "Socket Exception" in message:
            self.reached = False


def main() -> None:
    with suppress(ValueError, OSError):  # where a lower limit stands already, and on macOS, which has none
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    request: dict[str, Any] = json.load(sys.stdin)
    # Whoever waits for this process kills it sooner; this is for the case that nobody waits any more.
    signal.alarm(int(request["end_after"]))
    began = time.monotonic()
    answers = _only_for_answers()
    hints = _Hints()
    apprise.logger.handlers[:] = [hints]
    asset = apprise.AppriseAsset(app_id="brokersync", app_desc="brokersync", app_url="", storage_mode="memory")
    service = apprise.Apprise.instantiate(request["url"], asset=asset)
    if service is None or not service.enabled:
        _say(answers, {"service": None})
        return
    _say(answers, {"service": str(service.service_name)})
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    for place, notice in enumerate(request["notices"]):
        if place and time.monotonic() - began > request["begin_within"]:
            return
        hints.status, hints.reached, hints.endless = None, True, False
        taken = sender.notify(
            title=notice["title"],
            body=notice["body"],
            notify_type=notice["urgency"],
            body_format=apprise.NotifyFormat.TEXT,
        )
        answer = {"taken": bool(taken), "status": hints.status, "reached": hints.reached, "endless": hints.endless}
        _say(answers, answer)


def _only_for_answers() -> IO[str]:
    """Standard output for our answers alone: what a service prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
