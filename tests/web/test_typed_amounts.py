"""What is said of an amount while it is typed, and of the same amount when it is sent: one table, read by the page's script and by
the server (guideline ORD-12, clinicians H7)."""

import itertools
import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from smartapp.web.amounts import MG, AmountEntry, AmountRefused, echoed, read_amount

SCRIPT = Path(__file__).parents[2] / "static" / "page.js"
CONCENTRATE = AmountEntry(name="dose_mg", counts=MG, computed=Decimal(2000), most=Decimal(4000), vial=Decimal(1000))
CHILD = AmountEntry(name="dose_mg", counts=MG, computed=Decimal(250), most=Decimal("348.5"), vial=Decimal(1000))
UNITS = AmountEntry(name="units", counts="single-donor unit", computed=Decimal(10), most=Decimal(10))
POOLS = AmountEntry(name="pools", counts="pool", computed=Decimal(2), most=Decimal(2))
DOSES = AmountEntry(name="doses", counts="pathogen-reduced dose", computed=Decimal(2))
_NUMBERS = (
    "0 1 2 2.5 3 9 10 11 19 20 21 25 49 50 99 100 101 125 199 200 201 249 250 348 349 499 500 501 "
    "1000 1500 2000 2500 3000 3999 4000 4001 10000 999999 1000000"
)
_SPELLINGS = (
    *(
        "2,5",
        "0,5",
        "0.5",
        "0,500",
        "0.500",
        "2.50",
        "2,50",
        "3,000",
        "3.000",
        "12.000",
        "999,999",
        "1,2,3",
        "1.2.3",
        "1'000",
        "2’000",
    ),
    *(
        "1'00",
        "3 000",
        "3\u00a0000",
        "3\u2009000",
        "3\u202f000",
        "3  000",
        "30 00",
        " 3000 ",
        "\t3000",
        "3 000,5",
        "3 000.50",
        "1 234 567",
    ),
    *(
        "3000.0",
        "3000.000",
        "3000,0",
        "2500.5",
        "03000",
        "0010",
        "00",
        "0.0",
        "0,0",
        "0.001",
        "1.0005",
        "3000.",
        ".5",
        ",5",
        "5.",
    ),
    *(
        "",
        " ",
        "-1",
        "+3000",
        "1e3",
        "3e3",
        "NaN",
        "Infinity",
        "0x10",
        "three",
        "3000 mg",
        "3 g",
        "2.5g",
        "3000mg",
        "~3000",
        "3000?",
    ),
    *(
        "٣٠٠٠",
        "３０００",
        "Ⅲ",
        "½",
        "3\u200b000",
        "3_000",
        "3;000",
        "3:000",
        "3/4",
        "<3000",
        ">1",
        "=3",
        "3\n000",
        "😀" * 25,
        "a" * 30,
    ),
)
TYPED = (*_NUMBERS.split(), *_SPELLINGS)
ENTRIES = (CONCENTRATE, CHILD, UNITS, POOLS, DOSES)
TABLE = tuple(itertools.product(ENTRIES, TYPED))
_RUN = """
const vm = require("vm"), fs = require("fs");
const document = { querySelectorAll: () => [], querySelector: () => null };
const page = vm.createContext({ document });
vm.runInContext(fs.readFileSync(process.argv[1], "utf8"), page);
const table = JSON.parse(fs.readFileSync(0, "utf8"));
const told = table.map(([entry, typed]) => page.echo(entry, typed));
console.log(JSON.stringify(told));
"""


def on_the_field(entry: AmountEntry) -> dict[str, str]:
    """The entry as the page's field carries it."""
    numbers = {"computed": entry.computed, "most": entry.most, "vial": entry.vial}
    return {
        "counts": entry.counts,
        **{name: str(value) if value is not None else "" for name, value in numbers.items()},
    }


def echoed_by_the_script() -> list[dict[str, str]]:
    node = shutil.which("node")
    if not node:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Node is missing")
    table = json.dumps([[on_the_field(entry), typed] for entry, typed in TABLE])
    done = subprocess.run([str(node), "-e", _RUN, str(SCRIPT)], input=table, capture_output=True, text=True, check=True)
    told: list[dict[str, str]] = json.loads(done.stdout)
    return told


@pytest.mark.req("ORD-12")
def test_script_and_server_say_the_same_of_every_spelling() -> None:
    assert len(TABLE) >= 200
    said = [one.get("words") or one["why"] for one in echoed_by_the_script()]
    differing = [
        (entry.counts, typed, echoed(entry, typed), script)
        for (entry, typed), script in zip(TABLE, said, strict=True)
        if echoed(entry, typed) != script
    ]
    assert differing == []


@pytest.mark.req("ORD-12")
def test_script_and_server_refuse_the_same() -> None:
    for (entry, typed), one in zip(TABLE, echoed_by_the_script(), strict=True):
        assert ("why" in one) == is_refused(entry, typed), (entry.counts, typed)


def is_refused(entry: AmountEntry, typed: str) -> bool:
    try:
        read_amount(entry, typed)
    except AmountRefused:
        return True
    return False


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("entry", "typed", "told"),
    [
        (CONCENTRATE, "2.5", "2.5 mg is far below the computed dose: did you mean 2500 mg (2.5 g)?"),
        (CONCENTRATE, "2,5", "2.5 mg is far below the computed dose: did you mean 2500 mg (2.5 g)?"),
        (CONCENTRATE, "1", "1 mg is far below the computed dose: did you mean 1000 mg (1 g)?"),
        (CONCENTRATE, "4", "4 mg is far below the computed dose: did you mean 4000 mg (4 g)?"),
        (CONCENTRATE, "20", "20 mg is far below the computed dose: 2000 mg computed."),
        (CONCENTRATE, "200", "200 mg is far below the computed dose: 2000 mg computed."),
        (CONCENTRATE, "499", "499 mg is far below the computed dose: 2000 mg computed."),
        (CONCENTRATE, "500", "five hundred milligrams, 1 vial"),
        (CONCENTRATE, "2500", "two thousand five hundred milligrams, 3 vials"),
        (CONCENTRATE, "2500.5", "2500.5 mg is not a whole number of milligrams."),
        (CONCENTRATE, "3,000", "3,000 can be read as 3 or as 3000."),
        (CONCENTRATE, "3 000", "three thousand milligrams, 3 vials"),
        (CONCENTRATE, "4001", "4001 mg is above the limit for this patient, 4000 mg."),
        (CHILD, "25", "25 mg is far below the computed dose: 250 mg computed."),
        (CHILD, "26", "twenty-six milligrams, 1 vial"),
        (CHILD, "0.25", "0.25 mg is far below the computed dose: did you mean 250 mg (0.25 g)?"),
        (UNITS, "1", "1 single-donor unit is far below the computed dose: 10 single-donor units computed."),
        (UNITS, "2", "two single-donor units"),
        (UNITS, "2.5", "2.5 single-donor units is not a whole number of single-donor units."),
        (UNITS, "11", "11 single-donor units is above the limit for this patient, 10 single-donor units."),
        (POOLS, "1", "one pool"),
        (POOLS, "10", "10 pools is above the limit for this patient, 2 pools."),
        (DOSES, "0", "The amount is zero."),
    ],
)
def test_what_is_said(entry: AmountEntry, typed: str, told: str) -> None:
    """Below half a vial where at least one was computed, or at most a tenth: with what was meant (ORD-12)."""
    assert echoed(entry, typed) == told
