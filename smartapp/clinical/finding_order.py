"""Findings in the order in which a clinician should meet them, each rule once (guideline section 10)."""

from collections.abc import Iterable

from smartapp.clinical.findings import Finding
from smartapp.clinical.rule_families import CardGroup, family_of

_BY_WEIGHT = (  # of one indicator: fibrinogen, bleeding, platelets, DIC, IEC-HS, coagulation, monitoring, data
    *("REP", "SAF", "RCK", "PRD", "FC", "CRY", "TRD", "TIER", "MOD", "CRS", "APP", "BLD", "PLT", "DIC", "IEC", "COAG"),
    *("MON", "TOC", "DQ", "ORD"),
)
_VERDICTS = frozenset({"DQ-17", "DQ-21", "DQ-22"})  # of fibrinogen, though they are about data


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The loudest first, then by clinical weight; what one rule says twice stands together (an order's row: once for each order)."""
    return tuple(sorted(_each_rule_once(findings), key=_place))


def joined(findings: list[Finding]) -> Finding:
    """Several findings of one rule as one: all it says, as loud as the loudest."""
    first, loudest = findings[0], max(findings, key=lambda finding: finding.indicator.rank)
    return Finding(
        rule=first.rule,
        version=first.version,
        indicator=loudest.indicator,
        text=". ".join(finding.text.rstrip(".") for finding in findings),
        level=first.level,
        citations=first.citations,
        evidence=tuple(dict.fromkeys(source for finding in findings for source in finding.evidence)),
    )


def _each_rule_once(findings: Iterable[Finding]) -> list[Finding]:
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        order = finding.evidence[0] if _is_of_an_order(finding) and finding.evidence else ""
        by_rule.setdefault((finding.rule, order), []).append(finding)
    return [same[0] if len(same) == 1 else joined(same) for same in by_rule.values()]


def _is_of_an_order(finding: Finding) -> bool:
    return family_of(finding.rule).card is CardGroup.ORDERS


def _place(finding: Finding) -> tuple[int, int, str, str]:
    weight = -1 if finding.rule in _VERDICTS else _BY_WEIGHT.index(family_of(finding.rule).prefix)
    return (-finding.indicator.rank, weight, finding.rule, finding.text)
