"""One visit: every EHR, then every caller, with what to say of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartapp.cli.doctor.findings import CheckMark, Sentence, note
from smartapp.cli.doctor.hook_access import key_sentences
from smartapp.cli.doctor.smart_configuration import Launching
from smartapp.cli.doctor.write_route import WriteProbe
from smartapp.config.settings import Ehr, Settings
from smartapp.factory.builders import Connections, registration_of, site_of, unwatched
from smartapp.factory.callers import CallerKeys, caller_of
from smartapp.fhir.queries import read_scopes
from smartapp.smart.discovery import Discovery
from smartapp.smart.scopes import wanted_scopes

Visit = tuple[str, Callable[[], list[Sentence]]]


@dataclass(frozen=True, slots=True)
class _Ehrs:
    settings: Settings
    connections: Connections
    discovery: Discovery

    def sentences(self, ehr: Ehr) -> Iterator[Sentence]:
        registration = registration_of(ehr)
        outbound, site = self.connections.of(registration), site_of(self.settings)
        if ehr.client_id:
            yield from Launching(
                registration=registration,
                outbound=outbound,
                discovery=self.discovery,
                scopes={
                    style: wanted_scopes(
                        read_scopes(site.queries, style),
                        style=style,
                        launch=True,
                        write_back=registration.write_back,
                        refresh=registration.refresh_words,
                    )
                    for style in ("v1", "v2")
                },
                jwks=f"{self.settings.base_url.rstrip('/')}/.well-known/jwks.json",
                seconds=float(self.settings.budgets.authorization),
            ).sentences()
            if ehr.frame_ancestors and not ehr.embedded:
                yield note("frame_ancestors is set, but embedded is not: no frame will show the app.")
        else:
            yield note("It has no client_id: only its hooks are answered, nobody launches the app from it.")
        yield from WriteProbe(
            base=ehr.fhir_base,
            outbound=outbound,
            queries=site.queries,
            writes=bool(ehr.client_id) and registration.write_back,
            component_resource=str(site.policy.get("component_resource")),
            only_create=ehr.write_route == "fhir",
            seconds=float(self.settings.budgets.fhir_request),
        ).sentences()


def examined(settings: Settings) -> Iterator[Visit]:
    """Whom to ask by name, each with what asking gives; nothing is asked before it is called."""
    connections = Connections(settings)
    ehrs = _Ehrs(settings, connections, Discovery(connections.of, seconds=float(settings.budgets.authorization)))
    keys = CallerKeys(settings, unwatched)
    for ehr in settings.ehr:
        yield f"[[ehr]] {ehr.name}", lambda ehr=ehr: list(ehrs.sentences(ehr))  # type: ignore[misc]
    for client in settings.cds_client:
        caller = caller_of(client, development=settings.development)
        yield (
            f"[[cds_client]] {client.name}",
            lambda client=client, caller=caller: list(key_sentences(client, caller, keys.fetch)),  # type: ignore[misc]
        )


def summary(found: list[Sentence]) -> str:
    """What it comes to."""
    lacking = sum(sentence.mark is CheckMark.WANTING for sentence in found)
    if not lacking:
        return "Everything that was asked answers as needed."
    return f"{lacking} {'thing is' if lacking == 1 else 'things are'} wanting: see above."
