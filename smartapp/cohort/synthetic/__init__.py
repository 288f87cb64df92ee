"""Synthetic CAR-T courses and background patients as a bulk export: how levels run, what is recorded of it, and what goes wrong in recording.

Nobody real is behind any of it, and nothing here is read by the rest of the program.
"""
