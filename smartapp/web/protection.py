"""What protects the pages: headers, form tokens, and where a form may come from (SEC-04, SEC-05)."""

from collections.abc import Mapping, Sequence

from flask import Flask, Request, Response, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from smartapp.web.launch import OpenLaunch
from smartapp.web.problems import PageProblem

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action {forms}; base-uri 'none'; "
    "object-src 'none'; frame-ancestors {ancestors}"
)
FIXED = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FORM_SECONDS = 8 * 3600


class RequestRefused(PageProblem):
    """A form that does not come from our own page."""

    status = 403
    title = "This form was not accepted"

    def __init__(self) -> None:
        super().__init__(
            "The form did not come from this page, or the page is too old.", "Open the page again and repeat the step."
        )


class FormTokens:
    """Tokens over launch, session, purpose and step; signed with the first key, read with all of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = URLSafeTimedSerializer(list(reversed(keys)), salt="form")

    def token(self, opened: OpenLaunch, purpose: str, step: str = "") -> str:
        """The token for one form; `purpose` is a proposal's id, or what else the form does."""
        return str(self._signer.dumps([opened.launch, opened.binding, purpose, step]))

    def step(self, opened: OpenLaunch, purpose: str, token: str) -> str:
        """The step of a form that came back; `Refused` if the token is not for this launch, session and purpose."""
        try:
            launch, binding, meant, step = self._signer.loads(token, max_age=_FORM_SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise RequestRefused from None
        if (launch, binding, meant) != (opened.launch, opened.binding, purpose):
            raise RequestRefused
        return str(step)


def check_origin(sent: Request, own_origin: str) -> None:
    """The page's own Origin, or `null` (by no-referrer) that the browser says is same-origin; else `Refused`."""
    origin, site = sent.headers.get("Origin"), sent.headers.get("Sec-Fetch-Site")
    same = site == "same-origin"
    if (origin == own_origin and site in (None, "same-origin")) or (same and origin in (None, "null")):
        return
    raise RequestRefused


def protect(app: Flask, ancestors: Mapping[str, Sequence[str]]) -> None:
    """Headers on every answer; `ancestors` are the origins that may frame the pages of each EHR."""
    everyone = tuple(dict.fromkeys(origin for origins in ancestors.values() for origin in origins))

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.extend(FIXED)
        if response.mimetype == "text/html":
            framing = ancestors.get(g.ehr, ()) if "ehr" in g else everyone
            response.headers["Content-Security-Policy"] = _POLICY.format(
                ancestors=" ".join(framing) or "'none'", forms=g.get("form_action", "'self'")
            )
        if request.path.startswith("/l/") or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response
