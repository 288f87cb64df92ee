"""The replacement decision: the table of guideline 4.1, first match wins, with the site's thresholds and profile."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.criteria.modifiers import MODIFIERS
from smartapp.clinical.derived_facts import Action, Band, Decision, EffectiveFibrinogen, Modifier, NoFibrinogen, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.words import g_per_l

VERSION = 2  # of every row of the table
ADVISED = "Replacement advised: consider fibrinogen"
WEIGH = "May be worth replacing: weigh fibrinogen"
_BY_PROFILE = frozenset({"REP-03", "REP-04", "REP-05", "REP-06"})
_ALERT_BANDS = frozenset({Band.MODERATE, Band.SEVERE, Band.UNKNOWN})
_STRONG_BANDS = frozenset({Band.MODERATE, Band.SEVERE})
WATCH_BELOW = Decimal("2.0")  # g/L, REP-08


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInputs:
    """The facts the table looks at; `fibrinogen` None at TX."""

    fibrinogen: EffectiveFibrinogen | None
    bleeding: BleedingLevel
    band: Band
    modifiers: tuple[Modifier, ...]
    policy: Any

    def below(self, threshold: Decimal) -> bool:
        """F below a threshold; a bound follows its tier, or counts where it proves it (DQ-04)."""
        effective = self.fibrinogen
        if effective is None:
            return False
        if effective.result.comparator is None:
            return bool(effective.g_per_l < threshold)
        if effective.tier is Tier.T2:
            return bool(threshold >= self.policy.get("t2_below") or effective.g_per_l <= threshold)
        return False


def _read(facts: Facts) -> Decision:
    state = facts.get(FIBRINOGEN_STATE)
    bleeding, crs, modifiers = facts.get(BLEEDING), facts.get(CRS), facts.get(MODIFIERS)
    setting = DecisionInputs(
        fibrinogen=state if isinstance(state, EffectiveFibrinogen) else None,
        bleeding=BleedingLevel.NONE_RECORDED if isinstance(bleeding, Missing) else bleeding,
        band=Band.UNKNOWN if isinstance(crs, Missing) else crs.band,
        modifiers=() if isinstance(modifiers, Missing) else modifiers,
        policy=facts.policy,
    )
    if setting.fibrinogen is None:
        last = state.last_tier if isinstance(state, NoFibrinogen) else None
        return _without_level(setting, last)
    return _by_profile(
        _bleeding(setting, setting.fibrinogen) or _low(setting) or _watch(setting, setting.fibrinogen), setting
    )


DECISION: Need[Decision] = Need("decision", _read)


def _decision(row: str, action: Action, indicator: Indicator, text: str, target: Decimal | None = None) -> Decision:
    return Decision(row=row, version=VERSION, action=action, indicator=indicator, target_g_per_l=target, text=text)


def _without_level(setting: DecisionInputs, last: Tier | None) -> Decision:
    if setting.bleeding is BleedingLevel.MAJOR:
        text = f"{WEIGH} by an empirical dose, and send a stat fibrinogen, because there is major bleeding and no usable level"
        return _decision("REP-10", Action.CONSIDER, Indicator.CRITICAL, text)
    alert = setting.bleeding is BleedingLevel.SIGNIFICANT or setting.band in _STRONG_BANDS or last in (Tier.T1, Tier.T2)
    text = "Send a fibrinogen now because nothing can be advised without a usable one"
    return _decision("REP-12", Action.CANNOT_ASSESS, Indicator.WARNING if alert else Indicator.INFO, text)


def _bleeding(setting: DecisionInputs, fibrinogen: EffectiveFibrinogen) -> Decision | None:
    level, policy = setting.bleeding, setting.policy
    limit, major = policy.get("replace_below.bleeding"), policy.get("target_major_bleeding")
    target = major if level is BleedingLevel.MAJOR else policy.get("target_significant_bleeding")
    if level in SERIOUS and setting.below(limit):
        text = f"{ADVISED} because it is below {g_per_l(limit)} with {level} bleeding"
        return _decision("REP-01", Action.REPLACE, Indicator.CRITICAL, text, target)
    if level is BleedingLevel.MAJOR and fibrinogen.result.low is None and limit <= fibrinogen.g_per_l <= major:
        text = f"{WEIGH} because it is at most {g_per_l(major)} while major bleeding goes on"
        return _decision("REP-02", Action.CONSIDER, Indicator.WARNING, text, major)
    return None


def _low(setting: DecisionInputs) -> Decision | None:
    """REP-03 to REP-07."""
    policy, band = setting.policy, setting.band
    target = policy.get("target_nonbleeding")
    first = policy.get("t2_below" if band is Band.SEVERE else f"replace_below.{band}")
    if setting.below(first):
        return _replace_first(setting, first, target)
    if band is Band.SEVERE and setting.below(policy.get("replace_below.severe")):
        indicator = Indicator.CRITICAL if setting.modifiers else Indicator.WARNING
        text = f"{ADVISED} because it is below {g_per_l(policy.get('replace_below.severe'))} with severe CRS"
        return _decision("REP-05", Action.REPLACE, indicator, text, target)
    if setting.modifiers and setting.below(policy.get("consider_below")):
        text = f"{WEIGH} because it is below {g_per_l(policy.get('consider_below'))} with a risk modifier"
        return _decision("REP-06", Action.CONSIDER, Indicator.WARNING, text, target)
    if setting.below(policy.get("t1_below")):
        indicator = Indicator.WARNING if band in _ALERT_BANDS else Indicator.INFO
        return _decision(
            "REP-07",
            Action.MONITOR,
            indicator,
            "Recheck because fibrinogen is low without a reason to replace now",
        )
    return None


def _replace_first(setting: DecisionInputs, limit: Decimal, target: Decimal) -> Decision:
    if setting.band is Band.NONE and Modifier.POST_TOCI not in setting.modifiers:
        text = (
            f"{ADVISED} because it is below {g_per_l(limit)}; without CRS also consider other causes "
            "(asparaginase, liver failure, IEC-HS, DIC from another cause)"
        )
        return _decision("REP-04", Action.REPLACE, Indicator.WARNING, text, target)
    setting_words = "after tocilizumab" if setting.band is Band.NONE else _crs_words(setting.band)
    text = f"{ADVISED} because it is below {g_per_l(limit)} {setting_words}"
    return _decision("REP-03", Action.REPLACE, Indicator.CRITICAL, text, target)


def _crs_words(band: Band) -> str:
    return "and the CRS grade is not known" if band is Band.UNKNOWN else f"with {band} CRS"


def _watch(setting: DecisionInputs, fibrinogen: EffectiveFibrinogen) -> Decision:
    falling = Modifier.TREND_DOWN in setting.modifiers
    indicator = Indicator.WARNING if falling and setting.band is Band.SEVERE else Indicator.INFO
    if fibrinogen.result.least < WATCH_BELOW or falling or setting.band in _STRONG_BANDS:
        return _decision(
            "REP-08",
            Action.MONITOR,
            indicator,
            "Recheck because the level may fall further; no replacement advised",
        )
    return _decision("REP-08", Action.NONE, indicator, "No replacement advised at this level")


def _by_profile(decision: Decision, setting: DecisionInputs) -> Decision:
    """`bleeding_only` (4.1): without bleeding only a procedure within 24 h is a reason to replace."""
    if setting.policy.get("profile") != "bleeding_only" or decision.row not in _BY_PROFILE:
        return decision
    if setting.below(setting.policy.get("t2_below")) and Modifier.INVASIVE_PROCEDURE_24H in setting.modifiers:
        text = f"{ADVISED} because it is low and an invasive procedure is due within 24 h"
        return replace(decision, action=Action.REPLACE, indicator=Indicator.WARNING, text=text)
    text = "Recheck because the level is low; the site's policy reserves replacement for bleeding or procedures"
    return replace(decision, action=Action.MONITOR, indicator=Indicator.WARNING, target_g_per_l=None, text=text)
