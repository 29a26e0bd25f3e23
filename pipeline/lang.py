"""The two languages of every message that a user reads: Chinese first, English beside."""

from __future__ import annotations

from typing import Literal, NamedTuple

Lang = Literal["zh", "en"]

_current: Lang = "zh"


def set_language(lang: Lang) -> None:
    """Set the language of all messages in this process; called once, where settings are read."""
    global _current
    _current = lang


def language() -> Lang:
    """Return the language set by :func:`set_language` (``zh`` before that)."""
    return _current


class Text(NamedTuple):
    """One message in both languages; ``str()`` gives it in the current one."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if _current == "zh" else self.en
