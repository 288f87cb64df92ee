"""A file for `smartapp assess` as a chart: a Bundle, an array of resources, or a CDS Hooks request (interfaces.md section 2)."""

from collections.abc import Sequence

import msgspec

from smartapp.fhir.bundle import Bundle, is_outcome, read_bundle
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.page_order import newest_first
from smartapp.fhir.queries import BY_NAME, QUERIES
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of
from smartapp.fhir.resources import TOPICS

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
    wanted = _which([kind.id for kind in kinds if kind.resource_type == "Patient"], patient)
    keep = [r for r, kind in zip(resources, kinds, strict=True) if kind.resource_type != "Patient" or kind.id == wanted]
    named = zip(kinds, full_urls, strict=False)
    own = {url for kind, url in named if kind.resource_type == "Patient" and kind.id == wanted and url}
    answer = Answer(query="file", state=AnswerState.COMPLETE, resources=tuple(keep))
    return Chart(patient=wanted, aliases=frozenset(own)).with_answers(answer)


def _cut_off(bundle: Bundle) -> list[Answer]:
    """A search result that names a next page, or an error, holds less than there is, of every type (DQ-17)."""
    failed = next((message for message in bundle.messages if message.is_failure), None)
    if not bundle.next_url and failed is None:
        return []
    why = failed.text if failed else "the file holds only its first page"
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
    """One prefetch key."""
    text = raw.strip()
    if text == b"null":
        return Answer(query=name, state=AnswerState.COMPLETE)
    try:
        bundle = read_bundle(text)
    except Unreadable as problem:
        return _no_bundle(name, text, str(problem))
    if bundle.next_url:
        return Answer(
            query=name,
            state=AnswerState.INCOMPLETE,
            resources=bundle.resources,
            reason="only its first page was sent",
            next_url=bundle.next_url,
            self_url=bundle.self_url,
            only_older_missing=newest_first(bundle.self_url, bundle.resources),
        )
    failed = next((message for message in bundle.messages if message.is_failure), None)
    state = AnswerState.FAILED if failed else AnswerState.COMPLETE
    return Answer(query=name, state=state, resources=bundle.resources, reason=failed.text if failed else "")


def _no_bundle(name: str, text: bytes, why: str) -> Answer:
    if is_outcome(text):
        return Answer(query=name, state=AnswerState.FAILED, reason="the EHR reported an error for it")
    if kind_of(text).resource_type != "Bundle":
        return Answer(query=name, state=AnswerState.COMPLETE, resources=(text,))
    return Answer(query=name, state=AnswerState.FAILED, reason=why)


def names_missing(chart: Chart) -> list[str]:
    """The required queries without an answer (CDS-23)."""
    return [
        query.name for query in QUERIES if query.required and query.name not in chart.answers and query.name in BY_NAME
    ]
