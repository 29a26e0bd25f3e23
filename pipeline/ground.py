"""Find a quote in the source, or say that it is not there.

Three matches, tried in this order, each only within the part that the model read:

``exact``       character for character;
``normalized``  after folding width, white space, quotation marks and the shape of punctuation;
``fuzzy``       after also leaving out commas and the particles 的 了 之, which models drop and add without changing a
                fact, and taking characters for one that recognition confuses (己 已): ``difference`` tells where.

A quote is never shrunk to a fragment that happens to match, and never moved outside its part. Digits, signs, negations
and names are never folded, so a quote with an altered figure is not found; nor is one that a cut has altered: 十日 of
三十日, 5 of 5万元, 得转让 of 不得转让. A quote that stands in several places is placed where its section, else what
surrounds it, speaks most of what it is quoted for.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cached_property
from itertools import islice

from pipeline.types import Document, Evidence, Match, Span

_SAME_PUNCTUATION = str.maketrans("，、；：。！？｡､‚;:!?", "," * 14)
_SAME_SHAPE = str.maketrans("（）【】〔〕［］｛｝《》〈〉－–—―‐‑～〜％＋＝／＊＃＆", "()[][][]{}<><>------~~%+=/*#&")
_DROPPED = frozenset("\"'“”‘’„‟«»「」『』`´＂＇\u200b\u200c\u200d\ufeff\u00ad")
_BARS = frozenset("|｜│")
"""Models write a table row with bars where the text has tabs: a gap, like white space."""
_PARTICLES = frozenset("的了之")
_LOOK_ALIKE = str.maketrans("己巳曰入帐圓圆", "已已日人账元元")
"""Read for one another by recognition, or spelt both ways. Never digits, negations (未 末) or terms of law (定 订)."""
_EDGE = ",. …·*#>|"
"""Stripped from both ends of a folded quote: models add ellipses, bullets and a full stop."""
_HAN_DIGITS = frozenset("零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟")
_SCALES = frozenset("万亿千百仟佰萬億")
_NEGATIONS = ("不", "未", "非", "勿", "无")
_MOST_PLACES = 1000
"""Of a quote that stands more often, the first ones are weighed."""
_AROUND = 80


class Folded:
    """A text folded for comparison, with the way back: ``offsets[i]`` is where ``text[i]`` stood in the original."""

    def __init__(self, source: str, *, strict: bool = True) -> None:
        """``strict`` keeps particles, commas and look-alikes apart."""
        kept: list[str] = []
        offsets = array("i")
        gap = False
        for at, raw in enumerate(source):
            if raw.isspace() or raw in _BARS:
                gap = True
                continue
            if raw in _DROPPED or (not strict and raw in _PARTICLES):
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
        self.text = _fold_points("".join(kept))
        self.offsets = offsets
        if not strict:
            self._loosen()

    def _loosen(self) -> None:
        """Without the commas that aren't inside numbers."""
        text = self.text
        stays = [
            char != "," or (0 < at < len(text) - 1 and text[at - 1].isdigit() and text[at + 1].isdigit())
            for at, char in enumerate(text)
        ]
        self.offsets = array("i", (offset for offset, stay in zip(self.offsets, stays, strict=True) if stay))
        self.text = "".join(char for char, stay in zip(text, stays, strict=True) if stay).translate(_LOOK_ALIKE)

    def places(self, needle: str, span: Span) -> Iterator[Span]:
        """Where a folded needle stands inside ``span`` of the original, in order."""
        first = bisect_left(self.offsets, span.start)
        last = bisect_left(self.offsets, span.end)
        for at in _places(self.text, needle, first, last):
            yield Span(self.offsets[at], self.offsets[at + len(needle) - 1] + 1)


