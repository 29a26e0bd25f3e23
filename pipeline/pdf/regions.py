"""What stands on a page beside its running text: headers, footers, page numbers, footnotes, watermarks, the table of
contents. Pure.

Each is moved from a page's lines to its regions, so that no sentence is interrupted and nothing is lost. Where a sign
is weak a line stays text: what is taken away is not analysed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.pdf.lines import Line
from pipeline.pdf.tables_ruled import FIGURE
from pipeline.types import Box, Region, RegionKind

_ZONE, _NUMBER_ZONE = 0.1, 0.12
"""Headers and footers stand in so much of the page at its top and bottom; page numbers may stand deeper: those of TeX,
and of pages on their side."""
_REPEATED = 0.3
"""Share of the pages on which a line must stand (digits aside) to be a header or footer."""
_TITLE_EM = 1.25
"""A line this much larger than the same words on other pages is the title that their header repeats."""
_MARKED, _MARK_EM = 0.5, 1.5
"""Share of the pages on which a line of this size must stand at one place to be a watermark."""
_NOTE_EM, _NOTE_ZONE = 0.93, 0.5
"""Footnotes are smaller than the text, in the lower half of the page."""
_GLOSS_EM, _GLOSS_ROOM = 0.6, 3.0
"""Readings over characters are half as large as these, and fill the room between two lines."""
_MIN_ENTRIES, _MIN_LEADERS = 3, 5
"""Entries that a table of contents has: with its title, and without."""
_WRAPPED = 2
"""Lines that an entry may have before the one with its page number."""

_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")
_EXPONENT = re.compile(r"[\d+\-−\s]+")
_PAGE_NUMBER = re.compile(
    r"(?:第#页?|#页)[/,，]?(?:共#页?)?|共#页[,，]?第#页|[-—–~·|]{1,2}#[-—–~·|]{1,2}|#(?:/|of|OF)#|(?:Page|PAGE|page|P\.?)#(?:(?:/|of)#)?|[ivxlcIVXLC]{1,6}"
)
_OWN_NUMBER = re.compile(
    r"(?:(?:合同|协议|文件)[编文]?号\s?[:：]|(?:Contract|Agreement) (?:No\.?|Number)\s?:?)\s*"
    r"([\w〔〕（）()【】\[\]./—-]{4,40})"
)
_NOTE_MARK = re.compile(r"([①-⑳❶-❿⑴-⒇*†‡§]|\[\d{1,3}\]|［\d{1,3}］|\d{1,3}(?=\s*[^\s\d.．、,，:：)）%\-/年月日]))")
_CONTENTS_TITLE = re.compile(r"(?:目|总目|本章目)[录次錄]|contents|tableofcontents", re.IGNORECASE)
_LEADERS = re.compile(r"(?:[.．…·‥⋯_─-]\s*){3,}[（(—-]*\s*(\d(?: ?\d){0,3}|[ivxlcIVXLC]{1,7})\s*[）)—-]*$")
_TITLE_LENGTH = 24
_LAST_OF_NUMBER = frozenset("0123456789ivxlcIVXLC)）-—")
_LAST_OF_CONTENTS = _LAST_OF_NUMBER | frozenset("录次錄sS")
_NUMBER_CELL = re.compile(r"[（(]?(\d{1,4}|[ivxlc]{1,7})[）)]?", re.IGNORECASE)


@dataclass(slots=True)
class PageLines:
    """A page's lines in reading order; ``height`` is that of the page as shown. ``regions`` is filled here."""

    lines: list[Line]
    width: float
    height: float
    regions: list[Region] = field(default_factory=list[Region])


def take_regions(pages: Sequence[PageLines], numbers: Sequence[str | None] = ()) -> None:
    """Move all that is no running text from ``lines`` to ``regions``; ``numbers`` are the pages' printed labels."""
    em = body_em(line for page in pages for line in page.lines)
    take_margins(pages, numbers, em)
    take_glosses(pages, em)
    take_footnotes(pages, em)
    take_contents(pages)


# --- headers and footers ----------------------------------------------------------------------------------------------


