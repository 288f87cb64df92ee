"""What a launch that timed out left, as forms to use it again (SEC-03)."""

from dataclasses import dataclass

from smartapp.usecases.manual_entries import LeftEntries

_DEATH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftLine:
    """One thing, or several of one form: in words, and as the fields that add it again."""

    words: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftPage:
    """`ago` is when the launch that timed out was last used."""

    ago: str
    lines: tuple[LeftLine, ...]


def left_page(left: LeftEntries | None) -> LeftPage | None:
    """The offer, or none. A death (grade 5) is never added again by one press."""
    if left is None:
        return None
    entries = left.entries
    bleeding = str(entries.bleeding or "")
    grade = "" if entries.crs_grade in (None, _DEATH) else str(entries.crs_grade)
    weight = "" if entries.weight_kg is None else str(entries.weight_kg)
    told = (
        ("bleeding", f"bleeding {bleeding}", bleeding),
        ("crs_grade", f"CRS grade {grade}", grade),
        ("weight_kg", f"weight {weight} kg", weight),
    )
    entered = [(name, words, value) for name, words, value in told if value]
    together = LeftLine(
        words=", ".join(words for _, words, _ in entered), fields=tuple((name, value) for name, _, value in entered)
    )
    suspects = (
        LeftLine(words=f"{source} marked suspect: {reason}", fields=(("suspect", source), ("reason", reason)))
        for source, reason in entries.suspects.items()
    )
    lines = (*([together] if entered else []), *suspects)
    return LeftPage(ago=f"{left.minutes} min ago", lines=lines) if lines else None
