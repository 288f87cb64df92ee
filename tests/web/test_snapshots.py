"""The chart and the card of one patient, as shapes and words, until somebody means to change them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import charts
from tests.cdshooks.calls import ACT, call, prefetch, url
from tests.stories.hooked import app_client
from tests.web.browsing import Browser
from tests.web.desk import act_now

KEPT = Path(__file__).parent
_FRESH = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def kept(name: str, now: str) -> str:
    """What was kept under a name; a new name is kept as it is now, and the test says so."""
    file = KEPT / name
    if not file.exists():
        file.write_text(now, encoding="utf-8")
        pytest.fail(f"{name} is new: look at it, and keep it")
    return file.read_text(encoding="utf-8")


def test_the_chart_is_drawn_as_before() -> None:
    html = Browser(act_now().app).get().html
    drawn = html[html.index('<svg class="plot"') : html.index("</svg>") + 6] + "\n"
    assert drawn == kept("chart.svg", drawn)


@pytest.mark.req("CDS-53")
def test_the_card_says_what_it_said(tmp_path: Path) -> None:
    answer = app_client(tmp_path).post(
        url(), data=charts.dumps(call(prefetch=prefetch(*ACT))), content_type="application/json"
    )
    cards: list[dict[str, Any]] = answer.json["cards"]
    for card in cards:
        for link in card["links"]:
            link.pop("appContext", None)
    told = _FRESH.sub("fresh", json.dumps(cards, indent=1, ensure_ascii=False, sort_keys=True)) + "\n"
    assert told == kept("cards.json", told)
