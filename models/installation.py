"""What belongs to the installation as a whole: the key under which numbers are fingerprinted."""

from __future__ import annotations

import hmac
import secrets
import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session

from models.base import Base, RowId
from models.sealing import Sealed

THE_INSTALLATION = uuid.UUID(int=1)


class Installation(Base):
    """One row. The fingerprint key is made once; with another one no account would be recognised again."""

    __tablename__ = "installation"

    id: Mapped[RowId]
    fingerprint_key_sealed: Mapped[str]

    fingerprint_key = Sealed[str]("fingerprint_key_sealed")

    @property
    def sealed_under(self) -> uuid.UUID:
        return self.id


class Fingerprints:
    """Keyed fingerprints of numbers that must be found again but never read: HMAC-SHA256 over broker and number."""

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)

    def of(self, broker: str, number: str) -> str:
        return hmac.digest(self._key, f"{broker}\0{number}".encode(), "sha256").hex()


def fingerprints(session: Session) -> Fingerprints:
    """The installation's fingerprints; the key is made at first use. Raises `CredentialsUnreadable`."""
    row = session.get(Installation, THE_INSTALLATION)
    if row is None:
        fresh = Installation(id=THE_INSTALLATION)
        fresh.fingerprint_key = secrets.token_hex(32)
        # Two processes may be first: the one whose insert loses reads the other's key.
        session.execute(
            insert(Installation)
            .values(id=THE_INSTALLATION, fingerprint_key_sealed=fresh.fingerprint_key_sealed)
            .on_conflict_do_nothing()
        )
        row = session.scalars(select(Installation)).one()
    return Fingerprints(row.fingerprint_key)
