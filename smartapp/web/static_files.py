"""Static files under names that hold their content's hash, so that browsers may keep them for good."""

import hashlib
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from smartapp.web.protection import FIXED


def serve_static(app: Flask, folder: Path) -> None:
    """WhiteNoise answers for the hashed names before the app is asked; templates name a file by `asset("app.css")`."""
    noise = WhiteNoise(
        app.wsgi_app,
        allow_all_origins=False,  # CORS is for the hooks alone (CDS-97)
        add_headers_function=_protected,
        immutable_file_test=lambda _path, _url: True,
    )
    urls = {}
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        urls[file.name] = f"/static/{file.stem}.{digest}{file.suffix}"
        noise.add_file_to_dictionary(urls[file.name], str(file))
    app.wsgi_app = noise  # type: ignore[method-assign] # Flask's own way of wrapping an app
    app.jinja_env.globals["asset"] = urls.__getitem__


def _protected(headers: Headers, _path: str, _url: str) -> None:
    for name, value in FIXED.items():
        headers[name] = value
