"""Fibrinogen Watch: coagulopathy after CAR-T therapy, watched from within the EHR.

Here live only the version and the door to the factory.
Never here: anything that imports Flask before it is called.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app(*args: Any, **options: Any) -> "Flask":
    """The WSGI application (see `smartapp.factory.create_app`); imported only when called."""
    from smartapp.factory import create_app as create  # noqa: PLC0415 - importing the core must not import Flask

    return create(*args, **options)
