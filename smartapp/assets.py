"""Where templates/, static/ and launch.json are: in the package (a wheel) or beside it (a checkout)."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder that holds templates/, static/ and launch.json."""
    return _PACKAGE if (_PACKAGE / "templates").is_dir() else _PACKAGE.parent


def templates() -> Path:
    """The Jinja pages."""
    return root() / "templates"


def static() -> Path:
    """Stylesheet and script."""
    return root() / "static"


def launch_json() -> Path:
    """The registration manifest."""
    return root() / "launch.json"


def site_file() -> Path:
    """The configuration to begin with, commented."""
    return _PACKAGE / "config" / "site.toml"
