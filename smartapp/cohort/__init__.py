"""Exports of many patients: reading and grouping them, replaying each patient on processes or on Spark, reports, and synthetic cohorts.

It decides nothing clinical: what is looked at and what differs is `smartapp.usecases.replay`.
"""
