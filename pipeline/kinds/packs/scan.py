"""The rules of a pack over a whole text, in time that hardly grows with the number of its items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.kinds.packs.schema import Item
from pipeline.types import Span

_BREAKS = ("\n", "。", "；", ";", "！", "？")
_REACH = 240
"""Most characters of a sentence on either side of the word that was looked for."""
_MOST_PLACES = 3


def places_by_rule(items: Sequence[Item], text: str) -> Mapping[str, tuple[Span, ...]]:
    """The first sentences that each item's rule finds, by the item's id; items that are not found are left out.

    Substring search for the words costs next to nothing; a rule is tried only on sentences that hold one of them.
    """
    found: dict[str, set[Span]] = {}
    for word, holders in _by_word(items).items():
        asking: list[Item] = holders
        at = text.find(word)
        while at >= 0 and asking:
            span = sentence_around(text, at, at + len(word))
            sentence = text[span.start : span.end]
            for item in asking:
                if span not in found.get(item.id, ()) and item.rules(sentence):
                    found.setdefault(item.id, set()).add(span)
            asking = [item for item in asking if len(found.get(item.id, ())) < _MOST_PLACES]
            at = text.find(word, span.end)
    return {name: tuple(sorted(spans)[:_MOST_PLACES]) for name, spans in found.items()}


def _by_word(items: Sequence[Item]) -> dict[str, list[Item]]:
    by_word: dict[str, list[Item]] = {}
    for item in (item for item in items if item.rule):
        for word in item.words:
            by_word.setdefault(word, []).append(item)
    return by_word


def sentence_around(text: str, start: int, end: int) -> Span:
    """The sentence or line around a word, without the white space at its edges."""
    first = max(0, start - _REACH, *(text.rfind(mark, max(0, start - _REACH), start) + 1 for mark in _BREAKS))
    ends = (text.find(mark, end, end + _REACH) for mark in _BREAKS)
    last = min((at for at in ends if at >= 0), default=min(len(text), end + _REACH))
    sentence = text[first:last]
    return Span(first + len(sentence) - len(sentence.lstrip()), first + len(sentence.rstrip()))
