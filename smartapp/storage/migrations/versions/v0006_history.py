"""Where each chain of the audit begins and ends, which policies were in force, and what clean-up looks for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("chain", sa.String(32), primary_key=True),
        sa.Column("begun_at", sa.Float, nullable=False),
        sa.Column("follows", sa.Text, nullable=False),
        sa.Column("followed_by", sa.String(32)),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("purged_number", sa.Integer, nullable=False),
        sa.Column("purged_hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("purged_seal", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_chains_followed_by", "audit_chains", ["followed_by"])
    op.create_table(
        "policy_history",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("program", sa.String(40), nullable=False),
    )
    op.create_index("ix_pending_launches_expires_at", "pending_launches", ["expires_at"])
    op.create_index("ix_launches_seen_at", "launches", ["seen_at"])


def downgrade() -> None:
    op.drop_index("ix_launches_seen_at", "launches")
    op.drop_index("ix_pending_launches_expires_at", "pending_launches")
    op.drop_table("policy_history")
    op.drop_table("audit_chains")
