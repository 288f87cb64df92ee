"""What a card says: summary with provisos, detail in order and bounds, Markdown that stays text (interfaces.md section 4)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.cdshooks.card_text import MOST_WORDS, detail_of, escaped, summary_of, with_provisos
from smartapp.cdshooks.serialization import SUMMARY_LIMIT, utf16_length
from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import ConditionKind
from tests.builders import a_condition, a_crs, a_fibrinogen, a_picture, a_weight


def answer(level: str = "0.8", *, bleeding: BleedingLevel | None = None, **more: Any) -> Assessment:
    picture = a_picture(a_fibrinogen(level), a_weight("70"), crs=[a_crs(3)], bedside=Bedside(bleeding=bleeding), **more)
    return assess(picture, build_policy(None, {}))


@pytest.mark.req("CDS-41")
def test_the_summary_is_the_verdict_with_what_decides_and_its_provisos() -> None:
    """Clinicians M3: major bleeding, the reason, was missing on the card."""
    assert summary_of(answer("1.3", bleeding=BleedingLevel.MAJOR)).startswith(
        "Replacement advised: fibrinogen 1.3 g/L (130 mg/dL), 60 min ago, CRS 3, major bleeding"
    )


@pytest.mark.req("SAF-01", "CDS-41")
def test_thrombosis_stands_in_the_summary() -> None:
    """Clinicians H5: a tired reader took the dose to the EHR's own order form."""
    clot = a_condition(ConditionKind.THROMBOSIS, hours_ago=240)
    assert "ask haematology first" in summary_of(answer("1.2", conditions=[clot]))


@pytest.mark.req("CDS-41")
@given(st.text(min_size=1, max_size=200), st.lists(st.text(min_size=1, max_size=160), max_size=6))
def test_a_summary_is_never_too_long_and_never_cut_inside_a_word(said: str, provisos: list[str]) -> None:
    summary = with_provisos(said, provisos)
    assert utf16_length(summary) <= SUMMARY_LIMIT
    words = "; ".join([said, *provisos]).split(" ")
    longest = max(utf16_length(word) for word in words)
    if longest < SUMMARY_LIMIT and summary.endswith("…") and not summary.removesuffix("…").endswith("…"):
        assert summary.removesuffix("…").split(" ") == words[: len(summary.removesuffix("…").split(" "))]


def test_as_many_provisos_as_fit_whole_and_the_first_at_least_in_part() -> None:
    assert with_provisos("Advised", ["one", "two"]) == "Advised; one; two"
    assert with_provisos("Advised", ["one", "two " * 60]) == "Advised; one"
    assert with_provisos("Advised", ["first " * 60]).startswith("Advised; first first")


@pytest.mark.req("CDS-53")
def test_the_detail_has_its_order_and_at_most_250_words() -> None:
    assessment = answer("0.8")
    findings = [f for f in assessment.findings if f.rule.startswith(("REP", "PRD", "BLD"))]
    detail = detail_of(assessment, findings, (), doses=True)
    places = [
        detail.index(words)
        for words in ("Replacement advised", "**Before any dose:**", "**Cryoprecipitate", "**Inputs:**", "**Rules:**")
    ]
    assert places == sorted(places)
    assert len(detail.split()) <= MOST_WORDS
    assert "verify before acting" in detail
    many = detail_of(assessment, findings * 20, (), doses=True)
    assert len(many.split()) <= MOST_WORDS
    assert many.endswith("Not a cleared medical device.")
    assert "More behind the links." in many


@pytest.mark.req("CDS-43")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.8 g/L (80 mg/dL), -35 %, a-b + c!", "0.8 g/L (80 mg/dL), -35 %, a-b + c!"),
        ("fibrinogen_concentrate", "fibrinogen_concentrate"),
        ("_x_", r"\_x\_"),
        ("*x*", r"\*x\*"),
        ("<0.6 g/L and <b>", "&lt;0.6 g/L and &lt;b>"),
        ("[x](javascript:1)", r"\[x\]\(javascript:1)"),
        ("R&D &lt; &#60;", "R&D &amp;lt; &amp;#60;"),
        ("# x", r"\# x"),
        ("- x", r"\- x"),
        ("1. x", r"1\. x"),
        ("> x", r"\> x"),
        ("a~b ~~c~~", r"a~b \~\~c\~\~"),
    ],
)
def test_markdown_is_escaped_only_where_commonmark_would_read_it(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(max_size=60))
def test_no_text_forms_markup(text: str) -> None:
    told = escaped(text)
    assert "<" not in told
    assert "](" not in told
    assert not re.search(r"(?<!\\)(?:\\\\)*[*`\[]", told)
    assert Decimal(len(told)) >= len(" ".join(text.split()))
