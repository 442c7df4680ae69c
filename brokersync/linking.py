"""Making the one-time link with which a person logs in."""

from __future__ import annotations

import settings
from brokersync import database, ids
from models.links import NewLink, make_link
from models.sealing import keyring


def new_link(
    loaded: settings.Settings, user_id: str, broker: str, connection: str | None, return_url: str | None
) -> NewLink:
    """`connection` is the id, or the beginning of one, of what is to be repaired.

    Raises `settings.NotConfigured` where a login could not be kept: it would be lost after the person has made it.
    """
    keyring()
    with database.opened(loaded) as opened:
        connection_id = None if connection is None else ids.connection_id(opened, connection)
        with opened.session() as session:
            return make_link(session, user_id, broker, connection_id, return_url)
