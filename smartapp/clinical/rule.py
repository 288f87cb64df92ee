"""What a rule is: what it needs, when it applies, and the three ways it can end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any, Generic, TypeVar

from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule_families import Family, family_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
FIRST_RELEASE = "2026-11-23"
REVISED_1_2 = "2026-12-01"  # with guideline 1.2


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that cannot be told: the names of the inputs that lack (`inr`, `fibrinogen`), and why, in words."""

    inputs: tuple[str, ...]
    why: str


@dataclass(frozen=True, eq=False)
class Need(Generic[T_co]):
    """A named fact, read from the picture and the policy; reading it may come to `Missing`.

    Needs may build on each other: `read` gets the `Facts` and may ask them for other needs; each is read once per assessment.
    """

    name: str
    read: Callable[["Facts"], T_co | Missing]


@dataclass(slots=True)
class Facts:
    """The facts of one assessment, each established once."""

    picture: ClinicalPicture
    policy: SitePolicy
    _known: dict[Need[Any], Any] = field(default_factory=dict)

    def get(self, need: Need[T]) -> T | Missing:
        """The fact, or `Missing`."""
        known = self._known
        if need not in known:
            known[need] = need.read(self)
        return known[need]  # type: ignore[no-any-return]


def policy(name: str) -> Need[Any]:
    """A site parameter by its name in guideline 0.2, such as `replace_below.severe`."""
    return Need(name, lambda facts: facts.policy.get(name))


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule declared, and nothing else."""

    _values: Mapping[Need[Any], Any]

    def __getitem__(self, need: Need[T]) -> T:
        """A declared need: present, since the rule is not asked otherwise."""
        return self._values[need]  # type: ignore[no-any-return]

    def get(self, want: Need[T]) -> T | None:
        """A declared want, or None if it cannot be told."""
        value = self._values[want]
        return None if isinstance(value, Missing) else value

    def why_not(self, want: Need[Any]) -> Missing | None:
        """Why a declared want cannot be told."""
        value = self._values[want]
        return value if isinstance(value, Missing) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the guideline that a rule module implements: its id, version, title, evidence level and sources.

    `released` and `revised` are the days (ISO) of its first and of its present version (DSI-01); `uses_birth_date`: whether what the
    rule reads rests on the date of birth.
    """

    id: str
    version: int
    title: str
    level: EvidenceLevel
    citations: tuple[str, ...]
    released: str = FIRST_RELEASE
    revised: str = FIRST_RELEASE
    uses_birth_date: bool = True

    @property
    def family(self) -> Family:
        """What its id says that it is about, and which card it speaks in."""
        return family_of(self.id)

    def finds(self, text: str, indicator: Indicator = Indicator.INFO, *, evidence: tuple[str, ...] = ()) -> Finding:
        """What this row says of a patient."""
        return Finding(
            rule=self.id,
            version=self.version,
            indicator=indicator,
            text=text,
            level=self.level,
            citations=self.citations,
            evidence=tuple(source for source in evidence if source),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One recommendation, or a table of rows in which the first match wins.

    `applies` gets the declared facts and returns what it finds: nothing means the rule is silent; its docstring is what the rule
    says, in plain words. `always`: it is asked also where the therapy rules do not run (APP rows).
    """

    rows: tuple[Row, ...]
    needs: tuple[Need[Any], ...]
    applies: Callable[[Given], tuple[Finding, ...]]
    wants: tuple[Need[Any], ...] = ()
    always: bool = False

    @property
    def words(self) -> str:
        """What the rule says: a sentence, then *Guideline*, *Applies when*, *Silent when*, *Cannot tell when*."""
        return getdoc(self.applies) or ""
