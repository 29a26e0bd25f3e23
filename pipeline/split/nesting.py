"""Which heading stands under which: the usual order, but for what the document shows."""

from __future__ import annotations

from collections import defaultdict

from pipeline.split.numbers import RANK, Family, Line
from pipeline.types import Section, Span

_LOOSE: frozenset[Family] = frozenset(
    ("article", "han", "han-bracket", "one", "bracket", "half-bracket", "circle", "roman", "letter")
)
"""Families whose order a document may turn round."""
CONTENTS = ("目录", "contents", "table of contents")
"""Their entries are no headings."""


def nested(text: str, lines: list[Line], previous: dict[int, int]) -> tuple[Section, ...]:
    """The sections that ``lines`` open, in order; ``previous`` has where the number before each stands."""
    order = _Order(lines, previous)
    ends: list[int] = [len(text)] * len(lines)
    parents: list[int | None] = []
    levels: list[int] = []
    stack: list[int] = []
    for index, line in enumerate(lines):
        while stack and not order.holds(lines[stack[-1]], line):
            ends[stack.pop()] = line.start
        parents.append(stack[-1] if stack else None)
        stack.append(index)
        levels.append(len(stack))
    return tuple(
        Section(line.number, line.title, level, Span(line.start, end), Span(line.start, line.heading_end), parent)
        for line, level, end, parent in zip(lines, levels, ends, parents, strict=True)
    )


class _Order:
    """Which heading may stand under which, in one document."""

    def __init__(self, lines: list[Line], previous: dict[int, int]) -> None:
        self._previous = previous
        self._next = {before: start for start, before in previous.items()}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        for line in lines:
            start = line.start
            first = self._first[start] = self._first.get(previous.get(start, -1), start)
            self._last[first] = start
        self._homes = _homes(lines, previous)
        families: set[Family] = {line.family for line in lines}
        numbered = families - {"annex", "word", "bookmark", "title"}
        self._main = min((RANK[family] for family in numbered), default=0)
        restarts = _restarts(lines, previous)
        self._outer = {(f, g) for f in families for g in families if _is_outer(f, g, restarts)}

    def holds(self, a: Line, b: Line) -> bool:
        """Whether ``b`` may stand under the open heading ``a``."""
        if a.family == b.family and self._first.get(b.start) == self._first.get(a.start) is not None:
            return False  # numbers that go on are of one level, whatever the bookmarks say
        if a.bookmark is not None and b.bookmark is not None:
            return a.bookmark < b.bookmark
        if a.family == "title" or b.family == "title":
            return self._holds_by_style(a, b)
        if a.family == "bookmark" or b.family == "bookmark":
            goes_on = b.family != "article" and self._previous.get(b.start, a.start) < a.start
            return a.family == "bookmark" and not goes_on  # articles are counted through all chapters
        if a.family == "word":
            return a.title.lower() not in CONTENTS and b.family != "word" and RANK[b.family] > self._main
        if b.family == "annex":
            return a.start <= self._homes.get(b.start, -1)
        if b.family == "word":  # a chapter may have contents of its own
            return a.family in ("part", "chapter") and b.title.lower() in CONTENTS
        if a.family == "annex":  # but not where the main part's numbering goes on behind it
            return self._previous.get(b.start, a.start) >= a.start
        return (a.family, b.family) in self._outer or self._starts_anew(a, b)

    def _holds_by_style(self, a: Line, b: Line) -> bool:
        """The same where one of them is a title without a number."""
        if b.family == "title":
            goes_on = self._next.get(a.start, -1) > b.start
            if goes_on and (a.style >= b.style or a.family in _RESTARTING or a.family in _OUTERMOST):
                return True
            return a.family == "annex" or a.style > b.style or (a.bookmark is not None and a.style == b.style)
        if a.leaf or b.family == "annex" or b.family in _OUTERMOST:
            return False
        if b.family in _RESTARTING and self._previous.get(b.start, a.start) < a.start:
            return False
        return a.style > b.style

    def _starts_anew(self, a: Line, b: Line) -> bool:
        """Whether a list of the same kind counts from 1 between ``a`` and the number that follows it."""
        if a.family != b.family or a.family not in _NESTED:
            return False
        first = self._first[b.start]
        return a.start < first and self._last[first] < self._next.get(a.start, -1)


def _homes(lines: list[Line], previous: dict[int, int]) -> dict[int, int]:
    """Where the heading starts that an annex belongs to, of those that belong to one: the heading right above it, that
    of the annex before it, or the chapter around it where chapters go on behind it."""
    homes: dict[int, int] = {}
    numbered = [line.start for line in lines if line.family in ("part", "chapter")]
    goes_on = [(previous[start], start) for start in numbered if start in previous]
    part, above = -1, None
    for line in lines:
        start = line.start
        if line.family == "annex":
            before = previous.get(start, -1)
            if above is not None and above.family in ("part", "chapter", "division") and start - above.end <= 2:
                homes[start] = above.start
            elif before in homes and part <= before:
                homes[start] = homes[before]
            elif part >= 0 and any(first < start < then for first, then in goes_on):
                homes[start] = part
        elif line.family in ("part", "chapter", "division"):
            part = start
        above = line
    return homes


_OUTERMOST: frozenset[Family] = frozenset(("part", "chapter", "division"))
_RESTARTING: frozenset[Family] = frozenset(
    ("han", "han-bracket", "bracket", "half-bracket", "letter", "two", "three", "four")
)
"""Numbers that start anew under each title."""
_NESTED: frozenset[Family] = frozenset(("han", "han-bracket", "one", "bracket"))


def _restarts(lines: list[Line], previous: dict[int, int]) -> dict[tuple[Family, Family], int]:
    """How often the numbering of the second family starts anew between two successive numbers of the first."""
    latest: dict[Family, int] = {}
    nowhere = lines[-1].end if lines else 0
    found: dict[tuple[Family, Family], int] = defaultdict(int)
    for line in lines:
        if line.family not in _LOOSE:
            continue
        before = previous.get(line.start, nowhere)
        for family, start in latest.items():
            if start >= before and family != line.family:
                found[line.family, family] += 1
        if line.value[-1] == 1:
            latest[line.family] = line.start
    return found


def _is_outer(f: Family, g: Family, restarts: dict[tuple[Family, Family], int]) -> bool:
    """The usual order, turned round where ``g`` starts anew inside ``f`` more often than the other way."""
    here, there = restarts.get((f, g), 0), restarts.get((g, f), 0)
    return here > there if here != there else RANK[f] < RANK[g]
