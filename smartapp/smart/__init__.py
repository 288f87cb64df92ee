"""Door two: SMART App Launch (HL7 SMART App Launch 2.2).

Here live discovery, the flow in steps without Flask, scopes, identity, keys, the session and the views.
Never here: a clinical rule, SQL, a FHIR resource beyond its reference.
"""
