"""The worked vectors of guideline section 11: chart, site settings, and what the assessment must say."""

from dataclasses import dataclass, field
from typing import Any

from tests import charts as c

RIASTAP = ("fc_product=riastap", "cryo_available=false")
FIBRYGA = ("fc_product=fibryga", "cryo_available=false")


@dataclass(frozen=True)
class Vector:
    """`chart`: resources; `sets`: `--set` options; `expect`: dotted path in the JSON → value; `rules`: ids that must apply."""

    name: str
    chart: tuple[c.Resource, ...]
    expect: dict[str, Any]
    sets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    findings: dict[str, str] = field(default_factory=dict)


def _concentrate(dose: str, per_kg: str, vials: int, volume: str, minutes: str) -> dict[str, Any]:
    return {
        "options.0.product": "fibrinogen_concentrate",
        "options.0.preferred": True,
        "options.0.dose_mg": dose,
        "options.0.dose_mg_per_kg": per_kg,
        "options.0.vials": vials,
        "options.0.volume_ml": volume,
        "options.0.min_minutes": minutes,
    }


def _answer(tier: str, action: str, indicator: str, **more: Any) -> dict[str, Any]:
    return {
        "tier": tier,
        "action": action,
        "indicator": indicator,
        **{k.replace("__", "."): v for k, v in more.items()},
    }


_SEVERE_HAEMATEMESIS = c.condition("bleed", "K92.0", 3, severity={"text": "severe"})
_HAEMATURIA = c.condition("bleed", "R31.0", 3)

_RESOLVED = c.crs(2, 24 * 20, abatementDateTime=c.ago(days=10))
_HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_V26 = (c.patient("1990-01-10"), c.infusion(), c.crs(2), c.fibrinogen("0.9", hours_ago=3), c.weight("70"))
_V28 = (
    c.patient("1990-01-10"),
    c.infusion(),
    c.crs(2),
    c.fibrinogen("1.10", hours_ago=39 / 60, id_="new", valueQuantity={"value": 1.10}),
)
_V29 = (c.patient("1990-01-10"), c.infusion(), c.crs(1), c.fibrinogen("1.62"))

