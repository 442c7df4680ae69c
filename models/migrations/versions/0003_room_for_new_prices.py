"""room for new prices

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For pages that are filled from now on; those that are full already follow as their rows are replaced.
    op.execute("ALTER TABLE positions SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE positions RESET (fillfactor)")
