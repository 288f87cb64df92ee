"""Entries by hand between their store and the use cases: for a launch's case, and for a hook call (interfaces.md section 4)."""

from dataclasses import dataclass, replace

from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import SitePolicy
from smartapp.storage.manual_entries import EntryStore
from smartapp.usecases.manual_entries import changed, only, packed_entries, read_entries, together
from smartapp.usecases.ports import Subject

_DAY = 86400.0
_PASSING_DAYS, _LASTING_DAYS = 2, 120  # past `manual_entry_hours` (at most 24), and past `window_extended_days` (90)
_LASTING = "infusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEntries:
    """What counts for a patient; with `manual_entry_hours` 0 an entry ends with its launch, and nothing is stored here."""

    store: EntryStore
    policy: SitePolicy

    @property
    def shared(self) -> bool:
        """Whether entries count beyond their own launch."""
        return bool(self.policy.get("manual_entry_hours"))

    def of(self, subject: Subject, launch: Bedside | None = None) -> Bedside:
        """The patient's, with what belongs to the `launch` alone."""
        own = launch or Bedside()
        if not self.shared:
            return own
        known = together(read_entries(payload) for payload in self.store.of(subject.records, subject.patient))
        return replace(known, standing=own.standing)

    def enter(self, subject: Subject, before: Bedside, after: Bedside) -> None:
        """Store what is new, forget what was taken back."""
        entered, gone = changed(before, after)
        for name in sorted(entered):
            lasting = name == _LASTING or name in after.suspects
            seconds = (_LASTING_DAYS if lasting else _PASSING_DAYS) * _DAY
            payload = packed_entries(only(after, name))
            self.store.put(subject.records, subject.patient, name, payload, seconds=seconds)
        for name in sorted(gone):
            self.store.remove(subject.records, subject.patient, name)
