"""Alembic's entry. The connection is handed in: a socket URL does not survive Alembic's own configuration file."""

from alembic import context

from models.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
