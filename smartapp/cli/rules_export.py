"""`smartapp rules export`: the rules for other people's engines, with the site's values in them (interfaces.md section 10)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from smartapp.clinical.policy import SitePolicy, build_policy
from smartapp.fhir.cql_libraries import cql_libraries
from smartapp.fhir.plan_definition import rules_bundle, without_twin

NO_SITE = "https://fibrinogen-watch.example/fhir"  # the root of the canonical addresses where no configuration names the site's
LEFT_OUT = "rows-without-twin.txt"


def exported(form: str, config: Path | None) -> dict[str, str]:
    """File names and what belongs in them: one Bundle, or text and ELM of each library; in both the rows that are left out."""
    policy, base = _site(config)
    files = (
        {"fibrinogen-replacement.bundle.json": _json(rules_bundle(policy, base))} if form == "fhir" else _cql(policy)
    )
    return {**files, LEFT_OUT: "\n".join(without_twin(policy)) + "\n"}


def put(files: Mapping[str, str], folder: Path | None, tell: Callable[[str], None]) -> None:
    """Write the files and tell their names; without a folder tell the Bundle or the texts, and no list beside them."""
    if folder is None:
        for name, text in files.items():
            if name.endswith((".bundle.json", ".cql")):
                tell(text.rstrip("\n"))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        tell(str(folder / name))


def _cql(policy: SitePolicy) -> dict[str, str]:
    libraries = cql_libraries(policy)
    texts = {f"{one.name}.cql": one.text for one in libraries}
    return {**texts, **{f"{one.name}.elm.json": _json(dict(one.elm)) for one in libraries}}


def _json(body: object) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _site(config: Path | None) -> tuple[SitePolicy, str]:
    """The site's policy, and the root of the canonical addresses."""
    if config is None:
        return build_policy(), NO_SITE
    from smartapp.config.checks import policy_of  # noqa: PLC0415 - an export without a configuration needs none of it
    from smartapp.config.load import load_settings  # noqa: PLC0415

    settings = load_settings(config)
    return policy_of(settings), f"{settings.base_url.rstrip('/')}/fhir" if settings.base_url else NO_SITE
