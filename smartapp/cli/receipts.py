"""Reading and verifying a decision receipt on any machine: no database, no configuration (interfaces.md section 2)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smartapp import __version__
from smartapp.clinical.sentences import as_text
from smartapp.storage.signatures import BrokenSignature, VerifiedSignature, opened
from smartapp.usecases.orders.receipt import FORMAT, Unreproducible, assessed_again, differences_from


class UnusableReceipt(ValueError):
    """A file that cannot be read, in one sentence."""


def verified(file: Path, key: str | None) -> tuple[list[str], int]:
    """What to print, and the exit code: 0 sealed and reproduced, 1 found wanting."""
    try:
        receipt = opened(_read(file))
    except BrokenSignature as broken:
        return [str(broken)], 1
    if receipt.receipt.get("format") != FORMAT:
        return ["The receipt has a format that this version does not know."], 1
    if key and key != receipt.key:
        return [f"The receipt was signed with the key {receipt.key}, not with {key}."], 1
    try:
        problems = _not_reproduced(receipt.receipt)
    except Unreproducible as problem:
        problems = [f"{str(problem)[:1].upper()}{str(problem)[1:]}."]
    return [*problems] or _holds(receipt), int(bool(problems))


def shown(file: Path) -> list[str]:
    """The receipt in sentences; `UnusableReceipt` if its seal is broken."""
    try:
        receipt = opened(_read(file)).receipt
        return [*_decision(receipt), "", as_text(assessed_again(receipt)).rstrip()]
    except (BrokenSignature, Unreproducible) as problem:
        raise UnusableReceipt(f"{file}: {problem}") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnusableReceipt(f"{file}: it could not be read: {error.strerror}") from None


def _not_reproduced(receipt: Mapping[str, Any]) -> list[str]:
    again = assessed_again(receipt)
    if again.policy.sha256 != receipt["policy"]["sha256"]:
        return ["The policy's values do not give the policy's hash."]
    differing = differences_from(receipt, again)
    if not differing:
        return []
    made = receipt["program"]["version"]
    by = f"version {made} with guideline {receipt['guideline']['version']}"
    names = ", ".join(differing)
    return [f"The values give another advice here ({names}). The receipt is of {by}; this is version {__version__}."]


def _holds(receipt: VerifiedSignature) -> list[str]:
    return [
        "The receipt holds: nothing was changed, and its values give the same advice again.",
        f"Address {receipt.address}",
        f"Signed with the key {receipt.key}",
    ]


def _decision(receipt: Mapping[str, Any]) -> Iterator[str]:
    decided = receipt["decided"]
    reason = f", because {decided['reason']}" if decided.get("reason") else ""
    yield f"{decided['action'].capitalize()} {decided['at']} by {decided['by'] or 'an unknown user'}{reason}."
    yield f"{receipt['patient']} at {receipt['ehr']}: {receipt['shown']['order']}."
    for record in receipt["records"]:
        yield f"Rests on {record['reference']}" + (f", version {record['version']}" if record["version"] else "")
