"""The passages of one document that are likeliest to speak of something.

Ranked by BM25 over jieba words and character bigrams: words know what belongs together, bigrams forgive what a
dictionary doesn't know (FACTS.md section 6: of bigrams alone, 99.8 % of phrases). A section's title counts for its
whole passage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log

from pipeline.types import Document, Span

_LONGEST_PASSAGE = 700
_TITLE_WEIGHT = 3
_K1, _B = 1.2, 0.6
_HAN = re.compile(r"[㐀-鿿]+")
_LATIN = re.compile(r"[a-z][a-z0-9]+|\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Index:
    """The passages of a document and the terms in them, counted when first asked."""

    document: Document

    def best(self, query: str, count: int) -> list[Span]:
        """At most ``count`` passages that share a term with ``query``, the likeliest first."""
        scores: dict[int, float] = {}
        for term in _terms_of_query(query):
            holders = self._postings.get(term, {})
            rarity = log(1 + (len(self._passages) - len(holders) + 0.5) / (len(holders) + 0.5))
            for at, times in holders.items():
                length = self._passages[at][0].length / self._mean_length
                score = rarity * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * length))
                scores[at] = scores.get(at, 0.0) + score
        return [self._passages[at][0] for at in sorted(scores, key=lambda at: (-scores[at], at))[:count]]

    def around(self, offset: int) -> Span:
        """The passage that holds ``offset``."""
        return next(span for span, _ in reversed(self._passages) if span.start <= offset)

    @cached_property
    def _passages(self) -> list[tuple[Span, str]]:
        return list(_passages(self.document))

    @cached_property
    def _mean_length(self) -> float:
        return sum(span.length for span, _ in self._passages) / len(self._passages)

    @cached_property
    def _postings(self) -> dict[str, dict[int, int]]:
        postings: dict[str, dict[int, int]] = {}
        for at, (span, title) in enumerate(self._passages):
            counts = Counter(_terms(self.document.text[span.start : span.end]))
            for term in _terms(title):
                counts[term] += _TITLE_WEIGHT
            for term, times in counts.items():
                postings.setdefault(term, {})[at] = times
        return postings


@lru_cache(4096)
def _terms_of_query(query: str) -> tuple[str, ...]:
    """Of a question that is asked of every document."""
    return tuple(dict.fromkeys(_terms(query)))


def _terms(text: str) -> Iterator[str]:
    """Words of two characters or more, and all bigrams of Han characters."""
    import rjieba  # 0.3 s and 34 MB, for who searches

    text = text.casefold()
    yield from _LATIN.findall(text)
    for run in _HAN.findall(text):
        yield from (run[at : at + 2] for at in range(len(run) - 1))
        yield from (word for word in rjieba.cut(run) if len(word) > 2)  # those of two are bigrams already


def _passages(document: Document) -> Iterator[tuple[Span, str]]:
    """Passages that tile the text, each with the titles over it: sections' own texts, long ones cut at line ends."""
    text = document.text
    starts = sorted({0, *(section.span.start for section in document.sections)})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        section = document.section_at(start)
        title = section.title if section else ""
        if section and section.parent is not None:
            title = f"{document.sections[section.parent].title} {title}"
        while start < end:
            last = end if end - start <= _LONGEST_PASSAGE else _cut(text, start, start + _LONGEST_PASSAGE)
            yield Span(start, last), title
            start = last


def _cut(text: str, start: int, end: int) -> int:
    """Where to end a passage at ``end`` or before: after a line, else after a sentence."""
    for mark in ("\n", "。"):
        at = text.rfind(mark, start + (end - start) // 3, end)
        if at >= 0:
            return at + 1
    return end
