"""What was granted decides what is shown and what may be done, with the app running (SAL-52 to SAL-62, SAL-88)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartapp.smart.flow import encounter_in
from tests import charts as c
from tests.smart.mock_ehr import CHART, READS, WRITES, MockEhr, mock_ehr
from tests.smart.running import OWN, Visitor, form_of, running, words

LABORATORY = "?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


@pytest.fixture
def foreign() -> Iterator[MockEhr]:
    with mock_ehr() as listening:
        yield listening


def granted(*without: str, more: str = "") -> str:
    """The usual grant but for these types' scopes."""
    scopes = [f"patient/{scope}" for scope in (*READS, *WRITES) if not scope.startswith(without or ("-",))]
    return " ".join(["launch", "openid", "fhirUser", *scopes, *more.split()])


def page_with(mock: MockEhr, visitor: Visitor, scope: str) -> Any:
    mock.token = {"scope": scope}
    return visitor.get(visitor.launched(mock))


@pytest.mark.req("SAL-53")
@pytest.mark.parametrize(
    "scope", ["", "launch openid fhirUser", "patient/Observation.sr patient/observation.rs", "nonsense"]
)
def test_nothing_granted_is_no_all_clear(mock: MockEhr, visitor: Visitor, scope: str) -> None:
    page = page_with(mock, visitor, scope)
    assert "CANNOT ASSESS" in page.text
    assert "not permitted" in page.text
    assert "/approve" not in page.text
    assert mock.clinical() == []


@pytest.mark.req("SAL-53", "SAL-56")
@pytest.mark.parametrize(
    ("lost", "cannot"),
    [
        ("Observation", True),
        ("Condition", False),
        ("Procedure", True),
        ("MedicationAdministration", False),
        ("AllergyIntolerance", False),
        ("Encounter", False),
    ],
)
def test_each_type_that_is_not_granted_is_named_and_not_asked(
    mock: MockEhr, visitor: Visitor, lost: str, cannot: bool
) -> None:
    page = page_with(mock, visitor, granted(lost))
    assert "not permitted" in page.text
    assert not [asked for asked in mock.clinical() if asked.path.startswith(f"/fhir/{lost}")]
    assert "NO REPLACEMENT ADVISED" not in page.text
    if cannot:
        assert "ACT NOW" not in page.text


@pytest.mark.req("SAL-53")
def test_without_create_nothing_can_be_pressed_and_a_forged_press_writes_nothing(
    mock: MockEhr, visitor: Visitor
) -> None:
    whole = visitor.get(visitor.launched(mock))
    action, fields = form_of(whole, "/approve")
    mock.token = {"scope": granted("MedicationRequest.cu", "ServiceRequest.cu")}
    less = visitor.launched(mock)
    page = visitor.get(less)
    assert "not permitted" in page.text
    assert "/approve" not in page.text
    forged = visitor.post(f"{less}proposals/{action.split('/')[-2]}/approve", fields, **OWN)
    assert forged.status_code in (403, 404)
    assert not [asked for asked in mock.asked if asked.method == "POST" and asked.path.startswith("/fhir/")]


@pytest.mark.req("SAL-52", "SAL-53")
@pytest.mark.parametrize(
    "scope",
    [
        "launch openid fhirUser patient/*.cruds",
        "launch openid fhirUser patient/*.*",
        "launch openid fhirUser patient/*.read patient/*.write",
        "openid fhirUser user/*.cruds",
        granted(more="patient/Media.rs offline_access unknown/thing"),
    ],
)
def test_a_grant_that_is_more_or_other_than_asked_for(mock: MockEhr, visitor: Visitor, scope: str) -> None:
    page = page_with(mock, visitor, scope)
    assert "ACT NOW" in page.text
    assert "/approve" in page.text


@pytest.mark.req("SAL-54")
def test_what_a_constrained_grant_hides_is_told(mock: MockEhr, visitor: Visitor) -> None:
    mock.resources = [one for one in CHART if one["id"] != "weight"]
    page = page_with(mock, visitor, granted("Observation", more=f"patient/Observation.rs{LABORATORY}"))
    told = words(page)
    assert "vital signs" in told.lower()
    assert "granted only a part of Observation" in told
    assert "weight not recorded" not in told.lower()


