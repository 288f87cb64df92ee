"""What the doctor found, printed as it comes, with progress on a terminal."""

from collections.abc import Callable

from smartapp.cli.doctor import examined, summary
from smartapp.cli.doctor.findings import CheckMark, Sentence
from smartapp.config.settings import Settings


def told(settings: Settings, say: Callable[[str], None]) -> int:
    """Ask and print; the exit code: 0 all well, 1 found wanting."""
    from rich.console import Console  # noqa: PLC0415 - only where there is something to show
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    found: list[Sentence] = []
    for name, ask in track(
        list(examined(settings)), "Asking", console=console, disable=not console.is_terminal, transient=True
    ):
        sentences = ask()
        say("\n".join(("", name, *map(str, sentences))))
        found += sentences
    say(f"\n{summary(found)}")
    return int(any(sentence.mark is CheckMark.WANTING for sentence in found))
