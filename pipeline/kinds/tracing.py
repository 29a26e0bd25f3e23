"""Every figure in prose that a model wrote: is it in the source?

Figures are compared by worth, not by spelling: 1.2亿元 is 120,000,000.00 元, 百分之五 is 5%.
A figure that the source doesn't have may still be right (a sum, a proposal); the reader is told that it is the model's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from pipeline.kinds.contract.amounts import PERCENT, parse_rate
from pipeline.kinds.numerals import HAN_NUMBER, amounts_in, calendar_of, parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding

_SPACE = re.compile(r"(?<=\d) (?=[\d,.%])")
_DAY_OF_MONTH = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s?[年\-/.]\s?)?(?P<month>\d{1,2})\s?月(?:\s?(?P<day>\d{1,2})\s?[日号])?"
)
_RATE = re.compile(PERCENT)
_NUMBER = re.compile(r"(?<![\d.A-Za-z])\d[\d,，]*(?:\.\d+)*(?![\d])\s?(?P<scale>[万亿])?")
_HAN = re.compile(
    rf"(?<![分第]){HAN_NUMBER}{{1,9}}(?=\s?(?:个|日|天|年|月|周|倍|元|万|亿|次|份|台|套|人|名|期|%|成|折))"
)
_ANY_HAN = re.compile(rf"{HAN_NUMBER}{{1,9}}")
_LAW = re.compile(
    rf"(?:《[^》\n]{{1,60}}》|民法典|[\u4e00-\u9fa5]{{1,16}}(?:法|条例|解释|规定|办法))(?:[(（][^()（）\n]{{0,30}}[)）])?"
    rf"(?:第(?:{HAN_NUMBER}|\d){{1,6}}条(?:之{HAN_NUMBER})?(?:第?(?:{HAN_NUMBER}|\d){{1,3}}[款项])?[、和及至]?)+"
)
_ENUMERATION = re.compile(r"(?:^|[\n。；;：:，,])\s*[（(]?\d{1,2}[)）、.．](?!\d)")
_SCALES = {"万": 10**4, "亿": 10**8}
_TABLE_UNITS = tuple(Decimal(10) ** power for power in (0, 3, 4, 6, 8))
"""A bare number may stand in a table of 元, 千元, 万元, 百万元 or 亿元."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The worth of every figure of a source."""

    numbers: frozenset[Decimal]
    rates: frozenset[Decimal]
    days: frozenset[str]
    """``2026-03-01``, ``2026-03``, and without the year ``--03-01``."""

    @classmethod
    def of(cls, text: str) -> Figures:
        numbers: set[Decimal] = set()
        rates: set[Decimal] = set()
        days: set[str] = set()
        for sort, worth, _ in _figures(_joined(text)):
            if isinstance(worth, str):
                days |= {worth, worth[:7], f"-{worth[4:]}"} if worth[0] != "-" else {worth}
            else:
                (rates if sort == "rate" else numbers).add(worth)
        numbers |= {Decimal(n) for m in _ANY_HAN.finditer(text) if (n := parse_han_number(m.group())) is not None}
        numbers |= {Decimal(n.replace(",", "")) for n in _PLAIN.findall(text)}
        return cls(frozenset(numbers), frozenset(rates), frozenset(days))

    def lacks(self, prose: str) -> list[str]:
        """The figures of ``prose`` that the source doesn't have, as printed, each once."""
        prose = _joined(prose)
        return list(dict.fromkeys(prose[start:end] for start, end in self._strange(prose)))

    def marked(self, prose: str, mark: str, reckoned: Figures) -> tuple[str, list[str]]:
        """``prose`` with ``mark`` behind each figure that neither the source nor ``reckoned`` has; these figures."""
        joined = _joined(prose)
        places = sorted({*self._strange(joined)} & {*reckoned._strange(joined)})
        if not places:
            return prose, []
        ends = [0, *(end for _, end in places)]
        pieces = [joined[start:end] for start, end in pairwise(ends)]
        return mark.join([*pieces, joined[ends[-1] :]]), list(dict.fromkeys(joined[slice(*at)] for at in places))

    def _strange(self, prose: str) -> list[tuple[int, int]]:
        """Where the figures stand that the source doesn't have."""
        prose = _ENUMERATION.sub(lambda m: " " * len(m.group()), _LAW.sub(lambda m: " " * len(m.group()), prose))
        return [at for sort, worth, at in _figures(prose) if not self._has(sort, worth)]

    def _has(self, sort: str, worth: Decimal | str) -> bool:
        if isinstance(worth, str):
            return worth in self.days
        if sort == "rate":
            return worth in self.rates
        if sort == "sum":
            return any(worth / unit in self.numbers for unit in _TABLE_UNITS)
        return worth in self.numbers


