"""From the lines of all pages to the document's text. Pure.

What is no running text goes to the page's regions; hard-wrapped lines become paragraphs, over page breaks too;
table rows stay one line each, their cells separated by a TAB. The text of the pages tiles the text of the document.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from statistics import median
from typing import NamedTuple

from pipeline.pdf.clean import HYPHEN, plain
from pipeline.pdf.lines import CJK, Cell, Line, first_word_width, glue, is_cjk
from pipeline.pdf.regions import PageLines, body_em, take_regions
from pipeline.pdf.tables_aligned import arranged
from pipeline.pdf.tables_cut import with_whole_rows
from pipeline.types import Bookmark, Span

_FULL_EM = 14
"""A line shorter than this breaks because it is done, whatever stands to the right of it."""
_SAME_EDGE = 8.0
"""Points between the right edges of lines that count as ending together."""

_TITLE_MEASURED = 50
"""Pages that tell the type size of the text; a title stands on the first ones."""

_SPACE = re.compile(r"\s+")
_ENDS_SENTENCE = re.compile(r"[。！？!?；;：:…][”’」』）)]?$|[.][”’\")]?$")
_RUNS_ON = re.compile(
    r"[，、,（(《“‘〔【\[]$|(?:本合同|本协议|根据|依据|依照|按照|按|依|及|和|与|或|的|之|由|在|向|为|对|将|第)$"
)
_TAIL = 6
"""No end of a line that these two look for is longer; searching whole lines takes time."""
_NO_HEADING_AFTER_NUMBER = "的之、所约规中和与及至或第款项（(，,；;。"
_STARTS_ITEM = re.compile(
    rf"第[〇零一二三四五六七八九十百千\d.．]{{1,6}}[编章节条款篇部](?![{_NO_HEADING_AFTER_NUMBER}])"
    r"|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}[、.．]"
    r"|\d{1,3}[、)）]|\d{1,3}[.．](?!\d)|\d{1,2}(?:[.．]\d{1,2}){1,3}(?=[\s、.．\u4e00-\u9fff])(?![元万亿%％年月日倍米吨条款项节章]|\s*[%％])"
    r"|[①-⑳㈠-㈩⒈-⒛⑴-⒇]|[●•■▪◆➢✓□☐☑√○◇▲△★※]|[a-zA-Z][.)、）](?=[\s\u4e00-\u9fff])"
    r"|附件\s?[一二三四五六七八九十\d]{0,3}\s*[：:]|附录|目\s*录$|注[：:]|说明[：:]|单位[：:]"
)
_LABEL = re.compile(
    r"(?:[甲乙丙丁]方|买方|卖方|[出承]租[人方]|出借[人方]|借款[人方]|贷款[人方]|发包[人方]|[承分]包[人方]|委托[人方]|受托[人方]|用人单位|劳动者|担保[人方]"
    r"|需方|供方|招标人|投标人|法定代表人|委托代理人|授权代表|负责人|联系人|联系电话|电\s*话|传\s*真|地\s*址|住\s*所地?|邮\s*编|开户行|开户银行|账\s*号|帐\s*号"
    r"|统一社会信用代码|身份证号码?|日\s*期|签订日期|签订地点|合同编号|合同名称|编\s*号)(?:[（(][^）)]{0,20}[）)])?\s*[：:]"
)
_FIELD = re.compile("[\u4e00-\u9fff][\u4e00-\u9fff（）()、]{1,20}[：:]")
"""``负责人：...``: two such lines in a row are two entries of a form."""
_ANSWER = re.compile("[是否无有]|不?适用|[/—-]+")
_BRACKETS = (("（", "）)"), ("(", "）)"), ("《", "》"), ("【", "】"), ("〔", "〕"), ("“", "”"))
_BAD_TITLE = re.compile(
    r"^(?:microsoft |powerpoint|untitled|无标题|未命名|新建|(?:文档|document|slide )\d*$)|^\((?:anonym|unspec)"
    r"|\.(?:docx?|wps|xlsx?|pptx?|pdf|rtf|txt|tex|dvi|indd|cdr|html?|md|jpe?g|png|tiff?)$|^[\W\d_]+$|^.{0,2}$",
    re.IGNORECASE,
)


class Recognised(NamedTuple):
    """An OCR cell in the finished text, on page index ``page``; edges as in :class:`Cell`."""

    span: Span
    page: int
    cell: Cell


class LaidRow(NamedTuple):
    """A row of a table in the finished text: where it stands among the document's lines, and where it starts."""

    at: int
    start: int
    line: Line


class Laid(NamedTuple):
    """The document's text, where each page stands in it, and where its characters came from."""

    text: str
    spans: list[Span]
    origins: array[int]
    recognised: list[Recognised]
    rows: list[LaidRow]
    starts: array[int]
    """Where each line starts in the text."""


