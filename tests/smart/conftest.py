"""A mock EHR and the app on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smart.mock_ehr import MockEhr, mock_ehr
from tests.smart.running import Visitor, running


@pytest.fixture
def mock() -> Iterator[MockEhr]:
    """One mock EHR."""
    with mock_ehr() as listening:
        yield listening


@pytest.fixture
def visitor(mock: MockEhr, tmp_path: Path) -> Visitor:
    """A browser at the app, which knows the one mock EHR."""
    return Visitor(running(tmp_path, mock))
