"""Whether the app can do its work: schema, database and signing keys (interfaces.md section 4)."""

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from smartapp.factory.parts import Parts
from smartapp.smart.keys import ALGORITHMS
from smartapp.storage.database import SchemaError
from smartapp.storage.keyring import Undecryptable


def lacking(parts: Parts) -> Sequence[str]:
    """What is not usable, in sentences; the settings were checked before there was an app."""
    try:
        parts.database.check()
        usable = {key["alg"] for key in parts.keys.jwks()["keys"]}
    except SchemaError as error:
        return [str(error)]
    except Undecryptable:
        return ["the signing keys cannot be decrypted: secret_key is not the one they were kept with"]
    except (SQLAlchemyError, OSError):
        return ["the database cannot be used"]
    return [f"there is no {alg} signing key" for alg in ALGORITHMS if alg not in usable]
