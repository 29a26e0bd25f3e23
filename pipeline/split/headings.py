"""Find the headings of a Chinese (or English) document by their numbering, and nest them.

A number at the start of a line is a heading only in context: its line begins where a sentence may begin, the numbering
goes on from the one before, and it is neither a cross-reference (第五条约定的), an amount (1.5元), a date (2024.1.1), a
table row nor a line of the table of contents. Which numbering stands inside which is learned from the document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pipeline.types import Bookmark, Page, Section, Span

Family = Literal[
    "annex", "part", "chapter", "division", "article", "word", "han", "han-bracket", "one", "two", "three", "four",
    "bracket", "half-bracket", "circle", "bookmark",
]  # fmt: skip

_RANK: dict[Family, int] = {
    "annex": 0, "part": 1, "chapter": 2, "division": 3, "article": 4, "han": 5, "han-bracket": 6, "one": 7, "two": 8,
    "three": 9, "four": 10, "bracket": 11, "half-bracket": 12, "circle": 13, "word": 14, "bookmark": 15,
}  # fmt: skip
"""The usual nesting, outermost first; the document may show another for the families of ``_LOOSE``."""
_LOOSE: frozenset[Family] = frozenset(("han", "han-bracket", "one", "bracket", "half-bracket", "circle"))
_STRONG: frozenset[Family] = frozenset(("annex", "part", "chapter", "division", "article", "word"))
"""What names itself: accepted without a neighbour in its numbering."""
_ITEMS: frozenset[Family] = frozenset(("han-bracket", "bracket", "half-bracket", "circle"))
"""Numbers of list items: headings only where their lines look like titles."""

_HAN = "零〇一二三四五六七八九十百千两"
_NUMBER = rf"[{_HAN}\d０-９]"
_LINE = re.compile(
    rf"""
    ^(?P<indent>[^\S\n]*)(?P<number>
      第[^\S\n]?(?P<di>{_NUMBER}{{1,7}}(?:之[{_HAN}]{{1,2}})?)[^\S\n]?(?P<unit>部分|分编|[编篇章节条])
    | (?P<annex>附[件录表图])[^\S\n]?(?P<annex_number>[{_HAN}]{{1,3}}|[\dA-Z]{{1,2}}(?!\d))?
    | (?P<english>Article|ARTICLE|Section|SECTION|Chapter|CHAPTER|Part|PART|Clause|CLAUSE|Annex|ANNEX
        |Appendix|APPENDIX|Schedule|SCHEDULE|Exhibit|EXHIBIT)[^\S\n]+(?P<english_number>\d{{1,3}}(?:\.\d{{1,2}})?|[IVXL]{{1,6}}|[A-H])(?![\w.]*\w)
    | (?P<han>[{_HAN}]{{1,3}})[^\S\n]?(?:、|[.．](?!\d))
    | [（(][^\S\n]?(?P<han_bracket>[{_HAN}]{{1,3}})[^\S\n]?[）)]、?
    | (?P<decimal>[1-9]\d?(?:[.．][1-9]\d?){{1,3}})(?![\d.．]*\d)[.．、]?
    | (?P<one>[1-9]\d?)[^\S\n]?(?:[、．]|\.(?!\d))
    | [（(][^\S\n]?(?P<bracket>[1-9]\d?)[^\S\n]?[）)]、?
    | (?P<half>[1-9]\d?)[）)]、?
    | (?P<circle>[①-⑳])
    | (?P<word>鉴[^\S\n]*于(?=[^\S\n]*[:：,，\n])|(?:前[^\S\n]*言|引[^\S\n]*言|序[^\S\n]*言|目[^\S\n]*录|释[^\S\n]*义
        |重[^\S\n]*要[^\S\n]*提[^\S\n]*示|签[^\S\n]*[署字][^\S\n]*页|WHEREAS|RECITALS|Recitals)(?=[^\S\n]*[:：]?[^\S\n]*$))
    )(?P<gap>[^\S\n]*[:：]?[^\S\n]*)(?P<rest>[^\n]*)$
    """,
    re.VERBOSE | re.MULTILINE,
)

_REFERENCE = re.compile(
    r"的|之|、|[和与及或至到](?:附|第|本|其|\d)|款|项|规定|约定[^\s：:]|所[述列称指载规约示]|中[的约规所]|[）)》”\"，,。；;]|[~～—–-]第|(?:为|系|是)本"
)
"""What follows a number in a reference to it, such as 第五条约定的, 第三条、第四条, 附件一所列."""
_UNIT = re.compile(
    r"[^\S\n]*(?:[%％‰°℃$€£¥]|[元万亿千百]|美元|港元|欧元|年(?!度)|个?月|日(?!常)|天|小时|分钟|秒|米|吨|公|平方|立方|毫|厘|克|升|倍|[mck]?[mg](?![a-z])|kW|kV|KV|MW|GB|MB|[x×*/~～—–-][^\S\n]*\d)"
)
_GOES_ON = re.compile(r"[，,、（(《〈“‘和与或及按依据见至即为的照]\Z")
"""How a line ends whose sentence runs on in the next line."""
_CLOSED = re.compile(r"[。；;！!？?：:.…”」）)】》\d]\Z")
_LEADER = re.compile(r"(?:\.{4,}|…{2,}|·{3,}|_{4,}|(?:[.·…][^\S\n]){3,})[^\S\n]*[-–—(（]?[\dIVXivx]*[-–—)）]?[^\S\n]*$")
_SENTENCE = re.compile(r"[。；;！!？?]")
_BODY = re.compile(r"[。；;！!？?]|[，,、.]\Z")
_SHORT = 24
_TITLE_MAX = 40
"""Characters. A longer line is body text."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that may be a heading."""

    family: Family
    value: tuple[int, ...]
    """The number; ``(3, 1)`` for 3.1, and for 第三条之一."""
    number: str
    title: str
    span: Span
    """The whole line."""
    heading: Span
    """The part of it that is number and title."""
    titled: bool
    """Whether the whole line reads like a title."""
    separated: bool
    """Whether white space, a colon or the line's end follows the number."""
    opens: Literal["no", "maybe", "yes"]
    """Whether a sentence may begin here, by the line before."""
    leader: bool
    """Whether the line ends in dots and a page number."""
    bookmark: int | None = None
    """Level of the PDF bookmark that leads here."""
    previous: int | None = None
    """Where the line stands whose number comes before this one's."""


