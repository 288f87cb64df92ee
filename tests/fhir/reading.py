"""Charts read in one step: resources in, picture out."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from smartapp.clinical.picture import ClinicalPicture, Gap
from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.picture import read_picture
from tests import charts as c

OSLO = ZoneInfo("Europe/Oslo")


def a_chart(*resources: c.Resource | bytes) -> Chart:
    """A chart of patient P1 whose one complete answer holds these resources, raw bytes as they are."""
    raws = tuple(each if isinstance(each, bytes) else c.dumps(each) for each in resources)
    return Chart.empty("P1").with_answers(Answer(query="file", state=AnswerState.COMPLETE, resources=raws))


def picture_of(
    *resources: c.Resource | bytes,
    zone: tzinfo = UTC,
    codes: Mapping[str, str] | None = None,
    site: Mapping[str, Any] | None = None,
) -> ClinicalPicture:
    """The picture of a chart with these resources, at `charts.NOW`."""
    return read_picture(a_chart(*resources), c.NOW, zone, policy=build_policy(None, site), local_codes=codes)


def a_reading(zone: tzinfo = UTC, **more: Any) -> ValueReading:
    """What a reader needs besides the resource."""
    return ValueReading(as_of=c.NOW, zone=zone, **more)


def rules_of(picture: ClinicalPicture) -> set[str]:
    """The guideline rows of its gaps."""
    return {gap.rule for gap in picture.gaps}


def only_gap(picture: ClinicalPicture) -> Gap:
    """Its one gap."""
    (gap,) = picture.gaps
    return gap
