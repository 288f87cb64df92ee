"""Decision receipts: what an approval or a refusal rested on, in values that give the same advice again anywhere."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from smartapp.clinical.assessment import GUIDELINE_NAME, GUIDELINE_VERSION, Assessment, assess
from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import PolicyError, SitePolicy, as_given, build_policy
from smartapp.clinical.report import as_json
from smartapp.fhir.proposals import dose_text
from smartapp.fhir.versions import versions_of
from smartapp.usecases.assess import Assessed, rests_on
from smartapp.usecases.orders.proposal import Proposal
from smartapp.usecases.ports import LaunchCase

FORMAT = "fibrinogen-watch/decision-receipt/1"


class Unreproducible(Exception):
    """A receipt whose values cannot be read; the message says what is wrong, in a sentence."""


def evidence_of(assessed: Assessed) -> dict[str, Any]:
    """What a decision rests on: the values, the versions of the records they came from, the policy and the advice."""
    assessment = assessed.assessment
    return {
        "guideline": {"name": GUIDELINE_NAME, "version": GUIDELINE_VERSION},
        "policy": _policy(assessment.policy),
        "picture": packed_picture(assessment.picture),
        "records": [{"reference": name, "version": version} for name, version in _versions(assessed)],
        "advice": advice_of(assessment),
    }


def receipt_of(
    case: LaunchCase, proposal: Proposal, evidence: Mapping[str, Any], *, action: str, at: str, **more: Any
) -> dict[str, Any]:
    """The receipt of a decision on a proposal; `more` is what belongs to the action (reason, the order as it is sent)."""
    order = proposal.order
    return {
        "format": FORMAT,
        "decided": {"action": action, "at": at, "by": case.subject.user, **more},
        "ehr": case.subject.ehr,
        "patient": f"Patient/{case.subject.patient}",
        "encounter": case.subject.encounter,
        "launch": case.subject.reference,
        "proposal": {"id": proposal.id, "identifier": proposal.identifier},
        "shown": {"order": dose_text(order), "reason": order.reason, "arithmetic": list(order.steps)},
        **evidence,
    }


def packed_picture(picture: ClinicalPicture) -> dict[str, Any]:
    """The picture in JSON's own types, decimals as text."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(picture, enc_hook=_written))
    return values


def advice_of(assessment: Assessment) -> dict[str, Any]:
    """The assessment as JSON (interfaces.md section 5), in JSON's own types."""
    advice: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(as_json(assessment)))
    return advice


def assessed_again(receipt: Mapping[str, Any]) -> Assessment:
    """The rules of this program on the values of a receipt; no database, no EHR, no clock."""
    try:
        picture = msgspec.convert(receipt["picture"], ClinicalPicture, dec_hook=_read, strict=False)
        told = receipt["policy"]
        policy = replace(build_policy(told["profile"], told["values"]), overrides=told["overrides"])
    except (KeyError, TypeError, ValueError, PolicyError, msgspec.ValidationError) as problem:
        raise Unreproducible(f"the receipt's values cannot be read: {problem}") from None
    return assess(picture, policy)


def differences_from(receipt: Mapping[str, Any], again: Assessment) -> tuple[str, ...]:
    """Where the advice given again is not that of the receipt, by the names of interfaces.md section 5; empty: the same."""
    before, after = receipt["advice"], advice_of(again)
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def _policy(policy: SitePolicy) -> dict[str, Any]:
    """Every value in force, so that later defaults change nothing."""
    values = {name: as_given(value) for name, value in policy.values.items() if value is not None and name != "profile"}
    overrides = {name: as_given(value) for name, value in policy.overrides.items()}
    return {"profile": policy.profile, "sha256": policy.sha256, "overrides": overrides, "values": values}


def _versions(assessed: Assessed) -> list[tuple[str, str]]:
    used = {reference.split("#")[0] for reference in rests_on(assessed.assessment) if "/" in reference}
    return sorted((name, version) for name, version in versions_of(assessed.chart, used).items())


def _written(value: Any) -> Any:
    if isinstance(value, LabSeries):
        return {"results": value.results}
    if isinstance(value, tzinfo):
        return str(getattr(value, "key", "UTC"))
    raise TypeError(type(value).__name__)


def _read(kind: type, value: Any) -> Any:
    if kind is LabSeries:
        return LabSeries.of(msgspec.convert(value["results"], tuple[LabResult, ...], strict=False))
    if kind is tzinfo:
        return UTC if value == "UTC" else ZoneInfo(value)
    raise TypeError(kind.__name__)
