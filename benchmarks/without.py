"""The rows about a patient who never had CAR-T cells, nearly every chart that opens in a hospital; and how much 1,000 calls leave."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks import bodies, servers
from benchmarks.calls import HOOK, Caller, cpu_ms
from benchmarks.ehr import ehr_of, serve
from benchmarks.servers import Server
from benchmarks.table import Seen

_SCOPE = "patient/*.rs"
_CALLS = {50: 200, 300: 100, 2000: 12}


def rows(folder: Path, rounds: int, scale: float) -> Iterator[Seen]:
    """All of them; `scale` shortens every measurement."""
    with servers.floor(folder) as floor, servers.app(folder, ready=True) as app:
        for size, calls in _CALLS.items():
            body = bodies.hook_body(size, car_t=False)
            count = max(3, int(calls * scale))
            yield Seen(f"without_{size}", tuple(_ratio(floor, app, body, count) for _ in range(rounds)))
    yield Seen("without_requests", (float(_requests(folder)),))
    calls = max(50, int(1000 * scale))
    yield Seen("without_growth", (_growth(folder, bodies.hook_body(50, car_t=False), calls),))
    yield Seen("cards_growth", (_growth(folder, bodies.hook_body(50, low=True), calls),))


def _ratio(floor: Server, app: Server, body: bytes, calls: int) -> float:
    base = cpu_ms(floor, calls, lambda caller: caller.post("/", body))
    return cpu_ms(app, calls, lambda caller: caller.post(HOOK, body)) / base


def _requests(folder: Path) -> int:
    """What the EHR is asked for one call that brings nothing but a token."""
    ehr = ehr_of(bodies.chart(50, car_t=False), 0.0)
    server = serve(ehr)
    call = json.loads(bodies.hook_body(50, car_t=False))
    call |= {
        "fhirServer": f"{ehr.base}/fhir",
        "fhirAuthorization": {
            "access_token": "bench-token",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": _SCOPE,
            "subject": "bench",
        },
        "prefetch": {},
    }
    try:
        with servers.app(folder, fhir=f"{ehr.base}/fhir", issuer=ehr.base, ready=True) as app:
            caller = Caller(app)
            caller.post(HOOK, json.dumps(call).encode())  # the first call of the hour asks what the EHR can do, too
            before = len(ehr.requests)
            caller.post(HOOK, json.dumps(call).encode())
            return len(ehr.requests) - before
    finally:
        server.shutdown()
        server.server_close()


def _growth(folder: Path, body: bytes, calls: int) -> float:
    """MB that 1,000 unsigned calls add to the database: no caller's token is kept of them."""
    with servers.app(folder, ready=True) as app:
        database = folder / f"app-{app.url.rpartition(':')[2]}" / "smartapp.db"
        caller = Caller(app)
        sizes = []
        for _ in range(2):
            for _ in range(calls):
                caller.post(HOOK, body)
            sizes.append(_size(database))
    return (sizes[1] - sizes[0]) / calls * 1000 / 1e6


def _size(database: Path) -> int:
    """The bytes of the file once all that was written lies in it."""
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, page = (opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * page)
