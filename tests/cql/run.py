"""`make cql`: the exported rules in engines by others, against the application; exit 1 on any difference."""

import sys

from rich import print as tell

from tests.cql.changes import CHANGES, unnoticed
from tests.cql.equality import evaluated
from tests.cql.settings import differences, settings
from tests.cql.test_apply import SITES, apply_differences
from tests.cql.test_chart import chart_differences

BATCH = 500


def main(seed: int) -> int:
    """Each part with its count of differences."""
    found = [_settings(5000, seed)]
    charts = chart_differences(300, seed)
    applied = [line for place, sets in enumerate(SITES) for line in apply_differences(67, seed + place, sets)]
    missed = unnoticed(settings(1500, seed))
    for name, lines in (
        ("300 charts", charts),
        ("201 patients by $apply", applied),
        (f"{len(CHANGES)} deliberate changes", missed),
    ):
        _say(name, lines, "not noticed" if lines is missed else "differences")
        found.append(len(lines))
    return 1 if any(found) else 0


def _settings(count: int, seed: int) -> int:
    asked = settings(count, seed)
    values, wrong = sum(len(one.expected) for one in asked), 0
    for start in range(0, count, BATCH):
        part = asked[start : start + BATCH]
        for engine, said in evaluated(part).items():
            lines = differences(part, said)
            wrong += len(lines)
            _say(f"{engine}, settings {start} to {start + len(part)}", lines)
    tell(f"{count} settings, {values} values in each engine: {wrong} differences")
    return wrong


def _say(name: str, lines: list[str], what: str = "differences") -> None:
    for line in lines[:5]:
        tell(line)
    tell(f"{name}: {len(lines)} {what}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
