"""DQ-03 and DQ-07 as they are said of a chart."""

from typing import Any

import pytest

from tests import charts as c
from tests.clinical.rules.asked import findings_of

BASE = (c.patient("1990-01-10"), c.infusion())


def derived(value: str) -> c.Resource:
    return c.result("derived", "48664-7", value, "g/L", 1)


@pytest.mark.req("DQ-03", "V12")
@pytest.mark.parametrize(
    ("level", "hours", "extra", "speaks"),
    [
        ("0.9", 24.01, (), True),
        ("1.49", 24.01, (), True),
        ("1.5", 24.01, (), False),
        ("1.5", 24.01, (c.crs(2),), True),
        ("1.5", 24.01, (c.crs(1),), False),
        ("0.9", 24, (), False),
    ],
)
def test_repeat_now(level: str, hours: float, extra: tuple[c.Resource, ...], speaks: bool) -> None:
    found = findings_of(*BASE, c.fibrinogen(level, hours_ago=hours), *extra)
    assert found.get("DQ-03") == ("warning" if speaks else None)


@pytest.mark.req("DQ-03")
def test_the_age_told_is_the_site_s() -> None:
    says = findings_of(*BASE, c.fibrinogen("0.9", hours_ago=13), text=True, fib_tier_max_age_h="12.5")["DQ-03"]
    assert "older than 12.5 h: repeat now" in says


@pytest.mark.req("DQ-07")
@pytest.mark.parametrize(
    ("value", "extra", "speaks"),
    [
        ("1.49", (c.crs(3),), False),
        ("1.5", (c.crs(3),), True),
        ("1.99", (c.crs(2),), True),
        ("2.0", (c.crs(3),), False),
        ("1.7", (c.crs(1),), False),
        ("1.7", (), False),
    ],
)
def test_confirm_by_clauss(value: str, extra: tuple[c.Resource, ...], speaks: bool) -> None:
    assert findings_of(*BASE, derived(value), *extra).get("DQ-07") == ("info" if speaks else None)


@pytest.mark.req("DQ-16")
@pytest.mark.parametrize("site", [{}, {"fib_tier_max_age_h": "48"}])
def test_without_any_result_there_is_none_to_repeat(site: dict[str, Any]) -> None:
    assert "DQ-03" not in findings_of(*BASE, c.crs(3), **site)
