"""Which mutants are looked at again, by which tests first, and how they are counted."""

import json
from pathlib import Path

import pytest

from tests.mutants import figures, first_look, second_look

RESULTS = {"a.x_one__mutmut_1": 1, "a.x_one__mutmut_2": 0, "a.x_two__mutmut_1": 33, "b.x_one__mutmut_1": None}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder as mutmut leaves it, with one module."""
    core = tmp_path / "smartapp" / "clinical" / "criteria"
    core.mkdir(parents=True)
    (core / "dic.py.meta").write_text(json.dumps({"exit_code_by_key": RESULTS}))
    tests = tmp_path / "tests" / "clinical"
    (tests / "criteria").mkdir(parents=True)
    (tests / "criteria" / "test_dic.py").write_text("from smartapp.clinical.criteria.dic import DIC")
    (tests / "test_golden.py").write_text("")
    (tests / "test_other.py").write_text("from smartapp.clinical.criteria import age, dic")
    (tests / "test_strange.py").write_text("from smartapp.clinical.criteria.dice import DICE")
    return tmp_path


def test_those_that_no_test_noticed_are_looked_at_again(copy: Path) -> None:
    assert [name for _, name in second_look.survivors(copy, "")] == ["a.x_one__mutmut_2", "a.x_two__mutmut_1"]
    assert [name for _, name in second_look.survivors(copy, "x_two")] == ["a.x_two__mutmut_1"]


def test_the_likeliest_tests_come_first(copy: Path) -> None:
    (meta, _), *_ = second_look.survivors(copy, "")
    names = [Path(path).name for path in second_look.likely(copy, meta)]
    assert names == ["test_dic.py", "test_golden.py", "test_other.py"]


def test_what_the_second_look_noticed_counts_and_what_was_not_tried_does_not(copy: Path) -> None:
    (copy / "second-look.json").write_text(json.dumps({"a.x_one__mutmut_2": 1}))
    ((module, codes),) = figures.results(copy).items()
    assert module == "criteria/dic.py"
    assert figures.alive({name: code for name, code in codes.items() if code is not None}) == ["a.x_two__mutmut_1"]


def test_the_first_look_takes_what_was_not_tried_and_keeps_the_result_where_mutmut_does(copy: Path) -> None:
    ((meta, name),) = first_look.untried(copy, "")
    assert name == "b.x_one__mutmut_1"
    first_look.keep(meta, name, 1)
    assert json.loads(meta.read_text())["exit_code_by_key"] == {**RESULTS, name: 1}
    assert first_look.untried(copy, "") == []


def test_the_tests_that_reach_a_function_come_in_the_order_in_which_they_are_likely_to_notice() -> None:
    tests = ["test_a.py::slow", "test_a.py::quick", "test_dic.py::own", "test_z.py::noticed"]
    stats = {
        "tests_by_mangled_function_name": {"dic.x__read": tests},
        "duration_by_test": {"test_a.py::slow": 9.0, "test_a.py::quick": 0.1},
    }
    found = first_look.reaching(stats, "dic.x__read__mutmut_7", "test_dic.py", {"test_z.py::noticed"})
    assert found == ["test_z.py::noticed", "test_dic.py::own", "test_a.py::quick", "test_a.py::slow"]
    assert first_look.reaching(stats, "dic.x__other__mutmut_7", "test_dic.py") == []


def test_only_what_no_test_called_is_tried_with_all_of_them(copy: Path) -> None:
    ((meta, _), *_) = second_look.survivors(copy, "")
    assert second_look.was_reached_by_none(meta, "a.x_two__mutmut_1")
    assert not second_look.was_reached_by_none(meta, "a.x_one__mutmut_2")
