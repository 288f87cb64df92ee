"""The benchmark's EHR: it pages by 50 unless asked, and a chain is counted from what began after what had ended."""

import json
from datetime import UTC, datetime

from benchmarks import bodies
from benchmarks.ehr import Ehr, Request, chain, ehr_of


def pages(ehr: Ehr, query: str) -> list[int]:
    sizes = []
    while query:
        page = json.loads(ehr.search("Observation", query))
        sizes.append(len(page.get("entry", ())))
        query = next((link["url"].split("?")[1] for link in page["link"] if link["relation"] == "next"), "")
    return sizes


def test_it_pages_by_fifty_unless_asked() -> None:
    ehr = ehr_of(bodies.chart(320, now=datetime(2026, 3, 1, tzinfo=UTC)), 0.0)
    assert pages(ehr, "patient=bench&code=http://loinc.org|3255-7") == [20]
    assert pages(ehr, "patient=bench&code=http://loinc.org|5902-2,http://loinc.org|6301-6,http://loinc.org|777-3") == [
        50,
        10,
    ]
    assert pages(ehr, "patient=bench&_count=500") == [321]


def test_a_chain_is_as_long_as_its_longest_row_of_waits() -> None:
    seen = [
        Request("token", 0, 1),
        Request("keys", 0.5, 2),
        Request("a", 1.1, 3),
        Request("b", 2.1, 3),
        Request("c", 3.2, 4),
    ]
    assert len(chain(seen)) == 3
    assert chain(seen)[-1] == "c"
    assert chain([]) == []
