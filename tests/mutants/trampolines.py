"""mutmut's mutants without its trampolines: those ask before every call which mutant is on, which takes most of the time of a test.

A mutant is a function beside the one it was made from. Here it takes that one's place, and all others run as they are. mutmut is imported late: it is
installed only where mutants are tried.
"""

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

Decorator = Callable[[FunctionType], Any]
Mutants = Mapping[str, FunctionType]


def function_of(name: str) -> str:
    """The mutated function, as mutmut calls it: `smartapp.clinical.labs.xǁLabSeriesǁ__len__`."""
    return name.rpartition("__mutmut_")[0]


class Swaps:
    """Every function that has mutants; to be made before the core is imported."""

    def __init__(self) -> None:
        from mutmut.mutation import trampoline  # noqa: PLC0415 - not installed elsewhere

        self._known: list[tuple[FunctionType, Mutants]] = []
        trampoline.wrap_in_trampoline = self._remembering  # type: ignore[assignment]

    def _remembering(self, mutants: Mutants, is_classmethod: bool = False) -> Decorator:
        def decorated(function: FunctionType) -> FunctionType:
            self._known.append((function, mutants))
            return function

        return decorated

    def turn_on(self, name: str) -> None:
        """From here on the function behaves as the mutant of that name."""
        module, _, short = name.rpartition(".")
        for function, mutants in self._known:
            if function.__module__ == module and short in mutants:
                mutant = mutants[short]
                function.__code__, function.__defaults__ = mutant.__code__, mutant.__defaults__
                function.__kwdefaults__ = mutant.__kwdefaults__
                return
        raise LookupError(name)


def only_for(name: str) -> None:
    """Leave the trampoline to the function of this mutant alone, before the core is imported: so it is also seen while it is imported."""
    from mutmut.mutation import trampoline  # noqa: PLC0415 - not installed elsewhere

    module, _, mangled = function_of(name).rpartition(".")
    wrap = trampoline.wrap_in_trampoline

    def chosen(mutants: Any, is_classmethod: bool = False) -> Decorator:
        def decorated(function: FunctionType) -> Any:
            own = function.__module__ == module and mangled.replace("ǁ", "_").endswith(f"_{function.__name__}")
            return wrap(mutants, is_classmethod)(function) if own else function

        return decorated

    trampoline.wrap_in_trampoline = chosen  # type: ignore[assignment]
