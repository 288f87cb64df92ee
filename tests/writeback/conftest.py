"""A ward for the tests of one module, on each storage in turn."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import BOTH
from tests.writeback.app import Ward, a_ward

FHIR_SECONDS = 3.0
"""The budget of one FHIR request here; what is held longer is a time-out."""


@pytest.fixture(scope="module")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Makes a database with this version's schema, of a kind, for a whole module."""

    def made(kind: str) -> str:
        if kind == "sqlite":
            folder = Path(tmp_path_factory.mktemp("module"))
            return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder / 'smartapp.db')}"
        server = request.getfixturevalue("postgresql")
        return str(server.url(server.make(request.getfixturevalue("postgresql_template"))))

    return made


@pytest.fixture(scope="module", params=BOTH)
def shared_ward(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ward]:
    """One ward a module and storage."""
    folder = Path(tmp_path_factory.mktemp("ward"))
    with a_ward(new_database(request.param), folder, seconds=FHIR_SECONDS) as ward:
        yield ward


@pytest.fixture
def ward(shared_ward: Ward) -> Iterator[Ward]:
    """The same with an EHR where everything works."""
    shared_ward.hospital.faults.clear()
    yield shared_ward
    shared_ward.hospital.faults.clear()
