"""One EHR that hangs never slows the pages of another; after two charts it is left alone, and that is told."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from werkzeug.test import TestResponse

from tests.smart.mock_ehr import MockEhr, mock_ehr
from tests.smart.running import Visitor, running, words

HANGS_SECONDS = 12.0


def _read(visitor: Visitor, ehr: MockEhr) -> TestResponse:
    return visitor.get(visitor.launched(ehr))


def test_the_other_ehrs_pages_come_as_always(tmp_path: Path) -> None:
    with mock_ehr() as hanging, mock_ehr() as well:
        app = running(tmp_path, hanging, well)
        hanging.takes = lambda _: bool(time.sleep(HANGS_SECONDS)) or True
        with ThreadPoolExecutor(3) as pool:
            slow = [pool.submit(_read, Visitor(app), hanging) for _ in range(2)]
            began = time.monotonic()
            visitor = Visitor(app)
            page = visitor.get(visitor.launched(well))
            seconds = time.monotonic() - began
            pages = [words(shown.result()) for shown in slow]
        assert "ACT NOW" in words(page)
        assert seconds < HANGS_SECONDS / 2
        assert all("could not be read" in shown for shown in pages)
        assert app.test_client().get("/readyz").get_json() == {"status": "ready", "ehrs": {"ehr-1": "open"}}
        third = Visitor(app)
        launched = third.launched(hanging)
        began = time.monotonic()
        told = words(third.get(launched))
        assert time.monotonic() - began < HANGS_SECONDS / 2
        assert "the EHR has not answered for some time" in told
        assert "ACT NOW" in words(visitor.get(visitor.launched(well)))
