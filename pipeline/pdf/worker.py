"""The reading process: ``python -m pipeline.pdf.worker``. Opens files that it must not trust, and may die of them.

Imports only what it needs: it starts in a tenth of a second. A request names the path, the passwords, the limits, what
OCR recognised by page number on a second reading, and the grids of tables. Where it names no grids, and strokes may
draw some, the answer is those strokes, and the reading is held for the request that does; ``reply`` takes it apart.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, cast

from pipeline.pdf import wire
from pipeline.pdf.clean import fold, plain
from pipeline.pdf.columns import Edges, reading_order
from pipeline.pdf.formats import format_of
from pipeline.pdf.health import bare, count_characters, coverage, garbled, judge, misread, needs_objects
from pipeline.pdf.layout import Laid, PageLines, bookmarks_of, lay_out, prominent_in, title_of
from pipeline.pdf.lines import OCR_CELL_GAP_EM, Cell, Chars, Line, lines_in, merged, ocr_line
from pipeline.pdf.pdfium import Entry, OpenError, Pdf, PdfPage, open_pdf
from pipeline.pdf.pictures import is_text, notable, place_of
from pipeline.pdf.places import places_of, turned_boxes, turned_places
from pipeline.pdf.process import Failure, beside, limit, serve
from pipeline.pdf.tables import asks_for_grids, packed, tables_of
from pipeline.pdf.tables_levels import with_columns
from pipeline.pdf.tables_ruled import Grid, lines_with_tables
from pipeline.pdf.undecoded import GAP, decoded, filled, gaps, lines_around, planed, undecoded, with_gaps
from pipeline.types import Box, PageHealth, Region

_MAX_CHARACTERS = 30_000_000
"""Characters of one document; 30 times the longest annual report. More is a bomb."""
_MAX_DEAD_PAGES = 100
_HALVED_FROM = 30
"""Pages from which on a second core is worth its start."""
_MAX_STROKES = 20_000
"""Of one page; more is a drawing, no table."""
_FIGURE_COVER = 0.1
"""A page with no text at all whose images cover this much has content that only OCR can read."""


@dataclass(slots=True)
class _Page:
    """What was read of a page, before the layout."""

    lines: list[Line]
    width: float
    height: float
    label: str | None
    health: PageHealth
    read_by: str
    confidence: float | None = None
    places: array[float] = field(default_factory=lambda: array("f"))
    turned: int = 0
    """Quarter turns clockwise from here, where its text stands upright, to the page as shown."""
    pictures: Sequence[Edges] = ()
    """Images on which no text layer stands."""
    unseen: Sequence[Edges] = ()
    """Of a page that is read, those that may hold text, and were not recognised."""
    marks: Sequence[object] = ()
    """What each of those is known by on other pages."""
    gaps: Sequence[Edges] = ()
    """Lines that hold characters which their font does not tell, and that were not recognised."""
    filled: int = 0
    """Such characters that were recognised."""
    hidden: int = 0
    """Characters on layers that are not shown: no text."""
    labels: Sequence[Region] = ()
    """What stands in them and is no text."""
    chars: Chars | None = None
    strokes: array[float] = field(default_factory=lambda: array("f"))
    """Where the page may hold tables with drawn lines, and nobody has looked yet: its characters, and its strokes as
    left, top, right, bottom of each."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file that was read but for the tables that its strokes may draw."""

    pages: list[_Page]
    metadata: Mapping[str, str]
    outline: Sequence[Entry]


_held: dict[tuple[Path, int, int], _Reading] = {}
"""The last reading, if it waits for grids: by path, size and time of change, so that it can't be another file's."""