def find_sections(text: str, bookmarks: Sequence[Bookmark], pages: Sequence[Page]) -> tuple[Section, ...]:
    """The sections of ``text`` in order of their start. Their spans nest; children follow their parent.

    A section runs from its heading line to the next heading of its level or above. Bookmarks confirm numbered headings
    and add unnumbered ones.
    """
    lines = _without_contents([line for match in _LINE.finditer(text) if (line := _read(text, match)) is not None])
    lines = _with_bookmarks(text, lines, bookmarks, pages)
    return _nest(text, _in_sequence(lines))


# --- one line ---------------------------------------------------------------------------------------------------------


def _read(text: str, match: re.Match[str]) -> _Line | None:
    """The candidate on a line, or None where the line itself speaks against it."""
    rest = match["rest"]
    if "\t" in match[0].strip():
        return None
    family, value = _family(match)
    gap = match["gap"]
    if not value or not _fits(family, match, gap, rest):
        return None
    title, titled = _title(rest)
    if family == "word":
        title, titled = re.sub(r"\s", "", match["number"]), True
    end = match.start("rest") + len(title) if title and family != "word" else match.end("number")
    number = "" if family == "word" else re.sub(r"[^\S\n]", "", match["number"])
    before = _line_before(text, match.start())
    return _Line(
        family=family,
        value=value,
        number=number,
        title=title,
        span=Span(match.start(), match.end()),
        heading=Span(match.start(), end),
        titled=titled,
        separated=bool(gap) or not rest,
        opens=_opens(before),
        leader=bool(_LEADER.search(rest)),
    )


def _family(match: re.Match[str]) -> tuple[Family, tuple[int, ...]]:
    if match["di"]:
        units: dict[str, Family] = {
            "部分": "part",
            "分编": "part",
            "编": "part",
            "篇": "part",
            "章": "chapter",
            "节": "division",
        }
        head, _, tail = match["di"].partition("之")
        return units.get(match["unit"], "article"), (_value(head), *((_value(tail),) if tail else ()))
    if match["annex"]:
        return "annex", (_value(match["annex_number"]) if match["annex_number"] else 1,)
    if match["english"]:
        return _english(match["english"].lower()), tuple(_value(part) for part in match["english_number"].split("."))
    if match["decimal"]:
        parts = tuple(int(part) for part in re.split("[.．]", match["decimal"]))
        depth: dict[int, Family] = {2: "two", 3: "three", 4: "four"}
        return depth[len(parts)], parts
    if match["word"]:
        return "word", (1,)
    simple: tuple[tuple[str, Family], ...] = (
        ("han", "han"),
        ("han_bracket", "han-bracket"),
        ("one", "one"),
        ("bracket", "bracket"),
        ("half", "half-bracket"),
    )
    for group, family in simple:
        if match[group]:
            return family, (_value(match[group]),)
    return "circle", (ord(match["circle"]) - ord("①") + 1,)


