"""Two versions of a document: what changed in its clauses, and in what was found. Pure: values in, values out.

A document is compared line by line (a line is a paragraph, or a row of a table), and shown clause by clause. Lines that
say the same are paired in order first, wherever their clause has moved; what is left is paired by likeness. So a clause
that was moved and changed by one word is one change, and not one clause less and one more.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel
from rapidfuzz.fuzz import ratio

from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_NUMBER = re.compile(
    r"\s*(?:第[零〇一二三四五六七八九十百\d]+[章节条款项](?:之[一二三四五六七八九十])?|[(（][一二三四五六七八九十\d]{1,3}[)）]"
    r"|[一二三四五六七八九十]{1,3}、|\d{1,3}[、.．](?!\d))\s*"
)
"""The number of a clause at the head of its line: clauses are renumbered as others come and go. A decimal (``3.1``) is
one only where a section begins with it: it may be a figure."""
_WORD = re.compile(r"\d[\d,.]*[%％‰]?|[A-Za-z]+|\s+|.", re.DOTALL)
_LIKE = 55.0
"""Likeness (0 to 100) from which two lines are one that was changed."""
_GRAM = 3
_COMMON = 60
"""A trigram that stands in more lines tells nothing of a line."""
_CANDIDATES = 6
_ISLAND = 2
"""Characters that stayed between two changes, and say less alone than with them."""
_MOST_JOINED = 4
"""Lines, at most, that the other version has as one."""
_SMALL = 6
"""Characters changed, at most, in a change that the eye slips over."""

Kind = Literal["changed", "moved", "added", "removed"]
Op = Literal["same", "gone", "new"]

_WEIGHTS: tuple[tuple[Text, re.Pattern[str]], ...] = (
    (Text("否定词", "negation"), re.compile(r"[不未无非勿免]|除外|禁止")),
    (
        Text("数字", "figure"),
        re.compile(
            r"[\d％%‰]|[零〇二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]|(?<![任统唯同])一(?![切方致般律旦并])"
        ),
    ),
    (Text("义务与权利", "duty or right"), re.compile(r"[应须得]|必须|可以|有权|义务|连带|承担|保证")),
    (
        Text("当事人", "party"),
        re.compile(
            r"[甲乙丙丁买卖]方?|双方|任何一方|出租|承租|委托|受托|[\u4e00-\u9fff（）()]{2,24}?(?:公司|合伙企业)"
        ),
    ),
    (Text("款项", "payment"), re.compile(r"[定订]金|押金|保证金|违约金|预付款|[美欧港日]元|人民币|税|[¥￥$€£]")),
    (Text("管辖", "forum"), re.compile(r"[\u4e00-\u9fff]{2,12}(?:仲裁委员会|仲裁院|仲裁中心|法院)|仲裁|诉讼|法院")),
    (
        Text("条件与形式", "condition or form"),
        re.compile(
            r"书面|口头|签[字名署章订]|盖章|公章|原件|公证|登记|批准|同意|通知|确认|合格|生效|[可得]撤销|解除|终止|最终|单方"
            r"|合理|故意|重大|过失|直接|间接|独[占家]|排他|普通|专属|唯一|永久|免费|[有无]偿|按份|一般|上限|限额|源代码"
        ),
    ),
    (Text("时间", "time"), re.compile(r"[年月日]|工作日|小时|届满|之前|之后|以前|以后|立即|逾期")),
    (
        Text("范围", "scope"),
        re.compile(
            r"包[括含]|仅|[以之][上下内外]|超过|至[少多]|低于|高于|[多少]于|全部|部分|任何|所有|或者?|和|及|且|其他|等"
        ),
    ),
)
"""What gives a change weight, in the order of telling."""
_PUNCTUATION = Text("标点", "punctuation")
"""Told where nothing else changed: 甲方同意，乙方不得转让 is not 甲方同意乙方不得转让."""
_POINTS = re.compile(r"[，。；、：,.;:！？!?（）()“”\"《》]+")


class Piece(NamedTuple):
    """A run of text in a changed line: in both versions, in the old one only, in the new one only."""

    op: Op
    text: str


class Line(NamedTuple):
    """A line of a version: where it stands, the heading of its clause, its page."""

    text: str
    key: str
    """What it says, for comparing: without its number, white space and differences of width."""
    number: str
    clause: str
    page: int
    span: Span


@dataclass(frozen=True, slots=True)
class Change:
    """A line that is not as it was. ``before`` is None for one that was added, ``after`` for one that was removed."""

    kind: Kind
    before: Line | None
    after: Line | None
    pieces: tuple[Piece, ...]
    weights: tuple[Text, ...]
    """Why a reader should look twice: what kind of words changed."""
    small: bool
    """A few characters in a line that otherwise stayed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different in the text. ``changes`` are in the order of the new version."""

    changes: tuple[Change, ...]
    lines: int
    """Of the new version."""
    renumbered: int
    """Lines of which only the clause's number changed."""


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding in both versions, in the old (resolved), or in the new."""

    kind: Literal["new", "resolved", "changed", "same"]
    before: Finding | None
    after: Finding | None


def compare(before: Document, after: Document) -> Comparison:
    """The changes of the text from ``before`` to ``after``; sections should have been found in both."""
    old, new = list(_lines(before)), list(_lines(after))
    old, new = _rejoined(old, new), _rejoined(new, old)
    pairs = _paired(old, new)
    settled = _in_order(pairs)
    changes: list[tuple[float, Change]] = []
    renumbered = 0
    for at, to in pairs.items():
        if _same(old[at], new[to]):
            if to in settled:
                renumbered += old[at].number != new[to].number
                continue
            pieces = (*_numbers(old[at], new[to]), Piece("same", _body(new[to])))
            changes.append((to, Change("moved", old[at], new[to], pieces, (), False)))
        else:
            changes.append((to, _changed(old[at], new[to], moved=to not in settled)))
    there = set(pairs.values())
    changes += [(at, _alone("added", None, line)) for at, line in enumerate(new) if at not in there]
    for at, line in enumerate(old):
        if at not in pairs:
            changes.append((_where_it_stood(at, pairs), _alone("removed", line, None)))
    ordered = sorted(changes, key=lambda change: change[0])
    return Comparison(tuple(change for _, change in ordered), len(new), renumbered)


def compare_findings(before: Sequence[Finding], after: Sequence[Finding]) -> list[FindingChange]:
    """Every finding of both versions, once: those of the new version in their order, then what was resolved."""
    left = dict(enumerate(before))
    found: dict[int, int] = {}
    for same in (_told, _stated, _named):
        waiting: dict[object, list[int]] = defaultdict(list)
        for at, finding in left.items():
            waiting[same(finding)].append(at)
        for to, finding in enumerate(after):
            rivals = waiting[same(finding)]
            if to in found or not rivals:
                continue
            best = max(rivals, key=lambda at: (_likeness(before[at], finding), -at))
            rivals.remove(best)
            del left[best]
            found[to] = best
    changes: list[FindingChange] = []
    for to, finding in enumerate(after):
        old = before[found[to]] if to in found else None
        kind = "new" if old is None else "same" if _state(old) == _state(finding) else "changed"
        changes.append(FindingChange(kind, old, finding))
    return changes + [FindingChange("resolved", finding, None) for finding in left.values()]


# --- lines ------------------------------------------------------------------------------------------------------------


def _lines(document: Document) -> Iterator[Line]:
    headings = {section.span.start: section.number for section in document.sections}
    start = 0
    for text in document.text.split("\n"):
        span = Span(start, start + len(text))
        start = span.end + 1
        number = headings.get(span.start) or (found[0].strip() if (found := _NUMBER.match(text)) else "")
        key = _key(text.lstrip().removeprefix(number))
        if key or number:
            clause = _clause(document, span.start)
            yield Line(text.strip(), key, number, clause, document.page_at(span.start), span)


def _rejoined(lines: Sequence[Line], others: Sequence[Line]) -> list[Line]:
    """The lines, with those as one that the other version has as one: a paragraph may break where a page does."""
    whole = {_key(line.text) for line in others}
    kept: list[Line] = []
    at = 0
    while at < len(lines):
        first = lines[at]
        count = 1 if _key(first.text) in whole else _joined_count(lines, at, whole)
        some = lines[at : at + count]
        text = "".join(line.text for line in some)
        span = Span(first.span.start, some[-1].span.end)
        key = first.key + "".join(_key(line.text) for line in some[1:])
        kept.append(first if count == 1 else first._replace(text=text, key=key, span=span))
        at += count
    return kept


def _joined_count(lines: Sequence[Line], at: int, whole: set[str]) -> int:
    """How many lines from ``at`` make one of ``whole``; 1 if none do."""
    key = _key(lines[at].text)
    for count in range(2, min(_MOST_JOINED, len(lines) - at) + 1):
        key += _key(lines[at + count - 1].text)
        if key in whole:
            return count
    return 1


def _clause(document: Document, offset: int) -> str:
    """``第四条 付款``: the nearest heading with a title, or the number of a clause without."""
    section = innermost = document.section_at(offset)
    while section and not section.title:
        section = document.sections[section.parent] if section.parent is not None else None
    section = section or innermost
    return f"{section.number} {section.title}".strip() if section else ""


def _key(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _same(old: Line, new: Line) -> bool:
    """Whether they say the same, whatever their numbers; also where only one of the numbers was taken for one."""
    return old.key == new.key or _key(old.text) == _key(new.text)


def _paired(old: Sequence[Line], new: Sequence[Line]) -> dict[int, int]:
    """Each old line with the new one that it became."""
    pairs: dict[int, int] = {}
    matcher = SequenceMatcher(None, [line.key for line in old], [line.key for line in new], autojunk=False)
    for at, to, count in matcher.get_matching_blocks():
        pairs.update(zip(range(at, at + count), range(to, to + count), strict=True))
    _pair_moved(old, new, pairs)
    _pair_alike(old, new, pairs)
    return pairs


def _pair_moved(old: Sequence[Line], new: Sequence[Line], pairs: dict[int, int]) -> None:
    """Lines that say the same elsewhere; those that say so little that it is chance are left."""
    there = set(pairs.values())
    waiting: dict[str, list[int]] = defaultdict(list)
    for to, line in enumerate(new):
        if to not in there and len(line.key) >= 2 * _GRAM:
            waiting[line.key].append(to)
    for at, line in enumerate(old):
        if at not in pairs and waiting.get(line.key):
            pairs[at] = waiting[line.key].pop(0)


def _pair_alike(old: Sequence[Line], new: Sequence[Line], pairs: dict[int, int]) -> None:
    """Lines that say nearly the same, the likest first."""
    there = set(pairs.values())
    rest = {to: line for to, line in enumerate(new) if to not in there}
    holders: dict[str, list[int]] = defaultdict(list)
    for to, line in rest.items():
        for gram in _grams(line.key):
            holders[gram].append(to)
    scored: list[tuple[float, int, int]] = []
    for at, line in enumerate(old):
        if at in pairs:
            continue
        votes = Counter(
            to for gram in _grams(line.key) if len(holders.get(gram, ())) <= _COMMON for to in holders[gram]
        )
        near = [to for to in rest if abs(to - at) <= 2] if len(line.key) < 4 * _GRAM else []
        for to in dict.fromkeys([*(to for to, _ in votes.most_common(_CANDIDATES)), *near]):
            score = ratio(line.key, rest[to].key)
            if score >= _LIKE:
                same_place = 4.0 * (line.number == rest[to].number) + 4.0 * (line.clause == rest[to].clause)
                scored.append((score + same_place, at, to))
    taken: set[int] = set()
    for _, at, to in sorted(scored, key=lambda one: (-one[0], abs(one[1] - one[2]))):
        if at not in pairs and to not in taken:
            pairs[at] = to
            taken.add(to)


def _grams(key: str) -> set[str]:
    return {key[at : at + _GRAM] for at in range(max(1, len(key) - _GRAM + 1))}


def _in_order(pairs: dict[int, int]) -> set[int]:
    """The new lines that stand in the same order as before: a longest rising run; the others have moved."""
    ends: list[int] = []
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for at in sorted(pairs):
        to = pairs[at]
        place = bisect_left(ends, to)
        before[to] = tails[place - 1] if place else None
        if place == len(ends):
            ends.append(to)
            tails.append(to)
        else:
            ends[place] = tails[place] = to
    kept: set[int] = set()
    last: int | None = tails[-1] if tails else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept


def _where_it_stood(at: int, pairs: dict[int, int]) -> float:
    """A place in the new version for a line that is no longer there: behind the one that it followed."""
    while at >= 0 and at not in pairs:
        at -= 1
    return pairs[at] + 0.5 if at >= 0 else -0.5


# --- words ------------------------------------------------------------------------------------------------------------


def _changed(old: Line, new: Line, *, moved: bool) -> Change:
    body = tuple(pieces_of(_body(old), _body(new)))
    size = max(sum(len(piece.text) for piece in body if piece.op == op) for op in ("gone", "new"))
    small = size <= _SMALL and len(new.key) >= 3 * size
    return Change("moved" if moved else "changed", old, new, (*_numbers(old, new), *body), _weights(body), small)


def _body(line: Line) -> str:
    return line.text.removeprefix(line.number)


def _numbers(old: Line, new: Line) -> Iterator[Piece]:
    if old.number == new.number:
        if new.number:
            yield Piece("same", new.number)
    else:
        yield from _run(old.number, new.number)


def _alone(kind: Literal["added", "removed"], old: Line | None, new: Line | None) -> Change:
    line = new or old
    assert line is not None, "one of the two is there"
    pieces = (Piece("new" if new else "gone", line.text),)
    return Change(kind, old, new, pieces, _weights(pieces), False)


def pieces_of(old: str, new: str) -> Iterator[Piece]:
    """The words that stayed, went and came: Chinese by character, figures and Latin words whole."""
    a, b = _WORD.findall(old), _WORD.findall(new)
    gone, came = "", ""
    edits = [(op.tag, "".join(a[op.src_start : op.src_end]), "".join(b[op.dest_start : op.dest_end])) for op in
             Indel.opcodes([_key(word) or " " for word in a], [_key(word) or " " for word in b])]  # fmt: skip
    for at, (tag, was, now) in enumerate(edits):
        inside = 0 < at < len(edits) - 1
        if tag == "equal" and not (inside and len(was) <= _ISLAND and (gone or came) and not _breaks(was)):
            yield from _run(gone, came)
            gone, came = "", ""
            yield Piece("same", now)
        else:
            gone, came = gone + was, came + now
    yield from _run(gone, came)


def _breaks(text: str) -> bool:
    """Whether a short run that stayed divides two changes rather than joins them."""
    return any(unicodedata.category(char)[0] in "PZ" for char in text)


def _run(gone: str, came: str) -> Iterator[Piece]:
    if gone:
        yield Piece("gone", gone)
    if came:
        yield Piece("new", came)


def _weights(pieces: Sequence[Piece]) -> tuple[Text, ...]:
    """What the change touches, in either version: 上 alone tells nothing, 以上 does."""
    told: set[Text] = set()
    for side in ("gone", "new"):
        text, altered = "", list[Span]()
        for piece in pieces:
            if piece.op == side:
                altered.append(Span(len(text), len(text) + len(piece.text)))
            if piece.op in ("same", side):
                text += piece.text
        told.update(name for name, pattern in _WEIGHTS if _touched(pattern, text, altered))
    altered_text = "".join(piece.text for piece in pieces if piece.op != "same")
    if altered_text and not told and _POINTS.fullmatch(altered_text):
        return (_PUNCTUATION,)
    return tuple(name for name, _ in _WEIGHTS if name in told)


def _touched(pattern: re.Pattern[str], text: str, altered: Sequence[Span]) -> bool:
    return bool(altered) and any(
        match.start() < span.end and span.start < match.end() for match in pattern.finditer(text) for span in altered
    )


# --- findings ---------------------------------------------------------------------------------------------------------


def _told(finding: Finding) -> object:
    return (*_stated(finding), finding.evidence[0].quote if finding.evidence else "")


def _stated(finding: Finding) -> tuple[str, str, str]:
    return finding.category, finding.item, finding.value


def _named(finding: Finding) -> object:
    return finding.category, finding.item


def _state(finding: Finding) -> object:
    return finding.value, finding.status, finding.severity


def _likeness(old: Finding, new: Finding) -> float:
    quotes = [finding.evidence[0].quote if finding.evidence else "" for finding in (old, new)]
    return ratio(quotes[0], quotes[1]) + (20.0 if old.status == new.status else 0.0)
