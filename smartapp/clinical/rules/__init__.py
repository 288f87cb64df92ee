"""The recommendations of the guideline: one module a section, found by its RULES.

Here lives `all_rules()`. Never here: a central list, a rule that calls a rule, a clock or a FHIR word.
"""

import pkgutil
from functools import cache
from importlib import import_module

from smartapp.clinical.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of this folder's modules, in the order of their first row id."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    rules = [rule for name in names for rule in import_module(f"{__name__}.{name}").RULES]
    return tuple(sorted(rules, key=lambda rule: rule.rows[0].id))
