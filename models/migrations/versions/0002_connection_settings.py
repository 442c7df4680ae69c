"""connection settings

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = """
    SELECT c.id AS connection_id, c.user_id, c.broker, c.status, c.login_at, c.login_expires_at, c.checked_at,
        now() - c.checked_at AS age, c.last_success_at, c.next_sync_at, c.consecutive_failures,
        c.last_error_kind, c.last_error_text, c.created_at, c.updated_at
"""
SETTINGS = "c.label, c.sync_interval, c.hours_from, c.hours_until, c.time_zone"


def upgrade() -> None:
    op.add_column("connections", sa.Column("label", sa.Text(), nullable=True))
    op.add_column("connections", sa.Column("hours_from", sa.Time(), nullable=True))
    op.add_column("connections", sa.Column("hours_until", sa.Time(), nullable=True))
    op.add_column("connections", sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False))
    op.create_check_constraint(
        op.f("ck_connections_hours"),
        "connections",
        "(hours_from IS NULL) = (hours_until IS NULL) AND hours_from <> hours_until",
    )
    # Replaced, not made anew, so that what others built on the view and who may read it stay. That adds at the end only.
    op.execute(f"CREATE OR REPLACE VIEW v_connections AS {BEFORE}, {SETTINGS} FROM connections c")


def downgrade() -> None:
    op.execute("DROP VIEW v_connections")
    op.execute(f"CREATE VIEW v_connections AS {BEFORE} FROM connections c")
    op.drop_constraint(op.f("ck_connections_hours"), "connections")
    for name in ("time_zone", "hours_until", "hours_from", "label"):
        op.drop_column("connections", name)
