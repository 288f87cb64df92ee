"""The watch: watched patients, changes of their state, and the day's requests."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "watched_patients",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("roster", sa.String(10), nullable=False),
        sa.Column("entered_at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("due_why", sa.String(20), nullable=False),
        sa.Column("lease_holder", sa.String(64)),
        sa.Column("lease_until", sa.Float()),
        sa.Column("looked_at", sa.Float()),
        sa.Column("failed_at", sa.Float()),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_watched_patients_due_at", "watched_patients", ["due_at"])
    op.create_index("ix_watched_patients_until", "watched_patients", ["until"])
    op.create_table(
        "watch_changes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_watch_changes_at", "watch_changes", ["at"])
    op.create_table(
        "watch_requests",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    for table in ("watch_requests", "watch_changes", "watched_patients"):
        op.drop_table(table)
