"""People are told through Apprise, one process an address: what hangs there is killed and holds up nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from worker.delivery.addresses import Address
from worker.delivery.notices import Notice
from worker.limits import PEOPLE_BEGIN, PEOPLE_TOTAL

_CHILD = Path(__file__).with_name("apprise_child.py")

_PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
    | {name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())}
)
"""What a process that speaks to the world needs of our environment. No key or password of ours is in it."""

_REMEDIES = {
    401: "check the user, password or token in it",
    403: "check the user, password or token in it, and what they may do there",
    404: "check the topic, channel or path in it",
    429: "it takes fewer messages than it got: try again in some minutes",
}
_SERVERS_FAULT = "its server has a fault of its own: try again later"
_UNREACHED = "check host and port in it, and whether this machine may connect there (firewall, proxy, certificate)"
_NOT_IT = "check host, port and path in it: what answers there is hardly the service"
_OURS = "nothing is known of the address: this machine may lack memory or time, so try again"
_SEE_APPRISE = "compare it with the page of its service at https://appriseit.com/services/"


@dataclass(frozen=True)
class Answer:
    """What came of one notice. Of one that was not taken: why, in words of ours, and what may help."""

    taken: bool
    said: str | None = None
    remedy: str | None = field(default=None, compare=False)


UNUSABLE = Answer(
    False, "Apprise cannot use this address: its service is unknown, or a part of it is missing", _SEE_APPRISE
)


@dataclass(frozen=True)
class Answers:
    """`service` as Apprise calls it, None where the address cannot be used or was not looked at: `fault` says which.
    Notices without an answer were not tried.
    """

    service: str | None
    answers: tuple[Answer, ...]
    fault: Answer | None = None


def send(address: Address, notices: Sequence[Notice], total: timedelta = PEOPLE_TOTAL) -> Answers:
    """Send as many of the notices as there is time for, at least one; without any, look whether Apprise takes the address.

    Takes no longer than `total`, whatever the other side does.
    """
    request = {
        "url": address.url,
        "notices": [{"title": each.title, "body": each.body, "urgency": each.urgency.value} for each in notices],
        "begin_within": PEOPLE_BEGIN.total_seconds(),
        "end_after": int(total.total_seconds()) + 5,
    }
    printed, ended = _run(json.dumps(request).encode(), total)
    told = list(_parsed(printed))
    if not told:
        fault = _not_looked_at(ended, total)
        return Answers(None, (fault,) if notices else (), fault)
    service = told[0]["service"]
    if service is None:
        return Answers(None, tuple(UNUSABLE for _ in notices), UNUSABLE)
    answers = [_answer(each) for each in told[1:]]
    if ended is not _End.WHOLE and len(answers) < len(notices):
        answers.append(_cut_off(ended, total))
    return Answers(service, tuple(answers))


class _End(Enum):
    WHOLE = "by itself"
    BROKEN = "of a fault, or for want of memory"
    LATE = "because its time was over"


def _run(request: bytes, total: timedelta) -> tuple[bytes, _End]:
    """What the process printed, and how it ended."""
    environ = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    try:
        # -P: modules beside that file are none of its business.
        done = subprocess.run(
            [sys.executable, "-P", str(_CHILD)],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=total.total_seconds(),
            env=environ,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", _End.LATE
    return done.stdout, _End.WHOLE if done.returncode == 0 else _End.BROKEN


def _not_looked_at(ended: _End, total: timedelta) -> Answer:
    if ended is _End.LATE:
        return Answer(False, f"Apprise had not looked at it within {int(total.total_seconds())} s", _OURS)
    return Answer(False, "Apprise broke off before it had looked at it", _OURS)


def _cut_off(ended: _End, total: timedelta) -> Answer:
    if ended is _End.LATE:
        return Answer(False, f"It had not taken the message within {int(total.total_seconds())} s", _UNREACHED)
    return Answer(False, "Apprise broke off while it was sending", _SEE_APPRISE)


def _parsed(printed: bytes) -> Iterator[Mapping[str, Any]]:
    for line in printed.splitlines(keepends=True):
        if line.endswith(b"\n"):  # else it was killed in the middle of it
            yield json.loads(line)


def _answer(told: Mapping[str, Any]) -> Answer:
    if told["taken"]:
        return Answer(True)
    if told["endless"]:
        return Answer(False, "It answered without end", _NOT_IT)
    if not told["reached"]:
        return Answer(False, "It could not be reached", _UNREACHED)
    status = told["status"]
    if status is None:
        return Answer(False, "It did not take the message", _SEE_APPRISE)
    remedy = _REMEDIES.get(status, _SERVERS_FAULT if status >= 500 else _SEE_APPRISE)
    return Answer(False, f"It answered with status {status}", remedy)
