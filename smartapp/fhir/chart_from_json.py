"""A file for `smartapp assess` as a chart: a Bundle, an array of resources, or a CDS Hooks request (interfaces.md section 2)."""

from collections.abc import Container, Sequence

import msgspec

from smartapp.fhir.bundle import Bundle, read_bundle
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.page_order import newest_first
from smartapp.fhir.queries import BY_NAME, QUERIES, TOPICS_BY_NAME
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of
from smartapp.fhir.resource_readers import TOPICS

_HOLDERS = frozenset({"Bundle", "Parameters"})
_BUNDLES = frozenset({"collection", "searchset", "transaction", "batch", "document", "history", ""})


class UnusableFile(ValueError):
    """A file that cannot be assessed; the message is one sentence naming the place."""


class _HookContext(msgspec.Struct, frozen=True, rename="camel"):
    patient_id: str = ""


class _Hook(msgspec.Struct, frozen=True, rename="camel"):
    hook: str = ""
    fhir_server: str = ""
    context: _HookContext = _HookContext()
    prefetch: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


def read_file(raw: bytes, patient: str | None) -> Chart:
    """The chart in a file; `patient` names which, where there is more than one. `UnusableFile` says what is wrong and where."""
    text = raw.strip()
    _check_json(text)
    if text.startswith(b"["):
        return _chart_of(_entries(text), (), patient)
    kind = kind_of(text)
    if kind.resource_type == "Bundle":
        bundle = _bundle(text)
        return _chart_of(bundle.resources, bundle.full_urls, patient).with_answers(*_cut_off(bundle))
    if kind.resource_type:
        return _chart_of([text], (), patient)
    hook = _hook(text)
    if hook.hook or hook.prefetch:
        return _prefetched(hook, patient)
    raise UnusableFile("it is neither a FHIR Bundle, nor an array of resources, nor a CDS Hooks request")


def _check_json(text: bytes) -> None:
    if not text:
        raise UnusableFile("it is empty")
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnusableFile(f"it is not JSON: {error}") from None
    except RecursionError:
        raise UnusableFile("it is nested too deeply") from None


