"""One-time links that a host application hands to a person."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId


class Link(Base):
    """Only hashes are kept: of the link's token, of the state sent to the broker, of the secret in the person's browser.

    `started_at` is when the state was made; `callback_at` is set while the code is exchanged and the accounts are listed;
    `used_at` when the link has brought tokens. `connection_id` is the connection to repair, if one was named.
    """

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_user_id_broker", "user_id", "broker"),)

    id: Mapped[RowId]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str]
    broker: Mapped[str]
    connection_id: Mapped[uuid.UUID | None]
    return_url: Mapped[str | None]
    expires_at: Mapped[datetime]
    browser_hash: Mapped[str | None]
    state_hash: Mapped[str | None] = mapped_column(unique=True)
    started_at: Mapped[datetime | None]
    callback_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
