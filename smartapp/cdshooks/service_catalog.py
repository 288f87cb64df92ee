"""The services as discovery shows them: one id a hook, one set of prefetch templates from the query table (CDS-02, CDS-05)."""

from dataclasses import replace

from smartapp.cdshooks.card_configuration import OPTIONS, options
from smartapp.cdshooks.serialization import Service
from smartapp.fhir.queries import QUERIES, prefetch_template

NOT_ASKED = frozenset({"encounters"})  # no rule reads it; the context names the encounter
_ASKED = tuple(query for query in QUERIES if query.name not in NOT_ASKED)
_NEEDED = dict.fromkeys(query.resource for query in _ASKED if not query.optional)
_ADDED = dict.fromkeys(kind for query in _ASKED for kind in (query.resource, *query.refers) if kind not in _NEEDED)
_USAGE = (
    f"For health-care professionals. Needs {', '.join(_NEEDED)}, and reads {', '.join(_ADDED)} where they are offered, by prefetch or by "
    "fhirAuthorization with the scopes patient/<type>.rs. Does not replace monitoring or alarms; not for emergency decisions; not a "
    "cleared medical device."
)
_TITLE = "Fibrinogen Watch: coagulopathy after CAR-T therapy"
_PREFETCH = {query.name: prefetch_template(query) for query in _ASKED}


def _service(hook: str, description: str) -> Service:
    return Service(
        id=f"coagulopathy-{hook}",
        hook=hook,
        title=_TITLE,
        description=description,
        prefetch=_PREFETCH,
        usage_requirements=_USAGE,
        extension={OPTIONS: options()},
    )


PATIENT_VIEW = _service(
    "patient-view",
    "Says whether fibrinogen replacement may be needed after CAR-T therapy, with the reasons and a draft order.",
)
ENCOUNTER_START = _service(
    "encounter-start",
    "Says at the start of an encounter whether fibrinogen replacement may be needed after CAR-T therapy, with the reasons.",
)
ORDER_SELECT = _service(
    "order-select",
    "Looks at the selected draft orders that touch coagulation after CAR-T therapy: product, dose, duplicates and cautions.",
)
ORDER_SIGN = _service(
    "order-sign",
    "Looks at the orders about to be signed that touch coagulation after CAR-T therapy: product, dose, duplicates and cautions.",
)

ENCOUNTER_DISCHARGE = _service(
    "encounter-discharge",
    "Says before discharge what is open after CAR-T therapy: low fibrinogen, an overdue recheck, a product drafted and not signed.",
)


def leaned(service: Service) -> Service:
    """The service with templates for what tells of an infusion only; the rest is asked with the call's token (`[hooks] prefetch`)."""
    first = {query.name for query in _ASKED if query.tells or query.is_read}
    return replace(service, prefetch={name: template for name, template in service.prefetch.items() if name in first})
