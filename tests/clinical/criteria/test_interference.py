"""What may have falsified the fibrinogen (DQ-10)."""

from typing import Any

import pytest

from smartapp.clinical.criteria.interference import INTERFERENCE_ISSUES
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, Drug
from tests.builders import a_fibrinogen, a_lab, a_picture, an_order, facts_of

HCT = Analyte.HAEMATOCRIT


@pytest.mark.req("DQ-10")
@pytest.mark.parametrize(
    ("labs", "orders", "words"),
    [
        ([a_fibrinogen("0.9")], [], []),
        ([a_fibrinogen("0.9")], [an_order(Drug.HEPARIN)], ["may read low"]),
        ([a_fibrinogen("0.9")], [an_order(Drug.OTHER_ANTICOAGULANT)], []),
        ([a_fibrinogen("0.9"), a_lab(HCT, "0.551")], [], ["above 55 %"]),
        ([a_fibrinogen("0.9"), a_lab(HCT, "0.55")], [], []),
        ([a_fibrinogen("0.9"), a_lab(HCT, "0.6")], [an_order(Drug.DABIGATRAN)], ["may read low", "above 55 %"]),
        ([], [an_order(Drug.HEPARIN)], []),
    ],
)
def test_drugs_and_a_high_haematocrit_are_named(labs: list[Any], orders: list[Any], words: list[str]) -> None:
    gaps = facts_of(a_picture(*labs, orders=orders)).get(INTERFERENCE_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [gap.rule for gap in gaps] == ["DQ-10"] * len(words)
    assert all(word in gap.text for word, gap in zip(words, gaps, strict=True))
