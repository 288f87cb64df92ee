"""`make soak`: approvals by many hands while the EHR fails and the app's processes are killed, at random; then the orders are counted.

    python -m tests.writeback.soak --approvals 2000 --seconds 2400 --seed 7

One demo EHR in this process, `smartapp serve` with several workers beside it, all on loopback. At the end, with everything working,
each proposal that somebody approved has exactly one order, and each that nobody approved has none; follow-ups and provenances
stand at most once; every page said the truth; the audit trail holds. The seed decides what is tried, not how it interleaves.
"""

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from smartapp.demo.faults import Fault, Faults
from smartapp.storage.audit_verify import verify
from smartapp.storage.database import Database
from tests.writeback.app import Server, Ward, a_server
from tests.writeback.clinician import outcome
from tests.writeback.doings import Attempt, Hands

FHIR_SECONDS = 2.0
LATE_SECONDS = 6 * FHIR_SECONDS  # smartapp/factory/parts.py
_SAVED, _OPEN = "Saved as draft", "Not confirmed"
_PARTS = ("Bundle", "MedicationRequest", "ServiceRequest", "Provenance", "MedicationRequest/_search")
_STATUSES = {
    Fault.REFUSED_WRITE: (403, 409, 412, 422, 429, 500, 503),
    Fault.FAILED_ANSWER: (500, 502, 504),
    Fault.NO_READ_BACK: (403, 500),
}
_FAULTS = (
    *_STATUSES,
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.HELD_BEFORE,
    Fault.HELD_AFTER,
    Fault.NO_BODY,
    Fault.NO_LOCATION,
    Fault.FOREIGN_LOCATION,
    Fault.NO_POST_SEARCH,
    Fault.NO_CONDITIONAL_CREATE,
)
_BESIDE = ((Fault.NO_TRANSACTION, 0.5), (Fault.LAGGING_SEARCH, 0.3), (Fault.IGNORED_CONDITION, 0.3))
"""What this EHR does beside one of them, and how often: an index that lags behind what it stored, conditions that count for nothing."""


@dataclass
class Told:
    """What the run found."""

    seed: int
    attempts: list[Attempt] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    again: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def approved(self) -> list[Attempt]:
        """Those that somebody approved."""
        return [attempt for attempt in self.attempts if attempt.approved]

    def __str__(self) -> str:
        words = Counter(attempt.word or "no page" for attempt in self.approved)
        seen = ", ".join(f"{word} {number}" for word, number in words.most_common())
        return (
            f"{len(self.approved)} approved ({seen}), {len(self.attempts) - len(self.approved)} not; "
            f"{self.again} approved again where nothing stood; {sum(self.faults.values())} faults, {self.kills} kills; "
            f"seed {self.seed}, {self.seconds:.0f} s. {'; '.join(self.wrong) or 'One order for each approved proposal, none for others.'}"
        )


def soak(
    *,
    approvals: int,
    seconds: float,
    seed: int,
    workers: int = 3,
    hands: int = 6,
    kill_seconds: float = 8.0,
    at_least: int = 0,
    url: str = "",
    profile: str = "plain",
    shown: bool = False,
) -> Told:
    """The whole run; `at_least` so many approvals are made even where the machine is slow, `profile` is the EHR's.

    Where nobody may create a MedicationRequest it is cryoprecipitate that is ordered."""
    site = {"cryo_available": True, "product_order": ["cryo", "fc"]} if profile.startswith("epic") else {}
    rng, told, began = random.Random(seed), Told(seed), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fw-soak-") as name:
        database = url or f"sqlite:///{name}/smartapp.db"
        opened = a_server(database, Path(name), seconds=FHIR_SECONDS, workers=workers, profile=profile, **site)
        with opened as (ward, server):
            with _disturbed(ward.hospital.faults, server, rng, told, kill_seconds=kill_seconds):
                ended = _ended(told, until=began + seconds, at_least=at_least)
                _attempt_all(ward, rng, told, approvals=approvals, hands=hands, ended=ended, shown=shown)
            server.await_answer()
            _count(ward, told, hands)
            told.wrong += [f"undeclared: {refusal}" for refusal in ward.hospital.demo.refusals]
        kept = Database(database)
        told.wrong += verify(kept, None).problems
        kept.close()
    told.seconds = time.monotonic() - began
    return told


def _ended(told: Told, *, until: float, at_least: int) -> Callable[[], bool]:
    return lambda: time.monotonic() > until and len(told.approved) >= at_least


