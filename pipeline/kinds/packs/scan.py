"""The rules of a pack over a whole text, in time that hardly grows with the number of its items."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from pipeline.kinds.packs.schema import Item
from pipeline.types import Span

_BREAK = re.compile("[\n。；;！？]")
_REACH = 240
"""Most characters of a sentence on either side of the word that was looked for."""
_MOST_PLACES = 3


def places_by_rule(items: Sequence[Item], text: str) -> Mapping[str, tuple[Span, ...]]:
    """The first sentences that each item's rule finds, by the item's id; items that are not found are left out.

    Substring search for the words costs next to nothing; a rule is tried only on sentences that hold one of them.
    """
    sentences = Sentences(text)
    found: dict[str, set[Span]] = {}
    for word, holders in _by_word(items).items():
        asking: list[Item] = holders
        at = text.find(word)
        while at >= 0 and asking:
            span = sentences.around(at, at + len(word))
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


class Sentences:
    """Where the sentences and lines of a text end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [found.start() for found in _BREAK.finditer(text)]

    def around(self, start: int, end: int) -> Span:
        """The sentence or line around a word, without the white space at its edges."""
        before, behind = bisect_left(self._breaks, start), bisect_left(self._breaks, end)
        first = max(start - _REACH, self._breaks[before - 1] + 1 if before else 0)
        last = min(end + _REACH, self._breaks[behind] if behind < len(self._breaks) else len(self._text))
        sentence = self._text[first:last]
        return Span(first + len(sentence) - len(sentence.lstrip()), first + len(sentence.rstrip()))
