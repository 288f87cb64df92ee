"""What the words of a record without a known code name (DQ-23, DQ-24), and whether words call a specimen bad (DQ-10, DQ-28).

Pure functions over text; never asked of a record whose code is known. Words are matched without case and accents, as whole words, and
do not count where they are negated, or are a risk, a family's, a screening, a prophylaxis, an allergy, to rule out, or history.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from smartapp.clinical import language_lists as lists
from smartapp.clinical.terminology import CarTProduct, Drug

_FOLDED_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "’": "'", "–": "-", "—": "-", "‑": "-"}
)
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE = re.compile(r"[.;|\n!?。；]+(?=\s|$)|[;|\n。；]|\b(?:but|however|aber|mais|pero|mas|ma|maar|men)\b")
_KEPT = 4096  # names of drugs and procedures, of which a hospital has a few thousand: each chart names the same
_WITHIN = 5  # words between a negation and what it negates
_LIST = re.compile(r"\b(?:or|nor|oder|noch|ou|ni|o|of|eller)\b")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_PAST = re.compile(r"\b(?:had|was|were|resolved|bled|status post|s/p|previous|prior|former|past|hatte|war)\b")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_NUMBER = r"(?<![0-9.,])([0-5](?![0-9]|[.,][0-9])|iv|v|i{1,3})(?![a-z0-9])"


def fold(text: str) -> str:
    """Without case and accents; letters of other scripts as they are."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(mark for mark in decomposed if not ("\u0300" <= mark <= "\u036f"))
    return unicodedata.normalize("NFC", bare).translate(_FOLDED_LETTERS)


class _Words:
    """One list as one expression: whole words, beginnings (`x*`) and endings (`*x`); words of East Asia stand anywhere.

    Most texts hold none of a list's words: that is found out by plain search before the expression is tried."""

    def __init__(self, words: str, phrases: str = "") -> None:
        found = [fold(word) for word in (*words.split(), *(phrase for phrase in phrases.split("|") if phrase))]
        self.pattern = "|".join(_word(word) for word in sorted(found, key=len, reverse=True))
        self._expression = re.compile(self.pattern)
        self._cores = tuple(_shortest({word.strip("*").split()[0] for word in found}))
        self._latin = tuple(core for core in self._cores if core.isascii())

    def finditer(self, text: str) -> Iterable[re.Match[str]]:
        """Where a word of the list stands."""
        for core in self._latin if text.isascii() else self._cores:
            if core in text:
                return self._expression.finditer(text)
        return ()

    def search(self, text: str) -> re.Match[str] | None:
        """The first of them."""
        return next(iter(self.finditer(text)), None)


def _shortest(words: set[str]) -> Iterator[str]:
    """Those of which no other is a part."""
    return (word for word in sorted(words) if not any(other != word and other in word for other in words))


def _word(word: str) -> str:
    if _EAST.search(word):
        return re.escape(word)
    body = re.escape(word.strip("*")).replace(r"\ ", r"[\s_]+")
    before = r"\w*" if word.startswith("*") else r"(?<![^\W_])"
    after = r"\w*" if word.endswith("*") else r"(?![^\W_])"
    return f"{before}{body}{after}"


