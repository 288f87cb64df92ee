"""A site's own codes and what they stand for (`[codes]`): exact, or every code that begins alike (`system|I61.*`)."""

from collections.abc import Mapping
from typing import NamedTuple

from smartapp.clinical.code_systems import system_of
from smartapp.fhir.elements import Coding

ANY_ENDING = "*"


class CodeMeant(NamedTuple):
    """A system and a code of guideline section 9."""

    system: str
    code: str


class LocalCodes:
    """The map of one site; an exact entry counts before one for a beginning, a longer beginning before a shorter."""

    def __init__(self, codes: Mapping[str, str] | None = None) -> None:
        """`codes` as configured: `system|code` or `system|beginning*` to `system|code`."""
        self._exact: dict[tuple[str, str], CodeMeant] = {}
        beginnings: list[tuple[str, str, CodeMeant]] = []
        for written, stands_for in (codes or {}).items():
            (system, code), meant = _parts(written), CodeMeant(*_parts(stands_for))
            if code.endswith(ANY_ENDING):
                beginnings.append((system, code.removesuffix(ANY_ENDING), meant))
            else:
                self._exact[system, code] = meant
        self._beginnings = sorted(beginnings, key=lambda entry: -len(entry[1]))

    def meant_by(self, coding: Coding) -> CodeMeant:
        """What a coding stands for: the site's entry for it, else itself."""
        if not self._exact and not self._beginnings:
            return CodeMeant(coding.system, coding.code)
        system = system_of(coding.system)
        found = self._exact.get((system, coding.code))
        if found is not None:
            return found
        begins = (meant for name, begin, meant in self._beginnings if name == system and coding.code.startswith(begin))
        return next(begins, CodeMeant(coding.system, coding.code))


def _parts(text: str) -> tuple[str, str]:
    system, _, code = text.rpartition("|")
    return system_of(system), code


NO_LOCAL_CODES = LocalCodes()