class Locator:
    """Places quotes in one document; folds its text once, and only if an exact search fails."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _folded(self) -> Folded:
        return Folded(self.document.text)

    @cached_property
    def _loose(self) -> Folded:
        return Folded(self.document.text, strict=False)

    def evidence(self, quote: str, part: Span, about: str = "") -> Evidence:
        """Look for ``quote`` inside ``part`` and describe where it stands; ``match`` is ``none`` if it does not.

        ``about``: what it is quoted for. It decides between several places.
        """
        match, span = self.locate(quote, part, about)
        if span is None:
            return Evidence(quote, None, None, "none")
        return evidence_at(self.document, span, quote=quote, match=match)

    def locate(self, quote: str, part: Span, about: str = "") -> tuple[Match, Span | None]:
        text = self.document.text
        bare = quote.strip()
        if len(bare) > 1:
            exact = (Span(at, at + len(bare)) for at in _places(text, bare, part.start, part.end))
            if span := self._best(exact, about):
                return "exact", span
        needle = Folded(quote).text.strip(_EDGE)
        if len(needle) < 2:
            return "none", None
        if span := self._best(self._folded.places(needle, part), about):
            return "normalized", span
        needle = Folded(quote, strict=False).text.strip(_EDGE)
        if len(needle) >= 8 and (span := self._best(self._loose.places(needle, part), about)):
            return "fuzzy", span
        return "none", None

    def _best(self, places: Iterator[Span], about: str) -> Span | None:
        """The place whose section, else whose surroundings, share most with ``about``; the first of equal ones."""
        found = list(islice(places, _MOST_PLACES if about else 1))
        if len(found) < 2:
            return found[0] if found else None
        wanted = _bigrams(about)
        return max(found, key=lambda span: (self._weight(span, about, wanted), -span.start))

    def _weight(self, span: Span, about: str, wanted: set[str]) -> tuple[int, float, int]:
        """First a section that is named in ``about``, then one of a like title, then what stands around."""
        text = self.document.text
        around = text[max(0, span.start - _AROUND) : span.start] + "\n" + text[span.end : span.end + _AROUND]
        titles = [title for title in self._titles(span.start) if title]
        named = max((len(title) for title in titles if len(title) > 1 and title in about), default=0)
        alike = max((_likeness(wanted, _bigrams(title)) for title in titles), default=0.0)
        return named, alike, len(wanted & _bigrams(around))

    def _titles(self, offset: int) -> Iterator[str]:
        """The titles, and the numbers, of the sections around ``offset``."""
        section = self.document.section_at(offset)
        while section is not None:
            yield section.title
            yield section.number
            section = None if section.parent is None else self.document.sections[section.parent]


def difference(quote: str, source: str) -> str:
    """What a fuzzy match left aside: ``原文“总价的10%”，引文“总价10%”``, one for each place that differs."""
    left, right = ("".join(text.split()) for text in (source, quote))
    told: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            told.append(f"原文“{left[max(0, a - 2) : b + 2]}”，引文“{right[max(0, c - 2) : d + 2]}”")
    return "；".join(told)


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


def _bigrams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1) if text[i : i + 2].isalnum()}


def _likeness(one: set[str], other: set[str]) -> float:
    """Dice's coefficient: 1 where both are the same, 0 where they share nothing."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _places(text: str, needle: str, start: int, end: int) -> Iterator[int]:
    """Where ``needle`` stands in ``text`` without a cut that alters it."""
    at = text.find(needle, start, end)
    while at >= 0:
        if not (_is_cut(text, at, at + len(needle))):
            yield at
        at = text.find(needle, at + 1, end)


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether the borders leave out what turns the meaning: part of a number, its scale or sign, a negation."""
    if _splits_number(text, start) or _splits_number(text, end):
        return True
    if text[end - 1].isdigit() and text[end : end + 1] in _SCALES:
        return True
    before = text[start - 1] if start else ""
    if text[max(0, start - 3) : start].rstrip()[-1:] in _NEGATIONS:
        return True
    return text[start].isdigit() and before in ("-", "－", "−") and not _is_word(text[max(0, start - 2) : start - 1])


def _splits_number(text: str, at: int) -> bool:
    """Whether the border before ``text[at]`` lies inside a number such as 1,234.5 or 三十."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if (before.isdigit() and after.isdigit()) or (before in _HAN_DIGITS and after in _HAN_DIGITS):
        return True
    if after in ".,，．" and before.isdigit():
        return at + 1 < len(text) and text[at + 1].isdigit()
    if before in ".,，．" and after.isdigit():
        return at > 1 and text[at - 2].isdigit()
    return False
