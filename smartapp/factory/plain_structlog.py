"""structlog without rich, which it imports where it finds it, for coloured traces: a tenth of a start, and this log has none."""

import sys

_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # to be imported as if it were not there
try:
    import structlog
finally:
    if _rich is None:
        del sys.modules["rich"]
    else:
        sys.modules["rich"] = _rich

__all__ = ["structlog"]
