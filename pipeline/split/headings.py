"""Find the headings of a Chinese (or English) document, and nest them.

A number at the start of a line is a heading only in context: its line begins where a sentence may begin, the numbering
goes on from the one before, and it is no line of the table of contents. Unnumbered titles are told by their type, by
bookmarks or by capitals. Which numbering stands inside which is learned from the document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from operator import attrgetter

from pipeline.split.nesting import CONTENTS, nested
from pipeline.split.numbers import BODY, DECIMALS, LETTER, RANK, STRONG, TITLE_MAX, Family, Line, numbered_lines, spread
from pipeline.split.titles import style_of, titles_in
from pipeline.types import Bookmark, Document, Page, Prominent, Section, Span

_ITEMS: frozenset[Family] = frozenset(("han-bracket", "bracket", "half-bracket", "circle", "letter"))
"""Numbers of list items: headings only where their lines look like titles."""
_CAPITALS = re.compile(r"^([A-Z][A-Z&,'’ -]{4,60})[^\S\n]*\n(?=[^\n]{60})", re.MULTILINE)
_CAPITALISED = re.compile(
    r"(?:(?<=[.;]\n)|(?<=follows:\n))(?=[A-Z])"
    r"((?:(?:[A-Z][\w’'/-]*[a-z]|of|and|or|to|the|for|in|by|with|on|from|an?|&),?[ ]?){1,9})"
    r"(?<![ ,])[^\S\n]*:?[^\S\n]*\n(?=[^\n]{60})"
)
"""Between paragraphs a line whose words are capitalised: Exclusions from Confidential Information."""


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections of a document's text."""
    return find_sections(document.text, document.bookmarks, document.pages, document.prominent)


def find_sections(
    text: str, bookmarks: Sequence[Bookmark], pages: Sequence[Page], prominent: Sequence[Prominent] = ()
) -> tuple[Section, ...]:
    """The sections of ``text`` in order of their start. Their spans nest; children follow their parent.

    A section runs from its heading line to the next heading of its level or above. Bookmarks and lines that their type
    sets off confirm numbered headings and add unnumbered ones.
    """
    lines = _with_styles(text, numbered_lines(text), prominent)
    lines = _without_contents(_opened_by_titles(_with_bare_letters(_with_bare_numbers(_with_letters(lines)))))
    lines = _with_titles_below(text, lines)
    lines = _with_bookmarks(text, _with_capitals(text, _with_titles(text, lines, prominent)), bookmarks, pages)
    kept, previous = _in_sequence(lines)
    return nested(text, kept, previous)


# --- all lines --------------------------------------------------------------------------------------------------------


def _with_bare_numbers(lines: list[Line]) -> list[Line]:
    """``3 方法`` and ``3 METHOD`` become 3. where 3.1 follows such lines and they count from 1; the others are none."""
    at: list[int] = []
    divided = False
    for i, line in enumerate(lines):
        if line.family == "bare" and line.titled and line.value == (len(at) + 1,) and line.value[0] < LETTER:
            at.append(i)
        divided |= bool(at) and line.family == "two" and line.value == (len(at), 1)
    headings = set(at if divided and len(at) > 1 else ())
    return [
        line._replace(family="one") if i in headings else line
        for i, line in enumerate(lines)
        if line.family != "bare" or i in headings or line.value[0] >= LETTER
    ]


def _with_letters(lines: list[Line]) -> list[Line]:
    """C., I., V. are letters behind B., H., U., else Roman numbers."""
    found: list[Line] = []
    before = 0
    for line in lines:
        if line.family == "roman" and len(line.number.rstrip(".、")) == 1:
            letter = LETTER + ord(line.number[0]) - ord("A")
            if letter == before + 1:
                line = line._replace(family="letter", value=(letter,))
        if line.family == "letter":
            before = line.value[0]
        found.append(line)
    return found


