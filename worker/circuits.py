"""A broker that refuses this installation's app refuses all its connections: they wait together, and one question is asked.

a sync is refused → so is the app, asked for alone → circuit and event, with the failure in one transaction → the
dispatcher passes that broker over, and what is asked for is deferred → `worker.probing` asks for the app again → circuit
gone, event, all go on
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

import settings
from brokers.errors import AccessRefused, AppMisconfigured
from brokers.interface import NotConfigured
from models.circuit import Circuit, Opened
from models.event import record_app_event
from models.sealing import CredentialsUnreadable
from worker.app_answers import Answer
from worker.parts import Parts

log = logging.getLogger(__name__)

FIRST_PROBE = timedelta(minutes=1)
LONGEST_PROBE = timedelta(minutes=15)
"""Nothing but an operator ends it; who has mended it can ask for the probe at once."""

CONFIRM_WITHIN = 10.0
"""Seconds for the question about the app beside a sync that was refused, and as many for waiting for who is asking: what
is left of a sync is not much, and the watchdog leaves it some more."""

NOT_CONFIGURED = ""
"""The app of a worker whose environment lacks the broker's variables."""

_WITHOUT_VARIABLES = (
    "Correct the environment of the worker and start it again; `brokersync doctor`, run with the same environment, says "
    "what it lacks."
)


@dataclass(frozen=True)
class Refusal:
    """That a broker takes no call of this installation's app. `action` is what an operator must do, and where."""

    broker: str
    app: str
    reason: str
    action: str


def app_of(parts: Parts, broker: str) -> str | None:
    """The fingerprint of this worker's app at a broker, as circuits have it; None where no key makes fingerprints."""
    try:
        configured = parts.broker(broker)
    except (NotConfigured, KeyError):  # a broker that this version does not know is none that it has variables for
        return NOT_CONFIGURED
    try:
        return parts.fingerprints.of(broker, configured.app_id())
    except (CredentialsUnreadable, settings.NotConfigured):
        return None


def is_ours(parts: Parts, broker: str, app: str) -> bool:
    """Whether a circuit of that app binds this worker: one of an app that was replaced in the environment does not."""
    return app_of(parts, broker) == app


def refusal(parts: Parts, broker: str, error: Exception) -> Refusal | None:
    """What an error says about the app; None where it is not about the app, or only perhaps.

    Ask this in no session. A connection proves nothing alone: the app is asked for by itself first, so that one login that
    the broker refuses in these words does not stop all others.
    """
    if isinstance(error, NotConfigured):
        return Refusal(broker, NOT_CONFIGURED, str(error), _WITHOUT_VARIABLES)
    if not isinstance(error, AppMisconfigured) or isinstance(error, AccessRefused):
        return None
    app, asked = app_of(parts, broker), parts.broker(broker)
    if app is None or parts.app_answers.of(asked, app, CONFIRM_WITHIN) is not Answer.REFUSED:
        return None
    return Refusal(broker, app, str(error), asked.declaration.app_advice)


def open_for(session: Session, refused: Refusal, now: datetime) -> None:
    """Open the circuit, and write the event if it was not open: one, however many connections are refused at once."""
    fresh = {
        "error_kind": Opened.REFUSED,
        "error_text": refused.reason,
        "opened_at": now,
        "probe_at": now + FIRST_PROBE,
        "probed_at": None,
        "probes": 0,
    }
    opened = session.execute(
        insert(Circuit)
        .values(broker=refused.broker, app=refused.app, **fresh)
        # One that was silent before and says no now is told of as well.
        .on_conflict_do_update(index_elements=["broker", "app"], set_=fresh, where=Circuit.error_kind != Opened.REFUSED)
        .returning(Circuit.broker)
    ).one_or_none()
    if opened is None:
        return
    log.error("app refused, its connections wait", extra={"broker": refused.broker})
    record_app_event(session, "app_refused", refused.broker, "worker", reason=refused.reason, action=refused.action)


def probed(circuit: Circuit, now: datetime, first: timedelta, longest: timedelta, random: Callable[[], float]) -> None:
    """Note a probe that is about to be made, and when the next one is: twice as far each time, a tenth more or less."""
    circuit.probes += 1
    circuit.probed_at = now
    wait: timedelta = min(first * 2 ** min(circuit.probes, 10), longest)
    circuit.probe_at = now + wait * (0.9 + 0.2 * random())
