"""Whether the process answers and is ready, and what it counted; no patient data (interfaces.md section 4)."""

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Response, jsonify

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def create_blueprint(
    reasons: Callable[[], Sequence[str]],
    metrics: Callable[[], bytes],
    circuits: Callable[[], Mapping[str, str]] = dict,
) -> Blueprint:
    """`reasons()` says in sentences what is not usable: configuration, schema, database, keys; empty when ready. `circuits()` names the
    EHRs that are left alone because they did not answer (open, half-open): a detail, the app is ready all the same. `metrics()` gives
    the figures as Prometheus text."""
    blueprint = Blueprint("operations", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        lacking = list(reasons())
        state: dict[str, object] = {"status": "not ready", "reasons": lacking} if lacking else {"status": "ready"}
        silent = dict(circuits())
        response = jsonify({**state, "ehrs": silent} if silent else state)
        response.status_code = 503 if lacking else 200
        return response

    @blueprint.get("/metrics")
    def figures() -> Response:
        return Response(metrics(), content_type=_PROMETHEUS)

    return blueprint
