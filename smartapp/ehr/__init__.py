"""Outward: the EHR's FHIR server as a source of charts and a place for approved orders.

Here live the client, the source, the writer and the tree of what can go wrong.
Never here: a clinical decision, a session, a page.
"""
