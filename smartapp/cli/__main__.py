"""`python -m smartapp.cli`."""

from smartapp.cli.commands import main

main()
