"""The deliberate breaks still fit the tree, and a few of them are tried; `make mutants` tries all."""

from pathlib import Path

from tests.breaks.table import ROOT, copied, read_table
from tests.breaks.trial import tests_for as named_tests
from tests.breaks.trial import tried

TABLE = read_table()
SAMPLE = ("the state is not bound to the browser", "only the first page is read", "a token is accepted again")


def test_there_are_at_least_thirty() -> None:
    assert len({one.name for one in TABLE}) == len(TABLE) >= 30


def test_what_each_break_takes_out_stands_once() -> None:
    found = {one.name: (ROOT / one.file).read_text().count(one.old) for one in TABLE}
    assert {name: times for name, times in found.items() if times != 1} == {}


def test_what_each_break_puts_in_its_place_is_python() -> None:
    for one in TABLE:
        if one.file.endswith(".py"):
            compile((ROOT / one.file).read_text().replace(one.old, one.new), one.name, "exec")


def test_tests_name_the_rows_of_each_break() -> None:
    assert [(one.name, row) for one in TABLE for row in one.rows if not named_tests([row])] == []


def test_a_few_breaks_turn_a_test_red(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    chosen = [one for one in TABLE if one.name in SAMPLE]
    assert len(chosen) == len(SAMPLE)
    assert [one.name for one in chosen if not tried(tree, one)] == []
