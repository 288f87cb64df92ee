"""What one hook call leaves behind, in one transaction: its audit records and the cards that it showed."""

from collections.abc import Sequence

from smartapp.storage.audit import AuditLog, assessed_entry, noted_entry
from smartapp.storage.feedback import FeedbackStore
from smartapp.usecases.feedback import AssessmentRecord, ShownCard


class HookRecordStore:
    """An `Answered`: audit trail and shown cards are kept together, or neither."""

    def __init__(self, audit: AuditLog, feedback: FeedbackStore) -> None:
        self._audit = audit
        self._feedback = feedback

    def keep(self, told: AssessmentRecord, notes: Sequence[tuple[str, str]], cards: Sequence[ShownCard]) -> None:
        """The answer, what became of each card (event, outcome), and the cards that were shown."""
        answer = assessed_entry(told.subject, told.assessment, told.event, told.read)
        entries = [answer, *(noted_entry(told.subject, *note) for note in notes)]
        self._audit.append(entries, beside=lambda cursor: self._feedback.insert(cursor, cards))
