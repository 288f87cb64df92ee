"""A database of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartapp.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite with this version's schema."""
    made = Database(f"sqlite:///{tmp_path / 'smartapp.db'}")
    made.upgrade()
    yield made
    made.engine.dispose()
