"""Every rule's outcome for one picture, and the answer they add up to."""

from dataclasses import dataclass
from enum import StrEnum

from smartapp.clinical.conclusions import (
    Action,
    Age,
    Applicability,
    Blocker,
    CrsStatus,
    Decision,
    Dic,
    EffectiveFibrinogen,
    Infusion,
    Modifier,
    Monitoring,
    Option,
    Tier,
    Weight,
)
from smartapp.clinical.findings import Finding, Indicator
from smartapp.clinical.picture import BleedingLevel, ClinicalPicture, Gap
from smartapp.clinical.policy import SitePolicy

GUIDELINE_NAME = "crs-coagulopathy"
GUIDELINE_VERSION = "1.1"


class OutcomeKind(StrEnum):
    """How a rule ended (`rules[].outcome`)."""

    APPLIES = "applies"
    SILENT = "silent"
    CANNOT_TELL = "cannot_tell"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row's outcome: `missing` names the inputs that lack; `inputs` pairs each input used with its words and source."""

    rule: str
    version: int
    kind: OutcomeKind
    missing: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str, str], ...] = ()  # (name, value in words with unit and time, source reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The answer for one patient at one moment; what belongs to sections that did not run is None or empty.

    `gaps` is `data_issues`: those of the reading and those the criteria found. `infusion` None: no CAR-T found.
    `decision` None where no therapy rule ran; `action` and `indicator` stand all the same.
    """

    picture: ClinicalPicture
    policy: SitePolicy
    applicability: Applicability
    action: Action
    indicator: Indicator
    tier: Tier
    bleeding: BleedingLevel
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    age: Age | None = None
    weight: Weight | None = None
    infusion: Infusion | None = None
    crs: CrsStatus | None = None
    fibrinogen: EffectiveFibrinogen | None = None
    modifiers: tuple[Modifier, ...] = ()
    decision: Decision | None = None
    draft_allowed: bool = False
    draft_blockers: tuple[Blocker, ...] = ()
    options: tuple[Option, ...] = ()
    dic: Dic | None = None
    monitoring: Monitoring | None = None
