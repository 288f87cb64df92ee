"""The schema's history, run by Alembic.

Here live env.py and the versions.
Never here: data of a patient.
"""
