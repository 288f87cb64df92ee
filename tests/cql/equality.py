"""What two engines by others say of the same settings."""

from typing import Any

from smartapp.clinical.policy import build_policy
from smartapp.fhir.cql_libraries import RULES, cql_libraries
from tests.cql.node_programs import ask
from tests.cql.settings import Setting

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
