"""Which section a reference means: 第十二条第三款, 第12.3条, 附件二第3条, 第五条至第七条, 本条第二款, Article 3."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.split.numbers import Family, number_of
from pipeline.types import Document, Section, Span

_HAN = "零〇一二三四五六七八九十百千两"
_STEP = re.compile(
    rf"(?:第[^\S\n]?)(?P<dotted>\d{{1,3}}(?:[.．]\d{{1,3}}){{1,3}})[^\S\n]?[条款项节]?"
    rf"|(?P<heading>第[^\S\n]?[{_HAN}\d０-９]{{1,7}}[^\S\n]?(?:部分|分编|[编篇章节条])(?:之[{_HAN}]{{1,2}})?)"
    rf"|第?[^\S\n]?[（(]?(?P<paragraph>[{_HAN}]{{1,3}}|\d{{1,2}}|[a-z])[）)]?[^\S\n]?(?P<unit>[款项目])"
    rf"|(?P<annex>附[件录表图][^\S\n]?(?:[{_HAN}]{{1,3}}|\d{{1,2}}|[A-Z](?![A-Za-z])))"
    r"|(?P<here>本(?:[条款章节编]|附件))"
    r"|[前上]一?(?P<before>[条款])"
    r"|(?P<english>(?:Article|Section|Clause|Chapter|Part|Annex|Appendix|Schedule|Exhibit)[ ]"
    r"(?:\d{1,3}(?:\.\d{1,3})*|[IVXL]{1,6}|[A-H])\b)"
    r"|(?P<plain>\d{1,3}(?:[.．]\d{1,3}){1,3})[^\S\n]?[条款项]?"
    r"|[^\S\n]?[（(](?P<letter>[a-z]{1,4})[）)]"
)
_SELF = re.compile(r"(?:本(?:合同|协议|法|办法|规定|条例|规则)(?:项下)?的?|[上前]述)?[^\S\n]*")
_TO = re.compile(r"[^\S\n]*(?:至|到|[-~—–～]|to\b)[^\S\n]*")
_FAMILIES: dict[str, tuple[Family, ...]] = {
    "款": ("han-bracket", "one", "bracket", "two"),
    "项": ("han-bracket", "one", "bracket", "half-bracket", "circle"),
    "目": ("one", "bracket", "half-bracket", "circle"),
}
_HERE: dict[str, tuple[Family, ...]] = {
    "条": ("article", "one", "han"), "款": ("two", "three", "article"), "章": ("chapter",), "节": ("division",),
    "编": ("part",), "附": ("annex",),
}  # fmt: skip
_ALSO: dict[Family, tuple[Family, ...]] = {
    "article": ("article", "two", "one", "han"),
    "division": ("division", "two", "three", "one"),
}
"""第3条 also means 3. or 三、 where there is no 第…条; Section 5.2 means 5.2."""
_DECIMALS: tuple[Family, ...] = ("two", "three", "four")
_CLAUSE: tuple[Family, ...] = ("article", *_DECIMALS, "one", "han")
_ROMAN_AFTER = {"i": "ii", "ii": "iii", "iii": "iv", "iv": "v", "v": "vi", "vi": "vii", "vii": "viii", "ix": "x"}
_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"[^\S\n]*(?:[（(][^（）()\n]{1,3}[）)]|\d{1,2}[、.．)）](?!\d)|[①-⑳])")


Number = tuple[Family, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference means: a section, or a paragraph of it."""

    section: Section
    span: Span
    """The section's own, or that of the paragraph."""


def resolve(document: Document, reference: str, at: int | None = None) -> tuple[Target, ...]:
    """What ``reference`` means in ``document``: :meth:`Numbering.find`, for a single one."""
    return Numbering(document).find(reference, at)


