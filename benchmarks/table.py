"""The table: what is measured, its target and stretch, and what was seen of it."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the targets: `least`: the figure is to be at least the target, not at most."""

    name: str
    target: float
    stretch: float
    unit: str = "x"
    least: bool = False

    def meets(self, seen: float) -> str:
        """`stretch`, `met` or `not met`."""
        sign = -1 if self.least else 1
        if seen * sign <= self.stretch * sign:
            return "stretch"
        return "met" if seen * sign <= self.target * sign else "not met"


GOALS: Mapping[str, Goal] = {
    "hook_cpu_50": Goal("hook, unsigned, CPU over the floor, 50 Observations", 2.0, 1.4),
    "hook_cpu_300": Goal("the same, 300 Observations", 1.0, 0.7),
    "hook_cpu_2000": Goal("the same, 2,000 Observations", 0.6, 0.4),
    "hook_cpu_drafts": Goal("the same, 300 Observations, drafts suggested", 1.0, 0.7),
    "signed_adds": Goal("a signed call adds, over one ES384 verification", 1.3, 1.1),
    "slope": Goal("growth of CPU with bytes (slope on log scales, 50 to 2,000)", 1.05, 1.0, ""),
    "twice_the_rules": Goal("CPU with twice as many rules, at 300", 1.15, 1.05),
    "throughput": Goal("throughput over HealthChain with one trivial rule, at 300", 3.5, 6, least=True),
    "cql_peer": Goal("the exported PlanDefinition in a CQL engine, CPU over ours, 50", 2, 4, least=True),
    "tail": Goal("p99 over p50, 8 connections to one worker, at 300", 3, 2),
    "memory_idle": Goal("memory of one worker (PSS), idle", 75, 55, "MB"),
    "memory_used": Goal("the same after 1,000 calls at 2,000", 130, 80, "MB"),
    "memory_growth": Goal("its growth over the last half of those calls", 5, 1, "MB"),
    "start": Goal("start to first answer, over bare Flask under the same server", 4, 2.5),
    "refused": Goal("a call without a token, CPU over a constant answer", 1.5, 1.3),
    "refused_large": Goal("a call that says it is too large, over a constant answer", 1.5, 1.3),
    "read_share": Goal("share of the prefetched Observations that some rule reads", 0.7, 0.95, "", least=True),
    "without_50": Goal("a patient without CAR-T, CPU over the floor, 50 Observations", 1.5, 1.2),
    "without_300": Goal("a patient without CAR-T, 300 Observations", 0.6, 0.4),
    "without_2000": Goal("a patient without CAR-T, 2,000 Observations", 0.15, 0.08),
    "without_requests": Goal("a patient without CAR-T, nothing sent ahead: requests to the EHR", 6, 4, ""),
    "without_growth": Goal("a patient without CAR-T, growth of the database for 1,000 calls", 0.01, 0, "MB"),
    "cards_growth": Goal("growth of the database for 1,000 calls with cards", 2, 1, "MB"),
    "import_core": Goal("import of smartapp.clinical and all rules, over bare Python", 80, 50, "ms"),
    "assess": Goal("smartapp assess of one patient, over python -c ''", 30, 20),
    "chain_cold": Goal("EHR launch to page: longest chain of requests, cold", 4, 3, ""),
    "chain_warm": Goal("the same, warm", 3, 2, ""),
    "launch_cold": Goal("EHR launch to page in time, 300 Observations, cold", 10, 7.5, "RTT"),
    "launch_warm": Goal("the same, warm", 4, 2.6, "RTT"),
    "pull_2000": Goal("pull of 2,000 Observations, pages of 50 unless asked", 10, 4.6, "RTT"),
    "page": Goal("patient page as sent to a browser, 300 Observations", 120, 60, "kB"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one row."""

    key: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def line(self) -> str:
        """As printed."""
        goal = GOALS[self.key]
        sign = ">=" if goal.least else "<="
        low, high = min(self.values), max(self.values)
        span = f"({low:.2f} to {high:.2f})" if len(self.values) > 1 else ""
        return (
            f"{goal.name:<66} {self.median:8.2f} {goal.unit:<4} {span:<20} "
            f"{sign} {goal.target:g} / {goal.stretch:g}  {goal.meets(self.median)}"
        )


def lines(seen: Iterable[Seen]) -> list[str]:
    """The printed table."""
    return [each.line() for each in seen]


def as_json(seen: Sequence[Seen], machine: str, notes: Sequence[str] = ()) -> str:
    """The table for programs: every row of the targets; one that was not measured has no values."""
    values = {each.key: each.values for each in seen}
    rows = [
        {
            "key": key,
            "what": goal.name,
            "unit": goal.unit,
            "target": goal.target,
            "stretch": goal.stretch,
            "at_least": goal.least,
            "values": list(values.get(key, ())),
            **(
                {"median": statistics.median(values[key]), "is": goal.meets(statistics.median(values[key]))}
                if values.get(key)
                else {}
            ),
        }
        for key, goal in GOALS.items()
    ]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"at": at, "machine": machine, "notes": list(notes), "rows": rows}, indent=2) + "\n"


def machine() -> str:
    """Cores, processor and load, for the table's head."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    load = Path("/proc/loadavg").read_text().split()[0]
    cores = Path("/proc/cpuinfo").read_text().count("processor\t:")
    return f"{cores} cores, {model}, load {load} before"
