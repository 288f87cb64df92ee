"""The table of deliberate breaks, and how one is done to a copy of the tree."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LEFT = shutil.ignore_patterns(
    ".git", ".venv*", "var", "dist", "build", "mutants", "*.egg-info", "__pycache__", ".*_cache"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One protection taken out: `new` in place of `old` in `file`; a test that names one of `rows` must turn red."""

    name: str
    rows: tuple[str, ...]
    file: str
    old: str
    new: str

    def done_to(self, tree: Path) -> str:
        """Break the copy; what the file was, to be put back."""
        path = tree / self.file
        whole = path.read_text()
        if whole.count(self.old) != 1:
            raise LookupError(f"{self.name}: what it takes out stands {whole.count(self.old)} times in {self.file}")
        broken = whole.replace(self.old, self.new)
        if path.suffix == ".py":
            compile(broken, self.file, "exec")
        path.write_text(broken)
        return whole


def read_table() -> list[Break]:
    """The breaks, in order; their numbers count from 1."""
    listed = tomllib.loads((Path(__file__).parent / "breaks.toml").read_text())["break"]
    return [Break(**{**entry, "rows": tuple(entry["rows"])}) for entry in listed]


def copied(to: Path) -> Path:
    """A copy of the tree to break."""
    tree = to / "tree"
    shutil.copytree(ROOT, tree, ignore=_LEFT)
    return tree
