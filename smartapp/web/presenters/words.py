"""Times, ages, days and amounts in the words of the screens (screens.md section 1)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from smartapp.clinical.amount_words import amount_words
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import Brand, Product, ProposedOrder
from smartapp.clinical.picture import GapKind, Topic
from smartapp.clinical.words import age_words, fibrinogen_words, plain, rounded

_NAMES = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "fibrinogen concentrate"}
_BRANDS = {Brand.FIBRYGA: "Fibryga", Brand.RIASTAP: "RiaSTAP"}
_IN_UTC = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")  # as rules tell times (`wording.clock`)

_ABBREVIATIONS = {  # the field's own, inside names of inputs
    **{name: name.upper() for name in ("crs", "icans", "inr", "pt", "ldh", "crp", "dic", "alt", "ast", "iec", "hs")},
    "aptt": "aPTT",
    "d": "D",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment and the place that times are told from."""

    as_of: datetime
    zone: tzinfo
    infused: date | None = None

    def time(self, at: datetime) -> str:
        """`02:38`, with the date when it is another day: `28 Feb 02:38`."""
        local = at.astimezone(self.zone)
        same_day = local.date() == self.as_of.astimezone(self.zone).date()
        return local.strftime("%H:%M") if same_day else f"{local.day} {local.strftime('%b %H:%M')}"

    def local(self, text: str) -> str:
        """What a rule says, with its times told as all others on the page."""
        return _IN_UTC.sub(lambda found: self.time(datetime.fromisoformat(found[1]).replace(tzinfo=UTC)), text)

    def age(self, at: datetime) -> str:
        """`35 min ago`."""
        return age_words(self.as_of - at)

    def day(self, at: datetime) -> str:
        """Day after infusion, `day +7`; empty if the infusion has no date."""
        if self.infused is None:
            return ""
        return f"day {(at.astimezone(self.zone).date() - self.infused).days:+d}"

    def drawn(self, at: datetime) -> str:
        """`drawn 02:38, 35 min ago`."""
        return f"drawn {self.time(at)}, {self.age(at)}"


def clock_of(assessment: Assessment) -> Clock:
    """The clock of an assessment: its moment, the site's time zone, the day of infusion."""
    infusion = assessment.infusion
    return Clock(assessment.picture.as_of, assessment.picture.zone, infusion.local_date if infusion else None)


def zone_words(assessment: Assessment) -> str:
    """The zone of all times on a page: `Europe/Oslo`, `UTC`."""
    return str(assessment.picture.zone)


def span_words(hours: Decimal) -> str:
    """`6 h`."""
    return f"{plain(hours)} h"


def until(span: timedelta) -> str:
    """`in 35 min`, or `35 min ago` once it is past."""
    return age_words(span) if span.total_seconds() >= 0 else "in " + age_words(-span).removesuffix(" ago")


def both_units(g_per_l: Decimal) -> tuple[str, str]:
    """Fibrinogen in g/L and, in grey beside it, in mg/dL."""
    return f"{fibrinogen_words(g_per_l)} g/L", f"{rounded(g_per_l * 100, 1)} mg/dL"


def about(g_per_l: Decimal) -> str:
    """A level that is only expected: `about 1.53 g/L (153 mg/dL)`."""
    return f"about {fibrinogen_words(g_per_l)} g/L ({rounded(g_per_l * 100, 0)} mg/dL)"


def product_name(product: Product, brand: Brand | None = None) -> str:
    """`fibrinogen concentrate (RiaSTAP)`."""
    return f"{_NAMES[product]} ({_BRANDS[brand]})" if brand else _NAMES[product]


def amount_of(given: Option | ProposedOrder) -> str:
    """`3000 mg`, `10 single-donor units (= 2 pools of 5)` or `300 mL`; empty where no number may be given (PRD-05)."""
    return amount_words(given)


def order_words(given: Option | ProposedOrder) -> str:
    """`fibrinogen concentrate 3000 mg`, `cryoprecipitate 10 single-donor units (= 2 pools of 5)`."""
    return " ".join(part for part in (product_name(given.product), amount_of(given)) if part)


def input_words(name: str) -> str:
    """`crs_grade` as `CRS grade`, `d_dimer` as `D-dimer`."""
    words = " ".join(_ABBREVIATIONS.get(word, word) for word in name.replace("-", "_").split("_"))
    return words.replace("D dimer", "D-dimer")


def absence(assessment: Assessment, *topics: Topic) -> str:
    """Not recorded, or why nobody can say so of these parts of the chart: not permitted, could not be read, awaited (DQ-17)."""
    kinds = (gap.kind for topic, gap in assessment.picture.unread.items() if topic in topics)
    return next(kinds, GapKind.ABSENT).brief
