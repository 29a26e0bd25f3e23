"""Find a quote in the source, or say that it is not there.

Three matches, tried in this order, each only within the part that the model read:

``exact``       character for character;
``normalized``  after folding width, white space, quotation marks and the shape of punctuation;
``fuzzy``       after also leaving out the particles 的 了 之, which models drop and add without changing a fact.

A quote is never shrunk to a fragment that happens to match, and never moved outside its part. Digits, signs, negations
and names are never folded, so a quote with an altered figure is not found.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from functools import cached_property

from pipeline.types import Document, Evidence, Match, Span

_SAME_PUNCTUATION = str.maketrans("，、；：。！？｡､‚;:!?", "," * 14)
_SAME_SHAPE = str.maketrans("（）【】〔〕［］｛｝《》〈〉－–—―‐‑～〜％＋＝／＊＃＆", "()[][][]{}<><>------~~%+=/*#&")
_DROPPED = frozenset("\"'“”‘’„‟«»「」『』`´＂＇\u200b\u200c\u200d\ufeff\u00ad")
_BARS = frozenset("|｜│")
"""Models write a table row with bars where the text has tabs: a gap, like white space."""
_PARTICLES = frozenset("的了之")
_EDGE = ",. …·*#>|"
"""Stripped from both ends of a folded quote: models add ellipses, bullets and a full stop."""


class Folded:
    """A text folded for comparison, with the way back: ``offsets[i]`` is where ``text[i]`` stood in the original."""

    def __init__(self, source: str, *, particles: bool = True) -> None:
        kept: list[str] = []
        offsets = array("i")
        gap = False
        for at, raw in enumerate(source):
            if raw.isspace() or raw in _BARS:
                gap = True
                continue
            if raw in _DROPPED or (not particles and raw in _PARTICLES):
                continue
            folded = raw if "a" <= raw <= "z" or "一" <= raw <= "鿿" else _fold(raw)
            # white space between two Latin letters or digits is a boundary: "12 5" is not "125"
            if gap and kept and _is_word(kept[-1]) and _is_word(folded[0]):
                kept.append(" ")
                offsets.append(at - 1)
            gap = False
            for char in folded:
                kept.append(char)
                offsets.append(at)
        self.offsets = offsets
        self.text = _fold_points("".join(kept))

    def find(self, needle: str, span: Span) -> Span | None:
        """The first occurrence of a folded needle inside ``span`` of the original."""
        first = bisect_left(self.offsets, span.start)
        last = bisect_left(self.offsets, span.end)
        at = self.text.find(needle, first, last)
        while at >= 0 and self._cuts_a_number(at, at + len(needle)):
            at = self.text.find(needle, at + 1, last)
        if at < 0:
            return None
        return Span(self.offsets[at], self.offsets[at + len(needle) - 1] + 1)

    def _cuts_a_number(self, start: int, end: int) -> bool:
        """Whether the match starts or ends inside a run of digits: 5% is not evidence for 15%."""
        return _splits_number(self.text, start) or _splits_number(self.text, end)


class Locator:
    """Places quotes in one document; folds its text once, and only if an exact search fails."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _folded(self) -> Folded:
        return Folded(self.document.text)

    @cached_property
    def _bare(self) -> Folded:
        return Folded(self.document.text, particles=False)

    def evidence(self, quote: str, part: Span) -> Evidence:
        """Look for ``quote`` inside ``part`` and describe where it stands; ``match`` is ``none`` if it does not."""
        match, span = self.locate(quote, part)
        if span is None:
            return Evidence(quote, None, None, "none")
        return evidence_at(self.document, span, quote=quote, match=match)

    def locate(self, quote: str, part: Span) -> tuple[Match, Span | None]:
        text = self.document.text
        bare = quote.strip()
        at = text.find(bare, part.start, part.end) if len(bare) > 1 else -1
        while at >= 0 and (_splits_number(text, at) or _splits_number(text, at + len(bare))):
            at = text.find(bare, at + 1, part.end)
        if at >= 0:
            return "exact", Span(at, at + len(bare))
        needle = Folded(quote).text.strip(_EDGE)
        if len(needle) < 2:
            return "none", None
        if span := self._folded.find(needle, part):
            return "normalized", span
        needle = Folded(quote, particles=False).text.strip(_EDGE)
        if len(needle) >= 8 and (span := self._bare.find(needle, part)):
            return "fuzzy", span
        return "none", None


def evidence_at(document: Document, span: Span, *, quote: str | None = None, match: Match = "exact") -> Evidence:
    """Evidence for a span whose place is known."""
    section = document.section_at(span.start)
    return Evidence(
        quote=document.text[span.start : span.end] if quote is None else quote,
        span=span,
        page=document.page_at(span.start),
        match=match,
        section=f"{section.number} {section.title}".strip() if section else "",
    )


def _fold(char: str) -> str:
    char = char.translate(_SAME_SHAPE).translate(_SAME_PUNCTUATION)
    return unicodedata.normalize("NFKC", char).casefold() or char


def _fold_points(text: str) -> str:
    """A full stop at a sentence's end is the same as a comma there; one between digits is a decimal point."""
    if "." not in text:
        return text
    chars = list(text)
    at = text.find(".")
    while at >= 0:
        inside = 0 < at < len(text) - 1 and text[at - 1].isdigit() and text[at + 1].isdigit()
        if not inside:
            chars[at] = ","
        at = text.find(".", at + 1)
    return "".join(chars)


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _splits_number(text: str, at: int) -> bool:
    """Whether the border before ``text[at]`` lies inside a number such as 1,234.5."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isdigit() and after.isdigit():
        return True
    if after in ".,，．" and before.isdigit():
        return at + 1 < len(text) and text[at + 1].isdigit()
    if before in ".,，．" and after.isdigit():
        return at > 1 and text[at - 2].isdigit()
    return False
