"""Why two policies decide differently: the rows, and the parameters without whose change the decision would be the same."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smartapp.clinical.policy import PolicyError, SitePolicy, as_given, build_policy
from smartapp.usecases.assess import Site
from smartapp.usecases.replay.decision import ReplayedDecision

Decide = Callable[[Sequence[Site]], Sequence[ReplayedDecision]]
"""The decisions of a look under other policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One setting in which the two differ: `forth` is the current site with the draft's value, `back` the draft with the current one
    (None where no such policy may exist)."""

    name: str
    before: str
    after: str
    forth: Site | None
    back: Site | None

    @property
    def words(self) -> str:
        """`replace_below.severe 1.5 → 1.2`."""
        return f"{self.name} {self.before} → {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The policy in force and a draft, and every setting in which they differ."""

    current: Site
    draft: Site
    swaps: tuple[Swap, ...] = field(default=())

    @property
    def sites(self) -> tuple[Site, Site]:
        """Both, the current one first."""
        return self.current, self.draft


def pair_of(current: Site, draft: Site) -> Pair:
    """Two sites with what differs between them."""
    return Pair(current=current, draft=draft, swaps=(*_parameters(current, draft), *_readings(current, draft)))


def _parameters(current: Site, draft: Site) -> Iterator[Swap]:
    old, new = current.policy.values, draft.policy.values
    for name in old:
        if old[name] != new[name]:
            yield Swap(
                name=name,
                before=_told(old[name]),
                after=_told(new[name]),
                forth=_changed(current, name, new[name]),
                back=_changed(draft, name, old[name]),
            )


def _told(value: Any) -> str:
    if value is None or value == ():
        return "none"
    given = as_given(value)
    return ", ".join(given) if isinstance(given, list) else str(given)


def _changed(site: Site, name: str, value: Any) -> Site | None:
    """The site with one parameter changed; None if the bounds between parameters forbid it."""
    values: Mapping[str, Any] = {**site.policy.values, name: value}
    given = {n: as_given(v) for n, v in values.items() if v is not None}
    try:
        policy: SitePolicy = build_policy(None, {n: v for n, v in given.items() if v != []})
    except PolicyError:
        return None
    return replace(site, policy=policy)


def _readings(current: Site, draft: Site) -> Iterator[Swap]:
    if current.zone != draft.zone:
        yield Swap(
            name="time_zone",
            before=str(current.zone),
            after=str(draft.zone),
            forth=replace(current, zone=draft.zone),
            back=replace(draft, zone=current.zone),
        )
    if current.local_codes != draft.local_codes:
        before, after = len(current.local_codes), len(draft.local_codes)
        yield Swap(
            name="codes",
            before=f"{before} local codes",
            after=f"{after} local codes",
            forth=replace(current, local_codes=draft.local_codes),
            back=replace(draft, local_codes=current.local_codes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One decision that the draft changes: what is decided instead, and the settings that make it so."""

    what: str
    because: tuple[str, ...]

    @property
    def words(self) -> str:
        """`REP-05 instead of REP-07: replace_below.severe 1.5 → 1.2`."""
        return f"{self.what}: {'; '.join(self.because)}"


def difference(pair: Pair, current: ReplayedDecision, draft: ReplayedDecision, decide: Decide) -> Difference:
    """What differs at a look, and why: each setting is put into the other policy alone, and named if the decision moves with it."""
    tried = [
        (swap, site, base) for swap in pair.swaps for site, base in ((swap.forth, current), (swap.back, draft)) if site
    ]
    decisions = decide([site for _, site, _ in tried])
    moved = {swap.name for (swap, _, base), told in zip(tried, decisions, strict=True) if told.differs(base)}
    named = [swap for swap in pair.swaps if swap.name in moved] or list(pair.swaps)
    return Difference(what=_what(current, draft), because=tuple(swap.words for swap in named))


def _what(current: ReplayedDecision, draft: ReplayedDecision) -> str:
    """The first thing that differs, the weightiest first."""
    return next(_each(current, draft), "decided otherwise")


def _each(current: ReplayedDecision, draft: ReplayedDecision) -> Iterator[str]:
    if current.row != draft.row:
        yield f"{draft.row or 'no row'} instead of {current.row or 'no row'}"
    if current.action != draft.action:
        yield f"{draft.row} {draft.action} instead of {current.action}"
    if current.indicator != draft.indicator:
        yield f"{draft.row} {draft.indicator} instead of {current.indicator}"
    if current.amounts != draft.amounts:
        yield f"{_amounts(draft)} instead of {_amounts(current)}"
    if current.interval_h != draft.interval_h:
        yield f"fibrinogen every {draft.interval_h} h instead of {current.interval_h} h"
    if current.rules != draft.rules:
        yield _rules(set(current.rules), set(draft.rules))
    if current.drafts != draft.drafts:
        yield "a draft is offered" if draft.drafts else "no draft is offered"
    for name in ("tier", "band", "bleeding"):
        if getattr(current, name) != getattr(draft, name):
            yield f"{name} {getattr(draft, name)} instead of {getattr(current, name)}"


def _amounts(decision: ReplayedDecision) -> str:
    return " or ".join(amount.words for amount in decision.amounts) or "no dose"


def _rules(current: set[str], draft: set[str]) -> str:
    more, fewer = sorted(draft - current), sorted(current - draft)
    told = [f"{', '.join(more)} speaks" if more else "", f"{', '.join(fewer)} is silent" if fewer else ""]
    return " and ".join(part for part in told if part)