def _with_bare_letters(lines: list[Line]) -> list[Line]:
    """``A Proofs`` is an appendix where its type says so, or A.1 follows."""
    found: list[Line] = []
    for at, line in enumerate(lines):
        if line.family == "bare":
            divided = lines[at + 1 : at + 2] and lines[at + 1].value == (*line.value, 1)
            if line.titled and (divided or line.style):
                found.append(line._replace(family="annex"))
        else:
            found.append(line)
    return found


def _with_styles(text: str, lines: list[Line], prominent: Sequence[Prominent]) -> list[Line]:
    """Mark the lines that their type sets off: what of it would be a title and a text is all title there."""
    styles = {line.start: style for line in prominent if (style := style_of(line))}
    return [_styled(text, line, styles[line.start]) if line.start in styles else line for line in lines]


def _styled(text: str, line: Line, style: int) -> Line:
    whole = text[line.heading_end - len(line.title) : line.end].rstrip()
    if line.titled or not line.title or len(whole) > TITLE_MAX or BODY.search(whole):
        return line._replace(style=style)
    return line._replace(style=style, title=whole, titled=True, heading_end=line.end)


def _with_titles(text: str, lines: list[Line], prominent: Sequence[Prominent]) -> list[Line]:
    """Add the unnumbered titles."""
    if not prominent:
        return lines
    taken = {line.start for line in lines}
    taken |= {at + 1 for line in lines if (at := text.find("\n", line.start, line.heading_end)) >= 0}
    added = [
        _unnumbered(text, Span(title.start, title.end))._replace(
            family="title", title=title.text, style=title.style, leaf=title.leaf
        )
        for title in titles_in(text, prominent, taken)
    ]
    return sorted([*lines, *added], key=_start)


def _with_titles_below(text: str, lines: list[Line]) -> list[Line]:
    """``第一章`` or ``附件一`` alone on its line has its title on the next."""
    taken = {line.start for line in lines}
    return [
        below if line.family in STRONG and not line.title and (below := _titled_below(text, line, taken)) else line
        for line in lines
    ]


def _titled_below(text: str, line: Line, taken: Collection[int]) -> Line | None:
    start = line.end + 1
    end = text.find("\n", start)
    below = text[start:end].strip()
    if line.family == "word" or line.heading_end < line.end or start in taken or end < 0:
        return None
    short = 1 < len(below) <= (2 * _TITLE_BELOW if below.isascii() else _TITLE_BELOW)
    if not short or "\t" in below or _NO_TITLE_BELOW.search(below) or not any(char.isalpha() for char in below):
        return None
    return line._replace(title=spread(below), end=end, heading_end=end, titled=True)


_TITLE_BELOW = 28
_NO_TITLE_BELOW = re.compile(r"[。；;：:，]|[,.]$|^[（(\d\W]|\d{4}\s?年")


def _with_capitals(text: str, lines: list[Line]) -> list[Line]:
    """Add the lines in capitals that long paragraphs stand under, where there are several: DIGEST, Terms of Sale."""
    if len(text.encode("utf-8", "replace")) > 1.5 * len(text):  # mostly Chinese
        return lines
    known = {line.start for line in lines}
    below = {line.end + 1 for line in lines}
    spans: list[Span] = []
    for pattern, least, taken in ((_CAPITALS, 2, known | below), (_CAPITALISED, 3, known)):
        found = [
            Span(*match.span(1)) for match in pattern.finditer(text) if match.start() and match.start() not in taken
        ]
        spans += found if len(found) >= least else []
    added = [_unnumbered(text, span)._replace(family="word") for span in spans]
    return sorted([*lines, *added], key=_start)


def _opened_by_titles(lines: list[Line]) -> list[Line]:
    """A sentence may begin behind a long title, though nothing closes it."""
    behind = (a.titled and a.opens == "yes" and b.start == a.end + 1 for a, b in pairwise(lines))
    return lines[:1] + [
        b._replace(opens="yes") if titled and b.opens == "maybe" else b
        for b, titled in zip(lines[1:], behind, strict=True)
    ]


