"""Deliberate changes, each of which the comparison of CQL and application must find."""

from typing import Any

from smartapp.fhir.cql_libraries import RULES, default_texts
from tests.cql.equality import evaluated
from tests.cql.node_programs import ask
from tests.cql.settings import Setting, differences

PART = 200  # settings
CHANGES = (
    ('when "Fibrinogen" >= "t1_below" then', 'when "Fibrinogen" > "t1_below" then'),
    ('when "Fibrinogen" >= "t2_below" then', 'when "Fibrinogen" > "t2_below" then'),
    ('"Fibrinogen age" <= "fib_tier_max_age_h"', '"Fibrinogen age" < "fib_tier_max_age_h"'),
    ('= \'<\' then (if "Fibrinogen" <= "t1_below"', '= \'<\' then (if "Fibrinogen" < "t1_below"'),
    ('"Days since tocilizumab" <= "toci_lookback_d"', '"Days since tocilizumab" < "toci_lookback_d"'),
    ('"Age" < "age_risk_lt"', '"Age" <= "age_risk_lt"'),
    ('"Platelets" < "platelet_risk_lt"', '"Platelets" <= "platelet_risk_lt"'),
    ('"Fibrinogen" <= "target_major_bleeding"', '"Fibrinogen" < "target_major_bleeding"'),
    (
        "\"CRS band\" in { 'mild', 'moderate', 'severe', 'unknown' } or \"Post",
        "\"CRS band\" in { 'mild', 'moderate', 'severe' } or \"Post",
    ),
    ('when "REP-05" and "Any modifier" then \'critical\'', "when \"REP-05\" then 'critical'"),
    ('"Fibrinogen" < 2.0 or', '"Fibrinogen" <= 2.0 or'),
    ('when "Age" >= 12 then 1.8', 'when "Age" > 12 then 1.8'),
    ('when "Age" >= 18 then 4000.0', 'when "Age" > 18 then 4000.0'),
    ('"Weight" >= "fc_whole_vial_from_kg"', '"Weight" > "fc_whole_vial_from_kg"'),
    ('if "Concentrate rounded" <= "Concentrate limit"', 'if "Concentrate rounded" < "Concentrate limit"'),
    ('when "Age" >= 1 then "tbv', 'when "Age" > 1 then "tbv'),
    ('Ceiling("Divided"("Weight", 5.0))', 'Floor("Divided"("Weight", 5.0))'),
    ("in { 'T2', 'TX' } or \"Bleeding significant", "in { 'T2' } or \"Bleeding significant"),
    ('when "Small volume preferred" then', "when false then"),
    (
        '"Hours since last fibrinogen" > Round("Eight places"("MON-01") * (1.0',
        '"Hours since last fibrinogen" >= Round("Eight places"("MON-01") * (1.0',
    ),
    ('"Day" <= "window_days"', '"Day" < "window_days"'),
    (
        "when \"Reserved for bleeding by the site\" then 'MONITOR'",
        "when \"Reserved for bleeding by the site\" then 'NONE'",
    ),
)


def unnoticed(asked: list[Setting]) -> list[str]:
    """The changes of the CQL after which its answers are still the application's."""
    text = default_texts()[RULES]
    changed: dict[str, str] = {}
    for before, after in CHANGES:
        assert text.count(before) == 1, before
        changed[after] = text.replace(before, after)
    elms: dict[str, Any] = ask("translate.mjs", changed, seconds=600)
    return [after for after, elm in elms.items() if not _noticed(asked, elm)]


def _noticed(asked: list[Setting], elm: Any) -> bool:
    """Whether some setting tells the changed rules from the application; a part at a time, until one does."""
    parts = (asked[start : start + PART] for start in range(0, len(asked), PART))
    return any(differences(part, evaluated(part, ("cql-execution",), elm=elm)["cql-execution"]) for part in parts)
