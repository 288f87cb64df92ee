"""What the fault switches do to creates, to the search for what was created, and to their answers."""

import socket
import time
from collections.abc import Mapping

from smartapp.demo.faults import Fault, Faults
from smartapp.demo.fhir_server import Reply, outcome, refused

FOREIGN = "https://internal.proxy.example/r4"
_STEP = 0.02


def kind_of(method: str, segments: list[str]) -> str:
    """What a request is to the switches: a type to create, `Bundle`, `<type>/_search`, or empty for anything else."""
    if method != "POST":
        return ""
    return "/".join(segments) if segments else "Bundle"


def prevented(kind: str, faults: Faults, environ: Mapping[str, object]) -> Reply | None:
    """The reply to what is not carried out; a request that is held is waited for here."""
    hold(kind, faults, Fault.HELD_BEFORE)
    if faults.act(Fault.CUT_BEFORE, kind):
        return cut(environ)
    setting = faults.act(Fault.REFUSED_WRITE, kind)
    if setting is not None:
        return refused(setting.status, "processing", "Refused (a fault switch is on)")
    if kind.endswith("/_search") and faults.act(Fault.NO_POST_SEARCH, "*"):
        return refused(405, "not-supported", "Search by POST is not offered (a fault switch is on)")
    return None


def spoiled_answer(kind: str, reply: Reply, faults: Faults, environ: Mapping[str, object]) -> Reply:
    """The answer to what was carried out, as this EHR gives it."""
    hold(kind, faults, Fault.HELD_AFTER)
    if kind.endswith("/_search") or reply.status >= 300:
        return reply
    setting = faults.act(Fault.FAILED_ANSWER, kind)
    if setting is not None:
        return refused(setting.status, "exception", "Failed (a fault switch is on)")
    if faults.act(Fault.CUT_AFTER, kind):
        return cut(environ)
    return reply if kind == "Bundle" else _placed(_embodied(reply, faults), kind, faults)


def hold(kind: str, faults: Faults, fault: Fault) -> None:
    """Wait as long as the switch says, at most until it is switched off."""
    setting = faults.act(fault, kind)
    end = time.monotonic() + (setting.seconds if setting else 0)
    while faults.on(fault, kind) and time.monotonic() < end:
        time.sleep(_STEP)


def cut(environ: Mapping[str, object]) -> Reply:
    """No answer: the connection is cut; where there is none (a test client), a 500 without a body."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Reply(500, None)


def is_blind(kind: str, faults: Faults) -> bool:
    """Whether a search by identifier finds nothing."""
    return kind.endswith("/_search") and faults.act(Fault.LAGGING_SEARCH, kind.partition("/")[0]) is not None


def unread(segments: list[str], faults: Faults) -> Reply | None:
    """The reply to a read by id that is refused."""
    setting = faults.act(Fault.NO_READ_BACK, segments[0]) if len(segments) == 2 else None
    return None if setting is None else refused(setting.status, "exception", "Not read (a fault switch is on)")


def unchanged(segments: list[str], faults: Faults) -> Reply | None:
    """The reply to a change of a stored resource that is refused."""
    setting = faults.act(Fault.REFUSED_UPDATE, segments[0]) if len(segments) == 2 else None
    return None if setting is None else refused(setting.status, "conflict", "Not changed (a fault switch is on)")


def _embodied(reply: Reply, faults: Faults) -> Reply:
    if faults.get(Fault.NO_BODY):
        return Reply(reply.status, None, reply.headers)
    if faults.get(Fault.OUTCOME_BODY):
        return Reply(reply.status, outcome("informational", "Stored"), reply.headers)
    return reply


def _placed(reply: Reply, kind: str, faults: Faults) -> Reply:
    headers = dict(reply.headers)
    place = headers.pop("Location", "")
    _, found, below = place.partition(f"{kind}/")
    if faults.get(Fault.NO_LOCATION):
        return Reply(reply.status, reply.body, headers)
    if faults.get(Fault.RELATIVE_LOCATION):
        place = f"{found}{below}"
    elif faults.get(Fault.FOREIGN_LOCATION):
        place = f"{FOREIGN}/{found}{below}"
    return Reply(reply.status, reply.body, {**headers, **({"Location": place} if place else {})})
