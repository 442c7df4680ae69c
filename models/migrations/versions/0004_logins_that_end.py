"""logins that end: who is told, what a refresh left behind, which apps are refused

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = "state IN ('pending', 'delivered', 'unwanted', 'given_up')"


def upgrade() -> None:
    op.alter_column("events", "connection_id", nullable=True)
    op.alter_column("events", "user_id", nullable=True)
    op.create_table(
        "event_deliveries",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_event_deliveries_state")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_deliveries_event_id_events")),
        sa.PrimaryKeyConstraint("event_id", "target", name=op.f("pk_event_deliveries")),
    )
    op.create_index(
        "ix_event_deliveries_pending",
        "event_deliveries",
        ["next_try_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "circuits",
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("error_kind", sa.Text(), nullable=False),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("broker", "app", name=op.f("pk_circuits")),
    )
    op.create_index(
        "ix_sync_runs_silent",
        "sync_runs",
        ["finished_at"],
        postgresql_where=sa.text("error_kind IN ('unreachable', 'broker_down')"),
    )
    op.add_column("connections", sa.Column("login_notice", sa.Interval(), nullable=True))
    op.create_index(
        "ix_connections_ending",
        "connections",
        ["login_expires_at"],
        postgresql_where=sa.text("status IN ('active', 'paused', 'credentials_unreadable')"),
    )
    op.add_column(
        "credentials",
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    # When the tokens that are there were issued is not known: at the login or since. Taken for new, they would be the broker's
    # word for a login whose time is over.
    op.execute(
        "UPDATE credentials SET refreshed_at = login_at FROM connections"
        " WHERE connections.id = connection_id AND login_at < refreshed_at"
    )
    op.add_column("credentials", sa.Column("cut_short_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credentials", sa.Column("cut_short_by", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ("cut_short_by", "cut_short_at", "refreshed_at"):
        op.drop_column("credentials", name)
    op.drop_index("ix_connections_ending", table_name="connections")
    op.drop_column("connections", "login_notice")
    op.drop_index("ix_sync_runs_silent", table_name="sync_runs")
    op.drop_table("circuits")
    op.drop_table("event_deliveries")
    # What the audit trail holds of apps has no place in the older table; without it the trail would not go back at all.
    op.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
    op.execute("DELETE FROM events WHERE connection_id IS NULL")
    op.execute("ALTER TABLE events ENABLE TRIGGER events_append_only")
    op.alter_column("events", "user_id", nullable=False)
    op.alter_column("events", "connection_id", nullable=False)
