"""The site's policy: every parameter of guideline 0.2 with its unit, default, bounds and status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The parameters in force, by their names in guideline 0.2 (`replace_below.severe`), and what the site changed."""

    profile: str
    values: Mapping[str, Any]
    overrides: Mapping[str, str]
    sha256: str

    def get(self, name: str) -> Any:
        """The value of a parameter in its documented unit; KeyError for a name that does not exist."""
        return self.values[name]
