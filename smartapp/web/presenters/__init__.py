"""What pages show: assessments and proposals as frozen values with words ready to print.

Here live the presenters, one noun a module.
Never here: a decision, HTML, Flask, a clock.
"""
