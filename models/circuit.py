"""Apps that a broker does not take at present: all connections of such an app wait, and one question probes for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Circuit(Base):
    """A row is an open circuit: nothing of that app is asked but the probe that is due at `probe_at`.

    `app` is the keyed fingerprint of the app's key, so that an app that was replaced in the environment starts afresh.
    `error_kind` and `error_text` say what opened it.
    """

    __tablename__ = "circuits"

    broker: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str] = mapped_column(primary_key=True)
    error_kind: Mapped[str]
    error_text: Mapped[str]
    opened_at: Mapped[datetime]
    probe_at: Mapped[datetime]
    probes: Mapped[int] = mapped_column(server_default=text("0"), default=0)
