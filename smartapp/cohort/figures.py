"""The figures of a report: sums put together, groups of few patients left out, what the export lacks said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.policy import SitePolicy
from smartapp.cohort.job import Job
from smartapp.cohort.run import CohortOutcome
from smartapp.usecases.replay.sums import LEAST, Group, Policy, SumKey, Sums, members

FEW = f"<{LEAST}"
_PARTED = (Group.AGE, Group.PRODUCT, Group.BAND, Group.DAY)
_POLICIES = (Policy.CURRENT, Policy.DRAFT)
_UNKNOWN = {
    "MedicationAdministration": "doses and drugs given unknown",
    "Observation": "results and vital signs unknown",
    "Condition": "CRS, bleeding and thrombosis as recorded unknown",
    "Procedure": "infusions and transfusions recorded as procedures unknown",
    "MedicationRequest": "drugs ordered unknown",
    "MedicationStatement": "drugs taken at home unknown",
    "ServiceRequest": "laboratory and blood orders unknown",
    "AllergyIntolerance": "allergies unknown",
    "Patient": "ages unknown",
}
_NOTES = {
    "loaded late": "became known, by meta.lastUpdated, more than 30 days after they happened: more likely loaded then than learned then",
    "known only when over": "are conditions that became known only when they were over: the export holds their last state",
    "known after the course": "became known after the course had ended and were not looked at",
    "known by nothing: known from the beginning": "have no time of their own and count as known from the beginning",
}


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Which members of each group are not told of."""

    hidden: Mapping[Group, frozenset[str]]
    everybody: bool

    def hides(self, group: Group, name: str) -> bool:
        """Whether nothing is told of it."""
        return self.everybody or name in self.hidden.get(group, ())


def suppressed(sums: Sums) -> Suppressed:
    """Members of fewer than 11 patients; where that would be one alone, the next smallest too, since it could be subtracted."""
    hidden = {}
    for group in _PARTED:
        counts = sorted((count, name) for name, count in members(sums, group))
        few = [name for count, name in counts if count < LEAST]
        if len(few) == 1 and len(counts) > 1:
            few.append(counts[1][1])
        hidden[group] = frozenset(few)
    return Suppressed(hidden, sums[SumKey(Group.ALL, "all", Policy.RECORD, "patients")] < LEAST)


def figures_of(job: Job, outcome: CohortOutcome, version: str) -> dict[str, Any]:
    """All of the report as plain values (`report.schema.json`)."""
    sums, population = outcome.sums, outcome.population
    few = suppressed(sums)
    replayed = sums[SumKey(Group.ALL, "all", Policy.RECORD, "patients")]
    return {
        "format": 1,
        "program": f"Fibrinogen Watch {version}",
        "guideline": {"name": GUIDELINE_NAME, "version": GUIDELINE_VERSION},
        "policies": {str(p): _policy(s.policy) for p, s in zip(_POLICIES, job.pair.sites, strict=True)},
        "changed_parameters": [
            {"name": swap.name, "current": swap.before, "draft": swap.after} for swap in job.pair.swaps
        ],
        "lag_minutes": _plain(Decimal(int(job.lag.total_seconds())) / 60),
        "export": {
            "patients": _people(population.patients),
            "with_infusion": _people(replayed),
            "without_infusion": _people(max(population.patients - replayed - population.clashing, 0)),
            "left_out": _people(population.clashing),
            "not_looked_at": _people(_record(sums, "never_looked_at")),
            "seen_hourly": _people(_record(sums, "seen_hourly")),
            "records": dict(population.types),
            "problems": len(population.problems) + population.more_problems,
            "lacks": list(_lacks(outcome)),
        },
        "totals": None if few.everybody else _figures(sums, Group.ALL, "all"),
        "groups": {str(group): list(_group(sums, group, few)) for group in _PARTED},
        "differences": list(_differences(sums)),
    }


def _policy(policy: SitePolicy) -> dict[str, Any]:
    return {"profile": policy.profile, "sha256": policy.sha256, "overrides": dict(policy.overrides)}


def _people(count: int) -> str:
    """A number of people, none as it is, few as few."""
    return FEW if 0 < count < LEAST else str(count)


def _record(sums: Sums, measure: str) -> int:
    return sums[SumKey(Group.ALL, "all", Policy.RECORD, measure)]


