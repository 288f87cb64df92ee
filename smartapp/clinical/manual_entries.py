"""Which of the values entered by hand count now, beside what the chart records (interfaces.md section 4, `/observe`; BLD-01)."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalPicture, InfusionRecord
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts
from smartapp.clinical.terminology import Analyte

ENTERED = "entered by hand"
"""The source of what stands in no record."""
_PASSING = ("bleeding", "crs_grade", "weight_kg")
"""What counts for `manual_entry_hours`; an infusion and a suspect have limits of their own."""
_LEVELS = tuple(BleedingLevel)


def counting(picture: ClinicalPicture, policy: SitePolicy) -> ClinicalPicture:
    """The picture with only those entries that count at its `as_of`; an infusion entered by hand is a strong record of it."""
    entries = picture.bedside
    gone = {name for name in _PASSING if _is_too_old(entries, name, policy, picture.as_of)}
    gone |= {name for name, is_hidden in _HIDDEN.items() if is_hidden(picture, policy)}
    if _is_infusion_over(picture, policy):
        gone.add("infusion")
    left = without(entries, *gone) if gone else entries
    return _with_infusion(replace(picture, bedside=left))


def without(entries: Bedside, *names: str) -> Bedside:
    """The entries but for some, by their names; a suspect by its reference."""
    gone = set(names)
    return replace(
        entries,
        bleeding=None if "bleeding" in gone else entries.bleeding,
        crs_grade=None if "crs_grade" in gone else entries.crs_grade,
        weight_kg=None if "weight_kg" in gone else entries.weight_kg,
        infusion_product=None if "infusion" in gone else entries.infusion_product,
        infusion_date=None if "infusion" in gone else entries.infusion_date,
        suspects={source: why for source, why in entries.suspects.items() if source not in gone},
        times={name: at for name, at in entries.times.items() if name not in gone},
        users={name: user for name, user in entries.users.items() if name not in gone},
    )


def _is_too_old(entries: Bedside, name: str, policy: SitePolicy, now: datetime) -> bool:
    """0 hours: they count as long as their launch, which ends with them."""
    hours = policy.get("manual_entry_hours")
    return bool(hours) and now - entries.times.get(name, now) > timedelta(hours=float(hours))


def _is_grade_hidden(picture: ClinicalPicture, policy: SitePolicy) -> bool:
    """A CRS record of a later time than the entry is not hidden by it."""
    del policy
    entered = picture.bedside.times.get("crs_grade")
    own = (record.own_time.at for record in picture.crs_records if record.own_time is not None)
    return entered is not None and any(entered < at <= picture.as_of for at in own)


def _is_weight_hidden(picture: ClinicalPicture, policy: SitePolicy) -> bool:
    """The same of a weight."""
    del policy
    entered = picture.bedside.times.get("weight_kg")
    taken = (result.collected.at for result in picture.series(Analyte.WEIGHT).results if result.is_final)
    return entered is not None and any(entered < at <= picture.as_of for at in taken)


def _is_bleeding_hidden(picture: ClinicalPicture, policy: SitePolicy) -> bool:
    """From a bleeding record of a later time on, the higher of the two counts (BLD-01)."""
    entered, level = picture.bedside.times.get("bleeding"), picture.bedside.bleeding
    if entered is None or level is None:
        return False
    later = tuple(
        each
        for each in picture.conditions
        if (told := each.recorded or each.onset) is not None and entered < told.at <= picture.as_of
    )
    if not later:
        return False
    recorded = Facts(replace(picture, conditions=later, bedside=Bedside()), policy).get(BLEEDING)
    return isinstance(recorded, BleedingLevel) and _LEVELS.index(recorded) > _LEVELS.index(level)


_HIDDEN = {"crs_grade": _is_grade_hidden, "weight_kg": _is_weight_hidden, "bleeding": _is_bleeding_hidden}


def _is_infusion_over(picture: ClinicalPicture, policy: SitePolicy) -> bool:
    """Until day `window_extended_days`, or until an infusion is recognised in the chart."""
    given = picture.bedside.infusion_date
    if given is None:
        return False
    days = (picture.as_of.astimezone(picture.zone).date() - given).days
    recognised = any(
        record.strong and not record.planned and record.start and record.start.precision >= Precision.DAY
        for record in picture.infusions
    )
    return days > policy.get("window_extended_days") or recognised


def _with_infusion(picture: ClinicalPicture) -> ClinicalPicture:
    product, given = picture.bedside.infusion_product, picture.bedside.infusion_date
    if product is None or given is None:
        return picture
    start = Moment(datetime.combine(given, time(), picture.zone), Precision.DAY)
    entered = InfusionRecord(product=product, source=ENTERED, strong=True, start=start)
    return replace(picture, infusions=(*picture.infusions, entered))
