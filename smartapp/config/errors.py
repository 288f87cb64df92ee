"""The one error of configuration, and how all mistakes are found at once."""

from collections.abc import Iterator
from contextlib import contextmanager


class ConfigError(ValueError):
    """A configuration that cannot be used: `mistakes` holds a sentence for each thing that is wrong, in the order of the file."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        """The first one, and how to see the others."""
        more = len(self.mistakes) - 1
        others = f" (and {more} more: smartapp config check names {'it' if more == 1 else 'them all'})" if more else ""
        return f"{self.mistakes[0] if self.mistakes else ''}{others}"


class Mistakes:
    """What was found wrong so far; `beside` goes on after a mistake."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def beside(self) -> Iterator[None]:
        """A step that may fail without ending the search."""
        try:
            yield
        except ConfigError as error:
            self.add(*error.mistakes)

    def add(self, *mistakes: str) -> None:
        """Each is told once."""
        self.found += [mistake for mistake in dict.fromkeys(mistakes) if mistake not in self.found]

    def end(self) -> None:
        """`ConfigError` with all of them, if there are any."""
        if self.found:
            raise ConfigError(*self.found)
