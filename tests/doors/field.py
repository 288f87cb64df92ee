"""Charts after what was seen in the field, read through a live server whose `code` search looks at `Observation.code` alone."""

from tests import charts as c
from tests.doors.charts import LABORATORY


def live_inputs() -> dict[str, list[c.Resource]]:
    """By name: a clotted sample drawn 30 h ago that only its Specimen tells of, and a fibrinogen that only a panel holds."""
    sound = [c.patient("1996-01-10"), c.infusion(6), c.crs(3), c.weight("70", hours_ago=24)]
    return {"clotted 30 h ago": [*sound, *_clotted()], "component of a panel": [*sound, *_panel()]}


def _clotted() -> list[c.Resource]:
    result = c.fibrinogen("0.8", id_="new", issued=c.ago(hours=1), specimen={"reference": "Specimen/s1"})
    del result["effectiveDateTime"]
    code = {"system": "http://terminology.hl7.org/CodeSystem/v2-0493", "code": "CLOT", "display": "Clotted"}
    specimen = {
        "resourceType": "Specimen",
        "id": "s1",
        "status": "unsatisfactory",
        "subject": c.SUBJECT,
        "collection": {"collectedDateTime": c.ago(hours=30)},
        "condition": [{"coding": [code]}],
    }
    return [result, specimen]


def _panel() -> list[c.Resource]:
    part = c.fibrinogen("0.8")
    component = {"code": part["code"], "valueQuantity": part["valueQuantity"]}
    panel = c.result("panel", "34528-0", None, "", 1, category=[LABORATORY], component=[component])
    return [c.fibrinogen("1.8", hours_ago=20, id_="old"), panel]