def answer(request: wire.Message) -> wire.Message:
    """Answer one request of the parent."""
    path = Path(str(request["path"]))
    status = path.stat()
    held = _held.pop((path, status.st_size, status.st_mtime_ns), None)
    _held.clear()
    memory = int(cast(int, request["memory_mib"])) << 20
    limit(memory + status.st_size, float(cast(float, request["timeout_s"])))
    passwords = [str(password) for password in cast("list[object]", request["passwords"])]
    ocr = cast("dict[str, Any]", request.get("ocr") or {})
    kind = format_of(path)
    if kind != "pdf":
        return _READERS[kind](path, ocr)
    grids = cast("dict[str, Any] | None", request.get("grids"))
    try:
        reading = held if held and grids is not None else _read(path, passwords, halved=request.get("halved") is True)
    except OpenError as error:
        return _read_stand_in(path, passwords, error.code)
    strokes = {str(number): page.strokes for number, page in enumerate(reading.pages, 1) if page.strokes}
    if strokes and grids is None:
        _held[path, status.st_size, status.st_mtime_ns] = reading
        return {"strokes": strokes}
    for index, page in enumerate(reading.pages):
        if page.chars and (found := (grids or {}).get(str(index + 1))):
            page.lines = lines_with_tables(page.chars, index, with_columns(page.chars, [Grid(*grid) for grid in found]))
        if recognised := ocr.get(str(index + 1)):
            (_take_pictures if "pictures" in recognised else _take_ocr)(page, index, recognised)
    return _document(reading.pages, reading.metadata, reading.outline)


def _read(path: Path, passwords: Sequence[str], *, halved: bool) -> _Reading:
    """Read with PDFium; a long document on two cores, if ``halved``. Raises OpenError where it can't, or finds none."""
    with open_pdf(path, passwords) as pdf:
        found = _halves(pdf) if halved and pdf.page_count >= _HALVED_FROM else _pages_in(pdf, 0, pdf.page_count)
        with closing(found):
            pages = _kept(found)
        if not pages:
            raise OpenError("broken" if pdf.page_count > 0 else "no_pages")
        return _Reading(pages, pdf.metadata(), pdf.outline())


def _read_word(path: Path, _: Mapping[str, Any]) -> wire.Message:
    from pipeline.pdf.docx import read_docx  # what reads PDFs all day need not know it

    return read_docx(path)


def _read_text(path: Path, _: Mapping[str, Any]) -> wire.Message:
    from pipeline.pdf.plaintext import read_text

    found = read_text(path)
    pages = [
        _Page(page.lines, page.width, page.height, None, "text" if page.lines else "blank", "text")
        for page in found.pages
    ]
    traits = {"undecoded": found.undecoded, "unpaged": int(len(pages) == 1), "paged_by_breaks": int(len(pages) > 1)}
    return _document(pages, {}, found.headings, traits)


def _read_image(path: Path, ocr: Mapping[str, Any]) -> wire.Message:
    from pipeline.pdf.images import sizes_of

    pages: list[_Page] = []
    for index, size in enumerate(sizes_of(path)):
        page = _Page([], size.width, size.height, None, "scan", "none")
        if recognised := ocr.get(str(index + 1)):
            _take_ocr(page, index, recognised)
        pages.append(page)
    return _document(pages, {}, [])


_READERS = {"docx": _read_word, "text": _read_text, "image": _read_image}


def _kept(found: Iterable[_Page]) -> list[_Page]:
    """All pages of a document; none at all if the first ones can't be loaded (a page tree that leads nowhere, with any
    number of pages)."""
    pages: list[_Page] = []
    logos: set[object] = set()
    characters = 0
    for read in found:
        if read.marks:
            read.unseen = _without_logos(read, logos)
        pages.append(read)
        if len(pages) == _MAX_DEAD_PAGES and not any(page.width for page in pages):
            break
        characters += sum(len(cell.text) for line in read.lines for cell in line.cells)
        if characters > _MAX_CHARACTERS:
            raise Failure("too_long", limit=_MAX_CHARACTERS)
    return pages if any(page.width for page in pages) else []


def _halves(pdf: Pdf) -> Generator[_Page]:
    """All pages, the second half of them read beside the first."""
    middle = pdf.page_count // 2
    with beside(lambda: list(_pages_in(pdf, middle, pdf.page_count))) as rest:
        yield from _pages_in(pdf, 0, middle)
        yield from rest() or _pages_in(pdf, middle, pdf.page_count)


def _pages_in(pdf: Pdf, start: int, end: int) -> Generator[_Page]:
    """The pages from index ``start`` up to ``end``; one that can't be loaded counts as unread."""
    for index in range(start, end):
        label = pdf.label(index)
        with pdf.page(index) as page:
            read = (
                _Page([], 0.0, 0.0, label, "sparse", "none")
                if page is None
                else _page(page, index, label, has_pictures=pdf.has_pictures)
            )
            if page and read.unseen:
                read.marks = _marks_of(read.unseen, page)
        yield read


