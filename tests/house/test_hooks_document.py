"""docs/cds-hooks.md tells the truth: its example call and feedback are answered as it says, and each status stands in it."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from smartapp.cdshooks.openapi import description
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import Signer

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "cds-hooks.md").read_text()
EXAMPLES: list[Any] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCUMENT, re.S)]
ADDRESSES = re.findall(r"^POST (/cds-services/\S+)", DOCUMENT, re.M)
SIGNER = Signer()


@pytest.mark.req("CDS-40", "CDS-60")
def test_the_examples_are_answered_as_told(tmp_path: Path) -> None:
    app = app_of(settings_of(tmp_path, SIGNER))
    assert len(ADDRESSES) == len(EXAMPLES) == 2
    call, feedback = (post(app, address, body, SIGNER) for address, body in zip(ADDRESSES, EXAMPLES, strict=True))
    assert (call.status_code, call.json) == (200, {"cards": []})
    assert (feedback.status_code, feedback.json) == (200, {"recorded": 1, "refused": 0})
    assert uuid.UUID(EXAMPLES[0]["hookInstance"])


@pytest.mark.req("CDS-70")
def test_every_status_of_the_description_stands_in_it() -> None:
    document = description([], base_url="https://app.test", version="1.0.0")
    assert document["openapi"].startswith("3.1")
    statuses = {"400", "401", "403", "404", "405", "412", "413", "415", "429", "500", "503"}
    table = DOCUMENT[DOCUMENT.index("| status | when |") :]
    assert {status for status in statuses if status not in table} == set()
