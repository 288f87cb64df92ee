"""What the rules say of a chart: findings by row, and one row's outcome."""

from datetime import UTC
from typing import Any

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from tests import charts


def assessed(*resources: charts.Resource, **site: Any) -> Assessment:
    """The assessment of a chart at `charts.NOW` under the default policy with overrides."""
    policy = build_policy(None, site)
    chart = read_file(charts.bundle(*resources), None)
    return assess(read_picture(chart, charts.NOW, UTC, policy=policy), policy)


def findings_of(*resources: charts.Resource, text: bool = False, **site: Any) -> dict[str, str]:
    """Rule id → indicator (or text) of everything that was said."""
    return {f.rule: f.text if text else str(f.indicator) for f in assessed(*resources, **site).findings}


def outcome_of(rule: str, *resources: charts.Resource, **site: Any) -> tuple[str, list[str]]:
    """One row's outcome and what it misses."""
    found = next(outcome for outcome in assessed(*resources, **site).outcomes if outcome.rule == rule)
    return str(found.kind), list(found.missing)