def _lacks(outcome: CohortOutcome) -> Iterator[str]:
    """What the export does not tell; never read as none."""
    population, sums = outcome.population, outcome.sums
    for kind in population.missing:
        yield f"{kind} not exported: {_UNKNOWN[kind]}"
    records = _record(sums, "note records")
    for name, words in _NOTES.items():
        count = _record(sums, f"note {name}")
        if count:
            yield f"{_people(count)} of {records} records {words}"
    if population.clashing:
        yield f"{_people(population.clashing)} patients with an infusion left out: one id names two people, two exports are mixed"
    if population.problems or population.more_problems:
        broken = len(population.problems) + population.more_problems
        yield f"{broken} records could not be used; problems.txt names file and line of each: a course may lack one of them"
    unknown = _record(sums, "given_unknown")
    if unknown:
        yield f"{_people(unknown)} doses given without their amount"


def _group(sums: Sums, group: Group, few: Suppressed) -> Iterator[dict[str, Any]]:
    for name, count in sorted(members(sums, group), key=lambda one: _place(group, one[0])):
        if few.hides(group, name):
            yield {"name": name, "patients": FEW if count < LEAST else "suppressed"}
        else:
            yield {"name": name, **_figures(sums, group, name)}


def _place(group: Group, name: str) -> tuple[int, str]:
    return (int(name), "") if group is Group.DAY else (0, name)


def _figures(sums: Sums, group: Group, name: str) -> dict[str, Any]:
    def count(policy: Policy, measure: str) -> int:
        return sums[SumKey(group, name, policy, measure)]

    days = {policy: Decimal(count(policy, "assessed_s")) / 86400 for policy in _POLICIES}
    told: dict[str, Any] = {
        "patients": str(count(Policy.RECORD, "patients")),
        "looks": count(Policy.RECORD, "looks"),
        "changed_looks": count(Policy.DRAFT, "changed_looks"),
    }
    for policy in _POLICIES:
        told[str(policy)] = _of_policy(lambda measure, p=policy: count(p, measure), days[policy], group)
    if group in (Group.ALL, Group.AGE, Group.PRODUCT):
        told["changed_patients"] = _people(count(Policy.DRAFT, "changed_patients"))
        told["given"] = _given(lambda measure: count(Policy.RECORD, measure))
    return told


def _of_policy(count: Any, days: Decimal, group: Group) -> dict[str, Any]:
    told = {
        "patient_days": _plain(days, "0.1"),
        "looks_by_action": {str(action): count(f"looks_{action}") for action in Action},
        "cards": count("cards"),
        "cards_per_patient_day": _rate(Decimal(count("cards")), days),
    }
    if group is Group.DAY:
        return told
    told |= {
        "hours_by_action": {str(action): _hours(count(f"{action}_s")) for action in Action},
        "cards_by_indicator": {name: count(f"cards_{name}") for name in ("critical", "warning", "info")},
        "doses": count("doses"),
        "concentrate_g": _plain(Decimal(count("dose_mg")) / 1000, "0.001"),
        "cryoprecipitate_units": count("dose_units"),
        "draws": _plain(Decimal(count("draws_thousandths")) / 1000, "0.1"),
        "draws_per_patient_day": _rate(Decimal(count("draws_thousandths")) / 1000, days),
    }
    if group is Group.BAND:
        return told
    return told | {
        "hours_below_1_5_before_advice": _hours(count("unseen_1_5_s")),
        "hours_below_1_0_before_advice": _hours(count("unseen_1_0_s")),
    }


def _given(count: Any) -> dict[str, Any]:
    judged = count("judged_doses")
    return {
        "doses": count("given_doses"),
        "concentrate_g": _plain(Decimal(count("given_mg")) / 1000, "0.001"),
        "cryoprecipitate_units": count("given_units"),
        "amount_unknown": count("given_unknown"),
        "mean_rise_g_per_l": _rate(Decimal(count("rise_mg_per_l")) / 1000, Decimal(judged)),
    }


def _rate(number: Decimal, by: Decimal) -> str:
    return _plain(number / by, "0.01") if by else ""


def _hours(seconds: int) -> str:
    return _plain(Decimal(seconds) / 3600, "0.1")


def _plain(number: Decimal, step: str = "1") -> str:
    return f"{number.quantize(Decimal(step), ROUND_HALF_EVEN):f}"


def _differences(sums: Sums) -> Iterator[dict[str, Any]]:
    """Each kind of change with its reason, the commonest first."""
    found: Sequence[tuple[str, int]] = sorted(members(sums, Group.WHY), key=lambda one: (-one[1], one[0]))
    for name, patients in found:
        what, _, because = name.partition(": ")
        told: dict[str, Any] = {"what": what, "because": because.split("; "), "patients": _people(patients)}
        if patients >= LEAST:
            told["looks"] = sums[SumKey(Group.WHY, name, Policy.DRAFT, "changed_looks")]
        yield told
