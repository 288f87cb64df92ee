"""The clinical core: the guideline as pure functions over frozen values.

Here live the nouns of the bedside, the definitions (criteria), the doses and the rules.
Never here: a clock, a network, FHIR, Flask, a file, or any package that must be installed.
"""