VECTORS = (
    Vector(
        "V01",
        (c.patient("2001-02-10"), c.infusion(6), c.crs(3), c.fibrinogen("0.8"), c.weight("70")),
        {
            **_answer("T2", "REPLACE", "critical", target_g_per_l="1.5", draft_allowed=True),
            **_concentrate("3000", "42.9", 3, "150", "30"),
            "options.0.predicted_g_per_l": "1.53",
            "options.0.brand": "riastap",
            "age_years": 25,
            "infusion.day": 6,
            "draft_blockers": [],
        },
        RIASTAP,
        ("REP-03",),
    ),
    Vector(
        "V02",
        (
            c.patient("2019-01-10"),
            c.infusion(),
            c.crs(3),
            c.fibrinogen("1.2"),
            c.weight("20"),
            c.result("hct", "4544-3", "28", "%", 4),
        ),
        {
            **_answer("T1", "REPLACE", "critical", draft_allowed=True),
            "modifiers": ["age_lt_10"],
            "options.0.product": "cryoprecipitate",
            "options.0.preferred": True,
            "options.0.units": 3,
            "options.0.predicted_g_per_l": "1.89",
        },
        (),
        ("REP-05",),
        frozenset({"increment_floor"}),
    ),
    Vector(
        "V03",
        (c.patient("2011-01-10"), c.infusion(), c.crs(3), c.fibrinogen("1.5"), c.weight("50")),
        _answer("T0", "MONITOR", "info", options=[], monitoring__interval_h=8, draft_allowed=False),
        (),
        ("REP-08",),
    ),
    Vector(
        "V04",
        (c.patient("2016-03-01"), c.infusion(), c.crs(2), c.fibrinogen("1.0"), c.weight("32")),
        _answer("T1", "MONITOR", "warning", modifiers=[], monitoring__interval_h=12, age_years=10),
        (),
        ("REP-07",),
    ),
    Vector(
        "V05",
        (c.patient("2011-01-10"), c.infusion(), c.crs(1), c.fibrinogen("99", "mg/dL"), c.weight("40")),
        {
            **_answer("T2", "REPLACE", "critical", fibrinogen__g_per_l="0.99", fibrinogen__reported="99 mg/dL"),
            **_concentrate("2000", "50", 2, "100", "20"),
        },
        FIBRYGA,
        ("REP-03",),
        frozenset({"rounding_excess"}),
    ),
    Vector(
        "V06",
        (c.patient("2012-01-10"), c.infusion(), c.crs(3), c.fibrinogen("100", "mg/dL"), c.weight("50")),
        {**_answer("T1", "REPLACE", "warning"), **_concentrate("2000", "40", 2, "100", "20")},
        RIASTAP,
        ("REP-05",),
    ),
    Vector(
        "V07",
        (c.patient("1986-01-10"), c.infusion(), c.crs(3), c.fibrinogen("149", "mg/dL"), c.weight("62")),
        {**_answer("T1", "REPLACE", "warning"), **_concentrate("2000", "32.3", 2, "100", "20")},
        FIBRYGA,
        ("REP-05",),
        frozenset({"increment_floor"}),
    ),
    Vector(
        "V08",
        (c.patient("1996-01-10"), c.infusion(), c.crs(2), _SEVERE_HAEMATEMESIS, c.fibrinogen("1.3"), c.weight("80")),
        {
            **_answer("T1", "REPLACE", "critical", target_g_per_l="2", bleeding="major"),
            **_concentrate("4000", "50", 4, "200", "10"),
            "options.0.licence": "labelled indication (US)",
        },
        FIBRYGA,
        ("REP-01",),
    ),
    Vector(
        "V09",
        (c.patient("2014-03-02"), c.infusion(), c.crs(3), _HAEMATURIA, c.fibrinogen("1.1"), c.weight("30")),
        {
            **_answer("T1", "REPLACE", "critical", bleeding="significant", age_years=11),
            **_concentrate("2100", "70", 3, "105", "5.25"),
        },
        FIBRYGA,
        ("REP-01",),
    ),
    Vector(
        "V10",
        (c.patient("2014-03-01"), c.infusion(), c.crs(3), _HAEMATURIA, c.fibrinogen("1.1"), c.weight("30")),
        {**_answer("T1", "REPLACE", "critical", age_years=12), **_concentrate("1500", "50", 2, "75", "3.75")},
        FIBRYGA,
        ("REP-01",),
    ),
    Vector(
        "V11",
        (c.patient("2020-12-10"), c.infusion(), c.crs(4), c.fibrinogen("<0.6"), c.weight("18")),
        {**_answer("T2", "REPLACE", "critical"), **_concentrate("1000", "55.6", 1, "50", "10")},
        RIASTAP,
        ("REP-03",),
        frozenset({"minimum_dose"}),
    ),
    Vector(
        "V12 25 h",
        (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.9", hours_ago=25), c.weight("70")),
        _answer("TX", "CANNOT_ASSESS", "warning", draft_allowed=False, monitoring__overdue=True, options=[]),
        (),
        ("REP-12",),
    ),
    Vector(
        "V12 24 h",
        (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.9", hours_ago=24), c.weight("70")),
        _answer("T2", "REPLACE", "critical", draft_allowed=False),
        (),
        ("REP-03",),
    ),
    Vector(
        "V13",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.crs(2),
            c.fibrinogen("0.4", id_="wrong", status="entered-in-error"),
            c.fibrinogen("1.8", hours_ago=3),
        ),
        _answer("T0", "MONITOR", "info", fibrinogen__g_per_l="1.8"),
        (),
        ("REP-08",),
    ),
    Vector(
        "V14",
        (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.9", "mg/dL"), c.weight("70")),
        {**_answer("TX", "CANNOT_ASSESS", "warning", options=[]), "issue": "DQ-06"},
        (),
        ("REP-12",),
    ),
    Vector(
        "V15",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.result("temp", "8310-5", "38.6", "Cel", 3),
            c.result("sbp", "8480-6", "84", "mm[Hg]", 2),
            c.result("flow", "3151-8", "2", "L/min", 2, method={"text": "nasal cannula"}),
            c.fibrinogen("1.8"),
        ),
        {"crs.suggested_grade": 2, "crs.basis": "suggested", "crs.grade": 2, "crs.band": "moderate"},
    ),
    Vector(
        "V16",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.result("fever", "8310-5", "39.1", "Cel", 30),
            c.result("temp", "8310-5", "37.2", "Cel", 2),
            c.given("toci", "L04AC07", hours_ago=24),
            c.given("nor", "C01CA03", hours_ago=5, status="in-progress"),
            c.given("vaso", "H01BA01", hours_ago=5, status="in-progress"),
            c.result("flow", "3151-8", "30", "L/min", 2, method={"text": "High-flow nasal cannula"}),
            c.fibrinogen("1.8"),
        ),
        {"crs.suggested_grade": 3, "crs.basis": "suggested"},
        (),
        ("CRS-05",),
    ),
    Vector(
        "V17",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.crs(3),
            c.fibrinogen("0.9"),
            c.weight("70"),
            c.result("plt", "777-3", "42", "10*9/L", 2),
            c.result(
                "dd",
                "48065-7",
                "2.5",
                "mg{FEU}/L",
                2,
                referenceRange=[{"high": {"value": 0.5, "code": "mg{FEU}/L", "system": c.UCUM}}],
            ),
            c.result(
                "pt", "5902-2", "18", "s", 2, referenceRange=[{"high": {"value": 14, "code": "s", "system": c.UCUM}}]
            ),
        ),
        {
            "dic.result": "overt",
            "dic.score": 7,
            "dic.items": {"platelets": 2, "d_dimer": 3, "pt": 1, "fibrinogen": 1},
        },
        (),
        (),
        frozenset(),
        {"DIC-01": "warning"},
    ),
    Vector(
        "V18",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.crs(3),
            c.fibrinogen("1.0"),
            c.weight("70"),
            c.result("plt", "777-3", "50", "10*9/L", 2),
            c.result(
                "dd",
                "48065-7",
                "1.0",
                "mg{FEU}/L",
                2,
                referenceRange=[{"high": {"value": 0.5, "code": "mg{FEU}/L", "system": c.UCUM}}],
            ),
            c.result(
                "pt", "5902-2", "17.0", "s", 2, referenceRange=[{"high": {"value": 14, "code": "s", "system": c.UCUM}}]
            ),
        ),
        {"dic.result": "not_overt", "dic.score": 4},
    ),
    Vector(
        "V19 11 h",
        (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("2.2", hours_ago=11), c.weight("70")),
        {"tier": "T0", "monitoring.interval_h": 8, "monitoring.overdue": True, "monitoring.indicator": "warning"},
    ),
    Vector(
        "V19 10 h",
        (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("2.2", hours_ago=10), c.weight("70")),
        {"tier": "T0", "monitoring.overdue": False},
    ),
    Vector(
        "V20",
        (
            c.patient("1996-01-10"),
            c.infusion(),
            c.crs(3),
            c.fibrinogen("1.2"),
            c.weight("70"),
            c.condition("dvt", "I82.401", 240),
        ),
        {
            **_answer("T1", "REPLACE", "warning", draft_allowed=False),
            **_concentrate("3000", "42.9", 3, "150", "30"),
            "blocker": "SAF-01",
        },
        RIASTAP,
        ("REP-05", "SAF-01"),
    ),
    Vector(
        "V21",
        (
            c.patient("2001-02-10"),
            c.infusion(6),
            c.crs(3),
            c.fibrinogen("0.8"),
            c.weight("70"),
            c.result("hct", "4544-3", "28", "%", 4),
        ),
        {
            **_answer("T2", "REPLACE", "critical", draft_allowed=True),
            "options.0.product": "cryoprecipitate",
            "options.0.form": "pathogen_reduced",
            "options.0.doses": 2,
            "options.0.mg_per_dose": "1450",
            "options.0.predicted_g_per_l": "1.62",
            "options.0.predicted_low_g_per_l": "1.21",
        },
        ("cryo_product=pathogen_reduced",),
        ("REP-03",),
    ),
    Vector(
        "V22",
        (c.patient("2019-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.9"), c.weight("20")),
        {**_answer("T2", "REPLACE", "critical"), "options.0.doses": 1, "options.0.product": "cryoprecipitate"},
        ("cryo_product=pathogen_reduced",),
        ("REP-03",),
    ),
    *(
        Vector(
            f"V23 {words}",
            (
                c.patient("1990-01-10"),
                c.infusion(29),
                _RESOLVED,
                c.given("toci", "L04AC07", hours_ago=hours),
                c.fibrinogen("0.9"),
            ),
            _answer("T2", "REPLACE", indicator),
            (),
            (rule,),
        )
        for words, hours, rule, indicator in (
            ("27 d", 27 * 24, "REP-03", "critical"),
            ("28 d", 28 * 24, "REP-03", "critical"),
            ("28 d and a second", 28 * 24 + 1 / 3600, "REP-04", "warning"),
        )
    ),
    Vector(
        "V25",
        (c.patient("2001-02-10"), c.infusion(6), c.crs(3), c.fibrinogen("0.8"), c.weight("70")),
        {"options.0.predicted_g_per_l": "1.53", "options.0.predicted_low_g_per_l": "1.16"},
        RIASTAP,
    ),
    Vector(
        "V26 P9025",
        (*_V26, c.given("dose", "P9025", _HCPCS, hours_ago=2)),
        _answer("T2", "REPLACE", "critical", draft_allowed=True),
        (),
        ("REP-03",),
    ),
    Vector(
        "V26 P9026",
        (*_V26, c.given("dose", "P9026", _HCPCS, hours_ago=2)),
        {**_answer("T2", "REPLACE", "critical", draft_allowed=False), "blocker": "REP-09"},
        (),
        ("REP-03", "REP-09"),
    ),
    Vector(
        "V28",
        (*_V28, c.fibrinogen("1.6", hours_ago=7, id_="before")),
        {
            **_answer("T0", "CANNOT_ASSESS", "warning", draft_allowed=False, monitoring__due="2026-03-01T08:00:00Z"),
            "underlying": {"rule": "REP-08", "action": "MONITOR", "indicator": "info"},
            "monitoring.due_rule": "DQ-21",
            "newest_unusable.source": "Observation/new",
            "newest_unusable.would_mean": [
                {"unit": "g/L", "g_per_l": "1.1", "action": "CONSIDER", "indicator": "warning"}
            ],
        },
        (),
        ("REP-08", "DQ-21"),
        findings={"DQ-21": "warning"},
    ),
    Vector(
        "V28 0.8",
        (*_V28, c.fibrinogen("0.8", hours_ago=7, id_="before"), c.weight("70")),
        {**_answer("T2", "REPLACE", "critical", draft_allowed=False), "provisos.0.rule": "DQ-21", "blocker": "DQ-21"},
        (),
        ("REP-03", "DQ-21"),
    ),
    Vector(
        "V29 fall",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            c.crs(1),
            c.fibrinogen("2.95", hours_ago=6, id_="before"),
            c.fibrinogen("0.8"),
        ),
        {"tier": "T2", "fibrinogen.flags": ["delta"], "provisos.0.rule": "DQ-22"},
        (),
        ("DQ-22",),
    ),
    Vector(
        "V29 rise",
        (*_V29, c.fibrinogen("0.45", hours_ago=1 + 41 / 60, id_="before")),
        {"tier": "T0", "fibrinogen.flags": ["delta"], "provisos.0.rule": "DQ-22"},
        (),
        ("DQ-22",),
    ),
    Vector(
        "V29 rise after a dose",
        (
            *_V29,
            c.fibrinogen("0.45", hours_ago=1 + 41 / 60, id_="before"),
            c.given("dose", "B02BB01", hours_ago=1 + 20 / 60),
        ),
        {"tier": "T0", "fibrinogen.flags": []},
    ),
    Vector(
        "V31",
        (
            c.patient("1990-01-10"),
            c.infusion(),
            {**c.crs(3), "code": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.90", "code": "D89.833"}]}},
            c.fibrinogen("1.8"),
        ),
        {"crs.grade": 3, "crs.basis": "recorded"},
    ),
    *(
        Vector(
            f"V33 {before}",
            (
                c.patient("1990-01-10"),
                c.infusion(),
                c.crs(2, 14),
                c.fibrinogen(before, hours_ago=12, id_="before"),
                c.fibrinogen("2.0", hours_ago=0),
                *more,
            ),
            {"monitoring.due": due, "monitoring.due_rule": rule},
            (),
            ("MON-06",) if rule == "MON-06" else (),
        )
        for before, more, due, rule in (
            ("3.0", (), "2026-03-01T12:48:00Z", "MON-06"),
            ("2.85", (), "2026-03-01T13:38:49Z", "MON-06"),
            ("3.0", (c.given("toci", "L04AC07", hours_ago=6),), "2026-03-01T12:48:00Z", "MON-06"),
            ("3.0", (c.given("dose", "B02BB01", hours_ago=6),), "2026-03-01T20:00:00Z", "MON-01"),
        )
    ),
)
