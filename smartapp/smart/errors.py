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


class CookieLost(StateProblem):
    """The browser sent no cookie of any launch: many block cookies of a page inside another site's page (SEC-02).

    `elsewhere` is where the app can be opened in a window of its own.
    """

    title = "The browser kept no cookie"

    def __init__(self, elsewhere: str) -> None:
        super().__init__(
            "The browser did not keep this app's cookie, as browsers do where a page inside another site's page may set none. "
            "Without it nobody can tell this launch from a stranger's, so nothing was opened.",
            "Open the app in a new window, where its cookie is kept, or from the chart in a browser that allows it.",
        )
        self.elsewhere = elsewhere


class LaunchRefused(LaunchProblem):
    """The authorization server answered with an error."""

    status = 403
    title = "The EHR did not allow the launch"


class GrantEnded(LaunchRefused):
    """`invalid_grant`: the code or refresh token is not, or no longer, good."""


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
