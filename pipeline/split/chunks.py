"""Cut a document into parts for the model: they tile its text, fit the budget, and end where a reader would pause.

Every place where a cut is possible carries a penalty (before a chapter: nearly none; after a comma: much), and dynamic
programming picks the cuts with the least penalty and the most even sizes. Units longer than the budget (a page without
a full stop) are divided at commas, then between words, never inside a number while there is another way.

An edit must leave the parts far from it as they were, or their answers are paid for again. So what decides a cut is
never counted from the start of the text: the size aimed at follows from the budget; each place has a bias of its own,
drawn from the words before it, which holds the cuts where they are while sizes change a little; and every few parts the
best place around is an anchor, where the choices on its two sides part company. That holds while sizes change little.
Where earlier cuts are known (see ``marks``), they stay, and what outgrew the budget alone is divided.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise, starmap
from math import ceil, log
from operator import itemgetter
from typing import NamedTuple
from zlib import crc32

from pipeline.errors import PromptTooLongError, UsageError
from pipeline.lang import Text
from pipeline.split import words
from pipeline.split.marks import Known, places_known
from pipeline.split.sentences import ends_in
from pipeline.tokens import Tokenizer, count_span
from pipeline.types import Chunk, Document, Section, Span

# penalties: what a cut at a place costs a reader
_HEADING = 25  # times the level, five at most
_BLANK_LINE = 130
_ITEM = 145
_STOP_LINE = 155
_LINE = 170
_STOP = 180
_SEMICOLON = 210
_ROW = 200
_AFTER_STUB = 300
_LEAD_IN = 270
_BRACKETED = 360
_COMMA = 800
_SPACE = 1500
_AFTER_TITLE = 1500
_WORD = 2500
_CHARACTER = 4000
_IN_ROW = 5000
_IN_TITLE = 5000
_IN_NUMBER = 20_000
_IN_GRAPHEME = 50_000

_BIASES = tuple(120 - min(200, int(30 * log(1024 / (0.5 + i)))) for i in range(1024))
"""Exponentially distributed, so that the best of any number of places stands out."""
_ANCHOR = 300
"""What an anchor is worth, for each of its reaches."""
_ANCHOR_REACHES = (1, 2.5, 6)
"""An anchor is the best place within this many budgets on either side."""
_ANCHOR_PENALTY = 260
"""Places with more than this are never anchors."""

_UNEVEN = 20_000
_UNEVEN_OF_FEW = 4000
"""Cost of a chunk that falls short of the size aimed at by all of it; quadratic."""
_PER_CHUNK = 800
_FILL = 0.94
"""Share of the budget below which a chunk is short: what is above leaves cuts the room to stay where they are."""
_SHORTEST = (0.8, 0.5, 0.0)
"""Least size as a share of the budget; the next is tried where the one before can't do without cutting sentences."""
_TIGHT = 0.985
_FEW = 8
"""A text of no more chunks than this aims at equal shares of itself: too few to make up for a small last one."""
_EVEN = ((0, 0.85, 1.09), (1, 0.85, 1.09), (0, 0.7, 1.2))
"""Of a few chunks: how many more than needed, least and most size as shares of the mean."""
_CHOICES = 24
"""Places closer than this part of the budget compete: only the better one is tried. Shorter lines stay whole."""
_SLACK = 8
"""Tokens kept back: counts by cumulative ends are up to 3 off at either side."""
_STUB = 8
"""A section of fewer characters than this part of the budget's tokens is better not left at a chunk's end."""

_ITEM_LINE = re.compile(r"[^\S\n]*(?:[（(]?[\d一二三四五六七八九十]{1,3}[)）.．、]|[①-⑳•●◆■□√\-–—*])")
_COMMA_MARK = re.compile(r"[，、：][”’」』）)】》]*|[,:](?!\d)(?!//)[”’」』）)】》]*|\t")
_NUMBER = re.compile(
    r"[0-9０-９A-Za-z](?:[0-9０-９A-Za-z]|[,.，．:：/%％‰~\-–](?=[0-9０-９]))*"
    r"(?:[^\S\n]?(?:[万亿千百]*(?:元|美元|港元|股|吨|米|平方米)|[%％‰年月日时分]))?(?:[0-9]{1,2}[月日时分])*"
    r"|[零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟萬億圆元角分整年月日两]{2,}"
)
_BRACKETS = re.compile(r"[《〈（(【「『“\[]|[》〉）)】」』”\]]")


