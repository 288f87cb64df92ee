"""The versions of the schema, oldest first by number.

Here live the steps up and down.
Never here: data of a patient.
"""
