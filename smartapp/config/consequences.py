"""What follows from the settings, in sentences for whoever installs the app."""

from collections.abc import Iterator

from smartapp.config.settings import Ehr, Settings


def consequences(settings: Settings) -> Iterator[str]:
    """What will work and what will not, as far as the settings alone tell."""
    if settings.development:
        yield "mode = development: for trying out on this machine, not for patients."
    if not settings.ehr:
        yield "There is no [[ehr]]: nobody can launch the app, and the hooks are answered from what a call brings alone."
    for ehr in settings.ehr:
        yield from _of_ehr(ehr)
    if not settings.cds_client:
        yield "There is no [[cds_client]]: every hook call is refused, so no EHR shows cards."
    for caller in settings.cds_client:
        if not caller.fhir_servers:
            yield f"[[cds_client]] {caller.name} names no fhir_servers: what its calls do not bring cannot be asked for."
    if not settings.organization:
        yield "organization is not set: pages and the provenance of orders name no hospital."
    if settings.time_zone == "UTC":
        yield "time_zone = UTC: day numbers and times on pages are in UTC; set the hospital's own."


def _of_ehr(ehr: Ehr) -> Iterator[str]:
    name = f"[[ehr]] {ehr.name}"
    if not ehr.client_id:
        yield f"{name} has no client_id: the app cannot be launched from it, only its hooks are answered."
        return
    if not ehr.write_back:
        yield f"{name}: write_back = false: no drafts are written, the page offers the order as text to copy."
    if not ehr.issuer:
        yield f"{name}: issuer is not set: what the EHR says of itself at the first launch is believed."
    if ehr.frame_ancestors and not ehr.embedded:
        yield f"{name}: frame_ancestors is set, but embedded = false: no frame will show the app."
    if ehr.embedded and not ehr.frame_ancestors:
        yield f"{name}: embedded = true, but frame_ancestors is empty: no page of the EHR can show the app in a frame."
