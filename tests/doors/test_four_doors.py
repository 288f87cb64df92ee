"""The same chart gives the same answer through a file, a hook with prefetch, a hook with its own queries, and a launch (sample of `make doors`)."""

import pytest

from tests.doors.field import live_inputs
from tests.doors.habits import Habit, Server
from tests.doors.opened import differences, from_file, from_hook, from_launch

SAMPLE = range(24)


@pytest.mark.req("CDS-34", "DQ-30", "FHIR-12", "FHIR-13", "DQ-28")
@pytest.mark.parametrize("first", range(0, len(SAMPLE), 8))
def test_one_chart_through_four_doors(first: int) -> None:
    found = [str(each) for number in SAMPLE[first : first + 8] for each in differences(number)]
    assert found == []


@pytest.mark.req("DQ-10", "DQ-28", "DQ-15", "DQ-30", "REP-03")
@pytest.mark.parametrize("habit", Habit)
def test_what_was_missed_in_the_field_is_found_in_every_door(habit: Habit) -> None:
    for name, (tier, dose) in {"clotted 30 h ago": ("TX", False), "component of a panel": ("T2", True)}.items():
        server = Server(habit, live_inputs()[name])
        for answer in (from_launch(server), from_hook(server, {}), from_file(list(server.resources))):
            assert answer is not None
            assert (answer["tier"], bool(answer["options"]), answer["draft_allowed"]) == (tier, dose, dose)