def take_margins(pages: Sequence[PageLines], numbers: Sequence[str | None], em: float) -> None:
    """Headers, footers and page numbers: lines at the top and foot that stand on 30 % of the pages (digits aside), and
    page numbers, from the outside inwards up to the first other line. Lines that run aslant are watermarks and stamps,
    and so are big ones that stand at one place of half of the pages.

    A header that alone tells the document's own number stays text where it first stands."""
    zones = [(_zone(page, top=True), _zone(page, top=False)) for page in pages]
    repeating = ({key for key, x in (*above, *below) if _may_repeat(x)} for above, below in zones)
    counts = Counter(key for keys in repeating for key in keys)
    smallest = _smallest(keyed for page_zones in zones for zone in page_zones for keyed in zone)
    needed = max(2, _REPEATED * len(pages))
    marks = _watermarks(pages, _MARK_EM * em)
    told: set[str] = set()
    for index, (page, page_zones) in enumerate(zip(pages, zones, strict=True)):
        label = numbers[index] if index < len(numbers) else None
        low, high = page.height * _ZONE, page.height * (1 - _ZONE)
        taken: list[tuple[RegionKind, Line]] = [
            ("watermark", line) for line in page.lines if line.flow == "aslant" or (marks and _spot(line) in marks)
        ]
        kinds: tuple[RegionKind, RegionKind] = ("header", "footer")
        for kind, zone in zip(kinds, page_zones, strict=True):
            for key, line in zone:
                is_number = _is_page_number(line, index, label)
                is_title = line.em > _TITLE_EM * smallest[key]
                is_margin = counts[key] >= needed and not is_title and not low < line.middle < high
                if not is_margin and not is_number:
                    break
                if not is_number and _tells_number(line, page, pages, told):
                    continue
                taken.append(("page_number" if is_number else kind, line))
        _take(page, taken)


def _tells_number(line: Line, page: PageLines, pages: Sequence[PageLines], told: set[str]) -> bool:
    """Whether a margin of a page of text tells the document's number, for the first time, and no line within does."""
    match = _OWN_NUMBER.search(line.text)
    number = match[1] if match else None
    if number is None or number in told or not any(_inner(page)):
        return False
    told.add(number)
    return not any(number in text for page in pages for text in _inner(page))


def _inner(page: PageLines) -> Iterator[str]:
    """The lines between a page's margins."""
    low, high = page.height * _ZONE, page.height * (1 - _ZONE)
    return (line.text for line in page.lines if low < line.middle < high)


def _smallest(lines: Iterable[tuple[str, Line]]) -> dict[str, float]:
    """The least type size of lines that say the same."""
    sizes: dict[str, float] = {}
    for key, line in lines:
        sizes[key] = min(line.em, sizes.get(key, line.em))
    return sizes


def _take(page: PageLines, taken: Iterable[tuple[RegionKind, Line]]) -> None:
    """Move lines to the page's regions, which stand from top to bottom."""
    gone: dict[int, tuple[RegionKind, Line]] = {id(line): (kind, line) for kind, line in taken}
    if not gone:
        return
    for kind, line in sorted(gone.values(), key=lambda part: -part[1].middle):
        box = Box(line.page + 1, line.left, page.height - line.top, line.right, page.height - line.bottom)
        page.regions.append(Region(kind, line.text, box))
    page.lines = [line for line in page.lines if id(line) not in gone]


def _zone(page: PageLines, *, top: bool) -> list[tuple[str, Line]]:
    """The page's lines at its top or foot, the outermost first, each with what it says but for digits."""
    low, high = page.height * _NUMBER_ZONE, page.height * (1 - _NUMBER_ZONE)
    outer = [line for line in page.lines if (line.middle > high if top else line.middle < low)]
    if any(line.place for line in outer):
        inner = {line.place.table for line in page.lines if line.place and low < line.middle < high}
        outer = [line for line in outer if line.place is None or line.place.table not in inner]
    across = sorted((line for line in outer if line.flow == "across"), key=lambda line: line.middle, reverse=top)
    return [(_DIGITS.sub("#", _SPACE.sub("", line.text)), line) for line in across]


def _may_repeat(line: Line) -> bool:
    """Whether a line may be a header or footer: not a table's row, of which only the figures differ."""
    figures = sum(FIGURE.fullmatch(cell.text) is not None for cell in line.cells)
    return figures <= 0.5 * len(line.cells) or not line.is_row


def _is_page_number(line: Line, index: int, label: str | None) -> bool:
    text = _SPACE.sub("", line.text)
    if text.isdecimal() and len(text) <= 4:
        return not line.is_row and (label == text or abs(int(text) - index - 1) <= 30)
    return _PAGE_NUMBER.fullmatch(_DIGITS.sub("#", text)) is not None


def _watermarks(pages: Sequence[PageLines], size: float) -> set[tuple[str, int, int]]:
    """Big lines that stand at the same place of most pages."""
    if len(pages) < 3:
        return set()
    spots = Counter(spot for page in pages for spot in {_spot(line) for line in page.lines if line.em > size})
    return {spot for spot, n in spots.items() if n > _MARKED * len(pages)}


def _spot(line: Line) -> tuple[str, int, int]:
    return line.text, round(line.left / 4), round(line.middle / 4)


def body_em(lines: Iterable[Line]) -> float:
    """The type size of most of the text."""
    sizes: dict[float, int] = {}
    for line in lines:
        sizes[line.em] = sizes.get(line.em, 0) + len(line.text)
    weights: Counter[float] = Counter()
    for em, length in sizes.items():  # fewer than lines
        weights[round(em, 1)] += length
    return weights.most_common(1)[0][0] if weights else 0.0


# --- footnotes --------------------------------------------------------------------------------------------------------


