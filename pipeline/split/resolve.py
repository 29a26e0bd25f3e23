"""Which section a reference means: 第十二条第三款, 第12.3条, 附件二第3条, 第五条至第七条, 本条第二款, Article 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.split.headings import Family, number_of
from pipeline.types import Document, Section, Span

_HAN = "零〇一二三四五六七八九十百千两"
_STEP = re.compile(
    rf"(?:第[^\S\n]?)(?P<dotted>\d{{1,3}}(?:[.．]\d{{1,3}}){{1,3}})[^\S\n]?[条款项节]?"
    rf"|(?P<heading>第[^\S\n]?[{_HAN}\d０-９]{{1,7}}[^\S\n]?(?:部分|分编|[编篇章节条])(?:之[{_HAN}]{{1,2}})?)"
    rf"|第?[^\S\n]?[（(]?(?P<paragraph>[{_HAN}]{{1,3}}|\d{{1,2}}|[a-z])[）)]?[^\S\n]?(?P<unit>[款项目])"
    rf"|(?P<annex>附[件录表图][^\S\n]?(?:[{_HAN}]{{1,3}}|\d{{1,2}}|[A-Z](?![A-Za-z])))"
    r"|(?P<here>本[条款章节编])"
    r"|(?P<english>(?:Article|Section|Clause|Chapter|Part|Annex|Appendix|Schedule|Exhibit)[ ]"
    r"(?:\d{1,3}(?:\.\d{1,3})*|[IVXL]{1,6}|[A-H])\b)"
    r"|(?P<plain>\d{1,3}(?:[.．]\d{1,3}){1,3})[^\S\n]?[条款项]?"
    r"|[^\S\n]?[（(](?P<letter>[a-z]{1,4})[）)]"
)
_TO = re.compile(r"[^\S\n]*(?:至|到|[-~—–～]|to\b)[^\S\n]*")
_FAMILIES: dict[str, tuple[Family, ...]] = {
    "款": ("han-bracket", "one", "bracket", "two"),
    "项": ("han-bracket", "one", "bracket", "half-bracket", "circle"),
    "目": ("one", "bracket", "half-bracket", "circle"),
}
_HERE: dict[str, tuple[Family, ...]] = {
    "条": ("article", "one", "han"), "款": ("two", "three", "article"), "章": ("chapter",), "节": ("division",),
    "编": ("part",),
}  # fmt: skip
_ALSO: dict[Family, tuple[Family, ...]] = {
    "article": ("article", "two", "one", "han"),
    "division": ("division", "two", "three", "one"),
}
"""第3条 also means 3. or 三、 where the contract counts so; Section 5.2 means 5.2."""
_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"[^\S\n]*(?:[（(][^（）()\n]{1,3}[）)]|\d{1,2}[、.．)）](?!\d)|[①-⑳])")


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference means: a section, or a paragraph of it."""

    section: Section
    span: Span
    """The section's own, or that of the paragraph."""


def resolve(document: Document, reference: str, at: int | None = None) -> tuple[Target, ...]:
    """What ``reference`` means in ``document``; empty where that is not there. 第五条至第七条 means three sections.

    ``at`` is where the reference stands: 本条 is relative to it, and the clauses of the same chapter or attachment come
    before others of the number. A 款 that has no number of its own is a paragraph, counted from the clause's first
    line.
    """
    first, end = _one(document, reference, 0, at)
    to = _TO.match(reference, end) if end else None
    if first is None or to is None:
        return (first,) if first else ()
    last, _ = _one(document, reference, to.end(), at)
    if (
        last is None
        or last.section.parent != first.section.parent
        or last.section.span.start < first.section.span.start
    ):
        return (first,) if last is None else (first, last)
    siblings = [s for s in document.sections if s.parent == first.section.parent]
    return tuple(
        Target(s, s.span) for s in siblings if first.section.span.start <= s.span.start <= last.section.span.start
    )


def _one(document: Document, reference: str, start: int, at: int | None) -> tuple[Target | None, int]:
    """The target of the steps that begin at ``start``, and where they end."""
    target: Target | None = None
    end = start
    while match := _STEP.match(reference, end):
        found = _step(document, match, target, at)
        if found is None:
            return None, match.end()
        target, end = found, match.end()
    return target, end


