"""The ELM is what the translator of the CQL project makes of the text, as checked in and with a site's values in it."""

from typing import Any

import pytest

from smartapp.clinical.policy import build_policy
from smartapp.fhir.cql_libraries import RULES, cql_libraries, default_texts, rows_with_twin
from tests.cql.node_programs import ask, need_node, pruned

SITE = {"t1_below": "1.6", "fc_product": "riastap", "product_order": "fc,cryo", "cryo_available": "false"}


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    need_node()


@pytest.mark.parametrize("sets", [{}, SITE], ids=["default", "another site"])
def test_the_elm_of_an_export_is_what_the_translator_gives(sets: dict[str, str]) -> None:
    libraries = cql_libraries(build_policy("restrictive_1_0", sets))
    translated: dict[str, Any] = ask("translate.mjs", {one.name: one.text for one in libraries})
    for library in libraries:
        assert pruned(translated[library.name]) == library.elm


def test_a_change_of_the_text_changes_the_elm() -> None:
    texts = default_texts()
    changed = {
        **texts,
        RULES: texts[RULES].replace(
            '"Fibrinogen" <= "target_major_bleeding"', '"Fibrinogen" < "target_major_bleeding"'
        ),
    }
    before = cql_libraries(build_policy())[0].elm
    assert (
        pruned(ask("translate.mjs", {RULES: changed[RULES]})[RULES])["library"]["statements"]
        != before["library"]["statements"]
    )


def test_every_row_of_the_contract_has_its_define_with_its_sentence_above() -> None:
    text = default_texts()[RULES]
    rows = {row.id for row in rows_with_twin()}
    assert rows == {
        *(
            "TIER-01",
            "DQ-04",
            "MOD-01",
            "PRD-01",
            "FC-01",
            "FC-02",
            "FC-03",
            "FC-04",
            "CRY-01",
            "CRY-02",
            "MON-01",
            "MON-02",
        ),
        *(f"REP-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12)),
    }
    for row in rows:
        assert f'*/\ndefine "{row}":' in text
