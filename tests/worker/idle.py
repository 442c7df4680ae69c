"""A broker that ends logins which nobody uses, and logins that nobody has used for long."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import ClassVar

from sqlalchemy import func

from brokers.interface import Declaration
from tests.fakes import FakeBroker
from tests.records import a_connection
from tests.worker.stored import put_credential
from worker.idle_logins import LAST_AFTER
from worker.parts import Parts

LIFETIME = timedelta(days=3)


class Forgetful(FakeBroker):
    """A broker that ends logins which were not used for three days."""

    declaration: ClassVar[Declaration] = dataclasses.replace(FakeBroker.declaration, idle_login_lifetime=LIFETIME)


def an_idle_login(parts: Parts, part: float = LAST_AFTER, **values: object) -> uuid.UUID:
    """Its tokens were issued so large a part of the idle time ago."""
    connection_id = a_connection(parts.database, lasts=None, **values)
    put_credential(parts.database, connection_id, refreshed_at=func.now() - LIFETIME * part)
    return connection_id
