"""Translation between FHIR R4 and our nouns, both ways.

Here live the query table, the lenient readers and the builders of what we write; the only user of fhir.resources.
Never here: a network, a session, a clinical decision.
"""
