"""What the desk tells the pages when a step cannot be taken."""


class CannotApprove(Exception):
    """A proposal that may no longer be approved."""

    status = 409
    title = "This can no longer be approved"
    advice = "Go back to the patient page: it shows what is advised now."

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NotInThisLaunch(Exception):
    """A proposal of another launch, or none at all."""

    status = 404
    title = "Not found"
    what = "There is no such proposal in this launch."
    advice = "Go back to the patient page."
