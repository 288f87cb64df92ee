"""Drugs by the text of an RxNorm product, whose codes exclude ingredients (9.7 "which drug", counterparts D4)."""

import re

from smartapp.clinical.record_words import fold, product_named
from smartapp.clinical.terminology import Drug

_D = Drug
_NAMES: tuple[tuple[str, Drug], ...] = (
    ("norepinephrine", _D.NORADRENALINE),
    ("noradrenaline", _D.NORADRENALINE),
    ("epinephrine", _D.ADRENALINE),
    ("adrenaline", _D.ADRENALINE),
    ("dopamine", _D.DOPAMINE),
    ("phenylephrine", _D.PHENYLEPHRINE),
    ("vasopressin", _D.VASOPRESSIN),
    ("terlipressin", _D.TERLIPRESSIN),
    ("tocilizumab", _D.TOCILIZUMAB),
    ("siltuximab", _D.SILTUXIMAB),
    ("anakinra", _D.ANAKINRA),
    ("dexamethasone", _D.SYSTEMIC_STEROID),
    ("methylprednisolone", _D.SYSTEMIC_STEROID),
    ("prednisolone", _D.SYSTEMIC_STEROID),
    ("prednisone", _D.SYSTEMIC_STEROID),
    ("hydrocortisone", _D.SYSTEMIC_STEROID),
    ("tranexamic acid", _D.TRANEXAMIC_ACID),
    ("phytonadione", _D.VITAMIN_K),
    ("vitamin k1", _D.VITAMIN_K),
    ("heparin", _D.HEPARIN),
    ("argatroban", _D.ARGATROBAN),
    ("bivalirudin", _D.BIVALIRUDIN),
    ("dabigatran", _D.DABIGATRAN),
    ("enoxaparin", _D.OTHER_ANTICOAGULANT),
    ("dalteparin", _D.OTHER_ANTICOAGULANT),
    ("fondaparinux", _D.OTHER_ANTICOAGULANT),
    ("warfarin", _D.OTHER_ANTICOAGULANT),
    ("apixaban", _D.OTHER_ANTICOAGULANT),
    ("rivaroxaban", _D.OTHER_ANTICOAGULANT),
    ("edoxaban", _D.OTHER_ANTICOAGULANT),
)
_BEGINS = re.compile(r"[0-9.,\s]*(?:mg|ml|mcg|unt|hr|actuat)?[\s]*(?:{[^}]*}\s*)?")
_NAME = re.compile("|".join(re.escape(name) for name, _ in sorted(_NAMES, key=lambda pair: -len(pair[0]))))
_BY_NAME = dict(_NAMES)
_LOCAL = re.compile(
    r"ophthalmic|nasal|topical|cream|ointment|otic|inhal|rectal|lotion|\bgel\b|patch|transdermal|mouthwash|paste|"
    r"lock|flush|auto-?injector|eye|ear drops|foam|spray|enema"
)


def drug_in_product_text(text: str) -> Drug | None:
    """The drug that the text of a product begins with; None for combinations and for what acts where it is applied."""
    folded = fold(text)
    product = product_named(folded)
    if product is not None:
        return product
    begin = _BEGINS.match(folded)
    found = _NAME.match(folded, begin.end() if begin else 0)
    if found is None or " / " in folded or _LOCAL.search(folded):
        return None
    after = folded[found.end() : found.end() + 1]
    return None if after.isalpha() else _BY_NAME[found.group()]