def _entries(text: bytes) -> list[bytes]:
    try:
        return [bytes(entry) for entry in msgspec.json.decode(text, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnusableFile(f"its array could not be read: {error}") from None


def _bundle(text: bytes) -> Bundle:
    try:
        bundle = read_bundle(text)
    except Unreadable as problem:
        raise UnusableFile(f"its Bundle could not be read: {problem}") from None
    if bundle.type not in _BUNDLES:
        raise UnusableFile(f"its Bundle is of type {bundle.type}, which holds no chart")
    return bundle


def _chart_of(resources: Sequence[bytes], full_urls: Sequence[str], patient: str | None) -> Chart:
    """A file is complete: what it does not hold does not exist. A Bundle's entries may refer to one another by fullUrl."""
    kinds = [kind_of(resource) for resource in resources]
    for place, kind in enumerate(kinds, start=1):
        if not kind.resource_type:
            raise UnusableFile(f"entry {place} is not a FHIR resource")
        if kind.resource_type in _HOLDERS:
            raise UnusableFile(f"entry {place} is a {kind.resource_type}: give the resources that it holds")
    wanted = _which([kind.id for kind in kinds if kind.resource_type == "Patient"], patient)
    keep = [r for r, kind in zip(resources, kinds, strict=True) if kind.resource_type != "Patient" or kind.id == wanted]
    named = zip(kinds, full_urls, strict=False)
    own = {url for kind, url in named if kind.resource_type == "Patient" and kind.id == wanted and url}
    urls = [*full_urls, *("",) * (len(resources) - len(full_urls))]
    kept_urls = [u for u, kind in zip(urls, kinds, strict=True) if kind.resource_type != "Patient" or kind.id == wanted]
    answer = Answer(query="file", state=AnswerState.COMPLETE, resources=tuple(keep), full_urls=tuple(kept_urls))
    return Chart(patient=wanted, aliases=frozenset(own)).with_answers(answer)


def _cut_off(bundle: Bundle) -> list[Answer]:
    """A search result that names a next page, or an error, holds less than there is, of every type (DQ-17)."""
    failed = next((message for message in bundle.messages if message.is_failure or message.withheld), None)
    if not bundle.next_url and failed is None:
        return []
    why = (failed.text or "part of it is not shown") if failed else "the file holds only its first page"
    return [Answer(query=kind, state=AnswerState.INCOMPLETE, reason=why) for kind in TOPICS]


def _which(patients: list[str], wanted: str | None) -> str:
    ids = list(dict.fromkeys(patients))
    if wanted is not None:
        bare = wanted.removeprefix("Patient/")
        if bare not in ids:
            raise UnusableFile(f"it holds no Patient {bare}")
        return bare
    if not ids:
        raise UnusableFile("it holds no Patient")
    if len(ids) > 1:
        raise UnusableFile(f"it holds {len(ids)} Patients: name one with --patient ({', '.join(ids[:5])})")
    return ids[0]


def _hook(text: bytes) -> _Hook:
    try:
        return decode(text, _Hook)
    except Unreadable as problem:
        raise UnusableFile(f"its CDS Hooks request could not be read: {problem}") from None


def _prefetched(hook: _Hook, patient: str | None) -> Chart:
    id_ = (patient or hook.context.patient_id).removeprefix("Patient/")
    if not id_:
        raise UnusableFile("its CDS Hooks request names no context.patientId")
    return sent_chart(id_, hook.fhir_server, {name: bytes(raw) for name, raw in hook.prefetch.items()})


def sent_chart(patient: str, base: str, prefetch: dict[str, bytes]) -> Chart:
    """A chart from prefetched answers by query name: null or an empty Bundle is known to be none, an OperationOutcome is a
    read that failed, an absent key was not answered (CDS-22). Keys of other names are read as data too."""
    return Chart.empty(patient, base).with_answers(*(prefetched_answer(name, raw) for name, raw in prefetch.items()))


def prefetched_answer(name: str, raw: bytes) -> Answer:
    """One prefetch key: null is known to be none, a Bundle or one resource of the kind asked for is data; anything else was not read."""
    text = raw.strip()
    if text == b"null":
        return Answer(query=name, state=AnswerState.COMPLETE)
    kind = kind_of(text).resource_type
    if kind == "Bundle":
        return _of_bundle(name, text)
    if kind == "OperationOutcome":
        return Answer(query=name, state=AnswerState.FAILED, reason="the EHR reported an error for it")
    if kind and kind in _kinds_of(name, kind):
        return Answer(query=name, state=AnswerState.COMPLETE, resources=(text,))
    return _not_read(name, "what was sent for it is no FHIR resource of the kind that was asked for")


def _kinds_of(name: str, kind: str) -> Container[str]:
    """The types that one key may hold; under a key of the caller's own any that holds no others."""
    query = BY_NAME.get(name)
    return (query.resource, *query.refers) if query is not None else {kind} - _HOLDERS


def _not_read(name: str, why: str) -> Answer:
    """A key that was sent and is not understood; one that was not asked for is remarked on."""
    notices = () if name in TOPICS_BY_NAME else (f"“{name[:40]}”: {why}",)
    return Answer(query=name, state=AnswerState.FAILED, reason=why, notices=notices)


def _of_bundle(name: str, text: bytes) -> Answer:
    try:
        bundle = read_bundle(text)
    except Unreadable as problem:
        return _not_read(name, str(problem))
    failed = next((message for message in bundle.messages if message.is_failure), None)
    lacking = "" if bundle.next_url else _lacking(name, bundle)
    state = (
        AnswerState.FAILED if failed else AnswerState.INCOMPLETE if lacking or bundle.next_url else AnswerState.COMPLETE
    )
    paged = bool(bundle.next_url) and failed is None
    return Answer(
        query=name,
        state=state,
        resources=bundle.resources,
        full_urls=bundle.full_urls,
        reason=failed.text if failed else "only its first page was sent" if paged else lacking,
        next_url=bundle.next_url if paged else "",
        self_url=bundle.self_url if paged else "",
        only_older_missing=paged and not _lacking(name, bundle) and newest_first(bundle.self_url, bundle.resources),
    )


def _lacking(name: str, bundle: Bundle) -> str:
    """Why a Bundle holds less than was asked for; empty where nothing says so (FHIR-09, FHIR-29)."""
    withheld = next((message for message in bundle.messages if message.withheld), None)
    if withheld is not None:
        return f"part of it is not shown ({withheld.text})" if withheld.text else "part of it is not shown"
    if bundle.odd:
        return f"{bundle.odd} of its entries hold no resource that can be read"
    query = BY_NAME.get(name)
    if query is None or not bundle.resources:
        return ""
    wanted = (query.resource, *query.refers)
    return (
        ""
        if any(kind_of(raw).resource_type in wanted for raw in bundle.resources)
        else "it holds records of another kind"
    )


def names_missing(chart: Chart) -> list[str]:
    """The required queries without an answer (CDS-23)."""
    return [
        query.name for query in QUERIES if query.required and query.name not in chart.answers and query.name in BY_NAME
    ]