_PLAIN = re.compile(r"\d[\d,]*(?:\.\d+)?(?<!,)")


def _joined(text: str) -> str:
    """``text`` with its figures in one piece each."""
    return _SPACE.sub("", text)


def _figures(rest: str) -> Iterator[tuple[str, Decimal | str, tuple[int, int]]]:
    """(sort, worth, place) of every figure; what was read as one sort is not read again as another."""
    mentions, _ = calendar_of(rest)
    yield from (("day", m.date.isoformat(), (m.span.start, m.span.end)) for m in mentions)
    rest = _without(rest, ((m.span.start, m.span.end) for m in mentions))
    partial = [m for m in _DAY_OF_MONTH.finditer(rest) if m["year"] or m["day"]]
    for match in partial:
        day = f"-{int(match['day']):02d}" if match["day"] else ""
        yield "day", f"{match['year'] or '-'}-{int(match['month']):02d}{day}", match.span()
    rest = _without(rest, (m.span() for m in partial))
    rates = list(_RATE.finditer(rest))
    yield from (("rate", share, m.span()) for m in rates if (share := parse_rate(m.group())) is not None)
    rest = _without(rest, (m.span() for m in rates))
    sums = amounts_in(rest)
    yield from (("sum", a.yuan, (a.span.start, a.span.end)) for a in sums)
    rest = _without(rest, ((a.span.start, a.span.end) for a in sums))
    for match in _NUMBER.finditer(rest):
        printed = match.group().rstrip()
        bare = printed.rstrip("万亿 ").replace(",", "").replace("，", "").rstrip(".")
        if bare.count(".") <= 1:
            scale = _SCALES.get(match["scale"] or "", 1)
            place = match.start(), match.start() + len(printed)
            yield ("sum" if scale > 1 else "number"), Decimal(bare) * scale, place
    for match in _HAN.finditer(rest):
        if (count := parse_han_number(match.group())) is not None:
            yield "number", Decimal(count), match.span()


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = list[str](), 0
    for start, end in sorted(spans):
        pieces += [text[at:start], " " * (end - max(start, at))]
        at = max(at, end)
    return "".join([*pieces, text[at:]])


_FIELDS = (
    ("value", Text("内容", "value")), ("detail", Text("说明", "detail")), ("suggestion", Text("建议", "suggestion")),
)  # fmt: skip


def marked(findings: Iterable[Finding], source: Figures) -> list[Finding]:
    """The findings; those of the model with a word on each figure of theirs that the source doesn't have."""
    return [_marked(finding, source) if finding.source == "llm" else finding for finding in findings]


def _marked(finding: Finding, source: Figures) -> Finding:
    told = [
        Text(f"{name.zh}中的 {'、'.join(lacking)}", f"{', '.join(lacking)} ({name.en})")
        for field, name in _FIELDS
        if (lacking := source.lacks(getattr(finding, field)))
    ]
    if not told:
        return finding
    note = Text(
        f"〔数字核对：{'；'.join(text.zh for text in told)} 不见于原文〕",
        f" [Figures that are not in the text: {'; '.join(text.en for text in told)}]",
    )
    return replace(finding, detail=f"{finding.detail}{note}")
