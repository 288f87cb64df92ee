"""A CDS client written by others calls us: HealthChain's `SandboxClient`, from an environment of its own.

It sends; the one checker judges every answer (its own model of an answer wants members that the specification forbids).
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.served import app_of, settings_of

PYTHON = Path(__file__).resolve().parents[2] / ".venv-healthchain" / "bin" / "python"
CLIENT = Path(__file__).with_name("healthchain_client.py")
pytestmark = pytest.mark.skipif(
    not PYTHON.exists() and not os.environ.get("CI"), reason="HealthChain's environment is made by make test"
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The app in development, which serves this client without a signature: it has none."""
    app = app_of(settings_of(tmp_path, mode="development", require_jwt=False, jwks_file=None))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def sent(address: str, hook: str, folder: Path, prefetch: dict[str, Any], **context: Any) -> dict[str, Any]:
    """What the client got for one call; an empty object where it was refused."""
    file = folder / "prefetch.json"
    file.write_bytes(c.dumps(prefetch))
    args = [
        PYTHON,
        CLIENT,
        f"{address}{calls.url(hook)}",
        hook,
        json.dumps({"userId": "Practitioner/7", **context}),
        file,
    ]
    done = subprocess.run(args, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.req("CDS-40", "CDS-14", "CDS-34")
def test_another_client_gets_the_cards_of_an_opened_chart(address: str, tmp_path: Path) -> None:
    answer = sent(address, "patient-view", tmp_path, calls.prefetch(*calls.ACT), patientId="P1")
    assert [card["indicator"] for card in answer["cards"]][:1] == ["critical"]
    assert "0.8 g/L" in answer["cards"][0]["summary"]


@pytest.mark.req("CDS-12", "CDS-15")
def test_another_client_that_forgets_the_draft_orders_is_refused(address: str, tmp_path: Path) -> None:
    """This version sends of a context only user and patient: its calls of order-sign lack what the hook requires."""
    assert sent(address, "order-sign", tmp_path, calls.prefetch(*calls.ACT), patientId="P1", draftOrders={}) == {}


@pytest.mark.req("CDS-26", "CDS-24")
def test_another_client_that_sends_somebody_elses_chart_gets_no_advice_from_it(address: str, tmp_path: Path) -> None:
    answer = sent(address, "patient-view", tmp_path, calls.prefetch(*calls.ACT), patientId="P2")
    assert not any("suggestions" in card for card in answer.get("cards", []))
    assert any("does not belong to this patient" in card["detail"] for card in answer["cards"])
