"""What the first launch of a fresh process would wait for, made ready beside the first requests."""

import threading
from importlib import import_module

from flask import Flask

_SOON_SECONDS = 0.3  # after the start, which does not wait for it
_LATE = ("smartapp.outbound.token_exchange", "authlib.integrations.requests_client")


def warm_soon(app: Flask) -> None:
    """On a thread of its own: whoever is faster than it does the same work, once."""
    timer = threading.Timer(_SOON_SECONDS, _warm, [app])
    timer.daemon = True
    timer.start()


def _warm(app: Flask) -> None:
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    for module in _LATE:
        import_module(module)
