"""What can go wrong in a launch; each says what failed and what to do, without a secret."""


class LaunchProblem(Exception):
    """`status` is the HTTP status of the page, `what` failed, `advice` what to do."""

    status = 400
    title = "The launch did not work"

    def __init__(
        self, what: str, advice: str = "Open the app again from the patient's chart.", *, status: int | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.status = status or type(self).status


class UnknownIssuer(LaunchProblem):
    """The `iss` is not a registered EHR."""

    title = "This EHR is not registered"


class BadParameter(LaunchProblem):
    """A missing, double or over-long parameter."""

    title = "The launch link is incomplete"


class StateProblem(LaunchProblem):
    """No pending launch for this state in this browser."""

    title = "This launch cannot be continued"


class EhrRefused(LaunchProblem):
    """The authorization server answered with an error."""

    status = 403
    title = "The EHR did not allow the launch"


class EhrFailed(LaunchProblem):
    """Discovery, token or key request failed or made no sense."""

    status = 502
    title = "The EHR did not answer as it should"


class NoPatient(LaunchProblem):
    """The EHR named no patient."""

    title = "No patient was chosen"


class NoSuchLaunch(LaunchProblem):
    """No live launch for this browser."""

    status = 401
    title = "This session has ended"
