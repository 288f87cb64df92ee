"""Everything we write, read by a validator in JavaScript that shares no code with the others (FHIR-42; tests/fhir/node)."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartapp.fhir.proposals import check_body, write_order, write_recheck
from tests.fhir.test_proposals import ANONYMOUS, AS_SERVICE, BY_VOLUME, CONCENTRATE, CRYO, ORDERING
from tests.fhir.test_us_core import RECORD, written

FOLDER = Path(__file__).parent / "node"
ACTIVE = replace(ORDERING, status="active", intent="order")
GOOD = {
    "the provenance": written()[RECORD],
    "a check that follows no dose": check_body(ORDERING, ORDERING.at, "CRS 3"),
    **{
        f"{kind} {name}": write(order, ordering)
        for kind, write in (("order", write_order), ("follow-up", write_recheck))
        for name, order, ordering in (
            ("concentrate", CONCENTRATE, ORDERING),
            ("active concentrate", CONCENTRATE, ACTIVE),
            ("concentrate on a card", CONCENTRATE, ANONYMOUS),
            ("cryoprecipitate", CRYO, ORDERING),
            ("cryoprecipitate for the blood bank", CRYO, AS_SERVICE),
            ("cryoprecipitate by volume", BY_VOLUME, ORDERING),
        )
    },
}
ORDER = write_order(CONCENTRATE, ORDERING)
BAD = {
    "no subject": {name: value for name, value in ORDER.items() if name != "subject"},
    "an unknown status": {**ORDER, "status": "drafted"},
    "an element of R5": {**ORDER, "medication": {"concept": {"text": "fibrinogen"}}},
    "a note that is no annotation": {**ORDER, "note": [{"words": "fibrinogen"}]},
}


@pytest.fixture(scope="module")
def problems() -> dict[str, list[str]]:
    """What the validator has against each resource; without node or its package the tests are skipped, with `CI` they fail."""
    node = shutil.which("node")
    if not node or not (FOLDER / "node_modules" / "fhir").exists():
        reason = (
            "no node, or no package for it (npm ci --prefix tests/fhir/node), was found and none could be installed"
        )
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    asked: dict[str, Any] = {**GOOD, **BAD}
    sent = json.dumps(list(asked.values()))
    answered = subprocess.run(
        [node, FOLDER / "validate.js"], input=sent, capture_output=True, text=True, check=True, timeout=120
    )
    return dict(zip(asked, json.loads(answered.stdout), strict=True))


@pytest.mark.req("FHIR-41", "FHIR-42", "FHIR-49")
@pytest.mark.parametrize("name", GOOD)
def test_what_we_write_is_valid(problems: dict[str, list[str]], name: str) -> None:
    assert problems[name] == []


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_found(problems: dict[str, list[str]], name: str) -> None:
    assert problems[name]