def take_footnotes(pages: Sequence[PageLines], em: float) -> None:
    """Small lines at the foot of a page, from one that starts with a mark which stands in the text above them."""
    for page in pages:
        small = [line for line in page.lines if line.em < _NOTE_EM * em and _may_be_note(line, page)]
        if small:
            _take(page, [("footnote", line) for line in _notes(page, small)])


def _may_be_note(line: Line, page: PageLines) -> bool:
    return line.flow == "across" and not line.is_row and line.place is None and line.middle < _NOTE_ZONE * page.height


def _notes(page: PageLines, small: Sequence[Line]) -> list[Line]:
    """The notes among the small lines: the lowest ones, up to the highest that starts with a known mark."""
    others = [line for line in page.lines if not any(line is one for one in small)]
    floor = min((line.bottom for line in others), default=0.0)
    below = sorted((line for line in small if line.middle < floor), key=lambda line: -line.top)
    above = "\n".join(line.text for line in others)
    for at, line in enumerate(below):
        mark = _NOTE_MARK.match(line.text)
        if mark and _is_referred_to(mark.group(1), above):
            return below[at:]
    return []


def _is_referred_to(mark: str, text: str) -> bool:
    """Whether a note's mark stands in the text, behind something."""
    before, behind = (
        (r"[^\s\d.．,，(（第/\-]", r"(?![\d.．、,%％:：/年月日元条款项章节])") if mark.isdecimal() else (r"\S", "")
    )
    return re.search(before + re.escape(mark) + behind, text) is not None


def take_glosses(pages: Sequence[PageLines], em: float) -> None:
    """Readings and emphasis marks between the lines of a paragraph: tiny, with text right above and right below.
    Figures may be exponents."""
    for page in pages:
        tiny = [at for at, line in enumerate(page.lines) if line.em < _GLOSS_EM * em and line.flow == "across"]
        tiny = [at for at in tiny if not _EXPONENT.fullmatch(page.lines[at].text)]
        near = {at: [x for x in page.lines[max(0, at - 3) : at + 4] if abs(x.em - em) < 0.1 * em] for at in tiny}
        found = [page.lines[at] for at in tiny if _is_between(page.lines[at], near[at])]
        if found:
            _take(page, [("footnote", line) for line in found])


def _is_between(line: Line, others: Sequence[Line]) -> bool:
    """Whether a line stands in the room between two neighbouring lines of text."""
    over = [x for x in others if x.left < line.right and x.right > line.left]
    above = min((x.bottom for x in over if x.middle > line.top), default=None)
    below = max((x.top for x in over if x.middle < line.bottom), default=None)
    return above is not None and below is not None and above - below < _GLOSS_ROOM * line.em


# --- contents ---------------------------------------------------------------------------------------------------------


def take_contents(pages: Sequence[PageLines]) -> None:
    """Tables of contents: a title and entries that end with page numbers, over page breaks too; without a title only
    with leaders. The numbers must ascend."""
    lines = [line for page in pages for line in page.lines]
    taken: dict[int, list[tuple[RegionKind, Line]]] = {}
    at = 0
    while at < len(lines):
        end = _contents_end(lines, at) if lines[at].text[-1] in _LAST_OF_CONTENTS else at
        for line in lines[at:end]:
            taken.setdefault(line.page, []).append(("contents", line))
        at = max(end, at + 1)
    for index, found in taken.items():
        _take(pages[index], found)


def _contents_end(lines: Sequence[Line], start: int) -> int:
    """Where contents that start here end; ``start`` where none do."""
    text = lines[start].text
    titled = len(text) < _TITLE_LENGTH and _CONTENTS_TITLE.fullmatch(_SPACE.sub("", text)) is not None
    if not titled and _page_of(lines[start], titled=False) is None:
        return start
    entries = list(_entries(lines, start + titled, titled=titled))
    numbers = [number for _, number in entries]
    ascending = sum(a <= b for a, b in pairwise(numbers))
    if len(entries) < (_MIN_ENTRIES if titled else _MIN_LEADERS) or ascending < 0.8 * (len(entries) - 1):
        return start
    return entries[-1][0] + 1


def _entries(lines: Sequence[Line], start: int, *, titled: bool) -> Iterator[tuple[int, int]]:
    """Index and page number of the entries that follow each other."""
    last = start - 1
    for at in range(start, len(lines)):
        number = _page_of(lines[at], titled=titled)
        if number is not None:
            last = at
            yield at, number
        elif at - last > _WRAPPED:
            return


def _page_of(line: Line, *, titled: bool) -> int | None:
    """The page number at an entry's end; Roman ones count as 0. Without leaders it must be a cell of its own."""
    text = line.text
    if text[-1] not in _LAST_OF_NUMBER:
        return None
    if found := _LEADERS.search(text):
        number = found.group(1).replace(" ", "")
        return int(number) if number.isdecimal() else 0
    if titled and line.is_row and len(line.cells) <= 3 and (cell := _NUMBER_CELL.fullmatch(line.cells[-1].text)):
        return int(cell.group(1)) if cell.group(1).isdecimal() else 0
    return None
