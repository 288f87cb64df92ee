"""Clinical definitions that rules share, one module each: a score, a grade, a state, the choice of a result.

Each module offers a `Need` (smartapp.clinical.rule) that reads the picture and the site's policy.
Never here: advice, a card text, a FHIR word.
"""