def _page(page: PdfPage, index: int, label: str | None, *, has_pictures: bool) -> _Page:
    chars = planed(page.chars())
    cover, paths, images = 0.0, 0, 0
    boxes: Sequence[Edges] = ()
    pictures: Sequence[Edges] = ()
    if has_pictures or needs_objects(chars.text):
        boxes, paths = page.image_boxes()
        pictures = bare(boxes, chars) if boxes else ()
        images, cover = len(boxes), coverage(pictures, page.width, page.height)
    lost = undecoded(chars)
    health = "garbled" if lost else judge(chars.text, cover, paths, images)
    unread = health in ("garbled", "scan") or (cover >= _FIGURE_COVER and not count_characters(chars.text))
    chars = decoded(chars, lost)
    lacking = gaps(chars) if health != "garbled" else []
    if lacking:
        chars = with_gaps(chars, lacking)
    is_lost = health == "garbled" and garbled(chars.text)
    lines = [] if is_lost or (unread and page.turned) else lines_in(chars, index)
    read = _Page(lines, page.width, page.height, label, health, "none" if unread else "pdfium", places=places_of(chars))
    read.pictures, read.turned, read.hidden = pictures, page.turned, page.hidden
    if unread:
        _show(read)  # where OCR will see it
        read.lines = _without_misread(lines, pictures)
    else:
        read.unseen = notable(boxes, chars, page.width, page.height) if pictures else ()
        read.gaps = lines_around(chars, lacking)
    if asks_for_grids(lines, page.height):
        read.chars, read.strokes = chars, array("f", chain.from_iterable(page.rulings(_MAX_STROKES)))
    return read


def _marks_of(pictures: Sequence[Edges], page: PdfPage) -> list[object]:
    """Of each picture where it stands, and the sizes of the images in it: a logo's mark is the same on every page."""
    parts = list(zip(page.image_boxes()[0], page.image_bytes(), strict=True))
    return [
        (
            *map(round, picture),
            *(size for box, size in parts if picture.holds((box.left + box.right) / 2, (box.top + box.bottom) / 2)),
        )
        for picture in pictures
    ]


def _without_logos(page: _Page, seen: set[object]) -> list[Edges]:
    """The pictures that no page before had in the same place; their marks are added to those ``seen``."""
    new: list[Edges] = []
    for picture, mark in zip(page.unseen, page.marks, strict=True):
        if mark not in seen:
            seen.add(mark)
            new.append(picture)
    return new


def _without_misread(lines: list[Line], pictures: Sequence[Edges]) -> list[Line]:
    """The lines but a worthless text layer over pictures."""
    kept = [line for line in lines if not any(box.holds(*line.centre) for box in pictures)]
    over = "".join(line.text for line in lines if not any(line is other for other in kept))
    return kept if misread("".join(over.split())) else lines


def _show(page: _Page) -> None:
    """Turn the page back to how it is shown."""
    if page.turned:
        page.places = turned_places(page.places, page.turned, page.width, page.height)
    if page.turned % 2:
        page.width, page.height = page.height, page.width
    page.turned = 0


def _take_ocr(page: _Page, index: int, recognised: Mapping[str, Any]) -> None:
    """Put recognised lines beside what is typed on the page, and in the place of a text layer over its images, unless
    that says more."""
    rows, turned = recognised["rows"], int(recognised.get("turned", 0))
    if turned and page.lines:
        rows = _as_shown(rows, turned, page)
    elif turned:
        page.turned = turned
        if turned % 2:
            page.width, page.height = page.height, page.width
    cells = _cells(rows, index, page.height)
    typed = [line for line in page.lines if not any(box.holds(*line.centre) for box in page.pictures)]
    found = [[cell for cell in row if not _is_typed(cell, typed)] for row in cells]
    lines = [Line(merged(row, OCR_CELL_GAP_EM), index) for row in found if row]
    size = sum(len(cell.text) for line in lines for cell in line.cells)
    if size < sum(count_characters(line.text) for line in page.lines) - sum(count_characters(x.text) for x in typed):
        page.read_by = "pdfium"
        return
    page.lines, page.read_by = _in_order(lines, typed), "ocr"
    page.confidence = _mean_score(rows)


