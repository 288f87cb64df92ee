"""Every demo patient gets exactly the answer that the guideline gives, and exactly its cards (worked out by hand)."""

from pathlib import Path
from typing import Any

import pytest

from smartapp.clinical.words import plain
from tests.stories.hooked import STORIES, app_client, assessed, cards_of

# patient: action, indicator, tier, row or rule that decides, cards as (indicator, words of the summary)
EXPECTED: dict[str, tuple[str, str, str, str, list[tuple[str, str]]]] = {
    "lindqvist": ("REPLACE", "critical", "T2", "REP-03", [("critical", "0.8 g/L"), ("warning", "ISTH score 6")]),
    "moreau": ("REPLACE", "critical", "T2", "REP-03", [("critical", "0.45 g/L"), ("warning", "Platelets 14")]),
    "tanaka": ("REPLACE", "warning", "T1", "REP-05", [("warning", "1.25 g/L")]),
    "haddad": ("NONE", "info", "T0", "REP-08", [("info", "Tocilizumab given")]),
    "petrov": ("REPLACE", "critical", "T2", "REP-03", [("critical", "0.88 g/L"), ("warning", "ISTH score 6")]),
    "silva": ("REPLACE", "critical", "T2", "REP-03", [("critical", "<0.6 g/L"), ("warning", "ISTH score 5")]),
    "odonnell": ("REPLACE", "critical", "T1", "REP-01", [("critical", "1.3 g/L"), ("critical", "Platelets 31")]),
    "brandt": ("NONE", "info", "T2", "APP-01", []),
    "nguyen": ("CANNOT_ASSESS", "warning", "TX", "REP-12", [("warning", "overdue"), ("warning", "Cannot assess")]),
    "kowalska": ("CANNOT_ASSESS", "warning", "T0", "REP-08", [("warning", "has no unit")]),
    "fischer": (
        "REPLACE",
        "critical",
        "T2",
        "REP-03",
        [("critical", "0.92 g/L"), ("warning", "ISTH score 6"), ("warning", "overdue")],
    ),
    "andersson": ("REPLACE", "warning", "T1", "REP-05", [("warning", "1.2 g/L")]),
    "okoro": ("NONE", "info", "T0", "APP-01", [("info", "planned in 3 d")]),
}
# patient: what may be drafted (units, mg) or the rows that forbid it
DRAFTS: dict[str, tuple[int, str] | set[str]] = {
    "lindqvist": (10, "3000"),  # 70 mg/dL x 36.6 dL / 250 = 10.2 → cap 10; 70/1.8 x 70 = 2722 → 3000
    "moreau": (4, "1400"),  # cap ceil(20/5) = 4; 105/1.4 = 75 → 70 mg/kg x 20
    "tanaka": (6, "2000"),  # floor 50 mg/dL; 50/1.8 x 52 = 1444 → 2000
    "petrov": {"DQ-11"},
    "silva": (10, "4000"),  # bound 0.6: 90/1.8 x 63.2 = 3160 → 4000
    "odonnell": (10, "4000"),  # FC-02, adult
    "fischer": {"REP-09"},
    "andersson": {"SAF-01"},
}


def test_every_story_is_expected() -> None:
    assert set(STORIES) == set(EXPECTED)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return app_client(Path(tmp_path_factory.mktemp("stories")))


@pytest.mark.parametrize("patient", EXPECTED)
def test_the_answer(patient: str) -> None:
    action, indicator, tier, row, _ = EXPECTED[patient]
    answer = assessed(patient)
    decided = answer.decision.row if answer.decision else answer.applicability.rule
    assert (str(answer.action), str(answer.indicator), str(answer.tier), decided) == (action, indicator, tier, row)


@pytest.mark.parametrize("patient", EXPECTED)
def test_the_cards(client: Any, patient: str) -> None:
    cards = cards_of(client, patient)
    expected = EXPECTED[patient][4]
    assert [card["indicator"] for card in cards] == [indicator for indicator, _ in expected]
    assert [words for card, (_, words) in zip(cards, expected, strict=True) if words not in card["summary"]] == []


@pytest.mark.parametrize("patient", DRAFTS)
def test_the_draft(patient: str) -> None:
    answer, expected = assessed(patient), DRAFTS[patient]
    if isinstance(expected, set):
        assert ({blocker.rule for blocker in answer.draft_blockers}, answer.draft_allowed) == (expected, False)
        return
    amounts = {option.product: option.units or plain(option.dose_mg or 0) for option in answer.options}  # type: ignore[arg-type]
    assert (amounts["cryoprecipitate"], amounts["fibrinogen_concentrate"]) == expected
    assert answer.draft_allowed


@pytest.mark.parametrize("patient", [name for name, expected in DRAFTS.items() if isinstance(expected, tuple)])
def test_cards_suggest_what_may_be_drafted(client: Any, patient: str) -> None:
    units, mg = DRAFTS[patient]  # type: ignore[misc]
    labels = " ".join(suggestion["label"] for suggestion in cards_of(client, patient)[0]["suggestions"])
    assert f"{units} single-donor unit" in labels
    assert f"{mg} mg" in labels


@pytest.mark.parametrize("patient", [name for name, expected in DRAFTS.items() if isinstance(expected, set)])
def test_cards_suggest_nothing_that_is_forbidden(client: Any, patient: str) -> None:
    assert [card for card in cards_of(client, patient) if "suggestions" in card] == []
