"""People are told through Apprise, one process an address: what hangs there is killed and holds up nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
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
    """`service` as Apprise calls it, None where the address cannot be used. Notices without an answer were not tried."""

    service: str | None
    answers: tuple[Answer, ...]


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
    printed, cut_off = _run(json.dumps(request).encode(), total)
    told = list(_parsed(printed))
    service = told[0]["service"] if told else None
    if told and service is None:
        return Answers(None, tuple(UNUSABLE for _ in notices))
    answers = [_answer(each) for each in told[1:]]
    if cut_off is not None and len(answers) < len(notices):
        answers.append(Answer(False, cut_off, _UNREACHED))
    return Answers(service, tuple(answers))


def _run(request: bytes, total: timedelta) -> tuple[bytes, str | None]:
    """What the process printed, and why it did not come to its end."""
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
        return late.stdout or b"", f"It had not taken the message within {int(total.total_seconds())} s"
    return done.stdout, None if done.returncode == 0 else "Apprise broke off while it was sending"


def _parsed(printed: bytes) -> Iterator[Mapping[str, Any]]:
    for line in printed.splitlines(keepends=True):
        if line.endswith(b"\n"):  # else it was killed in the middle of it
            yield json.loads(line)


def _answer(told: Mapping[str, Any]) -> Answer:
    if told["taken"]:
        return Answer(True)
    if not told["reached"]:
        return Answer(False, "It could not be reached", _UNREACHED)
    status = told["status"]
    if status is None:
        return Answer(False, "It did not take the message", _SEE_APPRISE)
    remedy = _REMEDIES.get(status, _SERVERS_FAULT if status >= 500 else _SEE_APPRISE)
    return Answer(False, f"It answered with status {status}", remedy)
