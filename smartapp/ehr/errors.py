"""What can go wrong with an EHR:

EhrError
├── NotPermitted     401 after a refresh, 403: the record may exist
├── Gone             404, 410
├── EhrRefused          another 4xx, with the server's own words
├── Busy             429 or 503 for longer than we may wait
├── Broken           5xx, or an answer that is no FHIR JSON
└── Unreachable      no connection, or an answer that broke off
    └── Late         no answer in time: the EHR may still be at it
"""


class EhrError(Exception):
    """The message is a sentence for the clinician; it names no patient and no token."""


class NotPermitted(EhrError):
    """401 after a refresh, or 403."""


class Gone(EhrError):
    """404 or 410."""


class EhrRefused(EhrError):
    """Another 4xx."""


class Busy(EhrError):
    """429 or 503 for longer than we may wait."""


class Broken(EhrError):
    """5xx, or an answer that is no FHIR JSON."""


class Unreachable(EhrError):
    """No connection, or an answer that broke off."""


class Late(Unreachable):
    """No answer in time."""
