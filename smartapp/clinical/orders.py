"""Orders: what we suggest (`ProposedOrder`) and what the clinician is writing (`DraftOrder`)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.terminology import Drug


class Product(StrEnum):
    """The two sources of fibrinogen that the guideline chooses between (PRD-01)."""

    CRYOPRECIPITATE = "cryoprecipitate"
    FIBRINOGEN_CONCENTRATE = "fibrinogen_concentrate"


class Brand(StrEnum):
    """The concentrates whose labels the guideline quotes (`fc_product`)."""

    FIBRYGA = "fibryga"
    RIASTAP = "riastap"


class Priority(StrEnum):
    """How soon an order is wanted, lowest first (PRD-05; FHIR ranks routine < urgent < asap < stat)."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedOrder:
    """One product and amount, ready to be approved and written as a draft.

    Concentrate: `dose_mg`, `vials`, `volume_ml`, `max_rate_ml_per_min`. Cryoprecipitate: `units` (single-donor units), with `pools` of
    `units_per_pool` where it is issued so and `in_pools` where the blood bank is asked for pools; `doses` of the pathogen-reduced
    complex; or `volume_ml` alone where the site doses by mL/kg. `reason` is the advice, `clinical_reason` the patient's state in
    words; `special_requirements` and `contact` are the site's texts (PRD-05), `provisos` what must be known before it is given,
    `beside` what stands already and was knowingly left standing (REP-13). `basis` is the reference of the fibrinogen result it
    rests on (empty at TX). `steps` is the arithmetic in words, `rules` pairs of rule id and version.
    """

    product: Product
    reason: str
    brand: Brand | None = None
    dose_mg: Decimal | None = None
    units: int | None = None
    vials: int | None = None
    volume_ml: Decimal | None = None
    max_rate_ml_per_min: Decimal | None = None
    basis: str = ""
    supporting: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    rules: tuple[tuple[str, int], ...] = ()
    pools: int | None = None
    units_per_pool: int | None = None
    in_pools: bool = False
    doses: int | None = None
    priority: Priority | None = None
    clinical_reason: str = ""
    weight_kg: Decimal | None = None
    special_requirements: str = ""
    contact: str = ""
    provisos: tuple[str, ...] = ()
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOrder:
    """An order the clinician is writing (order-select, order-sign); absent amounts could not be read (section 7a).

    `source` is its reference, or its place in the bundle where it has no id. An amount is the sum of the draft's dosages, each in the
    measure it was written in: `dose_mg`, `mg_per_kg` (by weight), `ml`, `vials`, `donor_units` (single-donor units of
    cryoprecipitate), `pools`, `doses` (pathogen-reduced), and `units` where the draft does not say of which. Of a range it is the
    high end, and `low_share` the low end as a share of it (else 1). `identifiers` as `system|value`; `links`: the references of basedOn,
    priorPrescription and replaces as written.
    """

    source: str
    drug: Drug | None
    dose_mg: Decimal | None = None
    mg_per_kg: Decimal | None = None
    units: Decimal | None = None
    pools: Decimal | None = None
    ml: Decimal | None = None
    vials: Decimal | None = None
    doses: Decimal | None = None
    donor_units: Decimal | None = None
    low_share: Decimal = Decimal(1)
    label: str = ""
    authored: datetime | None = None
    identifiers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
