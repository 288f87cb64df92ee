"""Decision receipts in the database: signed, addressed by their content, never changed."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from smartapp.storage import signatures
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.keys import StoredKeys
from smartapp.storage.tables import receipts


class ReceiptStore:
    """A `Receipts`; files encrypted at rest, `clock` gives epoch seconds, `version` is the program's.

    The first signing key is made when it is needed.
    """

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float], *, version: str) -> None:
        self._version = version
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._keys = StoredKeys(database, keyring, clock)

    def keep(self, proposal: str, receipt: Mapping[str, Any]) -> str:
        """Sign and keep; its address. The same receipt is kept once."""
        receipt = {**receipt, "program": {"name": "fibrinogen-watch", "version": self._version}}
        file, address = signatures.sealed(receipt, self._key()), signatures.address_of(receipt)
        row = {"address": address, "proposal": proposal, "at": self._clock()}
        try:
            with self._database.transaction() as connection:
                connection.execute(insert(receipts).values(**row, file=self._keyring.seal({"file": file.decode()})))
        except IntegrityError:
            return address
        return address

    def file(self, proposal: str, address: str) -> bytes | None:
        """The file of a proposal's receipt."""
        here = (receipts.c.address == address) & (receipts.c.proposal == proposal)
        with self._database.engine.connect() as connection:
            found = connection.execute(select(receipts.c.file).where(here)).scalar()
        return None if found is None else str(self._keyring.open(found)["file"]).encode()

    def public_keys(self) -> list[dict[str, str]]:
        """The public parts of all keys that ever signed here, newest first."""
        return [signatures.public_part(key) for key in self._pairs()]

    def _key(self) -> dict[str, str]:
        pairs = self._pairs()
        if not pairs:
            made = signatures.new_key()
            self._keys.add_first(signatures.public_part(made)["kid"], signatures.ALGORITHM, dict(made))
            pairs = self._pairs()
        return pairs[0]

    def _pairs(self) -> list[dict[str, str]]:
        pairs = [pair for pair in self._keys.rows() if pair.alg == signatures.ALGORITHM]
        return [{name: str(part) for name, part in pair.private_jwk.items()} for pair in pairs]
