"""Cards as the app sent them, their parts as words for the screen, and a memory of those that wait for an answer."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_KEPT = 400
_LONGEST_COMMENT = 500
Suggestion = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card, and which service sent it at which hook about whom."""

    patient: str
    service: str
    hook: str
    body: Mapping[str, Any]

    @property
    def uuid(self) -> str:
        """What feedback names it by; empty if the app gave none."""
        return str(self.body.get("uuid") or "")

    @property
    def likeness(self) -> tuple[str, str, str]:
        """The same for a card that says the same again under another uuid."""
        return str(self.body.get("indicator")), str(self.body.get("summary")), str(_source(self.body).get("url"))

    def suggestion(self, uuid: str) -> Suggestion | None:
        """The suggestion of this uuid."""
        return next((one for one in _objects(self.body, "suggestions") if uuid and one.get("uuid") == uuid), None)

    def reason(self, code: str) -> Mapping[str, Any] | None:
        """The override reason of this code."""
        return next((one for one in _objects(self.body, "overrideReasons") if code and one.get("code") == code), None)


@dataclass(frozen=True, slots=True)
class Override:
    """Why a card was not followed: one of its reasons (a Coding), and free text; both may be absent."""

    reason: Mapping[str, Any] | None
    comment: str = ""


def override(card: ShownCard, code: str, comment: str) -> Override:
    """From a form's fields."""
    return Override(card.reason(code), comment.strip()[:_LONGEST_COMMENT])


@dataclass(slots=True)
class Waiting:
    """The cards on any screen that were not answered yet, by uuid; each is answered once."""

    _cards: OrderedDict[str, ShownCard] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, cards: Iterable[ShownCard]) -> None:
        """Remember these; the oldest are forgotten."""
        with self._lock:
            self._cards.update((card.uuid, card) for card in cards if card.uuid)
            while len(self._cards) > _KEPT:
                self._cards.popitem(last=False)

    def take(self, patient: str, uuid: str) -> ShownCard | None:
        """The card, for the one who answers it first."""
        with self._lock:
            card = self._cards.get(uuid)
            return self._cards.pop(uuid) if card is not None and card.patient == patient else None

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._cards.clear()


def in_words(card: ShownCard) -> dict[str, Any]:
    """A card's parts as the screens print them."""
    body, links = card.body, _objects(card.body, "links")
    indicator = body.get("indicator")
    return {
        "uuid": card.uuid,
        "indicator": indicator if indicator in ("critical", "warning", "info") else "info",
        "summary": str(body.get("summary", "")),
        "detail": str(body.get("detail", "")),
        "source": str(_source(body).get("label", "")),
        "suggestions": [_suggestion(one) for one in _objects(body, "suggestions")],
        "reasons": [_reason(one) for one in _objects(body, "overrideReasons")],
        "launches": [
            (_text(link, "label"), _text(link, "appContext")) for link in links if link.get("type") == "smart"
        ],
        "absolute": [(_text(link, "label"), _text(link, "url")) for link in links if _is_web(link)],
    }


def _suggestion(one: Mapping[str, Any]) -> dict[str, Any]:
    actions = [_text(action, "description") for action in _objects(one, "actions")]
    return {"uuid": _text(one, "uuid"), "label": _text(one, "label"), "actions": actions}


def _reason(one: Mapping[str, Any]) -> tuple[str, str]:
    return _text(one, "code"), _text(one, "display") or _text(one, "code")


def _is_web(link: Mapping[str, Any]) -> bool:
    return link.get("type") == "absolute" and _text(link, "url").startswith(("http://", "https://"))


def _text(of: Mapping[str, Any], name: str) -> str:
    return str(of.get(name) or "")


def _source(body: Mapping[str, Any]) -> Mapping[str, Any]:
    source = body.get("source")
    return source if isinstance(source, dict) else {}


def _objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = body.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
