"""Door one: the CDS Hooks service (HL7 CDS Hooks 2.0).

Here live the protocol half (request, wire, trust, views: nothing of ours) and our half (services, cards).
Never here: a clinical comparison, a launch, a page.
"""
