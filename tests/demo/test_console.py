"""The console cuts what opens doors and shows everything else whole."""

import pytest

from smartapp.demo.console import shortened

LONG = "aB3-" * 12


@pytest.mark.req("SEC-05")
@pytest.mark.parametrize(
    "text",
    [
        f'{{"access_token":"{LONG}"}}',
        f'{{"access_token": "{LONG}"}}',
        f"grant_type=authorization_code&code={LONG}&x=1",
        f"code_verifier={LONG}",
        f"Location: http://app/callback?code={LONG}&state=s",
        f"Authorization: Bearer {LONG}",
        f"client_assertion={LONG}",
    ],
)
def test_tokens_codes_and_assertions_are_cut(text: str) -> None:
    assert LONG not in shortened(text)
    assert LONG[:6] in shortened(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"system":"http://snomed.info/sct","code":"256401009"}',
        "/fhir/Observation?patient=p&code=http://loinc.org|3255-7,http://loinc.org|48664-7",
        "/fhir/Observation?code=http%3A%2F%2Floinc.org%7C3255-7&_sort=-date",
    ],
)
def test_the_codes_of_a_chart_are_shown_whole(text: str) -> None:
    assert shortened(text) == text
