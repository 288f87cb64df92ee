"""What the desk tells the pages when a step cannot be taken."""


class CannotApprove(Exception):
    """A proposal that may no longer be approved."""

    status = 409
    title = "This can no longer be approved"
    advice = "Go back to the patient page: it shows what is advised now."

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class CannotWithdraw(CannotApprove):
    """An order that was not taken back."""

    title = "This order was not withdrawn"
    advice = "Open the patient page: it says how the order stands. It may have to be cancelled in the EHR."


class NotInThisLaunch(Exception):
    """A proposal of another launch, or none at all."""

    status = 404
    title = "Not found"
    what = "There is no such proposal in this launch."
    advice = "Go back to the patient page."


class NoReceipt(Exception):
    """A proposal that is not decided yet, or was decided before receipts were kept."""

    status = 404
    title = "No receipt"
    what = "There is no decision receipt for this proposal."
    advice = "Receipts are made when an order is approved or declined. Go back to the patient page."
