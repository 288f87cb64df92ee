"""Starting the servers: the production server, and the demo EHR with the app in one process."""

import base64
import gc
import math
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from smartapp import assets
from smartapp.cli.databases import Unopened, missing, using
from smartapp.config.checks import check_served
from smartapp.config.errors import ConfigError
from smartapp.config.load import build, load_settings
from smartapp.config.production import readable_by_others
from smartapp.config.settings import Settings
from smartapp.factory import create_app
from smartapp.factory.parts import make_parts
from smartapp.ops.logs import make_log
from smartapp.ops.metrics import MULTIPROCESS
from smartapp.ops.preload import warm_soon
from smartapp.storage.database import SchemaError

_LONGEST_LINE = 8190  # bytes, the most that gunicorn takes: an authorization code comes in it (SAL-90)
_KEPT_SECONDS = (
    75  # an idle connection: longer than callers and proxies keep theirs, so that they close first and no call is lost
)
DEMO_CLIENT = "fibrinogen-watch"
_COLLECT_AFTER = 50_000  # new objects that could be part of a cycle


class ServingError(Exception):
    """Why a server cannot start, in a sentence."""


def serve(config: Path | None, *, host: str, port: int, workers: int) -> None:
    """gunicorn with the app; a missing SQLite file is made, any other schema than ours is refused."""
    settings = _checked(config, host)
    _check_port(host, port)
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - imported when it runs

    from smartapp.cli.server_log import server_log, worker_ended  # noqa: PLC0415 - as gunicorn

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": f"{host}:{port}",
                "workers": workers,
                "threads": 4,
                "graceful_timeout": _grace(settings),
                "worker_class": "gthread",
                "keepalive": _KEPT_SECONDS,
                "limit_request_line": _LONGEST_LINE,
                "accesslog": None,
                "logger_class": server_log(settings.log_level),
                "child_exit": worker_ended,
                "control_socket_disable": True,  # it would write into the home folder (SEC-37)
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            app = create_app(settings, workers=workers)
            _settled()
            warm_soon(app)
            return app

    with _counted_together(settings, workers):
        _prepare(settings)
        _announce(settings, workers)
        _settled()
        Server().run()


def _settled() -> None:
    """What lives as long as the process is not looked at again with every large request, and stays shared with the workers."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)  # what a request makes is gone with it: hardly any of it is in cycles
    gc.enable()


def demo(
    *,
    port: int,
    ehr_port: int,
    open_browser: bool,
    frozen: datetime | None,
    ready: Callable[[str], None],
    profile: str = "plain",
) -> None:
    """Both servers until Ctrl-C or SIGTERM."""
    with (
        tempfile.TemporaryDirectory(prefix="fibrinogen-watch-") as folder,
        demo_servers(Path(folder), port=port, ehr_port=ehr_port, frozen=frozen, profile=profile) as address,
    ):
        ready(f"Demo EHR: {address}")
        if open_browser:
            webbrowser.open(address)
        _until_told()


@contextmanager
def demo_servers(
    folder: Path, *, port: int, ehr_port: int, frozen: datetime | None, profile: str = "plain"
) -> Iterator[str]:
    """The demo EHR and the app on loopback; the demo EHR's address; `profile` as `--profile`."""
    create_demo = _demo_factory()
    if port == ehr_port:
        raise ServingError(f"the app and the demo EHR cannot both listen on port {port}: choose another --ehr-port")
    _check_port("127.0.0.1", port)
    _check_port("127.0.0.1", ehr_port, "--ehr-port")
    app_url, ehr_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ehr_port}"

    def now() -> datetime:
        return frozen or datetime.now(UTC)

    settings = demo_settings(folder, app_url, ehr_url)
    _prepare(settings)
    ehr = create_demo(
        base_url=ehr_url,
        app_url=app_url,
        now=now,
        template_folder=str(assets.templates()),
        static_folder=str(assets.static()),
        profile=profile,
    )
    servers = [_start(create_app(settings, now=now), port), _start(ehr, ehr_port)]
    try:
        yield f"{ehr_url}/"
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _demo_factory() -> Callable[..., Flask]:
    try:
        from smartapp.demo.app import create_demo  # noqa: PLC0415 - the demo's libraries are an extra
    except ModuleNotFoundError as error:
        raise ServingError(
            f"the demo EHR needs {error.name}: install it with pip install 'fibrinogen-watch[demo]'"
        ) from None
    return create_demo