@pytest.mark.req("SAL-56")
def test_a_403_on_one_type_leaves_the_rest(mock: MockEhr, visitor: Visitor) -> None:
    mock.knobs["/fhir/AllergyIntolerance"] = lambda _: (403, {"Content-Type": "application/fhir+json"}, b"{}")
    page = visitor.get(visitor.launched(mock))
    assert "ACT NOW" in page.text
    assert "not permitted" in page.text


@pytest.mark.req("SAL-55")
@pytest.mark.parametrize(
    ("offered", "configured", "style"),
    [
        (["permission-v1"], "", ".read"),
        (["permission-v2"], "", ".rs"),
        (["permission-v1", "permission-v2"], "", ".rs"),
        ([], "", ".rs"),
        (["permission-v2"], "v1", ".read"),
        (["permission-v1"], "v2", ".rs"),
    ],
)
@pytest.mark.parametrize("write_back", [True, False])
def test_scopes_in_the_style_the_ehr_understands(
    mock: MockEhr, tmp_path: Path, offered: list[str], configured: str, style: str, write_back: bool
) -> None:
    mock.discovery = {"capabilities": offered}
    visitor = Visitor(running(tmp_path, mock, scope_style=configured, write_back=write_back))
    scope = visitor.begun(mock)["scope"].split()
    assert f"patient/Observation{style}" in scope
    assert "*" not in "".join(scope)
    assert not {"offline_access", "online_access"} & set(scope)
    assert any("Provenance" in word for word in scope) is write_back


@pytest.mark.req("SAL-82")
def test_a_refresh_token_is_asked_for_only_where_the_site_says_so(mock: MockEhr, tmp_path: Path) -> None:
    visitor = Visitor(running(tmp_path, mock, online_access=True))
    assert "online_access" in visitor.begun(mock)["scope"].split()
    assert "offline_access" not in visitor.begun(mock)["scope"]
    assert "online_access" not in visitor.get("/standalone/ehr-1").headers["Location"]
    assert "online_access" in visitor.get("/.well-known/smart/manifest.json").get_json()["scope"].split()


@pytest.mark.req("SAL-82")
def test_an_ehr_that_gives_refresh_tokens_only_offline_is_asked_so(tmp_path: Path, mock: MockEhr) -> None:
    visitor = Visitor(running(tmp_path, mock, offline_access=True))
    words = visitor.begun(mock)["scope"].split()
    assert ("offline_access" in words, "online_access" in words) == (True, False)
    assert "offline_access" in visitor.get("/.well-known/smart/manifest.json").get_json()["scope"].split()


@pytest.mark.req("SAL-57")
@pytest.mark.parametrize("patient", ["../Practitioner/1", "1?_include=*", "a b", "x" * 65, "", None, 7, ["P1"], "P1\n"])
def test_without_a_proper_patient_nothing_is_read(mock: MockEhr, visitor: Visitor, patient: Any) -> None:
    mock.token = {"patient": patient}
    answer = visitor.refused(mock)
    assert "Open the app again" in answer.text or "open the app again" in answer.text
    assert mock.clinical() == []


@pytest.mark.req("SAL-58")
def test_without_a_patient_the_page_explains_and_there_is_no_picker(mock: MockEhr, visitor: Visitor) -> None:
    mock.token = {"patient": None, "scope": "launch openid fhirUser user/Patient.rs user/Observation.rs"}
    answer = visitor.refused(mock)
    assert "named no patient" in answer.text
    assert "open the app again from that chart" in answer.text
    assert mock.clinical() == []


@pytest.mark.req("SAL-61")
@pytest.mark.parametrize(
    ("context", "encounter"),
    [
        ([{"reference": "ServiceRequest/S1"}, {"reference": "Encounter/E7"}], "E7"),
        ([{"reference": "Encounter/../x"}], ""),
        (
            [
                {"reference": "Encounter/E8", "role": "https://x/parent"},
                {"reference": "Encounter/E7", "role": "launch"},
            ],
            "E7",
        ),
        ([{"reference": "Task/T1"}], ""),
        ([7, {"reference": 7}, {}], ""),
        ({"reference": "Encounter/E7"}, ""),
        (None, ""),
    ],
)
def test_an_encounter_in_the_context_is_read_and_never_required(context: Any, encounter: str) -> None:
    assert encounter_in(context) == encounter


