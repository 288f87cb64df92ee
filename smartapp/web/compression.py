"""Pages are sent compressed to browsers that take it.

A length can betray a secret only where the page also repeats what an attacker may write into a request (BREACH). No page that is compressed does:
of a request it shows a number of looks and one of a few ranges, its form tokens change every second, and problems go out as they are.
Cards and JSON are not compressed here.
"""

import zlib
from collections.abc import Iterable, Iterator

from flask import Flask, Response, request

_LEAST = 2048  # bytes; less fits into a packet or two anyway
_GZIP = 31  # zlib's word for a gzip stream
_LEVEL = 6


def compress_pages(app: Flask) -> None:
    """Whole pages at once, pages that come part by part in parts that can be shown as they come."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype != "text/html" or response.status_code != 200:
            return response
        response.vary.add("Accept-Encoding")
        if not request.accept_encodings["gzip"]:
            return response
        if response.is_streamed:
            response.response = _gzipped(response.iter_encoded())
        elif len(response.get_data()) >= _LEAST:
            response.set_data(b"".join(_gzipped([response.get_data()])))
        else:
            return response
        response.headers["Content-Encoding"] = "gzip"
        return response


def _gzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for part in parts:
        yield packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
