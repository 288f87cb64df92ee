"""What a launch that timed out left, as forms to use it again (SEC-03)."""

from dataclasses import dataclass

from smartapp.web.decisions import Left


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


def left_page(left: Left | None) -> LeftPage | None:
    """The offer, or none. A death (grade 5) is never added again by one press."""
    if left is None:
        return None
    grade = "" if left.crs_grade == "5" else left.crs_grade
    told = (
        ("bleeding", f"bleeding {left.bleeding}", left.bleeding),
        ("crs_grade", f"CRS grade {grade}", grade),
        ("weight_kg", f"weight {left.weight_kg} kg", left.weight_kg),
    )
    entered = [(name, words, value) for name, words, value in told if value]
    together = LeftLine(
        words=", ".join(words for _, words, _ in entered), fields=tuple((name, value) for name, _, value in entered)
    )
    suspects = (
        LeftLine(words=f"{source} marked suspect: {reason}", fields=(("suspect", source), ("reason", reason)))
        for source, reason in left.suspects.items()
    )
    lines = (*([together] if entered else []), *suspects)
    return LeftPage(ago=f"{left.minutes} min ago", lines=lines) if lines else None
