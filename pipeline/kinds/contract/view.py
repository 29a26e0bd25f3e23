"""A contract as the rules see it: half-width copy, lines, sentences, and the sums and dates in them, found once."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from pipeline.kinds.numerals import Amount, DateMention, amounts_in, calendar_of
from pipeline.kinds.terms import in_english
from pipeline.lang import Text
from pipeline.types import Document, Evidence, Finding, Severity, Span, Status

# U+FF0E stays: 1．2026年 is a list item, not a decimal
_HALF_WIDTH = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94) if i != 13} | dict(
    zip(
        "\u3000\xa0\u2002\u2003￥“”「」『』【】〔〕—–―─〜‘’﹪•",
        "    ¥" + '"' * 6 + "[][]" + "----" + "~''%·",
        strict=True,
    )
)
_LONGEST_SENTENCE = 1500
"""Longer ones are cut: what reads sentences may then take time that grows with the square of their length."""
_SENTENCE = re.compile(rf"[^。;!?]{{1,{_LONGEST_SENTENCE}}}[。;!?]{{0,9}}|[。;!?]{{1,{_LONGEST_SENTENCE}}}")
_BREAK = re.compile(r"[。;!?]")
_LONGEST_QUOTE = 240
_COMMA = frozenset(",、:")


def flat(text: str) -> str:
    """Copy of ``text`` with half-width forms, character for character, so that every offset stays true."""
    for full, half in _HALF_WIDTH.items():
        text = text.replace(full, half)
    return text


class Sentence(NamedTuple):
    """A sentence, a line without one, or a whole table row (``text`` is flat)."""

    span: Span
    text: str
    line: int


@dataclass(frozen=True)
class View:
    """What all rules share. ``text`` is the flat copy of ``document.text``; spans hold for both."""

    document: Document

    @cached_property
    def text(self) -> str:
        return flat(self.document.text)

    @cached_property
    def lines(self) -> tuple[Span, ...]:
        """Every line without its newline, empty ones too."""
        spans: list[Span] = []
        start = 0
        for line in self.text.split("\n"):
            spans.append(Span(start, start + len(line)))
            start += len(line) + 1
        return tuple(spans)

    @cached_property
    def line_texts(self) -> tuple[str, ...]:
        return tuple(self.text.split("\n"))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """In order; they cover all but blank lines."""
        found: list[Sentence] = []
        for index, (span, text) in enumerate(zip(self.lines, self.line_texts, strict=True)):
            if not text or text.isspace():
                continue
            if len(text) < _LONGEST_SENTENCE and ("\t" in text or not _BREAK.search(text)):
                found.append(Sentence(span, text, index))
                continue
            for match in _SENTENCE.finditer(text):
                found.append(Sentence(Span(span.start + match.start(), span.start + match.end()), match.group(), index))
        return tuple(found)

    @cached_property
    def amounts(self) -> tuple[Amount, ...]:
        return tuple(_whole_amounts(self.text))

    @cached_property
    def _calendar(self) -> tuple[list[DateMention], list[Span]]:
        return calendar_of(self.text)

    @property
    def dates(self) -> list[DateMention]:
        return self._calendar[0]

    @property
    def impossible_dates(self) -> list[Span]:
        return self._calendar[1]

    @cached_property
    def _line_starts(self) -> list[int]:
        return [line.start for line in self.lines]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.span.start for sentence in self.sentences]

    @cached_property
    def _amount_starts(self) -> list[int]:
        return [amount.span.start for amount in self.amounts]

    @cached_property
    def _date_starts(self) -> list[int]:
        return [mention.span.start for mention in self.dates]

    def line_at(self, offset: int) -> int:
        """Index of the line around ``offset``."""
        return max(0, bisect_right(self._line_starts, offset) - 1)

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence around ``offset``, which must lie on a line that is not blank."""
        return self.sentences[max(0, bisect_right(self._sentence_starts, offset) - 1)]

    def sentences_with(self, *words: str) -> list[Sentence]:
        """The sentences that hold one of ``words``, in order. Faster than asking each sentence: words are rare."""
        found: set[int] = set()
        for word in words:
            at = self.text.find(word)
            while at >= 0:
                index = max(0, bisect_right(self._sentence_starts, at) - 1)
                found.add(index)
                at = self.text.find(word, self.sentences[index].span.end)
        return [self.sentences[index] for index in sorted(found)]

    def amounts_of(self, span: Span) -> tuple[Amount, ...]:
        """The sums of money that start inside ``span``."""
        starts = self._amount_starts
        return self.amounts[bisect_left(starts, span.start) : bisect_left(starts, span.end)]

    def dates_of(self, span: Span) -> list[DateMention]:
        """The dates that start inside ``span``."""
        starts = self._date_starts
        return self.dates[bisect_left(starts, span.start) : bisect_left(starts, span.end)]

    def evidence(self, span: Span) -> Evidence:
        """Evidence for exactly ``span``, without the white space around it."""
        text = self.document.text
        start, end = span
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        section = self.document.section_at(start)
        heading = f"{section.number} {section.title}".strip() if section else ""
        return Evidence(text[start:end], Span(start, end), self.document.page_at(start), "exact", heading)

    def quote(self, hit: Span) -> Evidence:
        """Evidence that reads on its own: the sentence or row around ``hit``, shortened at commas if very long."""
        around = self.sentence_at(hit.start).span
        start, end = around.start, around.end
        if hit.end > end:
            end = self.sentence_at(hit.end - 1).span.end
        if end - start > _LONGEST_QUOTE:
            room = max(0, _LONGEST_QUOTE - hit.length) // 2
            start = self._comma_after(max(start, hit.start - room), hit.start) if hit.start - room > start else start
            end = self._comma_before(min(end, hit.end + room), hit.end) if hit.end + room < end else end
        return self.evidence(Span(start, end))

    def _comma_after(self, offset: int, limit: int) -> int:
        return next((i + 1 for i in range(offset, limit) if self.text[i] in _COMMA), offset)

    def _comma_before(self, offset: int, limit: int) -> int:
        return next((i for i in range(offset, limit, -1) if self.text[i] in _COMMA), offset)

    def fact(self, category: str, item: str, value: str, hit: Span, detail: str = "") -> Finding:
        """A fact read off the text around ``hit``."""
        return Finding(category, item, value, "rule", (self.quote(hit),), detail)


