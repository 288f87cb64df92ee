"""Statements compiled once for the driver's own cursor: on the path of an answer, compiling costs more than running."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement

from smartapp.storage.database import Database


class Prepared:
    """One statement in the words of this database; `values` lays a row's members out as its driver wants them."""

    def __init__(self, database: Database, statement: ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=database.engine.dialect)
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup

    def values(self, row: Mapping[str, Any]) -> Any:
        """The parameters of one execution."""
        return tuple(row[name] for name in self._order) if self._order is not None else row
