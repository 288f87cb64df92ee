"""Pages: an assessment as a clinician sees it, and the decisions taken on it.

Here live the views, what they show (presenters, plots) and what protects them.
Never here: a clinical comparison, FHIR, SQL, a token, a connection.
"""