@pytest.mark.req("SAL-57")
@pytest.mark.parametrize("encounter", ["../x", "a b", 7, None, "E1"])
def test_an_odd_encounter_is_left_out(mock: MockEhr, visitor: Visitor, encounter: Any) -> None:
    mock.token = {"encounter": encounter}
    assert "ACT NOW" in visitor.get(visitor.launched(mock)).text
    assert not [asked for asked in mock.asked if "../" in asked.path]


@pytest.mark.req("SAL-59")
@pytest.mark.parametrize("needed", [True, False, None, "false", 0])
def test_identity_stands_on_every_screen_that_can_write(mock: MockEhr, visitor: Visitor, needed: Any) -> None:
    named = c.patient(
        "1990-01-10", name=[{"family": "Roe", "given": ["Jane"]}], gender="female", identifier=[{"value": "MRN-77"}]
    )
    mock.resources[0] = named
    mock.token = {"need_patient_banner": needed}
    page = visitor.get(visitor.launched(mock))
    review = visitor.press(page, "/approve")
    for shown in (page, review, visitor.press(review, "/approve")):
        for fact in ("Jane Roe", "1990-01-10", "MRN-77", "F 36 y"):
            assert fact in shown.text


@pytest.mark.req("SAL-60")
@pytest.mark.parametrize("intent", ["reconcile-medications", "", None, 7])
def test_an_intent_changes_nothing_and_no_style_is_fetched(
    mock: MockEhr, visitor: Visitor, foreign: MockEhr, intent: Any
) -> None:
    mock.token = {"intent": intent, "smart_style_url": f"{foreign.url}/style.json"}
    page = visitor.get(visitor.launched(mock))
    assert "ACT NOW" in page.text
    assert foreign.asked == []
    assert foreign.url not in page.text


@pytest.mark.req("SAL-61", "SAL-88")
def test_context_that_is_not_ours_is_ignored_and_never_followed(
    mock: MockEhr, visitor: Visitor, foreign: MockEhr
) -> None:
    mock.token = {
        "fhirContext": [
            "Observation/9",
            7,
            {},
            {"reference": f"{foreign.base}/Observation/9"},
            {"reference": "Patient/P2", "role": "https://x.example/role"},
            {"canonical": "http://x.example|1"},
            {"identifier": {"value": "1"}, "type": "Observation"},
        ]
    }
    page = visitor.get(visitor.launched(mock))
    assert "Patient/P1" in page.text
    assert foreign.asked == []
    assert not [asked for asked in mock.asked if "P2" in str(asked.query) or asked.path.endswith("/9")]


@pytest.mark.req("SAL-88")
def test_references_to_other_servers_are_not_followed(mock: MockEhr, visitor: Visitor, foreign: MockEhr) -> None:
    away = {"reference": f"{foreign.base}/Specimen/1"}
    practitioner = {"actor": {"reference": f"{foreign.base}/Practitioner/1"}}
    mock.resources = [*CHART[:1], c.infusion(performer=[practitioner]), *CHART[2:]]
    mock.resources[3] = {
        **mock.resources[3],
        "specimen": away,
        "performer": [{"reference": f"{foreign.base}/Organization/1"}],
    }
    assert visitor.get(visitor.launched(mock)).status_code == 200
    assert foreign.asked == []


@pytest.mark.req("SAL-62")
@pytest.mark.parametrize("context", ["not-ours", "x" * 5000, '{"patient": "P2"}', {"patient": "P2"}, "é", 7])
def test_a_context_that_is_not_ours_opens_the_usual_page(mock: MockEhr, visitor: Visitor, context: Any) -> None:
    mock.token = {"appContext": context}
    page = visitor.get(visitor.launched(mock))
    assert "ACT NOW" in page.text
    assert "The card spoke of" not in page.text
    assert not re.search(r"\bP2\b", page.text)  # a random token may hold the two letters
