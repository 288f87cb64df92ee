"""`make cql`: at least 5,000 random settings in two engines by others, and no difference."""

import sys
from typing import Any

from smartapp.clinical.policy import build_policy
from smartapp.fhir.cql_libraries import RULES, cql_libraries
from tests.cql.node_programs import ask
from tests.cql.settings import Setting, differences, settings

ENGINES = ("cql-execution", "reference")


def evaluated(
    asked: list[Setting], engines: tuple[str, ...] = ENGINES, **changed: Any
) -> dict[str, list[dict[str, Any]]]:
    """What each engine says of every define that is compared; `changed`: another text or ELM."""
    library = next(one for one in cql_libraries(build_policy(None, {})) if one.name == RULES)
    defines = sorted({name for one in asked for name in one.expected})
    question = {
        "name": RULES,
        "texts": {RULES: changed.get("text", library.text)},
        "elm": changed.get("elm", library.elm),
        "settings": [one.given for one in asked],
        "defines": defines,
        "engines": engines,
    }
    answer: dict[str, list[dict[str, Any]]] = ask("evaluate.mjs", question, seconds=1800)
    return answer


if __name__ == "__main__":
    count, seed = (int(text) for text in (*sys.argv[1:], "5000", "1")[:2])
    chosen = settings(count, seed)
    wrong = 0
    for engine, said in evaluated(chosen).items():
        lines = differences(chosen, said)
        wrong += len(lines)
        print("\n".join(lines[:10]))
        print(
            f"{engine}: {len(chosen)} settings, {sum(len(one.expected) for one in chosen)} values, {len(lines)} differences"
        )
    sys.exit(1 if wrong else 0)
