"""The tables (interfaces.md section 7); times are UTC epoch seconds, secrets only encrypted or hashed."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# a launch that has been begun and not completed; taken once (SAL-23, SAL-27)
pending_launches = Table(
    "pending_launches",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),  # the pending cookie this state is bound to
    Column("payload", LargeBinary, nullable=False),  # encrypted: issuer, verifier, nonce, launch parameters
    Column("expires_at", Float, nullable=False),
    Column("taken_at", Float),
    Column("launch", String(64)),  # the launch it became, for a repeated callback
    Index("ix_pending_launches_expires_at", "expires_at"),
)

# a live or ended launch; tokens and context encrypted
launches = Table(
    "launches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("cookie_hash", String(64), nullable=False),
    Column("ehr", String(100), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # encrypted: tokens, patient, user, scopes
    Column("bedside", LargeBinary),  # encrypted: what the clinician added by hand
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("ended_why", String(20)),  # `storage.launches.Ending`
    Column("who", String(64)),  # digest of EHR, issuer, subject and patient; nobody known: none
    Column("refresh_holder", String(32)),  # one process refreshes the tokens: locks are rows
    Column("refresh_until", Float),  # from then on the holder counts as dead
    Index("ix_launches_seen_at", "seen_at"),
    Index("ix_launches_who", "who"),
)

# our signing keys; private parts encrypted
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("alg", String(10), nullable=False),
    Column("private_jwk", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("retired_at", Float),  # from then on no longer used; published a while longer
)

# what was entered by hand for a patient, for every launch and hook; an entry once, the newest wins
manual_entries = Table(
    "manual_entries",
    metadata,
    Column("entry", String(64), primary_key=True),  # digest of EHR (`same_as`), patient and name of the entry
    Column("who", String(64), nullable=False),  # digest of EHR (`same_as`) and patient
    Column("payload", LargeBinary, nullable=False),  # encrypted: name, value, when, by whom
    Column("at", Float, nullable=False),
    Column("kept_until", Float, nullable=False),
    Index("ix_manual_entries_who", "who"),
    Index("ix_manual_entries_kept_until", "kept_until"),
)

# an order offered in one launch, with its state
proposals = Table(
    "proposals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("launch", String(64), ForeignKey("launches.id"), nullable=False),
    Column("identifier", String(64), nullable=False),  # under which the order exists at most once
    Column("state", String(20), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # encrypted: the order, its basis, what was shown
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Index("ix_proposals_launch", "launch"),
    Index("ix_proposals_identifier", "identifier"),
)

# what an approval or a refusal rested on: signed, addressed by its content, append-only
receipts = Table(
    "receipts",
    metadata,
    Column("address", String(64), primary_key=True),  # SHA-256 of the receipt
    Column("proposal", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("file", LargeBinary, nullable=False),  # encrypted: the signed file
    Index("ix_receipts_proposal", "proposal"),
)

# a row is held while one process writes an identifier: locks are rows
write_locks = Table(
    "write_locks",
    metadata,
    Column("identifier", String(64), primary_key=True),
    Column("proposal", String(64), nullable=False),  # its holder: a random part, and the process it lives in
    Column("taken_at", Float, nullable=False),  # when the holder last said that it lives
)

# what a user last saw of a patient, and what of it an open launch is compared with
looks = Table(
    "looks",
    metadata,
    Column("who", String(64), primary_key=True),  # digest of EHR, user and patient
    Column("launch", String(64), nullable=False),
    Column("current", LargeBinary, nullable=False),  # encrypted
    Column("previous", LargeBinary),  # encrypted: the last look of an earlier launch
    Column("seen_at", Float, nullable=False),
)

# the audit trail: append-only, one hash chain per writing process
audit = Table(
    "audit",
    metadata,
    Column("chain", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("record", Text, nullable=False),  # canonical JSON, fields of interfaces.md section 7
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("hash"),
    Index("ix_audit_at", "at"),
)

# one row a chain of the audit: where it begins, how far it is, and what retention deleted of it; never deleted
audit_chains = Table(
    "audit_chains",
    metadata,
    Column("chain", String(32), primary_key=True),
    Column("begun_at", Float, nullable=False),
    Column(
        "follows", Text, nullable=False
    ),  # JSON: the chains that no other followed yet, each with its last record then
    Column("followed_by", String(32)),
    Column("number", Integer, nullable=False),  # of the last record
    Column("hash", String(64), nullable=False),  # of the last record
    Column("purged_number", Integer, nullable=False),  # retention deleted the records up to this one
    Column("purged_hash", String(64), nullable=False),  # what the first record that is left follows
    Column("seal", String(64), nullable=False),  # of where it begins and how far it is, by secret_key
    Column("purged_seal", String(64), nullable=False),  # of what was deleted
    Index("ix_audit_chains_followed_by", "followed_by"),
)

# each policy that a start brought in, beside the one before it; append-only (DSI-04)
policy_history = Table(
    "policy_history",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("policy", Text, nullable=False),  # JSON: every parameter in force
    Column("changed", Text, nullable=False),  # JSON: each changed parameter, from and to
    Column("program", String(40), nullable=False),
)

# a caller's token that was used, until it could not be used anyway (CDS-86)
caller_tokens = Table(
    "caller_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # of issuer and jti
    Column("kept_until", Float, nullable=False),
    Index("ix_caller_tokens_kept_until", "kept_until"),
)

# a card that was shown, or a proposal offered in the app: what feedback speaks of
shown_cards = Table(
    "shown_cards",
    metadata,
    Column("card", String(64), primary_key=True),  # the card's uuid, or the proposal's id
    Column("at", Float, nullable=False),
    Column("service", String(64), nullable=False),  # the service's id; empty: the app's own pages
    Column("reference", String(200), nullable=False),  # hookInstance or launch
    Column("ehr", String(100), nullable=False),
    Column("user", String(200), nullable=False),
    Column("patient", String(64), nullable=False),
    Column("encounter", String(64), nullable=False),
    Column("rules", Text, nullable=False),  # "REP-03 v1 MOD-01 v1"
    Column("likeness", String(64), nullable=False),  # same for the same user, patient and advice (CDS-54)
    Column("severity", String(100), nullable=False),  # tier, band, bleeding
    Column("look", LargeBinary),  # encrypted: the few facts of the evaluation that it spoke of
    Index("ix_shown_cards_at", "at"),
    Index("ix_shown_cards_likeness", "likeness"),
    Index("ix_shown_cards_patient", "patient"),
)

# what clinicians answered to cards and proposals; append-only, an event once
feedback = Table(
    "feedback",
    metadata,
    Column("event", String(64), primary_key=True),  # a digest of the event: sent twice, kept once
    Column("card", String(200), nullable=False),
    Column("ehr", String(100), nullable=False),  # of the card; for an unmatched one, of the caller
    Column("outcome", String(20), nullable=False),
    Column("at", Float, nullable=False),  # when it was done
    Column("received_at", Float, nullable=False),
    Column("acknowledged_at", Float),  # missing: no such card was shown
    Column("likeness", String(64)),
    Column("severity", String(100)),
    Column("payload", LargeBinary, nullable=False),  # encrypted: accepted suggestions, reason, comment
    Index("ix_feedback_likeness", "likeness"),
    Index("ix_feedback_at", "at"),
)

# a patient on the watch: what was last read, when to look again, and who is looking now; gone with the window (interfaces.md section 8)
watched_patients = Table(
    "watched_patients",
    metadata,
    Column("id", String(64), primary_key=True),  # digest of EHR and patient
    Column("ehr", String(100), nullable=False),  # the canonical name (`same_as`)
    Column("roster", String(10), nullable=False),  # `usecases.watch.Roster`: who put the patient there
    Column("entered_at", Float, nullable=False),
    Column("until", Float, nullable=False),  # end of the window, or of what the roster gives
    Column("due_at", Float, nullable=False),  # when to look next
    Column("due_why", String(20), nullable=False),  # `usecases.watch.Why`
    Column("lease_holder", String(64)),  # one watcher looks: locks are rows
    Column("lease_until", Float),  # from then on the holder counts as dead
    Column("looked_at", Float),  # the last look that succeeded
    Column("failed_at", Float),  # the last look that did not, if none succeeded since
    Column(
        "payload", LargeBinary, nullable=False
    ),  # encrypted: the patient, the entry on the board, why the last look failed
    Index("ix_watched_patients_due_at", "due_at"),
    Index("ix_watched_patients_until", "until"),
)

# a change of a watched patient's state, for the feed of the board
watch_changes = Table(
    "watch_changes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("ehr", String(100), nullable=False),
    Column("at", Float, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # encrypted: the patient; from, to, in words
    Index("ix_watch_changes_at", "at"),
)

# requests that the watch made, a row an EHR and day (UTC): the budget is shared by all watchers
watch_requests = Table(
    "watch_requests",
    metadata,
    Column("id", String(120), primary_key=True),  # EHR and day
    Column("at", Float, nullable=False),  # of the day's first request
    Column("requests", Integer, nullable=False),
)