def _step(document: Document, match: re.Match[str], within: Target | None, at: int | None) -> Target | None:
    kind = match.lastgroup or ""
    if kind == "letter" or (kind == "unit" and match["paragraph"].islower()):
        return _lettered(document, match["letter"] or match["paragraph"], within)
    if kind == "unit":
        return _paragraph(document, match["unit"], match["paragraph"], within)
    if kind == "here":
        return _around(document, _HERE[match["here"][1]], at)
    number = number_of(match[kind])
    if number is None:
        return None
    family, value = number
    found = _numbered(document, _ALSO.get(family, (family,)), value)
    if within is not None:
        found = [s for s in found if within.section.span.holds(s.span) and s is not within.section]
    elif at is not None and found:
        found = [max(found, key=lambda section: _nearness(document, section, at))]
    return Target(found[0], found[0].span) if found else None


def _numbered(document: Document, families: Sequence[Family], value: tuple[int, ...]) -> list[Section]:
    """The sections of this number: of the first family that has it."""
    numbers = [(number_of(section.number), section) for section in document.sections if section.number]
    for family in families:
        if found := [section for number, section in numbers if number == (family, value)]:
            return found
    return []


def _paragraph(document: Document, unit: str, printed: str, within: Target | None) -> Target | None:
    """The numbered part of a clause, else its paragraph of that place."""
    number = number_of(f"（{printed}）")
    if within is None or number is None:
        return None
    clause, value = within.section, number[1]
    outer = number_of(clause.number)
    for section in document.sections:
        own = number_of(section.number) if section.number and clause.span.holds(section.span) else None
        if (
            own
            and section is not clause
            and own[0] in _FAMILIES[unit]
            and own[1] in (value, (*(outer or own)[1], *value))
        ):
            return Target(section, section.span)
    span = _plain_paragraph(document, within, value[0]) if unit == "款" else _item(document, within, unit, value)
    return Target(clause, span) if span else None


def _plain_paragraph(document: Document, within: Target, count: int) -> Span | None:
    """The paragraph of that count with the list under it; a heading alone on its line is none."""
    starts = [
        line.start()
        for line in _LINE.finditer(document.text, within.span.start, within.span.end)
        if line[0].strip() and not _ITEM.match(line[0]) and not _is_title(within.section, line)
    ]
    return Span(starts[count - 1], (*starts, within.span.end)[count]) if 0 < count <= len(starts) else None


def _is_title(clause: Section, line: re.Match[str]) -> bool:
    return line.start() == clause.span.start and line.end() <= clause.heading.end + 1


def _item(document: Document, within: Target, unit: str, value: tuple[int, ...]) -> Span | None:
    """The line of a list that has this number."""
    for line in _LINE.finditer(document.text, within.span.start, within.span.end):
        number = number_of(line[0].strip()[:8])
        if number and number[0] in _FAMILIES[unit] and number[1] == value:
            return Span(line.start(), line.end())
    return None


def _lettered(document: Document, letter: str, within: Target | None) -> Target | None:
    """The item （a） of a clause."""
    if within is None:
        return None
    for line in _LINE.finditer(document.text, *within.span):
        if re.match(rf"[^\S\n]*[（(]?{letter}[）)]", line[0]):
            return Target(within.section, Span(*line.span()))
    return None


def _around(document: Document, families: Sequence[Family], at: int | None) -> Target | None:
    """The innermost section of one of the families around ``at``."""
    section = None if at is None else document.section_at(at)
    while section is not None:
        number = number_of(section.number) if section.number else None
        if number is not None and number[0] in families:
            return Target(section, section.span)
        section = None if section.parent is None else document.sections[section.parent]
    return None


def _nearness(document: Document, section: Section, at: int) -> int:
    """How many of the sections above one are also around ``at``, less those that are not."""
    near, above = 0, section.parent
    while above is not None:
        span = document.sections[above].span
        near += 1 if span.start <= at < span.end else -1
        above = document.sections[above].parent
    return near
