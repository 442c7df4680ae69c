"""the main job

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What other programs read. Sealed columns and bookkeeping stay out. `age` is how long ago the broker confirmed the row.
BALANCES = """
    a.cash, a.net_liq, a.equity, a.equity_percentage, a.buying_power, a.stock_buying_power, a.option_buying_power,
    a.day_trading_buying_power, a.available_funds, a.long_market_value, a.short_market_value, a.long_option_value,
    a.short_option_value, a.bond_value, a.mutual_fund_value, a.money_market_fund, a.savings, a.margin_balance,
    a.maintenance_requirement, a.unsettled_cash
"""
VIEWS = {
    "v_connections": """
        SELECT c.id AS connection_id, c.user_id, c.broker, c.status, c.login_at, c.login_expires_at, c.checked_at,
            now() - c.checked_at AS age, c.last_success_at, c.next_sync_at, c.consecutive_failures,
            c.last_error_kind, c.last_error_text, c.created_at, c.updated_at
        FROM connections c
    """,
    "v_accounts": f"""
        SELECT a.id AS account_id, a.connection_id, c.user_id, c.broker, a.masked, a.nickname, a.type, a.currency,
            {BALANCES}, a.version, a.as_of, a.fetched_at, a.committed_at, k.checked_at, now() - k.checked_at AS age,
            a.proof, a.missing_since
        FROM accounts a JOIN connections c ON c.id = a.connection_id LEFT JOIN account_checks k ON k.account_id = a.id
    """,
    "v_positions": """
        SELECT p.account_id, a.connection_id, c.user_id, c.broker, a.version, p.instrument_key, p.symbol, p.asset_type,
            p.broker_asset_type, p.quantity, p.avg_price, p.mark_price, p.market_value, p.cost_basis, p.unrealized_pnl,
            p.day_pnl, p.multiplier, p.currency, p.cusip, p.description, p.underlying, p.expiry, p.strike, p.put_call,
            a.as_of, a.fetched_at, k.checked_at, now() - k.checked_at AS age, a.proof
        FROM positions p JOIN accounts a ON a.id = p.account_id JOIN connections c ON c.id = a.connection_id
            LEFT JOIN account_checks k ON k.account_id = a.id
    """,
}


def upgrade() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("login_fp", sa.Text(), nullable=True),
        sa.Column("login_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("login_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repairs_connection_id", sa.Uuid(), nullable=True),
        sa.Column("sync_interval", sa.Interval(), nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consecutive_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unfinished_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error_kind", sa.Text(), nullable=True),
        sa.Column("last_error_text", sa.Text(), nullable=True),
        sa.Column("fetch_state_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('linking', 'active', 'paused', 'reauth_required', 'credentials_unreadable', 'disconnected')",
            name=op.f("ck_connections_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
    )
    op.create_index(
        "ix_connections_due",
        "connections",
        ["next_sync_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('linking', 'active', 'credentials_unreadable')"),
    )
    op.create_index("ix_connections_login_fp", "connections", ["login_fp"], unique=False)
    op.create_index("ix_connections_user_id", "connections", ["user_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_connection_id_at", "events", ["connection_id", "at"], unique=False)
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint_key_sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("browser_hash", sa.Text(), nullable=True),
        sa.Column("state_hash", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("callback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_links_state_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index("ix_links_user_id_broker", "links", ["user_id", "broker"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("number_fp", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.Text(), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("broker_account_id", sa.Text(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("cash", sa.Numeric(), nullable=True),
        sa.Column("net_liq", sa.Numeric(), nullable=True),
        sa.Column("equity", sa.Numeric(), nullable=True),
        sa.Column("equity_percentage", sa.Numeric(), nullable=True),
        sa.Column("buying_power", sa.Numeric(), nullable=True),
        sa.Column("stock_buying_power", sa.Numeric(), nullable=True),
        sa.Column("option_buying_power", sa.Numeric(), nullable=True),
        sa.Column("day_trading_buying_power", sa.Numeric(), nullable=True),
        sa.Column("available_funds", sa.Numeric(), nullable=True),
        sa.Column("long_market_value", sa.Numeric(), nullable=True),
        sa.Column("short_market_value", sa.Numeric(), nullable=True),
        sa.Column("long_option_value", sa.Numeric(), nullable=True),
        sa.Column("short_option_value", sa.Numeric(), nullable=True),
        sa.Column("bond_value", sa.Numeric(), nullable=True),
        sa.Column("mutual_fund_value", sa.Numeric(), nullable=True),
        sa.Column("money_market_fund", sa.Numeric(), nullable=True),
        sa.Column("savings", sa.Numeric(), nullable=True),
        sa.Column("margin_balance", sa.Numeric(), nullable=True),
        sa.Column("maintenance_requirement", sa.Numeric(), nullable=True),
        sa.Column("unsettled_cash", sa.Numeric(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("published_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_accounts_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("connection_id", "number_fp", name=op.f("uq_accounts_connection_id_number_fp")),
    )
    op.create_table(
        "credentials",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("document_sealed", sa.Text(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("refresh_attempt_id", sa.Uuid(), nullable=True),
        sa.Column("refresh_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_credentials_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("accounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("broker_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_sync_runs_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_connection_id_started_at", "sync_runs", ["connection_id", "started_at"], unique=False)
    op.create_table(
        "account_checks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_checks_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_checks")),
    )
    op.create_index(
        "ix_accounts_behind",
        "accounts",
        ["id"],
        unique=False,
        postgresql_where=sa.text("published_version < version"),
    )
    op.create_table(
        "positions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("broker_asset_type", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("avg_price", sa.Numeric(), nullable=True),
        sa.Column("mark_price", sa.Numeric(), nullable=True),
        sa.Column("market_value", sa.Numeric(), nullable=True),
        sa.Column("cost_basis", sa.Numeric(), nullable=True),
        sa.Column("unrealized_pnl", sa.Numeric(), nullable=True),
        sa.Column("day_pnl", sa.Numeric(), nullable=True),
        sa.Column("multiplier", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cusip", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("underlying", sa.Text(), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("strike", sa.Numeric(), nullable=True),
        sa.Column("put_call", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "asset_type IN ('EQ', 'ETF', 'OPT', 'FUND', 'BOND', 'CASH', 'CRYPTO', 'FUT', 'FX', 'OTHER')",
            name=op.f("ck_positions_asset_type"),
        ),
        sa.CheckConstraint("put_call IN ('CALL', 'PUT')", name=op.f("ck_positions_put_call")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_positions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "instrument_key", name=op.f("pk_positions")),
    )
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'events are append only';
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
    op.execute("DROP TRIGGER events_append_only ON events")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("positions")
    op.drop_table("account_checks")
    op.drop_index("ix_sync_runs_connection_id_started_at", table_name="sync_runs")
    op.drop_table("sync_runs")
    op.drop_table("credentials")
    op.drop_index("ix_accounts_behind", table_name="accounts", postgresql_where=sa.text("published_version < version"))
    op.drop_table("accounts")
    op.drop_index("ix_links_user_id_broker", table_name="links")
    op.drop_table("links")
    op.drop_table("installation")
    op.drop_index("ix_events_connection_id_at", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_connections_user_id", table_name="connections")
    op.drop_index("ix_connections_login_fp", table_name="connections")
    op.drop_index(
        "ix_connections_due",
        table_name="connections",
        postgresql_where=sa.text("status IN ('linking', 'active', 'credentials_unreadable')"),
    )
    op.drop_table("connections")