def _without_contents(lines: list[Line]) -> list[Line]:
    """Leave out the table of contents: lines with leaders, and after 目录 all until its first entry comes again."""
    dropped: set[int] = {i for i, line in enumerate(lines) if line.leader}
    for i, line in enumerate(lines):
        if line.family == "word" and line.title.lower() in CONTENTS and i + 1 < len(lines):
            first = lines[i + 1]
            again = (j for j in range(i + 2, len(lines)) if _same_entry(first, lines[j]) and not lines[j].leader)
            end = next(again, None)
            if end is not None and lines[end].start - first.start < _CONTENTS_LINE * (end - i):
                dropped.update(range(i + 1, end))
    return [line for i, line in enumerate(lines) if i not in dropped]


_CONTENTS_LINE = 80
"""Characters. Contents have shorter lines on average."""


def _same_entry(a: Line, b: Line) -> bool:
    return (a.family, a.value) == (b.family, b.value) and _bare(a.title)[:4] == _bare(b.title)[:4]


def _bare(title: str) -> str:
    return re.sub(r"[\W_]", "", title)


def _with_bookmarks(text: str, lines: list[Line], bookmarks: Sequence[Bookmark], pages: Sequence[Page]) -> list[Line]:
    """Mark the lines that bookmarks lead to; add those that are no numbered headings."""
    if not bookmarks:
        return lines
    spans = {page.number: page.span for page in pages}
    found = {line.start: line for line in lines}
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
            found[span.start] = line._replace(bookmark=bookmark.level, titled=True)
    return [found[start] for start in sorted(found)]


def _lines_of(text: str, span: Span) -> dict[str, Span]:
    """The lines of a page that are short enough for a title, by their letters; the first of equal ones."""
    found: dict[str, Span] = {}
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        if line.strip() and len(line) <= 2 * TITLE_MAX:
            found.setdefault(_bare(line), Span(start, start + len(line)))
        start += len(line) + 1
    return found


def _unnumbered(text: str, span: Span) -> Line:
    title = text[span.start : span.end].strip()
    return Line(
        "bookmark", (1,), "", title, *span, span.end, titled=True, separated=True, opens="yes", leader=False
    )  # fmt: skip


# --- which numbers go on ----------------------------------------------------------------------------------------------

_OPEN_CHAINS = 8


def _in_sequence(lines: list[Line]) -> tuple[list[Line], dict[int, int]]:
    """The lines whose numbering and neighbours bear them out, in order; and where the number before each stands."""
    by_family: dict[Family, list[Line]] = defaultdict(list)
    for line in lines:
        if line.opens != "no" or line.bookmark is not None:
            by_family[line.family].append(line)
    kept: dict[Family, list[Line]] = {}
    previous: dict[int, int] = {}
    divided = {a.start for a, b in pairwise(lines) if b.family in DECIMALS and b.value == (*a.value, 1)}
    for family in sorted(by_family, key=RANK.__getitem__):
        if family in ("word", "bookmark", "title"):
            kept[family] = by_family[family]
            continue
        accepted: set[int] = set()
        for chain in _chains(by_family[family]):
            accepted.update(line.start for line in _accepted(chain, kept, divided) or filter(_is_set_off, chain))
            previous.update((b.start, a.start) for a, b in pairwise(chain))
        kept[family] = [k for k in by_family[family] if k.start in accepted or k.bookmark is not None]
    return sorted((line for of_family in kept.values() for line in of_family), key=_start), previous


def _is_set_off(line: Line) -> bool:
    """Whether its type alone makes a heading of a numbered line."""
    return line.titled and line.style > 0


_start = attrgetter("start")


def _chains(lines: list[Line]) -> list[list[Line]]:
    """Runs of one family in which each number follows the one before; a named family may leave numbers out."""
    chains: list[list[Line]] = []
    recent: deque[list[Line]] = deque(maxlen=_OPEN_CHAINS)
    for line in lines:
        chain = _chain_before(recent, line)
        if chain is None and recent and _leaves_out(recent[0][-1], line):
            chain = recent[0]
        if chain is None:
            if line.opens == "maybe" and not line.separated and line.bookmark is None:
                continue
            chains.append(chain := [])
            recent.appendleft(chain)
        chain.append(line)
    return chains


