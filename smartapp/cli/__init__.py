"""The command line: a few lines a command, everything else imported when it runs.

Here live the commands, the offline assessment of files, and starting the servers.
Never here: a rule, a page, a second way of doing what a use case does.
"""

from smartapp.cli.commands import main

__all__ = ["main"]
