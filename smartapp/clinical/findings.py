"""A clinical statement with its severity and evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Indicator(StrEnum):
    """How loudly something speaks (guideline section 0); `critical` means look now, not do now (DSI-14)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 info, 1 warning, 2 critical."""
        return _RANKS[self]


_RANKS = {indicator: rank for rank, indicator in enumerate(Indicator)}


class EvidenceLevel(StrEnum):
    """Guideline section 0: L1 label or trial … L5 project default, verify against the site's protocol."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says of this patient: one sentence or two, the records it rests on, and where it comes from.

    `rule` is the guideline's row id (one module may hold several rows, REP-01 … REP-12); `citations` are source keys."""

    rule: str
    version: int
    indicator: Indicator
    text: str
    level: EvidenceLevel
    citations: tuple[str, ...]
    evidence: tuple[str, ...] = ()
