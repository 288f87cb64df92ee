"""A demo EHR to ask, in process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from smartapp.demo.app import create_demo
from tests.demo.visits import APP, BASE, Visit

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def demo_ehr() -> Flask:
    """One demo EHR for all, because laying out its stories takes a second."""
    folders = {"template_folder": str(ROOT / "templates"), "static_folder": str(ROOT / "static")}
    return create_demo(base_url=BASE, app_url=APP, now=lambda: NOW, **folders)


@pytest.fixture
def visit(demo_ehr: Flask) -> Iterator[Visit]:
    """A browser and an app at a demo EHR whose stories are laid out as of NOW; what a test wrote is undone."""
    visit = Visit(demo_ehr)
    hospital = visit.demo.hospital
    before = hospital.server.store.history()[0]
    yield visit
    hospital.faults.clear()
    hospital.tokens.clear()
    hospital.console.clear()
    if hospital.server.store.history()[0] != before:
        visit.demo.reset()