_FIBRINOGEN = _Words(lists.FIBRINOGEN)
_NOT_A_LEVEL = _Words(lists.NOT_A_LEVEL)
_CRYO = _Words(lists.CRYOPRECIPITATE)
_BRANDS = _Words(lists.CONCENTRATE_BRANDS)
_CONCENTRATE = _Words(lists.CONCENTRATE)
_CONCENTRATES = _Words(lists.CONCENTRATES)
_MAYBE = _Words(lists.MAYBE_PRODUCT)
_NOT_A_PRODUCT = _Words(lists.NOT_A_PRODUCT)
_NOT_CRYO = re.compile(rf"[\s-]*(?:{_Words(lists.NOT_CRYO).pattern}|(?:therap|ablat|surg|preserv|globulin)\w*)")
_REDUCED = _Words(lists.REDUCED)
_PATHOGEN = re.compile(r"pathogen[\s-]*(?:reduced|inactivated)|pathogen[\s-]*reduction")
_MEASURED = _Words(lists.MEASURED)
_CAR_T_NAMED = (
    (CarTProduct.TISAGENLECLEUCEL, _Words(lists.TISAGENLECLEUCEL)),
    *((CarTProduct(name), _Words(words)) for name, words in lists.OTHER_CAR_T),
)
_CAR_T = _Words(lists.CAR_T, lists.CAR_T_PHRASES)
_NOT_GIVEN = _Words(lists.NOT_GIVEN)
_GIVEN = _Words(lists.GIVEN)
_CRS = _Words("", lists.CRS_SYNDROME)
_CRS_SHORT = _Words(lists.CRS_SHORT)
_CRS_SCALES = _Words(lists.CRS_SCALES)
_GRADE_WORDS = "|".join(fold(word) for word in sorted(lists.GRADE.split(), key=len, reverse=True))
_GRADES = re.compile(
    rf"(?<![^\W\d_])(?:{_GRADE_WORDS})\.?\s*[:=]?\s*{_NUMBER}((?:\s*(?:-|/|to|or|bis|oder|a|ou|och|of|and|und|et|,)\s*{_NUMBER})*)"
    r"|([0-5])\s*(?:级|級|度|등급)"
)
_MORE = re.compile(_NUMBER)
_BLEEDING = _Words(lists.BLEEDING)
_SPECIMEN = _Words(lists.SPECIMEN_FAULTS, lists.SPECIMEN_PHRASES)
_INDEX = re.compile(r"[\s:,-]*(?:index|grade|score|check|h-index)?[\s:=]*(?:0|none|nil|neg\w*|absent|no)(?![\w.])")
_NEGATOR = _Words(lists.NEGATORS, lists.NEGATOR_PHRASES)
_NEGATED_AFTER = re.compile(rf"[\s:=()-]*(?:{_Words(lists.NEGATORS_AFTER, lists.NEGATORS_AFTER_PHRASES).pattern})")
_UNLESS = _Words(lists.UNLESS)
_NOT_MEANT = _Words(lists.NOT_MEANT, lists.NOT_MEANT_PHRASES)
_NOT_MEANT_OF_PRODUCT = _Words(lists.NOT_MEANT_OF_PRODUCT, lists.NOT_MEANT_PHRASES)


def names_fibrinogen_level(words: str) -> bool:
    """Whether a result calls itself a fibrinogen, not a fragment, a ratio, a thromboelastogram or another fluid's (DQ-24)."""
    text = fold(words)
    return _stands(_FIBRINOGEN, text) and _NOT_A_LEVEL.search(text) is None


@lru_cache(maxsize=_KEPT)
def product_named(words: str) -> Drug | None:
    """The fibrinogen product that words alone name: cryoprecipitate, RiaSTAP, Fibryga, Fesilty, fibrinogen concentrate (DQ-24)."""
    text = fold(words)
    if _NOT_A_PRODUCT.search(text):
        return None
    if _given(_BRANDS, text) or _given(_CONCENTRATE, text):
        return Drug.FIBRINOGEN_CONCENTRATE
    if _given(_FIBRINOGEN, text) and _CONCENTRATES.search(text) and not _MEASURED.search(text):
        return Drug.FIBRINOGEN_CONCENTRATE
    return Drug.CRYOPRECIPITATE if _given(_CRYO, text) and not _is_reduced(text) else None


@lru_cache(maxsize=_KEPT)
def may_name_product(words: str) -> bool:
    """Whether words may name a fibrinogen-containing product: cryo, another brand, or fibrinogen itself (DQ-24)."""
    text = fold(words)
    if _NOT_A_PRODUCT.search(text) or _is_reduced(text):
        return False
    cryo = any(not _NOT_CRYO.match(text, found.end()) for found in _standing(_MAYBE, text, _NOT_MEANT_OF_PRODUCT))
    level = _NOT_A_LEVEL.search(text) is not None or _MEASURED.search(text) is not None
    return product_named(words) is not None or cryo or (_given(_FIBRINOGEN, text) and not level)


@lru_cache(maxsize=_KEPT)
def car_t_named(words: str) -> CarTProduct | None:
    """The CAR-T product whose name the words hold (APP-01); UNKNOWN for other words of a CAR-T product (DQ-24)."""
    text = fold(words)
    named = next((product for product, pattern in _CAR_T_NAMED if _stands(pattern, text)), None)
    return named or (CarTProduct.UNKNOWN if _stands(_CAR_T, text) else None)


