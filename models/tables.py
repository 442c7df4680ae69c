"""All tables in one place, for who needs the whole metadata (migrations, tests)."""

from models.account import Account, AccountCheck, Position
from models.base import Base
from models.circuit import Circuit
from models.connection import Connection, Credential
from models.event import Event, EventDelivery
from models.installation import Installation
from models.link import Link
from models.run import SyncRun

__all__ = [
    "Account",
    "AccountCheck",
    "Base",
    "Circuit",
    "Connection",
    "Credential",
    "Event",
    "EventDelivery",
    "Installation",
    "Link",
    "Position",
    "SyncRun",
]