def _take_pictures(page: _Page, index: int, recognised: Mapping[str, Any]) -> None:
    """Put what stands in the pictures of a page between its lines; what is no text, beside them."""
    if page.turned:
        return  # recognised as shown, and read otherwise
    labels: list[Region] = []
    read: list[Any] = []
    count = len(page.unseen)
    _fill_gaps(page, recognised["pictures"][count:])
    for (left, top, right, bottom), rows in recognised["pictures"][:count]:
        picture = Edges(left, page.height - top, right, page.height - bottom)
        lines = [Line(merged(row, OCR_CELL_GAP_EM), index) for row in _cells(rows, index, page.height)]
        cells = [cell for line in lines for cell in line.cells]
        if is_text([(cell.text, Edges(cell.left, cell.top, cell.right, cell.bottom)) for cell in cells], picture):
            at = place_of(picture, page.lines)
            page.lines = [*page.lines[:at], *lines, *page.lines[at:]]
            read += rows
        else:
            labels += [Region("picture", line.text, _box_of(line, index, page.height)) for line in lines]
    page.unseen, page.labels, page.confidence = (), labels, _mean_score(read)


def _fill_gaps(page: _Page, recognised: Sequence[Any]) -> None:
    """Take characters that fonts don't tell from what was recognised of their lines."""
    for (left, top, right, bottom), rows in recognised:
        around = Edges(left, page.height - top, right, page.height - bottom)
        seen = fold("".join(str(text) for row in rows for text, _, _ in row))
        for at, line in enumerate(page.lines):
            if GAP in line.text and around.holds(*line.centre):
                for cell in line.cells:
                    whole = filled(cell.text, seen)
                    page.filled += cell.text.count(GAP) - whole.count(GAP)
                    cell.text = whole
                page.lines[at] = Line(line.cells, line.page, line.flow, line.place)
    page.gaps = ()


def _cells(rows: Any, index: int, height: float) -> list[list[Cell]]:
    """Recognised rows as cells."""
    cells = [
        [ocr_line(str(text), Box(index + 1, *map(float, box)), float(score), height) for text, box, score in row]
        for row in rows
    ]
    _level_sizes([cell for row in cells for cell in row])
    return [kept for row in cells if (kept := [cell for cell in row if cell.text])]


def _box_of(line: Line | Edges, index: int, height: float) -> Box:
    return Box(index + 1, line.left, height - line.top, line.right, height - line.bottom)


def _mean_score(rows: Sequence[Any]) -> float | None:
    """Mean confidence of recognised pieces, illegible ones too."""
    scores = [float(score) for row in rows for _, _, score in row]
    return sum(scores) / len(scores) if scores else None


def _as_shown(rows: Any, turned: int, page: _Page) -> list[object]:
    """Rows of a page that was recognised upright, where it is shown: what is typed on it stands so."""
    size = (page.height, page.width) if turned % 2 else (page.width, page.height)
    return [
        [[text, list(turned_boxes(array("f", map(float, box)), turned, *size)), score] for text, box, score in row]
        for row in rows
    ]


def _in_order(lines: list[Line], typed: Sequence[Line]) -> list[Line]:
    """Recognised lines and typed ones: column by column, else each typed line above the first that stands lower."""
    both = [*lines, *typed]
    groups = reading_order([Edges(line.left, line.top, line.right, line.bottom) for line in both])
    if len(groups) > 1 and typed:
        return [both[at] for group in groups for at in sorted(group, key=lambda at: -both[at].middle)]
    for line in typed:
        lower = (at for at, other in enumerate(lines) if other.middle < line.middle)
        lines.insert(next(lower, len(lines)), line)
    return lines


