"""References that travel through an EHR: ours are read, whatever was done to them on the way is as none."""

import pytest

from smartapp.factory.references import CardReferences

OLD, NEW, FOREIGN = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32)


@pytest.mark.req("SAL-62", "CDS-50", "CDS-53")
def test_a_reference_is_the_same_each_time_and_read_back() -> None:
    references = CardReferences([NEW])
    assert references.refer("abc") == references.refer("abc")
    assert references.likeness(references.refer("abc")) == "abc"


@pytest.mark.req("SAL-62")
def test_one_made_under_an_older_secret_is_still_read() -> None:
    assert CardReferences([NEW, OLD]).likeness(CardReferences([OLD]).refer("abc")) == "abc"


@pytest.mark.req("SAL-62")
@pytest.mark.parametrize(
    "context",
    [
        "",
        "abc",
        CardReferences([FOREIGN]).refer("abc"),
        CardReferences([NEW]).refer("abc") + "x",
        CardReferences([NEW]).refer("abc").swapcase(),
        "x" * 1000,
        '{"patient": "P2"}',
        "\x00\ud800",
    ],
    ids=range(8),
)
def test_what_is_not_ours_is_as_none(context: str) -> None:
    assert CardReferences([NEW]).likeness(context) == ""