def lay_out(pages: Sequence[PageLines], numbers: Sequence[str | None] = ()) -> Laid:
    """Join the pages' lines to the document's text. Moves what is no running text to ``regions`` on the way.

    ``numbers`` are the pages' printed labels, where known.
    """
    take_regions(pages, numbers)
    for page in pages:
        if all(line.flow == "across" for line in page.lines):
            page.lines = arranged(page.lines)
    with_whole_rows(pages)
    lines = [line for page in pages for line in page.lines]
    return _assemble(pages, lines, _joins(pages))


# --- paragraphs -------------------------------------------------------------------------------------------------------


class _Measure(NamedTuple):
    """What full lines look like on a page, within this document."""

    edges: list[float]
    """Right edges at which lines end for want of room, ascending: the text's own, and those of columns and cells."""
    lefts: list[float]
    """Where continuation lines start, ascending: the text's own left edge first, then those of columns and cells."""
    pitch: float
    """Usual distance from line to line, in em."""
    indents: bool
    """Whether the document's paragraphs start indented."""
    ceiling: float
    floor: float
    """Where the columns of vertical writing start and end on the page."""


def _joins(pages: Sequence[PageLines]) -> list[str]:
    """What stands between each line and the next: a newline, or what ``glue`` says of lines that belong together."""
    measures = _measures(pages)
    between: list[str] = []
    in_item = False
    for at, (a, b) in enumerate(pairwise(line for page in pages for line in page.lines)):
        if at == 0 or between[-1] == "\n":
            in_item = _starts_item(a.text)
        between.append(glue(a.text, b.text) if _continues(a, b, measures[a.page], in_item) else "\n")
    return between


def _measures(pages: Sequence[PageLines]) -> list[_Measure]:
    """A measure for each page: what its own lines don't tell comes from the other pages of its width."""
    running = [[line for line in page.lines if not line.is_row] for page in pages]
    everything = [line for lines in running for line in lines]
    lefts = Counter([round(line.left / 2) * 2 for line in everything if line.right - line.left > _FULL_EM * line.em])
    left = min((edge for edge, n in lefts.items() if n >= 0.1 * lefts.total()), default=0.0)
    indented = sum([1.5 * line.em < line.left - left < 2.6 * line.em for line in everything])
    pitches = [_pitches(lines) for lines in running]
    usual = median(chain.from_iterable(pitches)) if any(pitches) else 1.5
    alike: dict[int, list[Line]] = {}
    for page, lines in zip(pages, running, strict=True):
        alike.setdefault(round(page.width), []).extend(lines)
    edges = {width: _outer_edge(lines, left, width) + _inner_edges(lines, 18, 4) for width, lines in alike.items()}
    return [
        _Measure(
            sorted({*edges[round(page.width)], *_inner_edges(lines, _FULL_EM, 5)}),
            [left, *_inner_lefts(lines, left)],
            median(own) if len(own) >= 5 else usual,
            indented >= 0.1 * len(everything) > 0,
            max((line.top for line in lines if line.flow == "down"), default=0.0),
            min((line.bottom for line in lines if line.flow == "down"), default=0.0),
        )
        for page, lines, own in zip(pages, running, pitches, strict=True)
    ]


