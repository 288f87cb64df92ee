"""References to a card's evaluation that travel through an EHR as `appContext`: signed, opaque, the same for equal cards (CDS-50)."""

from collections.abc import Sequence

from itsdangerous import BadSignature, URLSafeSerializer

_LONGEST = 500


class CardReferences:
    """Signs with the newest secret, reads with any."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._signer = URLSafeSerializer([secret.hex() for secret in reversed(secrets)], salt="card")

    def refer(self, likeness: str) -> str:
        """The reference to cards of this likeness."""
        return str(self._signer.dumps(likeness))

    def likeness(self, context: str) -> str:
        """What a reference names; empty for anything that is not ours (SAL-62)."""
        if not context or len(context) > _LONGEST:
            return ""
        try:
            likeness = self._signer.loads(context)
        except (BadSignature, UnicodeEncodeError):
            return ""
        return likeness if isinstance(likeness, str) else ""
