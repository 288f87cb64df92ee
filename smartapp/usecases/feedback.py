"""What clinicians answer to cards and to proposals: one store for both, each event once, and what it silences (CDS-54, CDS-60 to 62)."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.findings import Indicator
from smartapp.clinical.standing_orders import OrderState
from smartapp.usecases.card_suppression import (
    LOUD_HOOKS,
    QUIET_SECONDS,
    group_of,
    is_worse,
    likeness,
    rules_in,
    severity,
)
from smartapp.usecases.last_viewed import LastView, look_of
from smartapp.usecases.ports import AssessmentLog, Subject

ACCEPTED, OVERRIDDEN = "accepted", "overridden"
LONGEST_COMMENT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """A card or a proposal as it was shown: to whom, about whom, speaking for which rules; `service` empty in the app.

    `look` holds the few facts of its evaluation."""

    card: str
    subject: Subject
    service: str
    rules: tuple[tuple[str, int], ...]
    likeness: str
    severity: str
    at: float = 0.0
    look: LastView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEvent:
    """What was done with a card, when (epoch seconds), and why; `comment` is untrusted text."""

    card: str
    outcome: str
    at: float
    suggestions: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = ""

    def key(self, ehr: str) -> str:
        """The same for the same event of the same EHR, however often it is sent."""
        told = [
            ehr,
            self.card,
            self.outcome,
            self.at,
            self.suggestions,
            self.reason_system,
            self.reason_code,
            self.comment,
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """An event as it is kept; `shown` is its card, None where no such card was shown: then it has no effect."""

    key: str
    ehr: str
    event: FeedbackEvent
    shown: ShownCard | None
    acknowledged_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """An answer to a card of one likeness: how severe it was then, when (epoch seconds), what was done and why; `in_app`: a decision on
    a proposal, whose draft the chart shows by itself."""

    severity: str
    at: float
    outcome: str
    reason: str = ""
    in_app: bool = False

    def silent_seconds(self, unsigned_seconds: float) -> float:
        """How long it silences such a card for the same user (guideline 10, *Quiet*).

        A suggestion that was accepted, until its draft is found; an order of the app is in the chart, or was taken back again.
        """
        if self.outcome == ACCEPTED:
            return 0.0 if self.in_app else unsigned_seconds
        return _SILENCE.get(self.reason, QUIET_SECONDS)


_SILENCE = {"need-more-info": 2 * 3600.0, "service-not-available": 0.0}
"""By the reason of a refusal: repeat pending; product unavailable (another may be usable). Any other: six hours."""


class Feedback(Protocol):
    """Where shown cards and answers are kept."""

    def show(self, cards: Sequence[ShownCard]) -> None:
        """Remember that these were shown; one that is known already stays as it is."""

    def card(self, card: str) -> ShownCard | None:
        """A card that was shown."""

    def latest(self, likeness: str, since: float) -> ShownCard | None:
        """The last card of this likeness that was shown since then."""

    def keep(self, kept: KeptEvent) -> bool:
        """Keep an event once; whether it is new."""

    def acknowledged(self, likenesses: Sequence[str], since: float) -> Mapping[str, Sequence[Acknowledgement]]:
        """For each likeness, each acknowledgement of such a card since then."""

    def accepted(self, ehr: str, patient: str, since: float) -> Sequence[str]:
        """How severe it was at each acceptance since then, by any user, in the app or from a card; the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRecord:
    """An answer as it is recorded: whom it was given, what was read for it, what it says."""

    subject: Subject
    assessment: Assessment
    read: Mapping[str, str]
    event: str = "hook assessed"


