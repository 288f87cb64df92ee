"""Seals on decision receipts: canonical JSON, its SHA-256 as address, an Ed25519 signature; one changed byte breaks one of them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "Ed25519"
LARGEST = 4 * 1024 * 1024


class BrokenSignature(Exception):
    """A receipt file that is not what was sealed; the message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedSignature:
    """A receipt whose seal holds: its content, its address, and the id of the key that signed it."""

    receipt: Mapping[str, Any]
    address: str
    key: str


def canonical(value: Any) -> bytes:
    """JSON with sorted names and no white space: the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def address_of(receipt: Mapping[str, Any]) -> str:
    """The SHA-256 of a receipt's canonical bytes, in hex."""
    return hashlib.sha256(canonical(receipt)).hexdigest()


def new_key() -> dict[str, str]:
    """A fresh private key as a JWK (RFC 8037)."""
    private = Ed25519PrivateKey.generate()
    public = _text(private.public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": ALGORITHM, "x": public, "d": _text(private.private_bytes_raw())}


def public_part(key: Mapping[str, str]) -> dict[str, str]:
    """The public JWK with its thumbprint (RFC 7638) as id."""
    members = {"crv": ALGORITHM, "kty": "OKP", "x": key["x"]}
    return {**members, "kid": _text(hashlib.sha256(canonical(members)).digest())}


def sealed(receipt: Mapping[str, Any], key: Mapping[str, str]) -> bytes:
    """The receipt's file."""
    private = Ed25519PrivateKey.from_private_bytes(_bytes(key["d"]))
    envelope = {
        "receipt": receipt,
        "sha256": address_of(receipt),
        "key": public_part(key),
        "signature": _text(private.sign(canonical(receipt))),
    }
    return canonical(envelope)


def opened(file: bytes) -> VerifiedSignature:
    """The receipt of a file whose every byte is as it was sealed; `Broken` otherwise."""
    envelope = _parsed(file.removesuffix(b"\n"))
    receipt, key = envelope["receipt"], envelope["key"]
    if envelope["sha256"] != address_of(receipt):
        raise BrokenSignature("The content was changed: it does not have the address that the file names.")
    if not isinstance(key, dict) or "x" not in key or key != public_part(key):
        raise BrokenSignature("The key was changed: its id is not that of the key.")
    _check_signature(key["x"], envelope["signature"], canonical(receipt))
    return VerifiedSignature(receipt=receipt, address=envelope["sha256"], key=key["kid"])


def _parsed(file: bytes) -> dict[str, Any]:
    if len(file) > LARGEST:
        raise BrokenSignature("The file is too large for a receipt.")
    try:
        envelope = json.loads(file)
        same = isinstance(envelope, dict) and canonical(envelope) == file
    except (ValueError, RecursionError):
        raise BrokenSignature("The file is not a decision receipt.") from None
    if not isinstance(envelope, dict) or envelope.keys() != {"receipt", "sha256", "key", "signature"}:
        raise BrokenSignature("The file is not a decision receipt.")
    if not same or not isinstance(envelope["receipt"], dict):
        raise BrokenSignature("The file was changed: it is not written as receipts are.")
    return envelope


def _check_signature(public: str, signature: str, content: bytes) -> None:
    try:
        raw = _bytes(signature)
        if _text(raw) != signature:
            raise BrokenSignature("The signature was changed.")
        Ed25519PublicKey.from_public_bytes(_bytes(public)).verify(raw, content)
    except (InvalidSignature, ValueError, TypeError):
        raise BrokenSignature("The signature does not hold: content, key or signature was changed.") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
