"""Whose a launch is, why it ended, and who refreshes its tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
_COLUMNS = (
    ("ended_why", sa.String(20)),
    ("who", sa.String(64)),
    ("refresh_holder", sa.String(32)),
    ("refresh_until", sa.Float()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("launches", sa.Column(name, kind))
    op.create_index("ix_launches_who", "launches", ["who"])


def downgrade() -> None:
    op.drop_index("ix_launches_who", "launches")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("launches", name)
