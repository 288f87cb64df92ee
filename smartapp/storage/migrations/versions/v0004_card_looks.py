"""What the evaluation of a shown card said."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("shown_cards", sa.Column("look", sa.LargeBinary))
    op.create_index("ix_shown_cards_likeness", "shown_cards", ["likeness"])


def downgrade() -> None:
    op.drop_index("ix_shown_cards_likeness", "shown_cards")
    op.drop_column("shown_cards", "look")
