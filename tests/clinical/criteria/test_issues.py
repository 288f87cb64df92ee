"""What the criteria found wrong with the data, together."""

import pytest

from smartapp.clinical.criteria.issues import ALL_ISSUES, SUSPECT_ISSUES
from smartapp.clinical.picture import Bedside, ClinicalPicture
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte
from tests.builders import a_fibrinogen, a_lab, a_picture, facts_of


def all_rules(picture: ClinicalPicture) -> list[str]:
    facts = facts_of(picture)
    found = [facts.get(need) for need in ALL_ISSUES]
    return [gap.rule for gaps in found if not isinstance(gaps, Missing) for gap in gaps]


@pytest.mark.req("DQ-10")
def test_every_result_marked_suspect_is_named_with_its_analyte() -> None:
    suspects = {"Observation/plt": "clumped", "Observation/fib": "clotted", "Observation/elsewhere": "?"}
    labs = (
        a_lab(Analyte.PLATELETS, "12", source="Observation/plt"),
        a_fibrinogen("0.4", source="Observation/fib"),
        a_fibrinogen("1.9"),
    )
    gaps = facts_of(a_picture(*labs, bedside=Bedside(suspects=suspects))).get(SUSPECT_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [(gap.rule, gap.analyte, gap.source) for gap in gaps] == [
        ("DQ-10", Analyte.FIBRINOGEN, "Observation/fib"),
        ("DQ-10", Analyte.PLATELETS, "Observation/plt"),
    ]


@pytest.mark.req("DQ-11", "DQ-12", "DQ-16")
def test_an_empty_chart_names_what_is_missing() -> None:
    assert all_rules(a_picture(birth=None, infusions=[])) == ["DQ-12", "DQ-16", "DQ-11"]
