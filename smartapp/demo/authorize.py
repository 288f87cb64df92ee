"""The authorization server's routes: discovery, authorize (standalone: with a patient picker), token, revoke, keys."""

from collections.abc import Callable
from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, jsonify, render_template, request

from smartapp.demo.clients import ALGORITHMS
from smartapp.demo.faults import Fault
from smartapp.demo.profiles import smart_configuration as declared_configuration
from smartapp.demo.scopes import PLAIN
from smartapp.demo.token_issue import Realm, SmartServer
from smartapp.demo.tokens import DemoUser, LaunchContext

Choices = Callable[[], list[tuple[str, str]]]
_CAPABILITIES = [
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-banner",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
    "authorize-post",
]
_READ_TYPES = [
    "Patient",
    "Observation",
    "Condition",
    "Procedure",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "Medication",
    "BiologicallyDerivedProduct",
    "ServiceRequest",
    "AllergyIntolerance",
    "Encounter",
    "Provenance",
    "Practitioner",
    "Specimen",
    "DiagnosticReport",
]


def configuration(realm: Realm) -> dict[str, Any]:
    """The discovery document; with a profile what that EHR declares."""
    if realm.profile is not None:
        return declared_configuration(realm.profile, realm.base_url)
    return {
        "issuer": realm.base_url,
        "jwks_uri": f"{realm.base_url}/jwks.json",
        "authorization_endpoint": f"{realm.base_url}/authorize",
        "token_endpoint": f"{realm.base_url}/token",
        "revocation_endpoint": f"{realm.base_url}/revoke",
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": [
            *sorted(PLAIN),
            *(f"patient/{kind}.rs" for kind in _READ_TYPES),
            *(f"patient/{kind}.cruds" for kind in ("MedicationRequest", "ServiceRequest", "Provenance")),
        ],
        "capabilities": _CAPABILITIES,
    }


def openid_configuration(realm: Realm) -> dict[str, Any]:
    """The same issuer for OpenID Connect clients."""
    return {
        **configuration(realm),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def create_authorization(server: SmartServer, user: DemoUser, choices: Choices) -> Blueprint:
    """The routes; `user` is signed in, `choices` are the patients a standalone launch may pick."""
    blueprint = Blueprint("authorization", __name__)
    realm = server.realm

    @blueprint.get("/fhir/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return jsonify(configuration(realm))

    @blueprint.get("/.well-known/openid-configuration")
    def openid() -> Response:
        return jsonify(openid_configuration(realm))

    @blueprint.get("/jwks.json")
    def keys() -> Response:
        signing = {**realm.key.as_dict(private=False), "use": "sig", "alg": "RS256"}
        return jsonify({"keys": [signing, realm.hook_key.public()]})

    @blueprint.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        return _authorized(server, user, choices)

    @blueprint.post("/token")
    def token() -> Any:
        if realm.faults.get(Fault.TOKEN_HTML):
            return Response(
                "<!doctype html><title>Sign in</title><h1>Your session has ended</h1>", content_type="text/html"
            )
        return server.create_token_response()

    @blueprint.post("/revoke")
    def revoke() -> Any:
        return server.create_endpoint_response("revocation")

    return blueprint


def _authorized(server: SmartServer, user: DemoUser, choices: Choices) -> Any:
    """No consent page: the clinician opened the app from the chart. A wrong redirect URI gets a page instead."""
    try:
        grant = server.get_consent_grant()
    except OAuth2Error as error:
        if error.redirect_uri:
            return server.handle_error_response(None, error)
        return render_template("demo/refused.html", reason=error.description or error.error), 400
    context = _context(server, user, choices)
    if context is None:
        return render_template("demo/pick.html", patients=choices(), sent=request.values.to_dict())
    return server.create_authorization_response(grant.request, grant_user=context, grant=grant)


def _context(server: SmartServer, user: DemoUser, choices: Choices) -> LaunchContext | None:
    """The launch's context; standalone: the picked patient's; None: the picker must be shown."""
    launch = request.values.get("launch")
    if launch:
        return server.realm.tokens.launch(launch)
    if "launch/patient" not in (request.values.get("scope") or "").split():
        return LaunchContext(patient="", user=user)
    picked = request.form.get("patient") if request.method == "POST" else None
    return (
        LaunchContext(patient=picked, user=user) if picked in [patient for patient, _ in choices()] and picked else None
    )
