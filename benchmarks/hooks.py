"""The rows about hook calls: CPU, signatures, growth, rules, throughput, tail, memory, refusals."""

import json
import math
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks import bodies, servers
from benchmarks.calls import CQL_PATH, HOOK, PEER_PATH, Caller, cpu_ms, latencies, tail
from benchmarks.servers import Server
from benchmarks.table import Seen
from smartapp.clinical import assessment
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rule import Rule
from smartapp.config.load import load_settings
from smartapp.factory import create_app
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from smartapp.storage.database import Database

SIZES = (50, 300, 2000)
_WARM, _IN_TURN = 10, 10  # calls
_LARGE = {"Content-Length": str(7 * 1024 * 1024), "Content-Type": "application/json"}


def caller_key(folder: Path) -> ECKey:
    """The key of the calling EHR; its public part lies where the app reads it."""
    key = ECKey.generate_key("P-384", {"kid": "caller", "use": "sig", "alg": "ES384"})
    (folder / "caller.jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return key


def rows(folder: Path, key: ECKey, rounds: int, scale: float) -> Iterator[Seen]:
    """All of them; `scale` shortens every measurement."""
    sent = {size: bodies.hook_body(size) for size in SIZES}
    drafts = bodies.hook_body(300, low=True)
    calls = {50: max(20, int(200 * scale)), 300: max(10, int(100 * scale)), 2000: max(3, int(12 * scale))}
    with servers.floor(folder) as floor, servers.app(folder, ready=True) as app:
        yield Seen("memory_idle", (_idle(app),))
        yield from _unsigned(floor, app, sent, calls, rounds)
        yield Seen("hook_cpu_drafts", tuple(_ratio(floor, app, drafts, calls[300])[0] for _ in range(rounds)))
        yield Seen("signed_adds", tuple(_signed(app, key, sent[50], calls[50]) for _ in range(rounds)))
    with servers.floor(folder, kept=True) as floor, servers.app(folder, strict=True, ready=True) as app:
        yield Seen("refused", tuple(_refused(floor, app, sent[50], calls[50]) for _ in range(rounds)))
    with servers.floor(folder, kept=True) as floor, servers.app(folder, ready=True) as app:
        yield Seen("refused_large", tuple(_refused_large(floor, app, calls[50]) for _ in range(rounds)))
    yield from _at_once(folder, sent[300], rounds, seconds=max(0.5, 3 * scale))
    yield from _cql(folder, sent[50], calls[50], rounds)
    yield from _memory(folder, sent[2000], calls=int(1000 * scale))
    yield Seen("twice_the_rules", tuple(_twice(folder, sent[300], calls[300]) for _ in range(rounds)))
    yield Seen("read_share", (read_share(sent[2000]),))


def _idle(app: Server) -> float:
    Caller(app).post(HOOK, b"{}", 400)
    return app.pss_mb()


def _unsigned(
    floor: Server, app: Server, sent: Mapping[int, bytes], calls: Mapping[int, int], rounds: int
) -> Iterator[Seen]:
    ratios: dict[int, list[float]] = {size: [] for size in SIZES}
    own: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size, count in calls.items():
            ratio, ours = _ratio(floor, app, sent[size], count)
            ratios[size].append(ratio)
            own[size].append(ours)
    for size in SIZES:
        yield Seen(f"hook_cpu_{size}", tuple(ratios[size]))
    span = math.log(len(sent[2000]) / len(sent[50]))
    yield Seen("slope", tuple(math.log(b / a) / span for a, b in zip(own[50], own[2000], strict=True)))


def _ratio(floor: Server, app: Server, body: bytes, calls: int) -> tuple[float, float]:
    """Over the floor, and milliseconds of our own."""
    base = cpu_ms(floor, calls, lambda caller: caller.post("/", body))
    ours = cpu_ms(app, calls, lambda caller: caller.post(HOOK, body))
    return ours / base, ours


def _signed(app: Server, key: ECKey, body: bytes, calls: int) -> float:
    """What a signature adds to a call, over one verification by the same library."""
    caller, tokens = Caller(app), [token(app, key) for _ in range(calls + _WARM)]
    for each in tokens[calls:]:
        caller.post(HOOK, body, 200, _bearer(each))
    added = []
    for start in range(0, calls, _IN_TURN):  # in turn: the two differ by less than a call does within a second
        mine = tokens[start : start + _IN_TURN]
        began = app.cpu_seconds()
        for _ in mine:
            caller.post(HOOK, body)
        between = app.cpu_seconds()
        for each in mine:
            caller.post(HOOK, body, 200, _bearer(each))
        added.append((app.cpu_seconds() - between - (between - began)) / len(mine))
    caller.close()
    one, public = token(app, key), ECKey.import_key(key.as_dict(private=False))
    start_of_one = time.process_time()
    for _ in range(calls):
        jwt.decode(one, public, algorithms=["ES384"])
    return median(added) / ((time.process_time() - start_of_one) / calls)


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token(app: Server, key: ECKey, seconds: int = 300) -> str:
    """A token of the caller for the app's service, with a jti of its own."""
    now = int(time.time())
    claims = {
        "iss": "https://ehr.example.org",
        "aud": f"{app.url}{HOOK}",
        "iat": now,
        "exp": now + seconds,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"alg": "ES384", "kid": "caller", "typ": "JWT"}, claims, key, algorithms=["ES384"])


