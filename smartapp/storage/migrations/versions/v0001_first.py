"""The schema of version 0.1.0: every table with its columns and indexes. Until it is released, a new table is added here."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TABLES: dict[str, tuple[sa.schema.SchemaItem, ...]] = {
    "pending_launches": (
        sa.Column("state_hash", sa.String(64), primary_key=True),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("taken_at", sa.Float),
        sa.Column("launch", sa.String(64)),
    ),
    "launches": (
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("bedside", sa.LargeBinary),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("ended_why", sa.String(20)),
        sa.Column("who", sa.String(64)),
        sa.Column("refresh_holder", sa.String(32)),
        sa.Column("refresh_until", sa.Float),
    ),
    "signing_keys": (
        sa.Column("kid", sa.String(64), primary_key=True),
        sa.Column("alg", sa.String(10), nullable=False),
        sa.Column("private_jwk", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("retired_at", sa.Float),
    ),
    "manual_entries": (
        sa.Column("entry", sa.String(64), primary_key=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kept_until", sa.Float, nullable=False),
    ),
    "proposals": (
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("launch", sa.String(64), sa.ForeignKey("launches.id"), nullable=False),
        sa.Column("identifier", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    ),
    "receipts": (
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("proposal", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("file", sa.LargeBinary, nullable=False),
    ),
    "write_locks": (
        sa.Column("identifier", sa.String(64), primary_key=True),
        sa.Column("proposal", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
    ),
    "looks": (
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("launch", sa.String(64), nullable=False),
        sa.Column("current", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary),
        sa.Column("seen_at", sa.Float, nullable=False),
    ),
    "audit": (
        sa.Column("chain", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    ),
    "audit_chains": (
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
    ),
    "policy_history": (
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("program", sa.String(40), nullable=False),
    ),
    "caller_tokens": (
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("kept_until", sa.Float, nullable=False),
    ),
    "shown_cards": (
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
        sa.Column("look", sa.LargeBinary),
    ),
    "feedback": (
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
    ),
    "watched_patients": (
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("roster", sa.String(10), nullable=False),
        sa.Column("entered_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("due_why", sa.String(20), nullable=False),
        sa.Column("lease_holder", sa.String(64)),
        sa.Column("lease_until", sa.Float),
        sa.Column("looked_at", sa.Float),
        sa.Column("failed_at", sa.Float),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    ),
    "watch_changes": (
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("ehr", sa.String(100), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    ),
    "watch_requests": (
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
    ),
}
_INDEXES = (
    ("watched_patients", "due_at"),
    ("watched_patients", "until"),
    ("watch_changes", "at"),
    ("pending_launches", "expires_at"),
    ("launches", "seen_at"),
    ("launches", "who"),
    ("manual_entries", "who"),
    ("manual_entries", "kept_until"),
    ("proposals", "launch"),
    ("proposals", "identifier"),
    ("receipts", "proposal"),
    ("audit", "at"),
    ("audit_chains", "followed_by"),
    ("caller_tokens", "kept_until"),
    ("shown_cards", "at"),
    ("shown_cards", "likeness"),
    ("shown_cards", "patient"),
    ("feedback", "likeness"),
    ("feedback", "at"),
)


def upgrade() -> None:
    for table, columns in _TABLES.items():
        op.create_table(table, *columns)
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