def demo_settings(folder: Path, app_url: str, ehr_url: str) -> Settings:
    """Development settings with the demo EHR as the one EHR and the one caller."""
    fhir = f"{ehr_url}/fhir"
    ehr: dict[str, Any] = {
        "name": "demo",
        "fhir_base": fhir,
        "issuer": ehr_url,
        "client_id": DEMO_CLIENT,
        "embedded": True,
        "frame_ancestors": [ehr_url],
        "write_back": True,
    }
    caller = {
        "name": "demo",
        "issuer": ehr_url,
        "jwks_uri": f"{ehr_url}/jwks.json",
        "fhir_servers": [fhir],
        "cors_origins": [ehr_url],
        "require_jwt": True,
    }
    return build(
        {
            "mode": "development",
            "base_url": app_url,
            "data_dir": folder,
            "secret_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "organization": "Demo Hospital",
            "log_level": "error",
            "ehr": [ehr],
            "cds_client": [caller],
        }
    )


def _checked(config: Path | None, host: str) -> Settings:
    try:
        settings = load_settings(config)
        check_served(settings, host)
    except ConfigError as error:
        raise ServingError(str(error)) from None
    for sentence in readable_by_others(settings):
        click.echo(sentence, err=True)
    return settings


def _prepare(settings: Settings) -> None:
    """A missing SQLite file is made; otherwise the schema must be ours. Keys are made before there are several workers."""
    try:
        with using(settings) as database:
            if missing(settings):
                database.upgrade()
            database.check()
            make_parts(settings, lambda: datetime.now(UTC), database)
    except (SchemaError, Unopened) as error:
        raise ServingError(str(error)) from None


class _KeepAlive(WSGIRequestHandler):
    """HTTP/1.1 with kept connections, and no line a request on the terminal."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Nothing: the log is structured elsewhere."""


def _start(app: Flask, port: int) -> BaseWSGIServer:
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_KeepAlive)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=server.serve_forever, name=f"port-{port}", daemon=True).start()
    return server


def _grace(settings: Settings) -> int:
    """Seconds that an answer under way may still take when told to end: an approval reads a page and makes its writes (SEC-37)."""
    return math.ceil(settings.budgets.page + 3 * settings.budgets.fhir_request)


def _announce(settings: Settings, workers: int) -> None:
    """Development mode is loud in the log too (SEC-14)."""
    log = make_log(settings.log_level)
    say = log.warning if settings.development else log.info
    say("started", mode=settings.mode, workers=workers, why="not for patients" if settings.development else "")


@contextmanager
def _counted_together(settings: Settings, workers: int) -> Iterator[None]:
    """Several workers count in one folder below data_dir, so that `/metrics` of any of them gives the sum."""
    if workers == 1:
        yield
        return
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="metrics-", dir=settings.data_dir)
    except OSError as error:
        raise ServingError(f"data_dir {settings.data_dir} cannot be written: {error.strerror}") from None
    os.environ[MULTIPROCESS], owner = folder, os.getpid()
    try:
        yield
    finally:
        if os.getpid() == owner:  # a worker passes here too when it ends
            shutil.rmtree(folder, ignore_errors=True)


def _check_port(host: str, port: int, option: str = "--port") -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise ServingError(
                f"port {port} on {host} is in use or not allowed: choose another with {option}"
            ) from None


def _until_told() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