def _attempt_all(
    ward: Ward, rng: random.Random, told: Told, *, approvals: int, hands: int, ended: Callable[[], bool], shown: bool
) -> None:
    doing = Hands(ward, rng)
    chosen = [rng.choice(doing.ways) for _ in range(2 * approvals)]
    lock = threading.Lock()

    def work() -> None:
        while not ended():
            with lock:
                if len(told.approved) >= approvals or not chosen:
                    return
                way, patient = chosen.pop(), ward.hospital.admit()
            attempt = way(patient)
            with lock:
                told.attempts.append(attempt)
                if shown and len(told.attempts) % 20 == 0:
                    sys.stderr.write(f"{len(told.approved)} of {approvals} approved, {told.kills} kills\n")

    with ThreadPoolExecutor(hands) as pool:
        for done in as_completed([pool.submit(work) for _ in range(hands)]):
            done.result()


@contextmanager
def _disturbed(
    faults: Faults, server: Server, rng: random.Random, told: Told, *, kill_seconds: float
) -> Iterator[None]:
    """One fault after another, and now and then a kill; at the end everything works."""
    over = threading.Event()

    def fail() -> None:
        while not over.wait(rng.uniform(0.05, 0.4)):
            fault, resource = rng.choice(_FAULTS), rng.choice(_PARTS)
            for beside, share in _BESIDE:
                if rng.random() < share:
                    faults.switch_on(beside, resource="*")
            status = rng.choice(_STATUSES.get(fault, (503,)))
            faults.switch_on(fault, resource=resource, status=status, seconds=rng.uniform(0.1, 1.5 * FHIR_SECONDS))
            told.faults[f"{fault}"] += 1
            over.wait(rng.uniform(0.2, 1.0))
            faults.clear()

    def kill() -> None:
        while not over.wait(rng.uniform(0.5, 1.5) * kill_seconds):
            told.kills += 1
            if rng.random() < 0.1:
                server.kill()
                server.start()
            else:
                server.kill_worker(rng.randrange(server.workers))

    threads = [threading.Thread(target=fail), threading.Thread(target=kill)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
        faults.clear()


def _count(ward: Ward, told: Told, hands: int) -> None:
    with ThreadPoolExecutor(hands) as pool:
        found = list(pool.map(lambda attempt: _settled(ward, attempt), told.attempts))
    told.again = sum(again for _, again in found)
    told.wrong += [wrong for wrong, _ in found if wrong]


def _settled(ward: Ward, attempt: Attempt) -> tuple[str, int]:
    """What is wrong with an attempt, now that everything works, and whether it had to be approved again."""
    counts, again = ward.hospital.counted(attempt.patient), 0
    if attempt.word == _SAVED and counts[0] != 1:
        return f"{attempt.patient}: a page said saved, and {counts[0]} orders stand", 0
    if attempt.approved and attempt.word != _SAVED:
        again = _driven(ward, attempt.patient)
        counts = ward.hospital.counted(attempt.patient)
    expected = int(attempt.approved)
    if counts[0] != expected or max(counts) > 1:
        return f"{attempt.patient}: {counts} orders, follow-ups, provenances instead of {expected}", again
    return "", again


def _driven(ward: Ward, patient: str) -> int:
    """A new launch looks until it is known what stands; where nothing does, it approves. How often it approved."""
    clinician, until = ward.clinician(), time.monotonic() + 3 * LATE_SECONDS
    page = clinician.open(ward.hospital.launch_url(patient))
    while outcome(page) == _OPEN and time.monotonic() < until:
        time.sleep(1)
        page = clinician.again()
    if not any(form.action.endswith("/approve") for form in page.forms):
        return 0
    clinician.press(clinician.to_receipt(page).form("/approve"))
    return 1


def main() -> int:
    """From the command line; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--approvals", type=int, default=2000)
    parser.add_argument(
        "--seconds", type=float, default=2400.0, help="at most so long, and then what was done is counted"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--profile", default="plain", help="the demo EHR's: plain, epic-2026-05, oracle-2026-08")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--hands", type=int, default=6)
    parser.add_argument("--kill-seconds", type=float, default=20.0, help="from one kill to the next, on average")
    parser.add_argument("--database-url", default="", help="else a SQLite file of its own")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are ended too
    sys.stdout.write(f"seed {asked.seed}\n")
    told = soak(
        approvals=asked.approvals,
        seconds=asked.seconds,
        seed=asked.seed,
        workers=asked.workers,
        hands=asked.hands,
        kill_seconds=asked.kill_seconds,
        url=asked.database_url,
        profile=asked.profile,
        shown=True,
    )
    sys.stdout.write(f"{told}\n")
    return int(bool(told.wrong))


if __name__ == "__main__":
    sys.exit(main())