class HookRecords(Protocol):
    """Where everything that one call leaves behind is kept."""

    def keep(self, told: AssessmentRecord, notes: Sequence[tuple[str, str]], cards: Sequence[ShownCard]) -> None:
        """In one transaction: the answer, what became of each card (event, outcome), and the cards shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSummary:
    """A card about to be shown: its uuid, the rules it speaks for, how loudly, and the draft order it is about, if any."""

    card: str
    rules: tuple[str, ...]
    indicator: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackService:
    """The use case; `seconds` gives epoch seconds of real time."""

    feedback: Feedback
    log: AssessmentLog
    answered: HookRecords
    seconds: Callable[[], float]

    def shown(self, told: AssessmentRecord, hook: str, service: str, said: Sequence[CardSummary]) -> Mapping[str, str]:
        """Which of these cards to show, each with its likeness: all but those acknowledged and unchanged.

        The answer and what became of each card are recorded together.
        """
        look = look_of(told.assessment)
        cards = [self._card(told.subject, service, told.assessment, one, look) for one in said]
        unsigned = told.assessment.policy.span("unsigned_warn_min").total_seconds()
        known = self._acknowledged(cards, unsigned) if cards and hook not in LOUD_HOOKS else frozenset()
        kept = {card.card: card for card in cards if card.card not in known}
        notes = [
            (
                "card shown" if card.card in kept else "card withheld: acknowledged and unchanged",
                f"{card.card} {one.indicator} {in_words(card.rules)}",
            )
            for card, one in zip(cards, said, strict=True)
        ]
        self.answered.keep(told, notes, tuple(kept.values()))
        return {card.card: card.likeness for card in kept.values()}

    def is_answered_by_a_draft(self, subject: Subject, assessment: Assessment) -> bool:
        """Whether a draft of ours stands unsigned, and tier, band and bleeding are no worse than when it was written (*Quiet*)."""
        drafted = any(order.ours and order.state is OrderState.DRAFT for order in assessment.standing)
        if not drafted or not any(finding.rule == "REP-13" for finding in assessment.findings):
            return False
        since = self.seconds() - assessment.policy.span("standing_draft_h").total_seconds()
        then = next(iter(self.feedback.accepted(subject.ehr, subject.patient, since)), "")
        return not then or not is_worse(severity(assessment), then)

    def offered(self, subject: Subject, assessment: Assessment, proposals: Sequence[str]) -> None:
        """Proposals shown in the app: a decision on one answers the replacement card too."""
        findings = [f for f in assessment.findings if group_of(f.rule) == "replacement"]
        loudest = max((f.indicator for f in findings), key=lambda indicator: indicator.rank, default=Indicator.INFO)
        rules = tuple(dict.fromkeys(f.rule for f in findings))
        said = [CardSummary(card=proposal, rules=rules, indicator=str(loudest)) for proposal in proposals]
        look = look_of(assessment)
        self.feedback.show([self._card(subject, "", assessment, one, look) for one in said])

    def spoken_of(self, subject: Subject, likeness: str) -> LastView | None:
        """The evaluation that a card of this patient spoke of, if it was shown within six hours (SAL-62)."""
        shown = self.feedback.latest(likeness, self.seconds() - QUIET_SECONDS)
        if shown is None or (shown.subject.ehr, shown.subject.patient) != (subject.ehr, subject.patient):
            return None
        return shown.look

    def take(self, ehrs: Collection[str], event: FeedbackEvent) -> bool:
        """Keep what a CDS client reports of one of its EHRs' cards; whether it is new. It never writes anywhere else."""
        shown = self.feedback.card(event.card)
        if shown is not None and shown.subject.ehr not in ehrs:
            shown = None
        ehr = shown.subject.ehr if shown else min(ehrs)
        return self._kept(event, ehr, shown)

    def decided(self, event: FeedbackEvent) -> bool:
        """Keep a decision taken in the app on a proposal that was shown; taken again it is the same one."""
        shown = self.feedback.card(event.card)
        timeless = replace(event, at=0.0)
        return shown is not None and self._kept(event, shown.subject.ehr, shown, timeless.key(shown.subject.ehr))

    def _kept(self, event: FeedbackEvent, ehr: str, shown: ShownCard | None, key: str = "") -> bool:
        """An answer counts from when it was given, but not before the card was there, nor after we were told."""
        event = replace(event, comment=event.comment[:LONGEST_COMMENT])
        now = self.seconds()
        acknowledged = min(max(event.at, shown.at), now) if shown else None
        kept = KeptEvent(key=key or event.key(ehr), ehr=ehr, event=event, shown=shown, acknowledged_at=acknowledged)
        is_new = self.feedback.keep(kept)
        if is_new:
            subject = shown.subject if shown else Subject(ehr=ehr, patient="", reference=event.card)
            rules = in_words(shown.rules) if shown else "no such card was shown"
            self.log.noted(subject, "feedback", f"{event.card} {event.outcome} {event.reason_code} {rules}")
        return is_new

    def _card(
        self, subject: Subject, service: str, assessment: Assessment, said: CardSummary, look: LastView
    ) -> ShownCard:
        return ShownCard(
            card=said.card,
            subject=subject,
            service=service,
            rules=rules_in(assessment, said.rules),
            likeness=likeness(subject, assessment, said.rules, said.indicator, said.about),
            severity=severity(assessment),
            at=self.seconds(),
            look=look,
        )

    def _acknowledged(self, cards: Sequence[ShownCard], unsigned_seconds: float) -> frozenset[str]:
        """Those of these cards that an answer still silences: given lately, when it was no better."""
        now = self.seconds()
        then = self.feedback.acknowledged([card.likeness for card in cards], now - QUIET_SECONDS)
        return frozenset(
            card.card
            for card in cards
            if any(
                now - earlier.at < earlier.silent_seconds(unsigned_seconds)
                and not is_worse(card.severity, earlier.severity)
                for earlier in then[card.likeness]
            )
        )


def in_words(rules: Sequence[tuple[str, int]]) -> str:
    """`REP-03 v1 MOD-01 v1`."""
    return " ".join(f"{rule} v{version}" for rule, version in rules)
