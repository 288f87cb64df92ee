"""The authorization request: an address to go to, or a form to post (SAL-20, SAL-22)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from smartapp.smart.discovery import SmartEndpoints
from smartapp.smart.registration import Registration

_LONGEST_URL = 2000  # characters: some browsers, proxies and servers cut an address beyond 2 kB


def authorization_url(
    registration: Registration,
    endpoints: SmartEndpoints,
    *,
    redirect_uri: str,
    scope: str,
    state: str,
    verifier: str,
    extra: Mapping[str, str],
) -> str:
    """The authorization request by Authlib: response_type code, PKCE S256 always (SAL-20, SAL-22)."""
    from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 - a start does without it

    with OAuth2Session(
        registration.client_id, scope=scope, redirect_uri=redirect_uri, code_challenge_method="S256"
    ) as oauth:
        url, _ = oauth.create_authorization_url(endpoints.authorize, state=state, code_verifier=verifier, **extra)
    return str(url)


def as_form(url: str, registration: Registration, endpoints: SmartEndpoints) -> tuple[str, tuple[tuple[str, str], ...]]:
    """As a form, where the EHR takes one and the site wants it or an address would be too long; else the URL and no fields."""
    wanted = registration.authorize_post or len(url) > _LONGEST_URL
    if not wanted or "authorize-post" not in endpoints.capabilities:
        return url, ()
    own = parse_qsl(urlsplit(endpoints.authorize).query, keep_blank_values=True)
    sent = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return endpoints.authorize, tuple(pair for pair in sent if pair not in own)
