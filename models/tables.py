"""All tables in one place, for who needs the whole metadata (migrations, tests)."""

from models.account import Account, AccountCheck, Position
from models.base import Base
from models.connection import Connection, Credential
from models.event import Event
from models.installation import Installation
from models.link import Link
from models.run import SyncRun

__all__ = [
    "Account",
    "AccountCheck",
    "Base",
    "Connection",
    "Credential",
    "Event",
    "Installation",
    "Link",
    "Position",
    "SyncRun",
]
