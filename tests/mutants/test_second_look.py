"""Which mutants are looked at again, by which tests first, and how they are counted."""

import json
from pathlib import Path

import pytest

from tests.mutants import figures, second_look

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
    assert names == ["test_dic.py", "test_other.py", "test_golden.py"]


def test_what_the_second_look_noticed_counts_and_what_was_not_tried_does_not(copy: Path) -> None:
    (copy / "second-look.json").write_text(json.dumps({"a.x_one__mutmut_2": 1}))
    ((module, codes),) = figures.results(copy).items()
    assert module == "criteria/dic.py"
    assert figures.alive({name: code for name, code in codes.items() if code is not None}) == ["a.x_two__mutmut_1"]
