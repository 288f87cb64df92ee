"""What a fresh process makes ready by itself."""

from flask import Flask

from smartapp import assets
from smartapp.ops import preload


def test_every_page_can_be_made_ready() -> None:
    app = Flask("pages", template_folder=str(assets.templates()))
    app.jinja_env.filters |= {"plain": str, "order": str}  # the pages' own
    preload._warm(app)
    assert {"review.html", "proposal.html"} <= {name for _, name in app.jinja_env.cache}
