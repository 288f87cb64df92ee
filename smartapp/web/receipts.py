"""Decision receipts to keep: the signed file of one decision, and the public keys that sign here."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, jsonify, make_response

from smartapp.usecases.patient_page import PatientPage
from smartapp.web.launch import LaunchDoor, UserKind
from smartapp.web.pages import entered
from smartapp.web.problems import NotEntitled


def create_blueprint(*, door: LaunchDoor, page: PatientPage, keys: Callable[[], Sequence[dict[str, str]]]) -> Blueprint:
    """`/l/<launch>/proposals/<proposal>/receipt.json` and `/.well-known/receipt-keys.json`."""
    blueprint = Blueprint("receipts", __name__)

    @blueprint.get("/l/<launch>/proposals/<proposal>/receipt.json")
    def one(launch: str, proposal: str) -> Response:
        opened = entered(door, launch)
        if opened.user is not UserKind.PROFESSIONAL:
            raise NotEntitled("This record is for health-care professionals.", "Ask your care team.")
        file = make_response(page.receipt(opened.case, proposal))
        file.content_type = "application/json"
        file.headers["Content-Disposition"] = f'attachment; filename="receipt-{proposal}.json"'
        return file

    @blueprint.get("/.well-known/receipt-keys.json")
    def published() -> Response:
        return jsonify(keys=list(keys()))

    return blueprint