def _is_typed(cell: Cell, typed: Sequence[Line]) -> bool:
    """Whether the text layer has what was recognised here."""
    x, y = (cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2
    return any(line.left < x < line.right and line.bottom < y < line.top for line in typed)


def _level_sizes(cells: Sequence[Cell]) -> None:
    """Give cells of about the usual height the same type size: OCR's boxes are a little higher or lower by chance."""
    if not cells:
        return
    usual = median(cell.em for cell in cells)
    for cell in cells:
        if 0.7 * usual < cell.em < 1.4 * usual:
            cell.em = usual


def _read_stand_in(path: Path, passwords: Sequence[str], code: str) -> wire.Message:
    """Read with pypdf what PDFium can't open; its text counts only where it is not garbled."""
    if code in ("password", "security"):
        raise Failure(code)
    from pipeline.pdf.standin import read_text  # a tenth of a second to import, and rarely needed

    found = read_text(path, passwords)
    if found is None:
        raise Failure(code)
    pages = [
        _Page([], page.width, page.height, None, "garbled", "none")
        if garbled(page.raw)
        else _Page(page.lines, page.width, page.height, None, judge(page.raw, 0.0, 0, 0), "pypdf")
        for page in found.pages
    ]
    if not any(page.lines for page in pages):
        raise Failure(code)
    return _document(pages, found.metadata, [])


def _document(
    pages: Sequence[_Page],
    metadata: Mapping[str, str],
    outline: Sequence[Entry],
    traits: Mapping[str, int] | None = None,
) -> wire.Message:
    layout = [PageLines(page.lines, page.width, page.height) for page in pages]
    title = title_of(metadata.get("Title", ""), layout)
    laid = lay_out(layout, [page.label for page in pages])
    lines = [line for page in layout for line in page.lines]
    tables = tables_of(laid.rows, lines)
    packed_tables = packed(tables, [page.height for page in pages])
    regions = [
        [[part.kind, part.text, part.box and _shown_box(part.box, page)] for part in (*placed.regions, *page.labels)]
        for page, placed in zip(pages, layout, strict=True)
    ]
    pictures = [[_shown_box(_box_of(box, 0, page.height), page) for box in page.unseen] for page in pages]
    holes = [[_shown_box(_box_of(box, 0, page.height), page) for box in page.gaps] for page in pages]
    shown = sum(line.text.count(GAP) for page in pages if page.read_by == "pdfium" for line in page.lines)
    told = {**(traits or {}), "gaps": shown, "filled": sum(page.filled for page in pages)}
    told["layers"] = sum(page.hidden for page in pages)
    recognised = _ocr_lines(laid, pages)
    if any(page.turned for page in pages):
        _show_tables(packed_tables, pages)
        for page in pages:
            _show(page)
    return {
        "title": title,
        "text": laid.text,
        "origins": laid.origins,
        "pages": [
            {
                "span": list(span),
                "label": None if page.label is None else plain(page.label),
                "width": page.width,
                "height": page.height,
                "health": page.health,
                "read_by": page.read_by,
                "confidence": page.confidence,
                "regions": found,
                "places": page.places,
                **({"pictures": boxes} if boxes else {}),
                **({"gaps": lines} if lines else {}),
            }
            for page, found, boxes, lines, span in zip(pages, regions, pictures, holes, laid.spans, strict=True)
        ],
        "bookmarks": [list(mark) for mark in ((m.title, m.page, m.level) for m in bookmarks_of(outline))],
        "metadata": {name: plain(value)[:2000] for name, value in metadata.items()},
        "ocr_lines": recognised,
        "traits": {name: count for name, count in told.items() if count},
        "prominent": prominent_in(laid, lines),
        **packed_tables,
    }


def _shown_box(box: Box, page: _Page) -> list[float]:
    return list(turned_boxes(array("f", box[1:]), page.turned, page.width, page.height) if page.turned else box[1:])


def _show_tables(tables: Mapping[str, Any], pages: Sequence[_Page]) -> None:
    """Turn the cells of tables on turned pages to where they are shown."""
    boxes = cast("array[float]", tables["table_boxes"])
    rows, cells = cast("array[int]", tables["table_rows"]), cast("array[int]", tables["table_cells"])
    for at, row in enumerate(cells[::6]):
        page = pages[rows[5 * row + 1] - 1]
        cell = slice(4 * at, 4 * at + 4)
        boxes[cell] = turned_boxes(boxes[cell], page.turned, page.width, page.height)


def _ocr_lines(laid: Laid, pages: Sequence[_Page]) -> list[object]:
    lines: list[object] = []
    for span, index, cell in laid.recognised:
        page = pages[index]
        box = Box(index + 1, cell.left, page.height - cell.top, cell.right, page.height - cell.bottom)
        lines.append([list(span), [index + 1, *_shown_box(box, page)], cell.confidence])
    return lines


if __name__ == "__main__":
    os.nice(5)  # what was read is to be finished first
    serve(answer)