_TORN = re.compile(
    r"\d(?P<before> ?\n ?),\d{3}(?!\d)|"
    r"(?:[¥$]|人民币|RMB|CNY|USD) ?\d{1,3}(?:,\d{3})*,(?P<after> ?\n ?)\d{3}(?!\d)"
)
"""A number that reading has broken at its separator: 386 and, on the next line, ,000."""
_TORN_EDGES = ("\n,", "\n ,", ",\n", ", \n")
_TABLE_NEAR = 200


def _whole_amounts(text: str) -> list[Amount]:
    """The sums of money, those put together again that were broken over two lines; where it is unclear how, none."""
    torn = any(edge in text for edge in _TORN_EDGES)
    gaps = [Span(*next(m.span(n) for n in m.groupdict() if m[n])) for m in _TORN.finditer(text)] if torn else []
    if gaps:
        edges = [0, *(edge for gap in gaps for edge in gap), len(text)]
        mended = "".join(text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
        found = [replace(a, span=_before_mending(a.span, gaps)) for a in amounts_in(mended)]
    else:
        found = amounts_in(text)
    return _without_halves(text, found)


def _before_mending(span: Span, gaps: list[Span]) -> Span:
    """Where ``span`` of the text without ``gaps`` lies in the text with them."""
    start, end = span
    for gap in gaps:
        start += gap.length if gap.start <= start else 0
        end += gap.length if gap.start < end else 0
    return Span(start, end)


def _without_halves(text: str, amounts: list[Amount]) -> list[Amount]:
    """Without a sum that starts a line with the second half of a number, nor the first half before it."""
    kept: list[Amount] = []
    for amount in amounts:
        if not _is_second_half(text, amount.span):
            kept.append(amount)
        elif kept and kept[-1].span.end == amount.span.start - 1 and text[kept[-1].span.end - 1].isdigit():
            kept.pop()
    return kept


def _is_second_half(text: str, span: Span) -> bool:
    """Whether digits stand right before and behind a line's end, outside tables."""
    start = span.start
    if start < 2 or text[start - 1] != "\n" or not (text[start - 2].isdigit() and text[start].isdigit()):
        return False
    line = text[text.rfind("\n", max(0, start - _TABLE_NEAR), start - 1) + 1 : start]
    below = text[start : start + _TABLE_NEAR].partition("\n")[0]
    return "\t" not in line and "\t" not in below


@dataclass(frozen=True, slots=True)
class Defect:
    """What a check found, before it becomes a finding: everything but where it stands.

    ``item`` and ``value`` are what scripts go by, whatever the language of the run.
    """

    item: str
    status: Status
    severity: Severity
    value: str
    detail: Text
    suggestion: Text
    legal_basis: str = ""

    def at(self, *evidence: Evidence) -> Finding:
        return Finding(
            "checks", self.item, self.value, "rule", evidence, str(in_words(self.detail)), self.severity, self.status,
            str(in_words(self.suggestion)), self.legal_basis,
        )  # fmt: skip


def in_words(told: Text) -> Text:
    """The same, with sums of money and roles named in English in the English."""
    return Text(told.zh, in_english(told.en))
