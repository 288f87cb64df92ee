"""The recommendations of the guideline, one a module, found by their RULE.

Here lives `all_rules()`. Never here: a central list, a rule that calls a rule, a clock or a FHIR word.
"""

import pkgutil
from functools import cache
from importlib import import_module

from smartapp.clinical.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every RULE of this folder's modules, in the order of their first row id."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    rules = [import_module(f"{__name__}.{name}").RULE for name in names]
    return tuple(sorted(rules, key=lambda rule: rule.rows[0].id))
