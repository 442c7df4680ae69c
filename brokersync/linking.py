"""Making the one-time link with which a person logs in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from brokersync import ids
from brokersync.cells import SHORT_ID
from models.connection import Connection, Status
from models.links import NewLink, make_link
from models.sealing import keyring
from models.session import Database


class OfAnother(Exception):
    """The connection to repair is not the one that the other options name. `option` is the one that disagrees."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True)
class Repair:
    """The connection that a link is to repair, as it stands now."""

    connection_id: uuid.UUID
    user_id: str
    broker: str
    status: Status

    def __str__(self) -> str:
        """`It repairs connection 0b6e2f41, the schwab login of user 42: ids and history stay.`"""
        short = str(self.connection_id)[:SHORT_ID]
        more = {
            Status.PAUSED: f" It is paused and stays so: `brokersync resume {short}` starts it again.",
            Status.DISCONNECTED: " It is disconnected, and goes on where it stopped.",
        }
        said = f"It repairs connection {short}, the {self.broker} login of user {self.user_id}: ids and history stay."
        return said + more.get(self.status, "")


def to_repair(database: Database, typed: str, user_id: str | None, broker: str | None) -> Repair:
    """What `--repair` names, by its id or the beginning of one. Raises `brokersync.ids.NoSuchId` and `OfAnother`."""
    connection_id = ids.connection_id(database, typed)
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
    if user_id not in (None, connection.user_id):
        raise OfAnother("--user", f"Connection {connection_id} is of user {connection.user_id}: leave --user away.")
    if broker not in (None, connection.broker):
        raise OfAnother("--broker", f"Connection {connection_id} is at {connection.broker}: leave --broker away.")
    return Repair(connection_id, connection.user_id, connection.broker, Status(connection.status))


def new_link(database: Database, user_id: str, broker: str, repaired: Repair | None, return_url: str | None) -> NewLink:
    """Raises what `models.links.make_link` raises, and `settings.NotConfigured` where a login could not be kept: it would
    be lost after the person has made it."""
    keyring()
    with database.session() as session:
        return make_link(session, user_id, broker, None if repaired is None else repaired.connection_id, return_url)