def tells_of_preparation(words: str) -> bool:
    """Whether words tell of what comes before an infusion: apheresis, collection, consent, planning … (APP-01)."""
    return _NOT_GIVEN.search(fold(words)) is not None


def tells_of_giving(words: str) -> bool:
    """Whether words say that something was infused, administered or given (APP-01)."""
    return _GIVEN.search(fold(words)) is not None


def names_crs(words: str) -> bool:
    """Whether words name cytokine release syndrome: in full, or CRS beside one of its scales (DQ-24)."""
    text = fold(words)
    return _stands(_CRS, text) or (_stands(_CRS_SHORT, text) and _CRS_SCALES.search(text) is not None)


def grades_in(words: str) -> frozenset[int]:
    """Every grade from 0 to 5, or I to V, that words tell: `grade 3`, `Grad III`, `grade 2-3`, `3级`."""
    return frozenset(_each_grade(fold(words)))


def _each_grade(text: str) -> Iterator[int]:
    for found in _GRADES.finditer(text):
        first, more, east = found.group(1), found.group(2) or "", found.groups()[-1]
        yield _as_number(first or east)
        yield from (_as_number(number) for number in _MORE.findall(more))


def _as_number(word: str) -> int:
    return _ROMAN[word] if word in _ROMAN else int(word)


def tells_of_bleeding(words: str, *, of_condition: bool = True) -> bool:
    """Whether words tell of bleeding; a condition that was, with a year, is history (DQ-23)."""
    text = fold(words)
    is_past = of_condition and _PAST.search(text) is not None and _YEAR.search(text) is not None
    return not is_past and _stands(_BLEEDING, text)


def specimen_fault(words: str) -> str:
    """The word that calls a specimen bad, read with its negation; empty for none (DQ-10, DQ-28)."""
    if not words:
        return ""
    text = fold(words)
    for found in _SPECIMEN.finditer(text):
        if not _is_negated(text, found) and not _INDEX.match(text, found.end()):
            return found.group()
    return ""


def _is_reduced(text: str) -> bool:
    is_cryo = _CRYO.search(text) is not None or _MAYBE.search(text) is not None
    return is_cryo and _REDUCED.search(_PATHOGEN.sub(" ", text)) is not None


def _given(pattern: _Words, text: str) -> bool:
    return _stands(pattern, text, _NOT_MEANT_OF_PRODUCT)


def _stands(pattern: _Words, text: str, not_meant: _Words = _NOT_MEANT) -> bool:
    return any(True for _ in _standing(pattern, text, not_meant))


def _standing(pattern: _Words, text: str, not_meant: _Words = _NOT_MEANT) -> Iterator[re.Match[str]]:
    """Where a word stands and counts: neither negated nor not meant of this patient now. What was given to prevent or for a risk was
    given: of products only a screening, an allergy, history and what is to be ruled out do not count."""
    for found in pattern.finditer(text):
        clause = text[slice(*_sentence(text, found))]
        if not _is_negated(text, found) and not not_meant.search(clause):
            yield found


def _sentence(text: str, found: re.Match[str]) -> tuple[int, int]:
    """From where to where the sentence reaches in which a word stands."""
    ends = [(mark.start(), mark.end()) for mark in _SENTENCE.finditer(text)]
    begin = max((end for _, end in ends if end <= found.start()), default=0)
    return begin, min((start for start, _ in ends if start >= found.end()), default=len(text))


def _is_negated(text: str, found: re.Match[str]) -> bool:
    begin, end = _sentence(text, found)
    before, after = text[begin : found.start()], text[found.end() : end]
    if _NEGATED_AFTER.match(after) or any(word in after[:4] for word in lists.NEGATED_IN.split()):
        return True
    return any(_reaches(before[negator.end() :], after) for negator in _negators(before))


def _negators(before: str) -> Iterable[re.Match[str]]:
    return [*_NEGATOR.finditer(before), *re.finditer("|".join(map(re.escape, lists.NEGATED_IN.split())), before)]


def _reaches(between: str, after: str) -> bool:
    """Whether a negation reaches over these words: at most five, over a comma only in a list that ends in "or", and not over `exclude`."""
    if _UNLESS.search(between) or len(between.split()) > _WITHIN:
        return False
    return "," not in between or _LIST.search(f"{between} {after}") is not None
