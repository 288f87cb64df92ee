"""Statements compiled once for the driver's own cursor: on the path of an answer, compiling costs more than running."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement

from smartapp.storage.database import Database


class Prepared:
    """One statement in the words of this database; `values` lays a row's members out as its driver wants them."""

    def __init__(self, database: Database, statement: ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=database.engine.dialect)
        self.text = str(compiled)
        order: list[str] | None = compiled.positiontup
        self._in_order = itemgetter(*order) if order and len(order) > 1 else None
        self._only = order[0] if order and len(order) == 1 else None

    def values(self, row: Mapping[str, Any]) -> Any:
        """The parameters of one execution."""
        if self._in_order is not None:
            return self._in_order(row)
        return (row[self._only],) if self._only is not None else row
