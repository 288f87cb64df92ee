"""docs/configuration.md tells of every setting, and its example can be loaded."""

import base64
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from smartapp.config.load import load_settings
from smartapp.config.settings import Budgets, CdsClient, Ehr, Limits, RetentionSettings, Settings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


@pytest.mark.parametrize("model", [Settings, Limits, Budgets, RetentionSettings, Ehr, CdsClient])
def test_every_setting_has_its_entry(model: type[BaseModel]) -> None:
    text = DOCUMENT.read_text()
    assert [name for name in model.model_fields if name not in text] == []


def test_the_example_loads(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert example is not None
    (tmp_path / "site.toml").write_text(example.group(1))
    (tmp_path / "secret_key").write_text(base64.urlsafe_b64encode(bytes(range(32))).decode())
    settings = load_settings(tmp_path / "site.toml", {})
    assert settings.ehr[0].name == "st-x"
    assert str(settings.site["replace_below"]["moderate"]) == "1.2"
    assert settings.limits.idle_minutes == 15
