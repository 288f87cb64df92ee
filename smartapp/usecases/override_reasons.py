"""The reasons a clinician may give for not following the advice: one tap in the app, `overrideReasons` on a card (screens.md section 3)."""

SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
REASONS = (
    ("indication-order-exists", "Already given or ordered"),
    ("need-more-info", "Repeat pending"),
    ("risk-benefit-ratio", "Thrombosis or DIC risk"),
    ("expert-contradicts", "Advised by senior"),
    ("policy-contradicts", "Our protocol differs"),
    ("service-not-available", "Product unavailable"),
    ("patient-ineligible", "Not this patient or wrong moment"),
)
