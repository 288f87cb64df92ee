"""The floor: Flask under one synchronous worker that walks the Observations and returns one fixed card."""

import orjson  # the floor is measured with it; the app does not use it
from flask import Flask, Response, request

app = Flask("floor")
_CARD = {"cards": [{"uuid": "0", "summary": "fixed", "indicator": "info", "source": {"label": "floor"}}]}


@app.post("/")
def call() -> Response:
    """Read, parse, look at code, value, unit, time and status of every Observation."""
    body = orjson.loads(request.get_data())
    seen = 0
    for bundle in body["prefetch"].values():
        for entry in bundle.get("entry", ()):
            resource = entry["resource"]
            if resource["resourceType"] == "Observation":
                quantity = resource.get("valueQuantity") or {}
                parts = (resource["code"]["coding"][0]["code"], quantity.get("value"), quantity.get("code"))
                seen += bool(parts[0] and resource.get("effectiveDateTime") and resource.get("status"))
    return Response(orjson.dumps(_CARD), mimetype="application/json")


@app.post("/constant")
def constant() -> Response:
    """The same answer to everything, without reading it."""
    return Response(b'{"error":"unauthorized"}', status=401, mimetype="application/json")


@app.get("/healthz")
def healthz() -> Response:
    """It answers."""
    return Response("{}", mimetype="application/json")
