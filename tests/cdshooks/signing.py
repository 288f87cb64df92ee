"""A CDS client that signs: its keys, its key set, and tokens with anything wrong that a test asks for."""

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://ehr.test"
JKU = "https://ehr.test/jwks.json"
BASE = "https://app.test"
SERVER = "https://ehr.test/fhir"
URL = f"{BASE}/cds-services/coagulopathy-patient-view"


@dataclass
class Signer:
    """Signs with an EC key (P-384) under `kid`."""

    kid: str = "key-1"
    key: ECKey | RSAKey = field(default_factory=lambda: ECKey.generate_key("P-384", private=True))
    alg: str = "ES384"

    def public(self, **more: Any) -> dict[str, Any]:
        """Its entry in a key set; `...` removes a member."""
        entry = {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.alg, "use": "sig", **more}
        return {name: value for name, value in entry.items() if value is not ...}

    def token(self, *, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token for patient-view that is valid for five minutes, but for what is `changed`; `...` removes a claim."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": URL, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **changed}
        kept = {name: value for name, value in claims.items() if value is not ...}
        head = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **(header or {})}
        whole = {name: value for name, value in head.items() if value is not ...}
        return self.signed(whole, json.dumps(kept).encode())

    def signed(self, header: dict[str, Any], payload: bytes) -> str:
        """Signed over exactly this header and payload, whatever they say."""
        encoded = f"{_text(json.dumps(header).encode())}.{_text(payload)}"
        return f"{encoded}.{_text(self.signature(encoded.encode()))}"

    def signature(self, message: bytes) -> bytes:
        """The key's own signature of a message, under its own algorithm."""
        model = jws.JWSRegistry.algorithms[self.alg]
        return bytes(model.sign(message, self.key))


def rsa(kid: str = "rsa-1", bits: int = 2048) -> Signer:
    """Signs with RS384."""
    return Signer(kid=kid, key=RSAKey.generate_key(bits, private=True), alg="RS384")


def key_set(*keys: dict[str, Any]) -> bytes:
    """A key set as bytes."""
    return json.dumps({"keys": list(keys)}).encode()


def _text(raw: bytes) -> str:

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
