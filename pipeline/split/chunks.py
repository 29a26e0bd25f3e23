"""Cut a document into parts for the model: they tile its text, fit the budget, and end where a reader would pause.

Every place where a cut is possible carries a penalty (before a chapter: nearly none; after a comma: much), and dynamic
programming picks the cuts with the least penalty and the most even sizes. Units longer than the budget (a page without
a full stop) are divided at commas, then between words, never inside a number while there is another way.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.errors import PromptTooLongError, UsageError
from pipeline.lang import Text
from pipeline.split import words
from pipeline.split.sentences import ends_in
from pipeline.tokens import Tokenizer, count_span
from pipeline.types import Chunk, Document, Section, Span

# penalties: what a cut at a place costs a reader
_HEADING = 3  # times the level
_BLANK_LINE = 20
_ITEM = 35
_STOP_LINE = 45
_LINE = 60
_STOP = 70
_SEMICOLON = 100
_ROW = 90
_LEAD_IN = 160
_BRACKETED = 250
_COMMA = 300
_SPACE = 400
_AFTER_TITLE = 400
_WORD = 500
_CHARACTER = 900
_IN_ROW = 700
_IN_NUMBER = 3000
_IN_GRAPHEME = 6000

_UNEVEN = 1500
"""Cost of a chunk whose size is off by all of the mean; quadratic."""
_PER_CHUNK = 60
_FILL = 0.96
"""Share of the budget that the mean chunk should fill, so that cuts have room to choose."""
_CHOICES = 48
"""Places kept per chunk length: of several close together, the best one."""
_SLACK = 8
"""Tokens kept back: counts by cumulative ends are up to 3 off at either side."""

_ITEM_LINE = re.compile(r"[^\S\n]*(?:[（(]?[\d一二三四五六七八九十]{1,3}[)）.．、]|[①-⑳•●◆■□√\-–—*])")
_COMMA_MARK = re.compile(r"[，、：][”’」』）)】》]*|[,:](?!\d)(?!//)[”’」』）)】》]*|\t")
_NUMBER = re.compile(
    r"[0-9０-９A-Za-z](?:[0-9０-９A-Za-z]|[,.，．:：/%％‰~\-–](?=[0-9０-９]))*"
    r"(?:[^\S\n]?(?:[万亿千百]*(?:元|美元|港元|股|吨|米|平方米)|[%％‰年月日时分]))?(?:[0-9]{1,2}[月日时分])*"
    r"|[零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟萬億圆元角分整年月日两]{2,}"
)
_BRACKETS = re.compile(r"[《〈（(【「『“\[]|[》〉）)】」』”\]]")


class Cut(NamedTuple):
    """A place where the text may be divided."""

    at: int
    penalty: int


def split(document: Document, tokenizer: Tokenizer, max_tokens: int) -> tuple[Chunk, ...]:
    """Chunks that tile ``document.text``, none above ``max_tokens`` by the tokenizer's count of its text alone.

    One chunk where the whole text fits; none for an empty text. The same input gives the same chunks. Raises
    PromptTooLongError only where a single character is above the budget.
    """
    if max_tokens < 1:
        raise UsageError(
            Text(f"分块上限 {max_tokens} 不合法", f"a chunk budget of {max_tokens} tokens makes no sense"),
            Text("请给出正整数", "give a positive number"),
        )
    text = document.text
    if not text:
        return ()
    ends = tokenizer.ends(text)
    spans, tokens = _fitting(document, tokenizer, ends, max_tokens)
    return tuple(
        Chunk(index, span, count, _headings_at(document.sections, span.start))
        for index, (span, count) in enumerate(zip(spans, tokens, strict=True))
    )


def halve(document: Document, span: Span) -> tuple[Span, Span] | None:
    """Divide ``span`` at the best place near its middle.

    None where it can't be divided sensibly: it is one sentence without a comma, or hardly longer than a line.
    """
    text = document.text
    part = text[span.start : span.end]
    first, last = span.end - len(part.lstrip()), span.start + len(part.rstrip())
    if last - first < _SHORTEST_TO_HALVE:
        return None
    middle = (first + last) // 2
    for share in _REACHES:
        reach = int((last - first) * share)
        low, high = max(first, middle - reach), min(last, middle + reach)
        cuts = _strong_cuts(document, low, high)
        if share == _REACHES[-1]:
            cuts = cuts or list(_comma_cuts(text, low, high))
        elif not cuts or min(cut.penalty for cut in cuts) > _SEMICOLON:
            continue
        if cuts:
            best = min(
                cuts, key=lambda cut: (cut.penalty + _OFF_CENTRE * abs(cut.at - middle) / (last - first), cut.at)
            )
            return Span(span.start, best.at), Span(best.at, span.end)
    return None


_REACHES = (0.1, 0.25, 0.5)
"""How far from the middle to look, as shares of the length: near first."""
_SHORTEST_TO_HALVE = 40
_OFF_CENTRE = 300


# --- choosing ---------------------------------------------------------------------------------------------------------


def _fitting(
    document: Document, tokenizer: Tokenizer, ends: array[int], max_tokens: int
) -> tuple[list[Span], list[int]]:
    """Spans whose exact counts fit. Cumulative counts are a little off inside words, hence the second look."""
    text, total = document.text, ends[-1]
    if total <= max_tokens:
        whole = Span(0, len(text))
        count = count_span(tokenizer, text, ends, whole)
        if count <= max_tokens:
            return [whole], [count]
    slack = min(_SLACK, max_tokens // 8)
    strong = _strong_cuts(document, 0, len(text))
    while slack < max_tokens:
        at = _choose(text, ends, strong, max_tokens - slack)
        if at is None:
            break
        spans = [Span(a, b) for a, b in zip((0, *at), (*at, len(text)), strict=True)]
        tokens = [count_span(tokenizer, text, ends, span) for span in spans]
        over = max(tokens) - max_tokens
        if over <= 0:
            return spans, tokens
        slack += max(over, 1)
    raise PromptTooLongError(
        Text(
            f"{document.filename}：分块上限 {max_tokens} 词元放不下一个字符",
            f"{document.filename}: a chunk budget of {max_tokens} tokens can't hold a single character",
        ),
        Text("请调大 chunk_tokens", "raise chunk_tokens"),
    )


def _choose(text: str, ends: array[int], strong: list[Cut], limit: int) -> list[int] | None:
    """The cheapest cuts such that no part is above ``limit`` by cumulative count; None if there are none."""
    total = ends[-1]
    parts = max(-(-total // limit), round(total / (limit * _FILL)))
    target = total / max(parts, 2)
    cuts = _thinned(_filled(text, ends, strong, limit), ends, max(1, limit // _CHOICES))
    cuts = [Cut(0, 0), *cuts, Cut(len(text), 0)]
    position = [ends[cut.at] for cut in cuts]
    # many chunks are always near the target; few may have to be small to end at a good place
    return _cheapest(cuts, position, limit, target, target * 0.6) or _cheapest(cuts, position, limit, target, 0.0)


def _cheapest(cuts: list[Cut], position: list[int], limit: int, target: float, least: float) -> list[int] | None:
    costs = [0.0] + [_INFINITE] * (len(cuts) - 1)
    back = [0] * len(cuts)
    first = 0
    unit = _UNEVEN / (target * target)
    for j in range(1, len(cuts)):
        here = position[j]
        while position[first] < here - limit:
            first += 1
        best, best_at = _INFINITE, -1
        for i in range(first, j):
            size = here - position[i]
            if size < least:
                break
            off = size - target
            cost = costs[i] + unit * off * off
            if cost < best:
                best, best_at = cost, i
        if best_at >= 0:
            costs[j], back[j] = best + cuts[j].penalty + _PER_CHUNK, best_at
    if costs[-1] == _INFINITE:
        return None
    path: list[int] = []
    j = back[-1]
    while j > 0:
        path.append(cuts[j].at)
        j = back[j]
    return path[::-1]


_INFINITE = float("inf")


def _thinned(cuts: Iterable[Cut], ends: array[int], width: int) -> list[Cut]:
    """Of the places within each ``width`` tokens only the best, the first of equals."""
    best: dict[int, Cut] = {}
    for cut in cuts:
        bucket = ends[cut.at] // width
        held = best.get(bucket)
        if held is None or cut.penalty < held.penalty:
            best[bucket] = cut
    return list(best.values())


# --- places to cut ----------------------------------------------------------------------------------------------------


def _strong_cuts(document: Document, start: int, end: int) -> list[Cut]:
    """Line and sentence ends strictly inside [start, end), with their penalties, in order."""
    text = document.text
    base = max(text.rfind("\n", 0, start) + 1, start - _LINE_CONTEXT)
    headings, titles = _heading_places(document.sections, text)
    cuts: list[Cut] = []
    line_start = before = base
    depth, row = 0, None
    for end_of_sentence in ends_in(text[base:end]):
        at = base + end_of_sentence.at
        if at >= end:
            break
        if end_of_sentence.kind == "line":
            penalty = _line_penalty(text, line_start, at, headings, titles)
            line_start, depth, row = at, 0, None
        else:
            row = _in_row(text, line_start, at) if row is None else row
            depth = _depth(text, before, at, depth)
            penalty = _STOP if end_of_sentence.kind == "stop" else _SEMICOLON
            penalty += (_BRACKETED if depth else 0) + (_IN_ROW if row else 0)
        before = at
        if at > start:
            cuts.append(Cut(at, penalty))
    return cuts


_LINE_CONTEXT = 2000
"""Characters of a line read before ``start`` to know which brackets are open there."""


def _heading_places(sections: Sequence[Section], text: str) -> tuple[dict[int, int], set[int]]:
    """Level by where a heading line starts; where headings end that fill their line."""
    starts = {section.span.start: section.level for section in reversed(sections)}
    ends = (_TITLE_END.match(text, section.heading.end) for section in sections)
    return starts, {match.end(1) for match in ends if match}


_TITLE_END = re.compile(r"([^\S\n]*[:：]?)[^\S\n]*(?:\n|\Z)")


def _line_penalty(text: str, line_start: int, at: int, headings: dict[int, int], titles: set[int]) -> int:
    """What a cut between two lines costs; ``at`` is where the second starts."""
    end = line_start + len(text[line_start:at].rstrip())
    if end in titles:
        return _AFTER_TITLE
    if at in headings:
        return _HEADING * headings[at]
    last = text[end - 1 : end]
    if last in ("：", ":"):
        return _LEAD_IN
    if _in_row(text, line_start, end) and _in_row(text, at, at):
        return _ROW
    if text.count("\n", end, at) > 1:
        return _BLANK_LINE
    if _ITEM_LINE.match(text, at):
        return _ITEM
    return _STOP_LINE if last and last in "。！？；;.!?…”」』）)】》" else _LINE


def _in_row(text: str, start: int, at: int) -> bool:
    """Whether the line around ``at``, which starts at ``start``, is a table row."""
    stop = text.find("\n", at)
    return text.find("\t", start, len(text) if stop < 0 else stop) >= 0


def _depth(text: str, start: int, end: int, depth: int) -> int:
    """Bracket depth at ``end``, given the one at ``start``."""
    for bracket in _BRACKETS.findall(text, start, end):
        depth = depth + 1 if bracket in _OPENING else max(0, depth - 1)
    return depth


_OPENING = "《〈（(【「『“["


def _filled(text: str, ends: array[int], strong: list[Cut], limit: int) -> Iterator[Cut]:
    """The strong cuts, with weaker ones inside the units that are long for the budget."""
    before = 0
    for cut in (*strong, Cut(len(text), 0)):
        if ends[cut.at] - ends[before] > limit // 8:
            yield from _within(text, ends, Span(before, cut.at), limit)
        if cut.at < len(text):
            yield cut
        before = cut.at


def _within(text: str, ends: array[int], unit: Span, limit: int) -> Iterator[Cut]:
    before = unit.start
    for cut in (*_comma_cuts(text, unit.start, unit.end), Cut(unit.end, 0)):
        if ends[cut.at] - ends[before] > limit // 4:
            yield from _forced_cuts(text, ends, Span(before, cut.at), max(1, limit // 12))
        if cut.at < unit.end:
            yield cut
        before = cut.at


def _comma_cuts(text: str, start: int, end: int) -> Iterator[Cut]:
    """Commas and the like strictly inside [start, end)."""
    line_start = text.rfind("\n", 0, start) + 1
    extra = _IN_ROW if _in_row(text, line_start, start) else 0
    before, depth = start, 0
    for match in _COMMA_MARK.finditer(text, start, end):
        at = match.end()
        depth = _depth(text, before, at, depth)
        before = at
        if start < at < end:
            yield Cut(at, _COMMA + extra + (_BRACKETED if depth else 0))


def _forced_cuts(text: str, ends: array[int], unit: Span, step: int) -> Iterator[Cut]:
    """Where nothing divides a unit: about every ``step`` tokens the best place between words, or characters."""
    last = unit.start
    for token in range(ends[unit.start] + step, ends[unit.end], step):
        middle = bisect_left(ends, token, unit.start, unit.end)
        low = max(last + 1, middle - _REACH, bisect_left(ends, token - step // 2, unit.start, middle))
        high = min(unit.end, middle + _REACH + 1, bisect_right(ends, token + step // 2, middle, unit.end))
        best = min(
            _character_cuts(text, low, high),
            key=lambda cut: (cut.penalty, abs(cut.at - middle), cut.at),
            default=None,
        )
        if best is not None:
            last = best.at
            yield best


_HAN = re.compile("[一-鿿]")
_REACH = 12
_CONTEXT = 24


def _character_cuts(text: str, low: int, high: int) -> Iterator[Cut]:
    """Every position in [low, high), judged by what it would cut apart."""
    start, end = max(0, low - _CONTEXT), min(len(text), high + _CONTEXT)
    around = text[start:end]
    inside = {start + i for match in _NUMBER.finditer(around) for i in range(match.start() + 1, match.end())}
    between = {start + i for i in words.boundaries(around)} if _HAN.search(text, low, high) else set[int]()
    for at in range(low, high):
        if _joins(text, at):
            yield Cut(at, _IN_GRAPHEME)
        elif at in inside:
            yield Cut(at, _IN_NUMBER)
        elif text[at - 1].isspace():
            yield Cut(at, _SPACE)
        else:
            yield Cut(at, _WORD if at in between else _CHARACTER)


def _joins(text: str, at: int) -> bool:
    """Whether the characters on both sides of ``at`` are shown as one."""
    here, before = text[at], text[at - 1]
    if here < "\u0300":
        return False
    return (
        here == "\u200d"
        or before == "\u200d"
        or "\U0001f3fb" <= here <= "\U0001f3ff"
        or (unicodedata.category(here)[0] == "M")
    )


def _headings_at(sections: Sequence[Section], at: int) -> tuple[str, ...]:
    """Numbers and titles of the sections around ``at``, outermost first."""
    around: list[str] = []
    index = bisect_right(sections, at, key=lambda section: section.span.start) - 1
    while index >= 0:
        section = sections[index]
        if section.span.end > at:
            around.append(_label(section))
        parent = section.parent
        if parent is None:
            break
        index = parent
    return tuple(reversed(around))


def _label(section: Section) -> str:
    joint = "" if not section.title or section.number.endswith(("、", "）", ")")) else " "
    return f"{section.number}{joint}{section.title}".strip()
