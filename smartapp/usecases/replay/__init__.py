"""One policy against another along a patient's course: looks, decisions, what differs and why, and sums (interfaces.md section 9).

Pure: records come in as bytes, results go out as values. Files, processes and reports live in `smartapp.cohort`.
"""