def _chain_before(recent: Iterable[list[Line]], line: Line) -> list[Line] | None:
    """The chain that ``line`` goes on from: one with brackets of the same width first, then the one whose last number
    is the nearest."""
    bracket, value = line.number[0], line.value
    nearby = (value[0], value[0] - 1)
    fitting = [chain for chain in recent if chain[-1].value[0] in nearby and _follows(chain[-1].value, value)]
    alike = [chain for chain in fitting if bracket not in "(（" or chain[-1].number[0] == bracket]
    return max(alike or fitting, key=_last_start, default=None)


def _last_start(chain: list[Line]) -> int:
    return chain[-1].start


def _follows(before: tuple[int, ...], value: tuple[int, ...]) -> bool:
    if len(before) == len(value):
        return value[-1] == before[-1] + 1 and before[:-1] == value[:-1]
    if len(value) == len(before) + 1:  # 第三条之一 after 第三条
        return value[:-1] == before and value[-1] == 1
    return len(before) == len(value) + 1 and value[0] == before[0] + 1


def _leaves_out(before: Line, line: Line) -> bool:
    """Whether ``line`` may go on from ``before`` with numbers missing between: contracts do lose clauses."""
    if line.opens != "yes" or line.value <= before.value:
        return False
    if line.family in STRONG:
        return line.separated
    return line.family in ("han", "one") and line.titled and line.value[0] - before.value[0] <= _LOST


_LOST = 3


def _accepted(chain: list[Line], kept: dict[Family, list[Line]], divided: set[int]) -> list[Line]:
    """The lines of a chain that are headings, given those of the outer families and where n.1 stands right under n."""
    first, alone = chain[0], len(chain) == 1
    if alone and first.titled and first.start in divided:
        return chain
    if first.family in STRONG:
        if first.family == "annex" and not alone and _is_list(chain):
            return []
        return [] if alone and not first.separated else chain
    if first.family in DECIMALS:
        return chain if _is_under(first, kept) or len(chain) > (1 if first.value[-1] == 1 else 2) else []
    opens = first.value in ((1,), (LETTER,))
    if alone:
        return chain if first.titled and opens and first.family in ("han", "han-bracket", "one") else []
    if first.family not in _ITEMS and not _inside_clause(first, kept):
        return chain if opens or len(chain) > 2 else []
    titles = [line for line in chain if line.titled or (line.family == "letter" and line.title)]
    if _is_list(chain) or len(titles) * 5 < len(chain) * 3:
        return []
    return chain[: chain.index(titles[-1]) + 1]  # a longer one between two titles is one of them


def _is_list(chain: list[Line]) -> bool:
    """Whether the numbers stand on neighbouring lines, with nothing under them."""
    adjacent = sum(b.start - a.end <= 2 for a, b in pairwise(chain))
    return adjacent * 2 > len(chain) - 1


def _is_under(line: Line, kept: dict[Family, list[Line]]) -> bool:
    """Whether a decimal number stands under the heading that its first part names."""
    outer: tuple[Family, ...] = ("annex", "chapter", "article", "roman", "letter", "han", "one", "two", "three")
    before = [k for family in outer if (k := _last_before(kept.get(family), line)) and len(k.value) < len(line.value)]
    return bool(before) and max(before, key=_start).value == line.value[:-1]


def _inside_clause(line: Line, kept: dict[Family, list[Line]]) -> bool:
    """Whether a clause of an outer family stands before ``line``, with no chapter or annex begun between."""
    clauses: tuple[Family, ...] = ("article", "roman", "han", "one")
    breaks: tuple[Family, ...] = ("annex", "part", "chapter", "division")
    broken = max((k.start for f in breaks if (k := _last_before(kept.get(f), line))), default=-1)
    before = [k for f in clauses if RANK[f] < RANK[line.family] and (k := _last_before(kept.get(f), line))]
    return any(k.start > broken for k in before)


def _last_before(lines: list[Line] | None, line: Line) -> Line | None:
    index = bisect_left(lines or (), line.start, key=_start)
    return lines[index - 1] if lines and index else None
