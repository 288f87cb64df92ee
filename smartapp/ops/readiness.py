"""Whether the app can do its work: schema, database and signing keys (interfaces.md section 4)."""

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from smartapp.smart.keys import ALGORITHMS, SigningKeys
from smartapp.storage.database import Database, SchemaError
from smartapp.storage.keyring import Undecryptable


def missing(database: Database, keys: SigningKeys) -> Sequence[str]:
    """What is not usable, in sentences; the settings were checked before there was an app."""
    try:
        database.check()
        usable = {key["alg"] for key in keys.jwks()["keys"]}
    except SchemaError as error:
        return [str(error)]
    except Undecryptable:
        return ["the signing keys cannot be decrypted: secret_key is not the one they were kept with"]
    except (SQLAlchemyError, OSError):
        return ["the database cannot be used"]
    return [f"there is no {alg} signing key" for alg in ALGORITHMS if alg not in usable]
