"""What a site watches and limits: log, metrics, rates, readiness, and what is made ready at a start.

Here live what is told of requests and what holds them back, each made by the factory and passed on.
Never here: an answer, a patient's data, a setting read from a file.
"""