def _outer_edge(lines: Sequence[Line], left: float, width: float) -> list[float]:
    """The right edge of the text: where enough lines end, or some do and the margins would be alike."""
    rights = sorted([line.right for line in lines if line.right - line.left > _FULL_EM * line.em])
    for at in range(len(rights) - 1, -1, -1):
        support = at - bisect_left(rights, rights[at] - _SAME_EDGE) + 1
        alike = width - rights[at] < 1.4 * left + 12
        if support >= max(4, 0.02 * len(rights)) or (alike and support >= min(2, len(rights) // 10)):
            return [rights[at]]
    return []


def _inner_edges(lines: Sequence[Line], min_em: float, min_lines: int) -> list[float]:
    """Further edges at which lines end together: those of columns, of indented text, of table cells that hold text."""
    rights = sorted([line.right for line in lines if line.right - line.left > min_em * line.em])
    needed = max(min_lines, 0.03 * len(rights))
    edges: list[float] = []
    at = len(rights) - 1
    while at >= 0:
        edge = rights[at]
        if at - bisect_left(rights, edge - _SAME_EDGE) + 1 >= needed:
            edges.append(edge)
            at = bisect_right(rights, edge - 2 * _SAME_EDGE)
        at -= 1
    return edges


def _inner_lefts(lines: Sequence[Line], left: float) -> list[float]:
    """Left edges far to the right of the text's own at which several lines of one page start."""
    counts = Counter(
        [
            round(line.left / 2) * 2.0
            for line in lines
            if line.left > left + 8 * line.em and line.right - line.left > _FULL_EM * line.em
        ]
    )
    found: list[float] = []
    for edge in sorted(edge for edge, n in counts.items() if n >= 4):
        if not found or edge - found[-1] > 40:  # nearer ones are indented lines of the same column
            found.append(edge)
    return found


def _pitches(lines: Sequence[Line]) -> list[float]:
    return [(a.bottom - b.bottom) / a.em for a, b in pairwise(lines) if 0 < a.bottom - b.bottom < 4 * a.em]


def _continues(a: Line, b: Line, measure: _Measure, in_item: bool) -> bool:
    """Whether line ``b`` carries on the paragraph of line ``a``."""
    if a.flow == b.flow == "down":
        return _continues_down(a, b, measure)
    if a.is_row or b.is_row or a.right - a.left < _FULL_EM * a.em or a.flow != b.flow:
        return False
    if not 0.8 < a.em / b.em < 1.25 or not _is_full(a, b, measure):
        return False
    pitch = (a.bottom - b.bottom) / a.em
    jumps = a.page != b.page or (pitch <= 0 and b.left > a.right)  # to the next page, or the next column
    if not jumps and pitch <= 0:
        return False  # beside or above: another block
    open_bracket = _leaves_bracket_open(a.text)
    runs_on = open_bracket or _RUNS_ON.search(a.text[-_TAIL:]) is not None
    if not jumps and pitch > measure.pitch * (1.8 if runs_on else 1.4):
        return False
    if _ANSWER.fullmatch(b.text) or _is_entry(a.text, b.text):
        return False
    if not runs_on and _starts_item(b.text) and not _splits_number(a.text, b.text):
        return False
    column = bisect_left(measure.lefts, b.left + b.em)
    indent = (b.left - measure.lefts[column - 1]) / b.em if column else 0.0
    if a.heavy and not b.heavy:
        return False
    if _ENDS_SENTENCE.search(a.text[-_TAIL:]) and not open_bracket:
        if b.heavy or not 0.93 < a.em / b.em < 1.08:
            return False
        if measure.indents:
            return indent < 0.8
        # no indents: a paragraph's end fills its line once in a line's length, a sentence's inside it more often
        return jumps is False and pitch < 1.05 * measure.pitch and _is_full(a, b, measure, slack_em=1.0)
    if indent < 1.5 or b.left <= a.left + 0.5 * b.em:
        return True
    return in_item and b.left - a.left < 4 * b.em


def _is_entry(a: str, b: str) -> bool:
    """Whether line ``b`` is an entry of a form: its label tells, or that ``a`` looks like an entry, too."""
    if "：" not in b and ":" not in b:
        return False
    return _LABEL.match(b) is not None or (_FIELD.match(b) is not None and _FIELD.match(a) is not None)


def _continues_down(a: Line, b: Line, measure: _Measure) -> bool:
    """The same for columns of vertical writing: ``a`` runs down to the foot of the page, ``b`` starts at its head."""
    full = a.bottom < measure.floor + 1.2 * a.em and b.top > measure.ceiling - 0.8 * b.em
    return full and 0.8 < a.em / b.em < 1.25 and not _ENDS_SENTENCE.search(a.text[-_TAIL:])


def _is_full(a: Line, b: Line, measure: _Measure, slack_em: float = 2.0) -> bool:
    """Whether ``a``, a long line, ends where lines end, so that its break says nothing: no room was left for what comes
    next (one character; punctuation that may not start a line goes with it)."""
    if a.text[-1] in "-\x02" and a.text[-2:-1].islower() and b.text[0].islower():
        return True  # a divided word
    at = bisect_left(measure.edges, a.right - 1.6 * a.em)  # punctuation may hang out
    if at == len(measure.edges):
        return False
    left_over, room = measure.edges[at] - a.right, slack_em * a.em
    return left_over < room or left_over < room + min(first_word_width(b), 0.5 * (a.right - a.left))


def _starts_item(text: str) -> bool:
    return _STARTS_ITEM.match(text) is not None


def _splits_number(a: str, b: str) -> bool:
    """Whether a line break divides a number: 1 | 2.5万元."""
    return a[-1].isdecimal() and b[0].isdecimal() and re.match(r"[\d,.]+(?:\s|[\u4e00-\u9fff%％])", b) is not None


def _leaves_bracket_open(text: str) -> bool:
    """Whether a bracket that a line opens is not closed on it; OCR mixes full-width and half-width ones."""
    for opened, closed in _BRACKETS:
        at = text.rfind(opened)
        if at >= 0 and all(text.find(close, at) < 0 for close in closed):
            return True
    return False


# --- text -------------------------------------------------------------------------------------------------------------


def _assemble(pages: Sequence[PageLines], lines: Sequence[Line], joins: Sequence[str]) -> Laid:
    parts: list[str] = []
    origins = array("i")
    recognised: list[Recognised] = []
    rows: list[LaidRow] = []
    starts = array("i")
    page_starts: dict[int, int] = {}
    for at, line in enumerate(lines):
        starts.append(len(origins))
        page_starts.setdefault(line.page, len(origins))
        if line.place is not None:
            rows.append(LaidRow(at, len(origins), line))
        for index, cell in enumerate(line.cells):
            if index:
                parts.append("\t")
                origins.append(-1)
            if cell.confidence is not None:
                recognised.append(Recognised(Span(len(origins), len(origins) + len(cell.text)), line.page, cell))
            parts.append(cell.text)
            origins.extend(cell.origins)
        between = joins[at] if at < len(joins) else ""
        if between == HYPHEN:
            parts[-1] = parts[-1][:-1]
            origins.pop()
        elif between:
            parts.append(between)
            origins.append(-1)
    spans: list[Span] = []
    end = len(origins)
    for index in range(len(pages) - 1, -1, -1):
        start = page_starts.get(index, end)
        spans.append(Span(start, end))
        end = start
    if spans:
        spans[-1] = Span(0, spans[-1].end)
    return Laid("".join(parts), spans[::-1], origins, recognised, rows, starts)


# --- type -------------------------------------------------------------------------------------------------------------


def prominent_in(laid: Laid, lines: Sequence[Line]) -> list[tuple[int, float, bool]]:
    """Start, size and weight of the lines that begin a paragraph in type larger than most of the text, or in bold."""
    body = body_em(lines) or 1.0
    found: list[tuple[int, float, bool]] = []
    for line, start in zip(lines, laid.starts, strict=True):
        if (line.heavy or line.em > _LARGER * body) and not line.is_row and laid.text[start - 1 : start] in ("", "\n"):
            found.append((start, round(line.em / body, 2), line.heavy))
    return found


_LARGER = 1.08


# --- title ------------------------------------------------------------------------------------------------------------


def title_of(metadata_title: str, pages: Sequence[PageLines]) -> str:
    """The document's title: the file's own if it stands on the first pages too (programs fill in templates' names and
    file names), else the first big or centred line of the first two pages that have lines, else the file's own if it
    is sensible; empty if there is none."""
    named = plain(metadata_title)
    sensible = 2 < len(named) <= 80 and "\ufffd" not in named and not _BAD_TITLE.search(named)
    first_pages = [page for page in pages if page.lines][:2]
    if sensible and _stands_in(named, first_pages):
        return named
    body = body_em(line for page in pages[:_TITLE_MEASURED] for line in page.lines)
    for page in first_pages:
        for at, line in enumerate(page.lines[:15]):
            if _looks_like_title(line, page, body):
                return _whole_title(page.lines[at : at + 3], line)
    return named if sensible else ""


def _stands_in(title: str, pages: Iterable[PageLines]) -> bool:
    """Whether the title is (nearly) a whole line, or two, of these pages."""
    dense = _SPACE.sub("", title)
    for page in pages:
        texts = [_SPACE.sub("", line.text) for line in page.lines]
        if any(dense in text and len(dense) > 0.6 * len(text) for text in (*texts, *map("".join, pairwise(texts)))):
            return True
    return False


def _looks_like_title(line: Line, page: PageLines, body: float) -> bool:
    text = line.text
    if line.is_row or not 2 <= len(text) <= 60 or "：" in text or ":" in text or _ENDS_SENTENCE.search(text):
        return False
    if not re.search(r"[\u4e00-\u9fffA-Za-z]{2}", _SPACE.sub("", text)) or _starts_item(text):
        return False
    centred = abs((line.left + line.right) / 2 - page.width / 2) < 0.04 * page.width and line.left > 0.2 * page.width
    return line.em > 1.25 * body or (centred and line.em >= body)


def _whole_title(lines: Sequence[Line], first: Line) -> str:
    """A title with its further lines in the same size."""
    parts = [first.text]
    for line in lines[1:]:
        if line.is_row or abs(line.em - first.em) > 0.05 * first.em or len(line.text) > 40 or ":" in line.text:
            break
        if abs((line.left + line.right) - (first.left + first.right)) > 4 * first.em or "：" in line.text:
            break
        parts.append(line.text)
    title = parts[0]
    for part in parts[1:]:
        title += part if is_cjk(title[-1]) or is_cjk(part[0]) else " " + part
    return re.sub(rf"(?<=[{CJK}]) +(?=[{CJK}])", "", title)


def bookmarks_of(entries: Iterable[tuple[str, int | None, int]]) -> list[Bookmark]:
    """The outline's entries with cleaned titles; entries without one are left out."""
    cleaned = (Bookmark(plain(title)[:200], page, level) for title, page, level in entries)
    return [mark for mark in cleaned if mark.title]
