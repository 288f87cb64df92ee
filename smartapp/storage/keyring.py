"""Encryption at rest and hashing of opaque keys: one secret, older secrets still read (SEC-01, interfaces.md section 3)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

SECRET_BYTES = 32


class Undecryptable(Exception):
    """A stored value that none of the keys opens."""


class Keyring:
    """Encrypts with the first secret, decrypts with any; each secret is 32 random bytes."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) != SECRET_BYTES for secret in secrets):
            raise ValueError(f"a secret key is {SECRET_BYTES} bytes")
        fernets = [Fernet(base64.urlsafe_b64encode(_derived(secret, "rest"))) for secret in secrets]
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)
        self.signing_secrets = tuple(_derived(secret, "sign") for secret in secrets)
        self._stamps = tuple(_derived(secret, "stamp") for secret in secrets)

    def seal(self, value: Mapping[str, Any]) -> bytes:
        """Encrypt a JSON object."""
        return self._fernet.encrypt(json.dumps(value, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """Decrypt a JSON object; `Undecryptable` if no key fits."""
        try:
            return cast("dict[str, Any]", json.loads(self._fernet.decrypt(sealed)))
        except InvalidToken:
            raise Undecryptable("a stored value could not be decrypted with any of the secret keys") from None

    def renewed(self, sealed: bytes) -> bytes:
        """Encrypted with the first secret: as it is if it is already; `Undecryptable` if no key fits."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.seal(self.open(sealed))
        return sealed

    def stamp(self, text: str) -> str:
        """A keyed fingerprint of a text: without a secret nobody makes one."""
        return _stamped(self._stamps[0], text)

    def stamps(self, text: str, stamp: str) -> bool:
        """Whether one of the secrets made this stamp of this text."""
        return any(hmac.compare_digest(_stamped(key, text), stamp) for key in self._stamps)


def _stamped(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def digest(opaque: str) -> str:
    """The hash under which an opaque key is stored."""
    return hashlib.sha256(opaque.encode()).hexdigest()


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, f"fibrinogen-watch {purpose}".encode(), hashlib.sha256).digest()