class Numbering:
    """The sections of a document by their numbers, made once for many references."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._document = document
        self._sections = document.sections
        self._starts = [section.span.start for section in document.sections]
        self._numbers = [number_of(section.number) if section.number else None for section in document.sections]
        self._by_number: defaultdict[Number, list[Section]] = defaultdict(list)
        self._by_family: defaultdict[Family, list[int]] = defaultdict(list)
        for number, section in zip(self._numbers, document.sections, strict=True):
            if number:
                self._by_number[number].append(section)
                self._by_family[number[0]].append(section.span.start)

    def find(self, reference: str, at: int | None = None) -> tuple[Target, ...]:
        """What ``reference`` means; empty where that is not there. 第五条至第七条 means three sections.

        ``at`` is where the reference stands: 本条 and 前款 are relative to it, and the clauses of the same chapter or
        attachment come before others of the number. A 款 that has no number of its own is a paragraph, counted from the
        clause's first line.
        """
        first, end = self._one(reference, 0, at)
        to = _TO.match(reference, end) if end else None
        if first is None or to is None:
            return (first,) if first else ()
        last, _ = self._one(reference, to.end(), at)
        if last is None:
            return (first,)
        start, parent = first.section.span.start, first.section.parent
        if last.section.parent != parent or last.section.span.start < start:
            return (first, last)
        between = self._sections[bisect_left(self._starts, start) : bisect_right(self._starts, last.section.span.start)]
        return tuple(Target(section, section.span) for section in between if section.parent == parent)

    def _one(self, reference: str, start: int, at: int | None) -> tuple[Target | None, int]:
        """The target of the steps that begin at ``start``, and where they end."""
        target: Target | None = None
        end = _SELF.match(reference, start).end()  # pyright: ignore[reportOptionalMemberAccess]  # matches nothing too
        while match := _STEP.match(reference, end):
            target = self._step(match, target, at)
            end = match.end()
            if target is None:
                break
        return target, end

    def _step(self, match: re.Match[str], within: Target | None, at: int | None) -> Target | None:
        kind = match.lastgroup or ""
        if kind == "here":
            return self._around(_HERE[match["here"][1]], at)
        if kind == "before":
            return self._before(match["before"], at)
        if kind in ("unit", "letter"):
            return self._part(match, within or (self._around(_CLAUSE, at) if kind == "unit" else None))
        number = number_of(match[kind])
        if number is None:
            return None
        found = self._numbered(number, within.section.span if within else Span(-1, len(self._text)))
        if within is None and at is not None and found:
            found = [max(found, key=lambda section: self._nearness(section, at))]
        return Target(found[0], found[0].span) if found else None

    def _numbered(self, number: Number, scope: Span) -> list[Section]:
        """The sections of this number behind the start of ``scope``: of its family, or another that stands for it."""
        family, value = number
        for also in _ALSO.get(family, (family,)):
            found = [s for s in self._by_number.get((also, value), ()) if scope.start < s.span.start < scope.end]
            starts = self._by_family[also]
            if found or bisect_right(starts, scope.start) < bisect_left(starts, scope.end):
                return found
        return []

    def _part(self, match: re.Match[str], within: Target | None) -> Target | None:
        """A 款, 项 or lettered item of a clause."""
        if within is None:
            return None
        letter = match["letter"] or (match["paragraph"] if match["paragraph"].islower() else "")
        if letter:
            span = self._lettered(letter, within.span)
            return Target(within.section, span) if span else None
        return self._paragraph(match["unit"], match["paragraph"], within)

    def _paragraph(self, unit: str, printed: str, within: Target) -> Target | None:
        """The numbered part of a clause, else its paragraph of that place."""
        number = number_of(f"（{printed}）")
        if number is None:
            return None
        clause, value = within.section, number[1]
        outer = number_of(clause.number)
        printed_so = (value, (*(outer or number)[1], *value))
        first = bisect_right(self._starts, clause.span.start)
        for index in range(first, bisect_left(self._starts, clause.span.end)):
            own = self._numbers[index]
            if own and own[0] in _FAMILIES[unit] and own[1] in printed_so:
                return Target(self._sections[index], self._sections[index].span)
        span = self._plain_paragraph(within, value[0]) if unit == "款" else self._item(within, unit, value)
        return Target(clause, span) if span else None

    def _paragraphs(self, within: Target) -> list[int]:
        """Where the paragraphs of a clause start, each with the list under it; a heading alone on its line is none."""
        return [
            line.start()
            for line in _LINE.finditer(self._text, *within.span)
            if line[0].strip() and not _ITEM.match(line[0]) and not _is_title(within.section, line)
        ]

    def _plain_paragraph(self, within: Target, count: int) -> Span | None:
        starts = self._paragraphs(within)
        return Span(starts[count - 1], (*starts, within.span.end)[count]) if 0 < count <= len(starts) else None

    def _item(self, within: Target, unit: str, value: tuple[int, ...]) -> Span | None:
        """The line of a list that has this number."""
        for line in _LINE.finditer(self._text, *within.span):
            number = number_of(line[0].strip()[:8])
            if number and number[0] in _FAMILIES[unit] and number[1] == value:
                return Span(*line.span())
        return None

    def _lettered(self, letter: str, within: Span) -> Span | None:
        """The item （a） of a clause, up to （b）."""
        item = re.compile(rf"(?m)^[^\S\n]*[（(]?{letter}[）)]").search(self._text, *within)
        if item is None:
            return None
        after = _ROMAN_AFTER.get(letter) or chr(ord(letter[-1]) + 1)
        end = re.compile(rf"(?m)^[^\S\n]*[（(]?{after}[）)]").search(self._text, item.end(), within.end)
        return Span(item.start(), end.start() if end else within.end)

    def _around(self, families: Sequence[Family], at: int | None) -> Target | None:
        """The innermost section of one of the families around ``at``."""
        section = None if at is None else self._document.section_at(at)
        while section is not None:
            number = number_of(section.number) if section.number else None
            if number is not None and number[0] in families:
                return Target(section, section.span)
            section = None if section.parent is None else self._sections[section.parent]
        return None

    def _before(self, unit: str, at: int | None) -> Target | None:
        """前款, 前条: what stands before the clause or paragraph around ``at``."""
        around = self._around(_HERE[unit] if unit == "条" else _CLAUSE, at)
        if around is None or at is None:
            return None
        number = number_of(around.section.number)
        if unit == "款" and number and number[0] not in _DECIMALS:
            starts = self._paragraphs(around)
            count = bisect_right(starts, at) - 1
            return Target(around.section, Span(starts[count - 1], starts[count])) if count > 0 else None
        siblings = [s for s in self._sections if s.parent == around.section.parent]
        index = siblings.index(around.section)
        return Target(siblings[index - 1], siblings[index - 1].span) if index else None

    def _nearness(self, section: Section, at: int) -> int:
        """How many of the sections above one are also around ``at``, less those that are not."""
        near, above = 0, section.parent
        while above is not None:
            span = self._sections[above].span
            near += 1 if span.start <= at < span.end else -1
            above = self._sections[above].parent
        return near


def _is_title(clause: Section, line: re.Match[str]) -> bool:
    return line.start() == clause.span.start and line.end() <= clause.heading.end + 1
