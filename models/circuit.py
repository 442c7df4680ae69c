"""Apps that a broker does not take, or that it does not answer, at present: all connections of such an app wait together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Interval, func, literal, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base

BETWEEN_PROBES = timedelta(seconds=30)
"""However many ask for a probe."""


class Opened(StrEnum):
    """What opens a circuit, as error kinds: the broker refuses the app, or it answers nobody."""

    REFUSED = "app_misconfigured"
    SILENT = "broker_down"


class Circuit(Base):
    """A row is an open circuit: nothing of that app is asked but the probe that is due at `probe_at`.

    `app` is the keyed fingerprint of what the broker knows the app by, so that an app that was replaced in the environment
    starts afresh; empty for a worker whose environment lacks the broker's variables. `error_kind` (an
    `Opened`) and `error_text` say what opened it. `probed_at` is null before the first probe.
    """

    __tablename__ = "circuits"

    broker: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str] = mapped_column(primary_key=True)
    error_kind: Mapped[str]
    error_text: Mapped[str]
    opened_at: Mapped[datetime]
    probe_at: Mapped[datetime]
    probed_at: Mapped[datetime | None]
    probes: Mapped[int] = mapped_column(server_default=text("0"), default=0)


def open_circuits(session: Session) -> Sequence[Circuit]:
    """What waits, and why: the scheduled connections of each `broker`. One that was opened under settings that no worker
    has any more is mostly gone within two minutes, and at the latest soon after its next probe would have come."""
    return session.scalars(select(Circuit).order_by(Circuit.broker, Circuit.opened_at)).all()


def bring_forward(session: Session, broker: str) -> None:
    """Let the probes of a broker's circuits come now, or as soon as their last one is long enough ago."""
    soonest = func.greatest(func.clock_timestamp(), Circuit.probed_at + literal(BETWEEN_PROBES, Interval()))
    session.execute(
        update(Circuit)
        .where(Circuit.broker == broker, Circuit.probe_at > soonest)
        .values(probe_at=soonest)
        .execution_options(synchronize_session=False)
    )
