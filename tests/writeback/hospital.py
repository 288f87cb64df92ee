"""A demo EHR on loopback with as many patients as a test needs, each due 3000 mg; it fails as told and counts its orders."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from werkzeug.serving import WSGIRequestHandler, make_server

from smartapp import assets
from smartapp.demo.app import CLINICIAN_USER, DemoEhr, create_demo
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_server import Resource
from smartapp.demo.tokens import LaunchContext
from tests import charts
from tests.conftest import free_port


class Handler(WSGIRequestHandler):
    """Kept connections, and no line a request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Nothing."""


@contextmanager
def listening(app: Any, port: int) -> Iterator[None]:
    """A WSGI app on loopback, in threads of this process."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Hospital:
    """The EHR at `url`, with the app at `app_url`."""

    url: str
    app_url: str
    demo: DemoEhr
    profile: str = "plain"
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def faults(self) -> Faults:
        """Its switches."""
        return self.demo.faults

    def admit(self) -> str:
        """A new patient like V01, with a chart of a few records; the id."""
        patient = f"p{next(self.numbers)}"
        self.demo.hospital.server.load(map(_of(patient), _chart()))
        return patient

    def launch_url(self, patient: str, scopes: tuple[str, ...] | None = None) -> str:
        """Where the app is opened for the patient's chart."""
        context = LaunchContext(patient=patient, encounter=f"{patient}-stay", user=CLINICIAN_USER, scopes=scopes)
        launch = self.demo.realm.tokens.add_launch(context)
        return f"{self.app_url}/launch?{urlencode({'iss': f'{self.url}/fhir', 'launch': launch})}"

    def add(self, patient: str, resource: Resource) -> None:
        """One more record in a chart."""
        self.demo.hospital.server.load([_of(patient)(resource)])

    def stored(self, patient: str, kind: str = "MedicationRequest") -> list[Resource]:
        """What stands in the chart; a Provenance is found by what it is about."""
        everything = self.demo.hospital.server.everything
        if kind != "Provenance":
            return everything(kind, [("patient", patient)])
        return [
            provenance
            for order in self.stored(patient)
            for provenance in everything(kind, [("target", f"MedicationRequest/{order['id']}")])
        ]

    def counted(self, patient: str) -> tuple[int, ...]:
        """How many orders, follow-ups and provenances there are, whichever resource an order becomes here."""
        requests = self.stored(patient, "ServiceRequest")
        components = [one for one in requests if one["category"][0].get("text") == "Transfusion"]
        orders = len(self.stored(patient)) + len(components)
        return orders, len(requests) - len(components), len(self.stored(patient, "Provenance"))


@contextmanager
def a_hospital(app_url: str, profile: str = "plain") -> Iterator[Hospital]:
    """One, listening, with the restrictions of a profile."""
    url = f"http://127.0.0.1:{free_port()}"
    folders = {"template_folder": str(assets.templates()), "static_folder": str(assets.static())}
    app = create_demo(base_url=url, app_url=app_url, now=lambda: datetime.now(UTC), profile=profile, **folders)
    with listening(app, int(url.rpartition(":")[2])):
        yield Hospital(url=url, app_url=app_url, demo=app.extensions["demo_ehr"], profile=profile)


def _of(patient: str) -> Any:
    def told(resource: Resource) -> Resource:
        mine = {**resource, "id": patient if resource["resourceType"] == "Patient" else f"{patient}-{resource['id']}"}
        return mine if "subject" not in resource else {**mine, "subject": {"reference": f"Patient/{patient}"}}

    return told


def _chart() -> list[Resource]:
    """V01 as of now."""
    shift = datetime.now(UTC) - charts.NOW
    stay: Resource = {"resourceType": "Encounter", "id": "stay", "status": "in-progress", "subject": charts.SUBJECT}
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    told = [charts.infusion(6), charts.crs(3), charts.fibrinogen("0.8"), charts.weight("70"), {**stay, "class": kind}]
    who = charts.patient("2001-02-10", name=[{"family": "Soak", "given": ["Test"], "text": "Test Soak"}])
    return [who, *(_shifted(resource, shift) for resource in told)]


def _shifted(resource: Resource, shift: timedelta) -> Resource:
    def later(name: str, value: Any) -> Any:
        if not name.endswith(("DateTime", "Date")):
            return value
        moment = datetime.fromisoformat(value).replace(tzinfo=UTC) + shift
        return moment.date().isoformat() if len(value) == len("2026-03-01") else moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    return {name: later(name, value) for name, value in resource.items()}
