"""What a card says: its summary with the provisos, and its detail in the order of interfaces.md section 4, as inert Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence

from smartapp.cdshooks.serialization import SUMMARY_LIMIT, shortened, utf16_length
from smartapp.clinical.amount_words import amount_words
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.citations import PROJECT_DEFAULT
from smartapp.clinical.derived_facts import Action, Basis, Option
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel, Gap
from smartapp.clinical.report import DISCLAIMER
from smartapp.clinical.words import age_words, clock, fibrinogen_words, g_per_l, rounded

MOST_WORDS = 250
_MORE = "More behind the links."
_LEADS = {
    Action.REPLACE: "Replacement advised",
    Action.CONSIDER: "May be worth replacing",
    Action.MONITOR: "No replacement advised now",
}
_UNSAID = frozenset({BleedingLevel.NONE, BleedingLevel.NONE_RECORDED})
# CommonMark: what can open or close emphasis, code, a link or an escape; what can begin a block; and an entity
_INLINE = re.compile(r"[\\`*\[\]]|(?<=\])\(|(?<!\w)_|_(?!\w)|~(?=~)|(?<=~)~")
_BLOCK = re.compile(r"^(?:[+-](?=[\s-]|$)|#(?=[#\s]|$)|>|=|\d{1,9}(?=[.)](?:\s|$)))")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")


def summary_of(assessment: Assessment) -> str:
    """`Replacement advised: fibrinogen 0.8 g/L, 60 min ago, CRS 3, major bleeding; ask haematology first: DVT 10 d ago`.

    The verdict, then as many provisos as fit, in their order; what does not fit whole is cut between words (CDS-41).
    """
    said = f"{_LEADS[assessment.action]}: {', '.join(_state(assessment))}"
    return with_provisos(said, (proviso.text for proviso in assessment.provisos))


def with_provisos(said: str, provisos: Iterable[str]) -> str:
    """A sentence with as many provisos as fit into a summary; the first one is told at least in part."""
    whole = said
    for place, text in enumerate(provisos):
        longer = f"{whole}; {text}"
        if utf16_length(longer) > SUMMARY_LIMIT:
            return shortened(longer) if place == 0 else whole
        whole = longer
    return shortened(whole)


def _state(assessment: Assessment) -> Iterator[str]:
    effective, crs = assessment.fibrinogen, assessment.crs
    if effective is None:
        yield "no usable fibrinogen"
    else:
        bound = effective.result.comparator or ""
        yield f"fibrinogen {bound}{g_per_l(effective.g_per_l)}"
        yield age_words(assessment.picture.as_of - effective.result.collected.at)
    if crs is not None and crs.grade is not None:
        yield f"CRS {crs.grade}{' suggested' if crs.basis is Basis.SUGGESTED else ''}"
    if assessment.bleeding not in _UNSAID:
        yield f"{assessment.bleeding} bleeding"


def detail_of(assessment: Assessment, findings: Sequence[Finding], gaps: Sequence[Gap], *, doses: bool) -> str:
    """Reason, provisos, doses with licence and evidence, inputs, rules with versions, what was missing: in this order until there are
    250 words; "decision support, verify before acting" always (interfaces.md section 4)."""
    last = f"Assessed {clock(assessment.picture.as_of)}. {DISCLAIMER}"
    lines, left = [], MOST_WORDS - len(last.split()) - len(_MORE.split())
    for line in _lines(assessment, findings, gaps, doses=doses):
        left -= len(line.split())
        if left < 0:
            lines.append(_MORE)
            break
        lines.append(line)
    return "\n".join([*lines, "", last])


def _lines(assessment: Assessment, findings: Sequence[Finding], gaps: Sequence[Gap], *, doses: bool) -> Iterator[str]:
    yield from (f"- {escaped(finding.text)}" for finding in findings)
    if doses:
        yield from _provisos(assessment)
        yield from _doses(assessment)
        yield from _inputs(assessment)
    if findings:
        yield ""
        yield f"**Rules:** {', '.join(_rule(finding) for finding in findings)}"
    missing = list(dict.fromkeys(gap.text for gap in (*gaps, *assessment.gaps)))
    if missing:
        yield ""
        yield "**Missing or set aside:**"
        yield from (f"- {escaped(text)}" for text in missing)


def _rule(finding: Finding) -> str:
    level = f"{finding.level}, {PROJECT_DEFAULT}" if finding.level is EvidenceLevel.L5 else str(finding.level)
    return f"{finding.rule} v{finding.version} ({level})"


def _provisos(assessment: Assessment) -> Iterator[str]:
    told = [proviso.text for proviso in assessment.provisos]
    told += [blocker.text for blocker in assessment.draft_blockers if blocker.text not in told]
    if told:
        yield ""
        yield "**Before any dose:**"
        yield from (f"- {escaped(text)}" for text in dict.fromkeys(told))


def _doses(assessment: Assessment) -> Iterator[str]:
    decision = assessment.decision
    level = next((f.level for f in assessment.findings if decision is not None and f.rule == decision.row), "")
    for option in assessment.options:
        yield ""
        expected = (
            f"; expected about {fibrinogen_words(option.predicted_g_per_l)} g/L" if option.predicted_g_per_l else ""
        )
        yield f"**{escaped(label_of(option))}** ({escaped(option.licence)}; evidence {level}){expected}"


def _inputs(assessment: Assessment) -> Iterator[str]:
    yield ""
    yield "**Inputs:**"
    if assessment.fibrinogen:
        result = assessment.fibrinogen.result
        told = f"Fibrinogen {result.reported} = {g_per_l(result.value)}, collected {clock(result.collected.at)} ({result.source})"
        yield f"- {escaped(told)}"
    if assessment.crs:
        grade = "unknown" if assessment.crs.grade is None else str(assessment.crs.grade)
        yield f"- CRS grade {grade} ({assessment.crs.basis})"
    yield f"- Bleeding: {_bleeding(assessment)}"
    if assessment.weight:
        weight = assessment.weight
        yield f"- {escaped(f'Weight {rounded(weight.kg)} kg, {clock(weight.measured)} ({weight.source})')}"
    if assessment.infusion and assessment.infusion.day is not None:
        yield f"- {assessment.infusion.product}, day {assessment.infusion.day}"


def _bleeding(assessment: Assessment) -> str:
    words = "not recorded" if assessment.bleeding is BleedingLevel.NONE_RECORDED else str(assessment.bleeding)
    user = assessment.picture.bedside.users.get("bleeding", "")
    return f"{words}, entered by {escaped(user)}" if user else words


def label_of(option: Option) -> str:
    """Product and amount as people read it (PRD-05): `Cryoprecipitate 10 single-donor units (= 2 pools of 5)`."""
    concentrate = option.product is Product.FIBRINOGEN_CONCENTRATE
    name = "Fibrinogen concentrate" if concentrate else "Cryoprecipitate"
    words = amount_words(option)
    return f"{name} {words}" if words else f"{name}, no dose"


def escaped(text: str) -> str:
    """Record text as inert Markdown, escaped only where CommonMark would read it: neither HTML, links nor blocks can form (CDS-43)."""
    plain_text = " ".join(text.split())
    html = _ENTITY.sub("&amp;", plain_text).replace("<", "&lt;")
    inline = _INLINE.sub(lambda found: f"\\{found.group()}", html)
    return _BLOCK.sub(lambda found: _block_escaped(found.group()), inline)


def _block_escaped(start: str) -> str:
    return f"{start}\\" if start.isdecimal() else f"\\{start}"
