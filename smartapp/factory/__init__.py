"""Joins everything: settings → stores, clients, clock → use cases → blueprints → Flask. Nothing imports it but the command line.

Here live the wiring and the desk behind the pages.
Never here: a rule, a query, a page's words beyond what joins two parts.
"""

from smartapp.factory.app import create_app

__all__ = ["create_app"]