def _refused(floor: Server, app: Server, body: bytes, calls: int) -> float:
    """Each on a connection of its own; neither reads the body, of which their server then throws away what has come."""
    base = cpu_ms(floor, calls, lambda _: _alone(floor, "/constant", body))
    return cpu_ms(app, calls, lambda _: _alone(app, HOOK, body)) / base


def _alone(server: Server, path: str, body: bytes) -> None:
    caller = Caller(server)
    caller.post(path, body, 401)
    caller.close()


def _refused_large(floor: Server, app: Server, calls: int) -> float:
    """Only the head is sent: it says that the body will be too large."""
    base = cpu_ms(floor, calls, lambda _: _head(floor, "/constant", 401))
    return cpu_ms(app, calls, lambda _: _head(app, HOOK, 413)) / base


def _head(server: Server, path: str, status: int) -> None:
    parts = urlsplit(server.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", path)
    for name, value in _LARGE.items():
        connection.putheader(name, value)
    connection.endheaders()
    seen = connection.getresponse().status
    connection.close()
    if seen != status:
        raise RuntimeError(f"{path} answered {seen}")


def _at_once(folder: Path, body: bytes, rounds: int, seconds: float) -> Iterator[Seen]:
    """Eight connections to one worker of the app, and to one of the peer where its environment is made."""
    tails, over = [], []
    with servers.app(folder, ready=True) as app, _peer(folder) as peer:
        for _ in range(rounds):
            times, ours = latencies(app, HOOK, body, connections=8, seconds=seconds)
            tails.append(tail(times))
            if peer is not None:
                over.append(ours / latencies(peer, PEER_PATH, body, connections=8, seconds=seconds)[1])
    yield Seen("tail", tuple(tails))
    if over:
        yield Seen("throughput", tuple(over))


def _cql(folder: Path, body: bytes, calls: int, rounds: int) -> Iterator[Seen]:
    """What the same rows cost in a CQL engine that is asked by a hook, over a whole call of ours; where there is Node."""
    if not servers.has_cql_peer():
        return
    with servers.app(folder, ready=True) as app, servers.cql_peer(folder) as peer:
        over = [_posted(peer, CQL_PATH, body, calls) / _posted(app, HOOK, body, calls) for _ in range(rounds)]
    yield Seen("cql_peer", tuple(over))


def _posted(server: Server, path: str, body: bytes, calls: int) -> float:
    return cpu_ms(server, calls, lambda caller: caller.post(path, body))


def _peer(folder: Path) -> AbstractContextManager[Server | None]:
    return servers.peer(folder) if servers.PEER_PYTHON.exists() else nullcontext()


def _memory(folder: Path, body: bytes, calls: int) -> Iterator[Seen]:
    with servers.app(folder, ready=True) as app:
        caller = Caller(app)
        sizes = []
        for _ in range(2):
            for _ in range(max(1, calls // 2)):
                caller.post(HOOK, body)
            sizes.append(app.pss_mb())
    yield Seen("memory_used", (sizes[-1],))
    yield Seen("memory_growth", (max(0.0, sizes[1] - sizes[0]),))


def _twice(folder: Path, body: bytes, calls: int) -> float:
    """CPU of whole calls in this process (not logged here), with every rule once more under another id, over those without."""
    settings = load_settings(servers.site(folder))
    database = Database(settings.database)
    database.upgrade()
    client = create_app(settings.model_copy(update={"log_level": "error"})).test_client()

    def spent() -> float:
        began = time.process_time()
        for _ in range(calls):
            answer = client.post(HOOK, data=body, content_type="application/json")
            if answer.status_code != 200:
                raise RuntimeError(answer.get_data(as_text=True))
        return time.process_time() - began

    once = assessment.all_rules()
    twice = (*once, *map(_copy, once))
    spent()
    plain, doubled = 0.0, 0.0
    for _ in range(2):
        plain += spent()
        with patch.object(assessment, "all_rules", lambda: twice):
            doubled += spent()
    database.close()
    return doubled / plain


def _copy(rule: Rule) -> Rule:
    return replace(rule, rows=tuple(replace(row, id=f"{row.id}-COPY") for row in rule.rows))


class _Asked(dict[Any, Any]):
    """A picture's results, remembering which analytes were asked for."""

    def __init__(self, labs: Mapping[Any, Any]) -> None:
        super().__init__(labs)
        self.asked: set[Any] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def read_share(body: bytes) -> float:
    """Of the Observations sent, those that became results of an analyte which some rule asks for."""
    policy = build_policy(None, {})
    picture = read_picture(read_file(body, None), datetime.now(UTC), UTC, policy=policy, local_codes={})
    labs = _Asked(picture.labs)
    assessment.assess(replace(picture, labs=labs), policy)
    read = sum(len(labs[analyte]) for analyte in labs.asked if analyte in labs)
    return read / body.count(b'"resourceType": "Observation"')
