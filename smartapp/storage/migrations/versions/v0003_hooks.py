"""Callers' used tokens, cards shown, and what clinicians answered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "caller_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("kept_until", sa.Float, nullable=False),
    )
    op.create_index("ix_caller_tokens_kept_until", "caller_tokens", ["kept_until"])
    op.create_table(
        "shown_cards",
        sa.Column("card", sa.String(64), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("encounter", sa.String(64), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("likeness", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(100), nullable=False),
    )
    op.create_index("ix_shown_cards_at", "shown_cards", ["at"])
    op.create_table(
        "feedback",
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("card", sa.String(200), nullable=False),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("acknowledged_at", sa.Float),
        sa.Column("likeness", sa.String(64)),
        sa.Column("severity", sa.String(100)),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_feedback_likeness", "feedback", ["likeness"])
    op.create_index("ix_feedback_at", "feedback", ["at"])


def downgrade() -> None:
    for table in ("feedback", "shown_cards", "caller_tokens"):
        op.drop_table(table)