def _english(word: str) -> Family:
    if word in ("annex", "appendix", "schedule", "exhibit"):
        return "annex"
    families: dict[str, Family] = {"part": "part", "chapter": "chapter", "section": "division"}
    return families.get(word, "article")


_DIGITS = {char: i for i, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


def _value(number: str) -> int:
    """The value of a printed number: Arabic, Chinese below ten thousand, Roman, or a letter."""
    if number.isdigit():
        return int(number)
    if number[0] in "IVXL" and set(number) <= set(_ROMAN):
        values = [_ROMAN[char] for char in number]
        return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
    if number.isascii():
        return ord(number[0]) - ord("A") + 1
    if not set(number) & set("十百千"):
        return int("".join(str(_DIGITS.get(char, char)) for char in number))
    total, digit = 0, 0
    for char in number:
        if char in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit


def _fits(family: Family, match: re.Match[str], gap: str, rest: str) -> bool:
    """Whether what follows the number leaves room for a heading."""
    if family == "word":
        return not rest or match["word"][0] == "鉴"
    if family in _STRONG:
        reference = _REFERENCE.match(rest)
        if reference and (not gap or reference[0] not in ("的", "之", "款", "项", "规定")):
            return False
        return family != "annex" or (len(rest) <= _TITLE_MAX and not _SENTENCE.search(rest) and "，" not in rest)
    if not rest:
        return family in ("two", "three", "four") and len(match[0]) < 8
    if family in ("two", "three", "four"):
        return not _UNIT.match(gap + rest) and (rest[0].isalpha() or rest[0] in "“《（(【*")
    if family == "han":  # 三、四线城市
        return rest[0] not in _HAN
    if family == "one":
        return not rest[0].isdigit()
    return True


def _title(rest: str) -> tuple[str, bool]:
    """The title at the start of what follows the number (empty where that is body text), and whether it is all."""
    rest = rest.rstrip()
    whole = rest.rstrip("：: ")
    labelled = re.match(r"[^：:。；，,;]{1,20}(?=[：:])", whole)
    if labelled:
        return labelled[0].rstrip(), False
    if len(whole) <= _title_limit(whole) and not _BODY.search(whole) and whole.count("，") + whole.count(", ") <= 1:
        return whole, True
    for end in re.finditer(r"[：:]|[^\S\n]+", rest):
        head = rest[: end.start()]
        if len(head) > _title_limit(head) // 2 or re.search(r"[。；;，,！？]", head):
            break
        if end[0] in "：:" or (not head.isascii() and len(rest) - end.end() >= 12):
            return head, False
    return "", False


def _title_limit(text: str) -> int:
    return _TITLE_MAX * 2 if text.isascii() else _TITLE_MAX


def _line_before(text: str, start: int) -> str:
    """The last non-blank line before ``start``, at most its last 60 characters; empty at the beginning."""
    head = text[max(0, start - 200) : start].rstrip()
    return head[head.rfind("\n") + 1 :][-60:]


def _opens(before: str) -> Literal["no", "maybe", "yes"]:
    if _GOES_ON.search(before):
        return "no"
    return "yes" if len(before) < _SHORT or _CLOSED.search(before) or "\t" in before else "maybe"


# --- all lines --------------------------------------------------------------------------------------------------------


def _without_contents(lines: list[_Line]) -> list[_Line]:
    """Leave out the table of contents: lines with leaders, and after 目录 all until its first entry comes again."""
    dropped: set[int] = {i for i, line in enumerate(lines) if line.leader}
    for i, line in enumerate(lines):
        if line.family == "word" and line.title == "目录" and i + 1 < len(lines):
            first = lines[i + 1]
            again = (j for j in range(i + 2, len(lines)) if _same_entry(first, lines[j]) and not lines[j].leader)
            end = next(again, None)
            if end is not None and lines[end].span.start - first.span.start < _CONTENTS_LINE * (end - i):
                dropped.update(range(i + 1, end))
    return [line for i, line in enumerate(lines) if i not in dropped]


_CONTENTS_LINE = 80
"""Characters. Contents have shorter lines on average."""


def _same_entry(a: _Line, b: _Line) -> bool:
    return (a.family, a.value) == (b.family, b.value) and _bare(a.title)[:4] == _bare(b.title)[:4]


def _bare(title: str) -> str:
    return re.sub(r"[\W_]", "", title)


def _with_bookmarks(text: str, lines: list[_Line], bookmarks: Sequence[Bookmark], pages: Sequence[Page]) -> list[_Line]:
    """Mark the lines that bookmarks lead to; add those that are no numbered headings."""
    if not bookmarks:
        return lines
    spans = {page.number: page.span for page in pages}
    found = {line.span.start: line for line in lines}
    by_page: dict[int, dict[str, Span]] = {}
    for bookmark in bookmarks:
        title = _bare(bookmark.title)
        if bookmark.page not in spans or not title:
            continue
        if bookmark.page not in by_page:
            by_page[bookmark.page] = _lines_of(text, spans[bookmark.page])
        span = by_page[bookmark.page].get(title)
        if span is not None:
            line = found.get(span.start) or _unnumbered(text, span)
            found[span.start] = replace(line, bookmark=bookmark.level, titled=True)
    return [found[start] for start in sorted(found)]


def _lines_of(text: str, span: Span) -> dict[str, Span]:
    """The lines of a page that are short enough for a title, by their letters; the first of equal ones."""
    found: dict[str, Span] = {}
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        if line.strip() and len(line) <= 2 * _TITLE_MAX:
            found.setdefault(_bare(line), Span(start, start + len(line)))
        start += len(line) + 1
    return found


def _unnumbered(text: str, span: Span) -> _Line:
    title = text[span.start : span.end].strip()
    return _Line("bookmark", (1,), "", title, span, span, titled=True, separated=True, opens="yes", leader=False)


# --- which numbers go on ----------------------------------------------------------------------------------------------

_OPEN_CHAINS = 8


def _in_sequence(lines: list[_Line]) -> list[_Line]:
    """The lines whose numbering and neighbours bear them out, in order."""
    kept: list[_Line] = [line for line in lines if line.bookmark is not None or line.family == "word"]
    for family in sorted({line.family for line in lines} - {"word", "bookmark"}, key=_RANK.__getitem__):
        of_family = [line for line in lines if line.family == family and line.opens != "no"]
        for chain in _chains(of_family):
            kept.extend(line for line in _accepted(chain, kept) if line.bookmark is None)
    return sorted(kept, key=lambda line: line.span.start)


def _chains(lines: list[_Line]) -> list[list[_Line]]:
    """Runs of one family in which each number follows the one before; a named family may leave numbers out."""
    chains: list[list[_Line]] = []
    recent: list[list[_Line]] = []
    for line in lines:
        chain = next((c for c in reversed(recent) if _follows(c[-1].value, line.value)), None)
        if chain is None and line.family in _STRONG and recent and line.value > recent[-1][-1].value:
            chain = recent[-1] if line.separated and line.opens == "yes" else None
        if chain is None:
            if line.opens == "maybe" and not line.separated and line.bookmark is None:
                continue
            chains.append(chain := [])
            recent = [*recent[1 - _OPEN_CHAINS :], chain]
        chain.append(replace(line, previous=chain[-1].span.start if chain else None))
    return chains


def _follows(before: tuple[int, ...], value: tuple[int, ...]) -> bool:
    if len(before) == len(value):
        return before[:-1] == value[:-1] and value[-1] == before[-1] + 1
    if len(value) == len(before) + 1:  # 第三条之一 after 第三条
        return value[:-1] == before and value[-1] == 1
    return len(before) == len(value) + 1 and value[0] == before[0] + 1


def _accepted(chain: list[_Line], kept: list[_Line]) -> list[_Line]:
    """The lines of a chain that are headings, given those of the outer families."""
    first = chain[0]
    if first.family in _STRONG:
        if first.family == "annex" and len(chain) > 1 and _is_list(chain):
            return []
        lone = len(chain) == 1 and first.value != (1,)
        return [] if lone and not first.separated else chain
    titles = [line for line in chain if line.titled]
    mostly_titles = len(titles) * 5 >= len(chain) * 3
    if first.family in _ITEMS:
        return titles if mostly_titles and len(chain) > 1 and not _is_list(chain) else []
    if first.family in ("two", "three", "four"):
        return chain if first.value[-1] == 1 or len(chain) > 2 or _is_under(first, kept) else []
    if len(chain) == 1 and not (first.titled and first.value == (1,)):
        return []
    if not _inside_clause(first, kept):
        return chain if first.value == (1,) or len(chain) > 2 else []
    return titles if mostly_titles and len(chain) > 1 and not _is_list(chain) else []


def _is_list(chain: list[_Line]) -> bool:
    """Whether the numbers stand on neighbouring lines, with nothing under them."""
    adjacent = sum(b.span.start - a.span.end <= 2 for a, b in pairwise(chain))
    return adjacent * 2 > len(chain) - 1


def _is_under(line: _Line, kept: list[_Line]) -> bool:
    """Whether a decimal number stands under the heading that its first part names."""
    outer = [k for k in kept if k.family in ("article", "han", "one", "chapter", "two", "three")]
    before = [k for k in outer if k.span.start < line.span.start and len(k.value) < len(line.value)]
    return bool(before) and max(before, key=lambda k: k.span.start).value == line.value[:-1]


def _inside_clause(line: _Line, kept: list[_Line]) -> bool:
    """Whether a clause of an outer family stands before ``line``, with no annex between."""
    annex = max((k.span.start for k in kept if k.family == "annex" and k.span.start < line.span.start), default=-1)
    rank = _RANK[line.family]
    return any(
        k.family in ("article", "han", "one") and _RANK[k.family] < rank and annex < k.span.start < line.span.start
        for k in kept
    )


# --- nesting ----------------------------------------------------------------------------------------------------------


def _nest(text: str, lines: list[_Line]) -> tuple[Section, ...]:
    outer = _learn_order(lines)
    main = min((_RANK[line.family] for line in lines if line.family not in ("annex", "word", "bookmark")), default=0)
    sections: list[Section] = []
    stack: list[tuple[_Line, int]] = []
    for line in lines:
        while stack and not _holds(stack[-1][0], line, outer, main):
            _close(sections, stack.pop()[1], line.span.start)
        parent = stack[-1][1] if stack else None
        stack.append((line, len(sections)))
        span = Span(line.span.start, len(text))
        sections.append(Section(line.number, line.title, len(stack), span, line.heading, parent))
    return tuple(sections)


def _close(sections: list[Section], index: int, end: int) -> None:
    sections[index] = replace(sections[index], span=Span(sections[index].span.start, end))


def _holds(a: _Line, b: _Line, outer: set[tuple[Family, Family]], main: int) -> bool:
    """Whether ``b`` may stand under the open heading ``a``."""
    if a.bookmark is not None and b.bookmark is not None:
        return a.bookmark < b.bookmark
    if a.family == "bookmark" or b.family == "bookmark":
        return a.family == "bookmark"
    if a.family == "word":
        return b.family != "word" and _RANK[b.family] > main
    if b.family == "word" or b.family == "annex":
        return False
    if a.family == "annex":  # the main part's numbering goes on behind it
        return b.previous is None or b.previous > a.span.start
    return (a.family, b.family) in outer


def _learn_order(lines: list[_Line]) -> set[tuple[Family, Family]]:
    """Pairs (outer, inner) of families: the usual order, turned round where one restarts inside the other."""
    restarts: dict[tuple[Family, Family], int] = defaultdict(int)
    positions: dict[Family, list[int]] = defaultdict(list)
    for line in lines:
        if line.value[-1] == 1:
            positions[line.family].append(line.span.start)
    for line in lines:
        if line.previous is not None and line.family in _LOOSE:
            for family, starts in positions.items():
                at = bisect_left(starts, line.previous)
                if family != line.family and at < len(starts) and starts[at] < line.span.start:
                    restarts[line.family, family] += 1
    families: set[Family] = {line.family for line in lines}
    return {(f, g) for f in families for g in families if f != g and _is_outer(f, g, restarts)}


def _is_outer(f: Family, g: Family, restarts: dict[tuple[Family, Family], int]) -> bool:
    if f in _LOOSE and g in _LOOSE:
        here, there = restarts.get((f, g), 0), restarts.get((g, f), 0)
        if here != there:
            return here > there
    return _RANK[f] < _RANK[g]
