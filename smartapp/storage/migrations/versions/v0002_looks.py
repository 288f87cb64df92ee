"""What each user last saw of a patient."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("launch", sa.String(64), nullable=False),
        sa.Column("current", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary),
        sa.Column("seen_at", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("looks")
