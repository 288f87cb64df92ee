"""The site's doctor: `smartapp config check --online` asks what the configuration names and says in sentences what will work.

Here live the questions to EHRs and callers' key sets, and what their answers mean for us.
Never here: a rule of the launch or of writing; those are asked as the app asks them.
"""

from smartapp.cli.doctor.visit import examined, summary

__all__ = ["examined", "summary"]
