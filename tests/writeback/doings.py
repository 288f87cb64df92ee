"""What clinicians do with a proposal in `make soak`, one way each."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from tests import charts
from tests.web.browsing import Page
from tests.writeback.app import Ward
from tests.writeback.clinician import Clinician, outcome

_RESTART_SECONDS = 180.0  # a busy machine takes its time to start a server


@dataclass
class Attempt:
    """What one clinician did to one patient's proposal, and the last word that a page said of it."""

    patient: str
    approved: bool
    word: str = ""


class Hands:
    """What clinicians do, one way each; every way returns whether the last press was made."""

    def __init__(self, ward: Ward, rng: random.Random) -> None:
        self.ward, self.rng = ward, rng
        self.ways: tuple[Callable[[str], Attempt], ...] = (
            *[self.once] * 5,
            self.twice_at_once,
            self.twice_in_a_row,
            self.in_two_launches,
            self.after_a_change_in_another_tab,
            self.never,
            self.not_now,
            self.after_a_new_result,
        )

    def receipt(self, patient: str) -> tuple[Clinician, Page]:
        """At the last press; a server that is just killed is waited for."""
        until = time.monotonic() + _RESTART_SECONDS
        while time.monotonic() < until:
            clinician = self.ward.clinician()
            try:
                return clinician, clinician.to_receipt(clinician.open(self.ward.hospital.launch_url(patient)))
            except (requests.RequestException, StopIteration, AssertionError):
                time.sleep(0.5)
        raise TimeoutError("the app did not come back")

    def pressed(self, clinician: Clinician, page: Page) -> str:
        """The last press; the word on the page it leads to, empty if the answer is lost."""
        try:
            return outcome(clinician.press(page.form("/approve")))
        except (requests.RequestException, AssertionError):
            return ""

    def once(self, patient: str) -> Attempt:
        return Attempt(patient, True, self.pressed(*self.receipt(patient)))

    def twice_at_once(self, patient: str) -> Attempt:
        clinician, page = self.receipt(patient)
        with ThreadPoolExecutor(2) as both:
            words = list(both.map(lambda _: self.pressed(clinician, page), range(2)))
        return Attempt(patient, True, next(filter(None, words), ""))

    def twice_in_a_row(self, patient: str) -> Attempt:
        clinician, page = self.receipt(patient)
        first = self.pressed(clinician, page)
        return Attempt(patient, True, self.pressed(clinician, page) or first)

    def in_two_launches(self, patient: str) -> Attempt:
        there = [self.receipt(patient), self.receipt(patient)]
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda one: self.pressed(*one), there))
        return Attempt(patient, True)  # one of the pages rightly says Not saved

    def after_a_change_in_another_tab(self, patient: str) -> Attempt:
        clinician, page = self.receipt(patient)
        try:
            changed = clinician.press(page.forms[1], dose_mg="3000")  # back to the dose review
            changed = clinician.press(changed.form("/approve"), dose_mg="2000")
        except (requests.RequestException, AssertionError, StopIteration, IndexError):
            return Attempt(patient, True, self.pressed(clinician, page))
        self.pressed(clinician, page)  # the old receipt: refused
        return Attempt(patient, True, self.pressed(clinician, changed))

    def never(self, patient: str) -> Attempt:
        self.receipt(patient)
        return Attempt(patient, False)

    def not_now(self, patient: str) -> Attempt:
        clinician, page = self.receipt(patient)
        try:
            review = clinician.press(page.forms[1])
            clinician.press(review.form("/decline"), reason="need-more-info")
        except (requests.RequestException, AssertionError, StopIteration, IndexError):
            pass
        return Attempt(patient, False)

    def after_a_new_result(self, patient: str) -> Attempt:
        clinician, page = self.receipt(patient)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.ward.hospital.add(patient, charts.fibrinogen("2.6", id_="newer", effectiveDateTime=moment))
        word = self.pressed(clinician, page)
        return Attempt(patient, False, word)
