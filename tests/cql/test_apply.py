"""`$apply` of the exported Bundle by others gives the applicable rows with their doses, valid R4 (`make cql`: 200 patients)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.orders import Product
from smartapp.clinical.policy import build_policy
from smartapp.fhir.models import validated
from smartapp.fhir.plan_definition import rules_bundle
from tests import charts as c
from tests.cql.chart_answers import answer_of, facts_of
from tests.cql.clean_charts import clean_charts
from tests.cql.node_programs import ask, need_node

BASE = "https://site.example/fhir"
SITES = ({}, {"product_order": "fc,cryo"}, {"cryo_available": "false", "fc_product": "riastap"})


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    need_node()


def apply_differences(count: int, seed: int, sets: dict[str, str]) -> list[str]:
    """Each patient whose applied rows or proposals are not what the application advises."""
    policy = build_policy(None, sets)
    now = datetime.now(UTC).replace(microsecond=0)
    charts = clean_charts(count, seed, now)
    records = [[entry["resource"] for entry in json.loads(c.bundle(*chart))["entry"]] for chart in charts]
    found = ask("apply.mjs", {"bundle": rules_bundle(policy, BASE), "charts": records}, seconds=1800)
    told = []
    for place, (chart, (group, *made)) in enumerate(zip(charts, found, strict=True)):
        answer = answer_of(chart, policy, now)
        wanted, said = (_rows(answer), _proposals(answer)), (_applied(group), sorted(map(_amount, made)))
        if wanted != said:
            told.append(f"{place}: {wanted} by the application, {said} by $apply")
        for resource in made:
            validated({name: value for name, value in resource.items() if value is not None})
    return told


def _applied(group: dict[str, Any]) -> set[str]:
    return {action["id"] for action in group.get("action", [])}


def _amount(resource: dict[str, Any]) -> str:
    if resource["resourceType"] == "ServiceRequest":
        return "fibrinogen"
    [dosage] = resource["dosageInstruction"]
    quantity = dosage["doseAndRate"][0]["doseQuantity"]
    return f"{quantity['value']} {quantity['unit']}"


def _dosed(answer: Assessment) -> Any:
    """The chosen product with its amount, where the weight is one to dose by."""
    known = facts_of(answer)
    option = answer.options[0] if answer.options else None
    return option if option and "Weight" in known and "Age" in known else None


def _rows(answer: Assessment) -> set[str]:
    if not answer.applicability.runs or answer.decision is None:
        return set()
    option, known = _dosed(answer), facts_of(answer)
    rows = {answer.decision.row, "MON-01"}
    rows |= {"TIER-01"} if answer.tier != "TX" else set()
    rows |= {"DQ-04"} if "Fibrinogen comparator" in known else set()
    rows |= {"MOD-01"} if answer.modifiers else set()
    rows |= {"PRD-01"} if answer.options else set()
    rows |= {"MON-02"} if answer.monitoring and answer.monitoring.overdue else set()
    if option and option.product is Product.FIBRINOGEN_CONCENTRATE:
        rows |= {"FC-04", _origin(" ".join(option.steps))}
    elif option:
        rows.add("CRY-01" if option.predicted_g_per_l is not None else "CRY-02")
    return rows


def _origin(steps: str) -> str:
    return next(row for row in ("FC-01", "FC-02", "FC-03") if row in steps)


def _proposals(answer: Assessment) -> list[str]:
    rows, option = _rows(answer), _dosed(answer)
    checks = ["fibrinogen" for row in ("REP-10", "REP-12", "MON-02") if row in rows]
    if option is None or not rows:
        return checks
    mg = option.product is Product.FIBRINOGEN_CONCENTRATE
    return sorted([*checks, f"{option.dose_mg.normalize():f} mg" if mg else f"{option.units} {{unit}}"])


@pytest.mark.parametrize("site", range(len(SITES)))
def test_apply_gives_the_applicable_rows_with_their_doses(site: int) -> None:
    assert apply_differences(1, seed=7 + site, sets=SITES[site]) == []
