"""What one look says under one policy: the decision, in values that can be compared, and the rules that it rests on."""

from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.assessment import Assessment, OutcomeKind
from smartapp.clinical.derived_facts import Action, Band, Option
from smartapp.clinical.orders import Product
from smartapp.clinical.words import g_per_l, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A dose as advised: concentrate in mg, cryoprecipitate in single-donor units, pathogen-reduced doses or mL."""

    product: str
    milligrams: Decimal = Decimal(0)
    units: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDecision:
    """The answer at one look; `row` is the row that decided, `rules` those that apply, `basis` the result the tier rests on."""

    action: str
    indicator: str
    row: str
    rules: tuple[str, ...]
    tier: str
    band: str
    bleeding: str
    fibrinogen: str
    amounts: tuple[Amount, ...]
    interval_h: str
    drafts: bool
    basis: str = ""

    @property
    def advised(self) -> Amount | None:
        """The preferred product's amount, where replacement is advised."""
        return self.amounts[0] if self.action == Action.REPLACE and self.amounts else None

    def differs(self, other: "ReplayedDecision") -> bool:
        """Whether the two policies decide differently here."""
        return self.compared != other.compared

    @property
    def compared(self) -> tuple[object, ...]:
        """All that counts as the decision."""
        return (
            *(self.action, self.indicator, self.row, self.rules, self.tier, self.band, self.bleeding),
            *(self.amounts, self.interval_h, self.drafts),
        )


def decision_of(told: Assessment) -> ReplayedDecision:
    """What an assessment decides."""
    row = told.decision.row if told.decision else told.applicability.rule
    usable = [option for option in told.options if option.may_be_ordered]
    ordered = sorted(usable, key=lambda option: not option.preferred)
    result = told.fibrinogen.result if told.fibrinogen else None
    return ReplayedDecision(
        action=str(told.action),
        indicator=str(told.indicator),
        row=row,
        rules=tuple(sorted({o.rule for o in told.outcomes if o.kind is OutcomeKind.APPLIES})),
        tier=str(told.tier),
        band=str(told.crs.band if told.crs else Band.UNKNOWN),
        bleeding=str(told.bleeding),
        fibrinogen=f"{result.comparator or ''}{g_per_l(result.value)}" if result else "",
        amounts=tuple(_amount(option) for option in ordered),
        interval_h=plain(told.monitoring.interval_h) if told.monitoring else "",
        drafts=told.draft_allowed,
        basis=result.source if result else "",
    )


def _amount(option: Option) -> Amount:
    product = str(option.product)
    if option.product is Product.FIBRINOGEN_CONCENTRATE and option.dose_mg is not None:
        return Amount(product=product, milligrams=option.dose_mg, words=f"{plain(option.dose_mg)} mg concentrate")
    if option.units is not None:
        return Amount(product=product, units=option.units, words=f"{option.units} units of cryoprecipitate")
    volume = "" if option.volume_ml is None else f"{plain(option.volume_ml)} mL of "
    return Amount(product=product, words=f"{volume}{product.replace('_', ' ')}")
