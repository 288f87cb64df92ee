"""Decision receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("proposal", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("file", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_receipts_proposal", "receipts", ["proposal"])


def downgrade() -> None:
    op.drop_table("receipts")
