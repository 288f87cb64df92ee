"""The document of writing back tells the truth: its states are those of the code, its example is an audit trail."""

import re
from pathlib import Path

from smartapp.usecases.orders.ledger import LEADS_TO
from tests.usecases.orders.clinician import Clinician

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "writing-back.md").read_text(encoding="utf-8")
QUIET = ("page",)  # the test's own reading


def test_the_table_of_states_is_that_of_the_code() -> None:
    table = DOCUMENT.split("## The states of a proposal")[1].split("Every change")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| ([a-z ]+) \|", table, re.MULTILINE)[1:]
    assert rows == [(str(source), str(target)) for source, targets in LEADS_TO.items() for target in targets]


def test_the_example_is_what_an_approval_leaves_in_the_audit_trail() -> None:
    clinician = Clinician()
    view = clinician.written()
    example = DOCUMENT.split("```")[1].strip().splitlines()
    events = [(event, outcome.replace(view.id, "p1")) for event, outcome in clinician.log.events if event not in QUIET]
    told = [event if event == "re-checked before writing" else f"{event:<18} {outcome}" for event, outcome in events]
    assert told == example
