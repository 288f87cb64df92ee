"""`make elm`: write the ELM of the checked-in CQL anew."""

import json

from smartapp.fhir.cql_libraries import FOLDER, default_texts
from tests.cql.node_programs import ask, pruned

if __name__ == "__main__":
    for name, elm in ask("translate.mjs", default_texts()).items():
        (FOLDER / f"{name}.elm.json").write_text(json.dumps(pruned(elm), indent=1) + "\n", encoding="utf-8")