Cut = tuple[int, int]
"""A place where the text may be divided, and its penalty. A plain tuple: a text has many."""


def split(document: Document, tokenizer: Tokenizer, max_tokens: int, known: Known | None = None) -> tuple[Chunk, ...]:
    """Chunks that tile ``document.text``, none above ``max_tokens`` by the tokenizer's count of its text alone.

    One chunk where the whole text fits; none for an empty text. The same input gives the same chunks; with ``known``,
    the marks of earlier cuts, an edited text keeps those that it can. Raises PromptTooLongError only where a single
    character is above the budget.
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
    found = _whole(text, tokenizer, ends, max_tokens) or _divided(document, tokenizer, ends, max_tokens, known)
    return tuple(
        Chunk(index, span, count, _headings_at(document.sections, span.start))
        for index, (span, count) in enumerate(found)
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
        elif not cuts or min(penalty for _, penalty in cuts) > _SEMICOLON:
            continue
        if cuts:
            best = min((penalty + _OFF_CENTRE * abs(at - middle) / (last - first), at) for at, penalty in cuts)
            return Span(span.start, best[1]), Span(best[1], span.end)
    return None


_REACHES = (0.1, 0.25, 0.5)
"""How far from the middle to look, as shares of the length: near first."""
_SHORTEST_TO_HALVE = 40
_OFF_CENTRE = 300


# --- choosing ---------------------------------------------------------------------------------------------------------

Counted = tuple[Span, int]
"""A span, and its tokens."""


def _whole(text: str, tokenizer: Tokenizer, ends: array[int], max_tokens: int) -> list[Counted]:
    """The whole text, if it fits."""
    if ends[-1] > max_tokens:
        return []
    whole = Span(0, len(text))
    count = count_span(tokenizer, text, ends, whole)
    return [(whole, count)] if count <= max_tokens else []


def _divided(
    document: Document, tokenizer: Tokenizer, ends: array[int], max_tokens: int, known: Known | None
) -> list[Counted]:
    """The text in parts that are each divided by themselves: very large attachments, and what is between.

    An attachment stands in many documents. Cut by itself, whatever its document, it is asked about once. Around smaller
    ones a cut is only made easier: each would cost half a chunk.
    """
    attached = _attachments(document, ends)
    apart = {at for size, span in attached if size >= _APART * max_tokens for at in span}
    better = {at for size, span in attached if 2 * size >= max_tokens for at in span}
    strong = [
        (at, penalty - _ANCHOR if at in better else penalty)
        for at, penalty in _strong_cuts(document, 0, len(document.text), ends, max_tokens)
    ]
    kept = places_known(document.text, [at for at, _ in strong], max_tokens, known) if known else set[int]()
    found: list[Counted] = []
    for part in starmap(Span, pairwise(sorted({0, *apart, len(document.text)}))):
        inside = strong[bisect_right(strong, part.start, key=_AT) : bisect_left(strong, part.end, key=_AT)]
        found += _fitting(document, tokenizer, ends, _Places(inside, kept), part, max_tokens)
    return found


_AT: Callable[[Cut], int] = itemgetter(0)
_APART = 6
"""Budgets."""


def _attachments(document: Document, ends: array[int]) -> list[tuple[int, Span]]:
    """Tokens and spans of the attachments."""
    return [
        (ends[section.span.end] - ends[section.span.start], section.span)
        for section in document.sections
        if _ATTACHMENT.match(section.number or section.title)
    ]


_ATTACHMENT = re.compile(r"附[件录表]|(?:annex|appendix|schedule|exhibit|attachment)\b", re.IGNORECASE)


def _fitting(
    document: Document, tokenizer: Tokenizer, ends: array[int], places: _Places, part: Span, max_tokens: int
) -> list[Counted]:
    """Spans whose exact counts fit. Cumulative counts are a little off inside words, hence the second look."""
    slack = min(_SLACK, max_tokens // 8)
    while slack < max_tokens:
        at = _choose(document.text, ends, places, part, max_tokens - slack)
        if at is None:
            break
        spans = [Span(a, b) for a, b in pairwise((part.start, *at, part.end))]
        tokens = [count_span(tokenizer, document.text, ends, span) for span in spans]
        over = max(tokens) - max_tokens
        if over <= 0:
            return list(zip(spans, tokens, strict=True))
        slack += max(over, 1)
    raise PromptTooLongError(
        Text(
            f"{document.filename}：分块上限 {max_tokens} 词元放不下一个字符",
            f"{document.filename}: a chunk budget of {max_tokens} tokens can't hold a single character",
        ),
        Text("请调大 chunk_tokens", "raise chunk_tokens"),
    )


class _Places(NamedTuple):
    """Where a part may be cut, but for its longest sentences."""

    strong: list[Cut]
    known: Collection[int]
    """Where an earlier version was cut, in this part or another."""


class _Aim(NamedTuple):
    """Sizes of chunks in tokens: below ``target`` each costs, outside of the others none is allowed."""

    target: float
    least: float
    most: float
    unit: float
    """Cost of a shortfall by one token; quadratic."""


def _aims(total: int, limit: int) -> Iterator[_Aim]:
    """What to try, the best first: of many chunks shares of the budget whatever the text, of few equal shares of it."""
    parts = ceil(total / (limit * _TIGHT))
    target = limit * _FILL
    if parts <= _FEW:
        for more, least, most in _EVEN:
            target = total / (parts + more)
            yield _Aim(target, least * target, min(limit, most * target), _UNEVEN_OF_FEW / target**2)
    for share in _SHORTEST:
        yield _Aim(target, share * target, limit, _UNEVEN / limit**2)


def _choose(text: str, ends: array[int], places: _Places, part: Span, limit: int) -> list[int] | None:
    """The cheapest cuts such that no span is above ``limit`` by cumulative count; None if there are none."""
    able = _thinned(_filled(text, ends, places.strong, part, limit), ends, limit // _CHOICES)
    cuts = _anchored(_biased(text, able), ends, limit)
    path = _path(cuts, ends, part, _aims(ends[part.end] - ends[part.start], limit))
    kept = {at: penalty for at, penalty in places.strong if at in places.known}
    if path is None or not kept or kept.keys() >= set(path):
        return path
    dearer = {at: penalty + _NEW for at, penalty in cuts} | kept
    keeping = _path(sorted(dearer.items()), ends, part, [_Aim(limit * _FILL, 0, limit, _UNEVEN / limit**2)])
    return keeping if keeping and len(keeping) <= _MORE * len(path) + 1 else path


_NEW = 12_000
"""What a new cut costs where an earlier version had others: more than two halves where there was one chunk."""
_MORE = 1.25
"""Most chunks, as a multiple of what is best, for the sake of earlier cuts: of a text edited over and over."""


def _path(cuts: list[Cut], ends: array[int], part: Span, aims: Iterable[_Aim]) -> list[int] | None:
    """The cheapest of ``cuts`` by the first of ``aims`` that cuts no sentence, else by the one that cuts the least."""
    cuts = [(part.start, 0), *cuts, (part.end, 0)]
    position = [ends[at] for at, _ in cuts]
    penalties = dict(cuts)
    found: list[tuple[int, list[int]]] = []
    for aim in aims:
        path = _cheapest(cuts, position, aim)
        if path is not None:
            found.append((max((penalties[at] for at in path), default=0), path))
            if found[-1][0] < _COMMA:
                break
    return min(found, key=itemgetter(0))[1] if found else None


def _thinned(cuts: Iterable[Cut], ends: array[int], width: int) -> list[Cut]:
    """Of the places within each ``width`` tokens only the best, the first of equals. Headings begin to count anew."""
    kept: list[Cut] = []
    until, least = -1, 0
    for cut in cuts:
        at, penalty = cut
        here = ends[at]
        if here > until or penalty < _BLANK_LINE:
            kept.append(cut)
            until, least = here + width, penalty
        elif penalty < least:
            kept[-1] = cut
            least = penalty
    return kept


def _biased(text: str, places: list[Cut]) -> list[Cut]:
    """``places``, those at sentence ends with a number more that belongs to the words before each."""
    return [(at, penalty + _bias(text, at) if penalty <= _SEMICOLON else penalty) for at, penalty in places]


def _anchored(places: list[Cut], ends: array[int], limit: int) -> list[Cut]:
    """``places``, with those marked down that are the best around: the more, the further around."""
    able = [(penalty, at) for at, penalty in places if penalty <= _ANCHOR_PENALTY]
    bonus: defaultdict[int, int] = defaultdict(int)
    for reach in _ANCHOR_REACHES:
        able = _best_around(able, ends, int(reach * limit))
        for _, at in able:
            bonus[at] += _ANCHOR
    return [(at, penalty - bonus[at]) if at in bonus else (at, penalty) for at, penalty in places]


def _best_around(able: list[tuple[int, int]], ends: array[int], reach: int) -> list[tuple[int, int]]:
    """Those of ``able`` (penalty and place, by place) that are the best of them within ``reach`` tokens around."""
    position = [ends[at] for _, at in able]
    kept: list[tuple[int, int]] = []
    best: deque[int] = deque()
    ahead = 0
    for index, here in enumerate(position):
        while ahead < len(able) and position[ahead] <= here + reach:
            while best and able[best[-1]] > able[ahead]:
                best.pop()
            best.append(ahead)
            ahead += 1
        while position[best[0]] < here - reach:
            best.popleft()
        if best[0] == index:
            kept.append(able[index])
    return kept


def _cheapest(cuts: list[Cut], position: list[int], aim: _Aim) -> list[int] | None:
    """Dynamic programming over ``cuts``, which stand at ``position`` in tokens."""
    target, least, most, unit = aim
    costs = [0.0] + [_INFINITE] * (len(cuts) - 1)
    back = [0] * len(cuts)
    first = behind = 0
    for j in range(1, len(cuts)):
        here = position[j]
        while position[first] < here - most:
            first += 1
        while behind < j and position[behind] <= here - least:
            behind += 1
        best, best_at = _INFINITE, -1
        for i in range(first, behind):
            cost = costs[i]
            short = position[i] - here + target
            if short > 0:
                cost += unit * short * short
            if cost < best:
                best, best_at = cost, i
        if best_at >= 0:
            costs[j], back[j] = best + cuts[j][1] + _PER_CHUNK, best_at
    if costs[-1] == _INFINITE:
        return None
    path: list[int] = []
    j = back[-1]
    while j > 0:
        path.append(cuts[j][0])
        j = back[j]
    return path[::-1]


_INFINITE = float("inf")


# --- places to cut ----------------------------------------------------------------------------------------------------


def _strong_cuts(
    document: Document, start: int, end: int, ends: array[int] | None = None, max_tokens: int = 0
) -> list[Cut]:
    """Line and sentence ends strictly inside [start, end), with their penalties, in order.

    With ``ends``, the sentences of a line are told apart only where it is long for the budget.
    """
    whole, stub = max_tokens // _CHOICES, max_tokens // _STUB
    opened, outer = -stub, 0  # where the outermost of the sections began that are still short
    text = document.text
    line_start = max(text.rfind("\n", 0, start) + 1, start - _LINE_CONTEXT)
    headings, titles = _heading_places(document.sections, text)
    cuts: list[Cut] = []
    tabs, row = "\t" in text, False
    for match in _LINE_END.finditer(text, line_start, end):
        last, at = match.span()
        if ends is None or ends[last] - ends[line_start] > whole:
            cuts += [
                (at, penalty + _AFTER_STUB if at - opened < stub else penalty)
                for at, penalty in _stops(text, line_start, last)
                if at > start
            ]
        row_before, row = row, tabs and text.find("\t", line_start, last) >= 0
        if row_before and row and cuts and cuts[-1][0] == line_start:
            cuts[-1] = (line_start, max(cuts[-1][1], _ROW))
        if start < at < end:
            level = headings.get(at)
            tail = text[last - 1 : last]
            if tail.isspace():
                last = line_start + len(text[line_start:last].rstrip())
                tail = text[last - 1 : last]
            if last in titles:
                penalty = _AFTER_TITLE
            elif level is not None:
                penalty = _HEADING * min(level, 5)
            else:
                penalty = _line_penalty(text, tail, match, at)
            if at - opened < stub and (level is None or level > outer):
                penalty += _AFTER_STUB
            elif level is not None:
                opened, outer = at, level
            cuts.append((at, penalty))
        line_start = at
    cuts += [cut for cut in _stops(text, line_start, end) if start < cut[0] < end]
    return cuts


_LINE_END = re.compile(r"\n(?:[^\S\n]*\n)*")
_LINE_CONTEXT = 2000
"""Characters of a line read before ``start`` to know which brackets are open there."""


def _line_penalty(text: str, tail: str, between: re.Match[str], at: int) -> int:
    """What a cut costs between a line that ends in ``tail`` and the next, which starts ``at`` and is no heading."""
    if tail in _COLONS:
        return _LEAD_IN
    if at - between.start() > 1:
        return _BLANK_LINE
    if text[at] in _ITEM_STARTS and _ITEM_LINE.match(text, at):
        return _ITEM
    return _STOP_LINE if tail in _STOP_TAILS else _LINE


_COLONS = ("：", ":")
_STOP_TAILS = frozenset("。！？；;!.?…”」』）)】》")
_ITEM_STARTS = frozenset(
    "（(0123456789０１２３４５６７８９一二三四五六七八九十①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳●◆■□√-–—* \u3000\xa0"
)


def _stops(text: str, line_start: int, end: int) -> Iterator[Cut]:
    """Sentence ends inside a line."""
    line = text[line_start:end]
    extra = _IN_ROW if "\t" in line else 0
    before, depth = 0, 0
    for at, kind in ends_in(line):
        if line_start + at >= end:
            break
        depth = _depth(line, before, at, depth)
        before = at
        penalty = _STOP if kind == "stop" else _SEMICOLON
        yield line_start + at, penalty + extra + (_inside(line, 0, at, depth) if depth else 0)


def _bias(text: str, at: int) -> int:
    """A number that belongs to the words before ``at``."""
    return _BIASES[crc32(text[max(0, at - _WORDS_BEFORE) : at].encode("utf-8", "surrogatepass")) & 1023]


_WORDS_BEFORE = 24


def _heading_places(sections: Sequence[Section], text: str) -> tuple[dict[int, int], set[int]]:
    """Level by where a heading line starts; where headings end that fill their line."""
    starts = {section.span.start: section.level for section in reversed(sections)}
    ends = (_TITLE_END.match(text, section.heading.end) for section in sections)
    return starts, {match.end(1) for match in ends if match}


_TITLE_END = re.compile(r"([^\S\n]*[:：]?)[^\S\n]*(?:\n|\Z)")


def _in_row(text: str, start: int, at: int) -> bool:
    """Whether the line around ``at``, which starts at ``start``, is a table row."""
    stop = text.find("\n", at)
    return text.find("\t", start, len(text) if stop < 0 else stop) >= 0


def _depth(text: str, start: int, end: int, depth: int) -> int:
    """Bracket depth at ``end``, given the one at ``start``."""
    for bracket in _BRACKETS.findall(text, start, end):
        depth = depth + 1 if bracket in _OPENING else max(0, depth - 1)
    return depth


def _inside(text: str, start: int, at: int, depth: int) -> int:
    """What a cut at ``at`` costs for the brackets that are open there."""
    if not depth:
        return 0
    start = max(start, at - _TITLE_MAX)
    return _IN_TITLE if text.rfind("《", start, at) > text.rfind("》", start, at) else _BRACKETED


_TITLE_MAX = 100
_OPENING = "《〈（(【「『“["


def _filled(text: str, ends: array[int], strong: list[Cut], part: Span, limit: int) -> Iterator[Cut]:
    """The strong cuts, with weaker ones inside the units that are long for the budget."""
    before = part.start
    for cut in (*strong, (part.end, 0)):
        at = cut[0]
        if ends[at] - ends[before] > limit // 8:
            yield from _within(text, ends, Span(before, at), limit)
        if at < part.end:
            yield cut
        before = at


def _within(text: str, ends: array[int], unit: Span, limit: int) -> Iterator[Cut]:
    before = unit.start
    for at, penalty in (*_comma_cuts(text, unit.start, unit.end), (unit.end, 0)):
        if ends[at] - ends[before] > limit // 4:
            yield from _forced_cuts(text, ends, Span(before, at), max(1, limit // 12))
        if at < unit.end:
            yield at, penalty
        before = at


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
            yield at, _COMMA + extra + _inside(text, start, at, depth)


def _forced_cuts(text: str, ends: array[int], unit: Span, step: int) -> Iterator[Cut]:
    """Where nothing divides a unit: about every ``step`` tokens the best place between words, or characters."""
    last = unit.start
    for token in range(ends[unit.start] + step, ends[unit.end], step):
        middle = bisect_left(ends, token, unit.start, unit.end)
        low = max(last + 1, middle - _REACH, bisect_left(ends, token - step // 2, unit.start, middle))
        high = min(unit.end, middle + _REACH + 1, bisect_right(ends, token + step // 2, middle, unit.end))
        cuts = list(_character_cuts(text, low, high))
        if cuts:
            penalty, _, last = min((penalty, abs(at - middle), at) for at, penalty in cuts)
            yield last, penalty


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
            yield at, _IN_GRAPHEME
        elif at in inside:
            yield at, _IN_NUMBER
        elif text[at - 1].isspace():
            yield at, _SPACE
        else:
            yield at, _WORD if at in between else _CHARACTER


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
