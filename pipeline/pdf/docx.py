"""Word documents (ECMA-376, transitional and strict): what a person sees who prints them, as lines.

Automatic numbers come out as text; insertions that are tracked are in, deletions are out; text boxes stand behind the
paragraph that holds them; headers, footers and notes are regions of their pages. Runs in the parent's killable process
only: see ``worker``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element

from pipeline.pdf import wire
from pipeline.pdf.clean import plain
from pipeline.pdf.flowing import BREAK, Cells, Flow, clean
from pipeline.pdf.lines import CJK
from pipeline.pdf.numbering import Numbering, Style, is_on, numbers_of, styles_in, value, whole
from pipeline.pdf.ooxml import Package, open_package
from pipeline.pdf.process import Failure
from pipeline.types import Bookmark, RegionKind

_SILENT = frozenset(
    (
        *("pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "oMathParaPr", "fPr"),
        *("instrText", "delText", "delInstrText", "rt", "Fallback", "del", "moveFrom"),
    )
)
"""Elements that print nothing of their own. What is not named anywhere is looked into."""
_TRACKED = {"del": "deletions", "moveFrom": "deletions", "ins": "insertions", "moveTo": "insertions"}
_BREAKS = {"page": BREAK, "column": ""}
_WRAPPERS = frozenset(["sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice"])
_TICKED, _UNTICKED = "☑", "☐"
_SYMBOLS = {0xF0FE: "☑", 0xF0FD: "☒", 0xF0A8: "☐", 0xF06F: "☐", 0xF071: "☐", 0xF052: "☑", 0xF0A3: "☐", 0xF050: "☑"}
"""Boxes in Wingdings and Wingdings 2, ticked or not."""
_LINE = "_"
_CONTENTS = re.compile(r"^(?:toc|目录) ?\d", re.IGNORECASE)
_ENDS_SENTENCE = re.compile(r"[。！？!?；;：:，,]$")
_COLUMN_PARAGRAPHS = 3
"""Cells beside each other that hold so many paragraphs each are columns of text (the parties' details), no row."""
_LONG_CELL = 200
_MAX_COLUMNS = 500
_WRAPPED = re.compile(rf"(?<=[{CJK}]) *\n *(?=[{CJK}])")


def read_docx(path: Path) -> wire.Message:
    """What a Word document holds. Raises Failure for what is none, or damaged."""
    with open_package(path) as package:
        main = next(
            (relation.target for relation in package.relations("").values() if relation.kind == "officeDocument"), ""
        )
        reading = _Reading(package, main or "word/document.xml")
        metadata = _metadata(package)
        reading.run()
    flow = reading.flow
    if not flow.characters and flow.traits.get("pictures"):
        raise Failure("only_pictures")
    if len(flow.sheets) == 1:
        flow.met("unpaged")
    elif reading.rendered:
        flow.met("paged_by_word")
    else:
        flow.met("paged_by_breaks")
    return flow.message(_title(reading.candidates, metadata.get("Title", "")), metadata)


def _metadata(package: Package) -> dict[str, str]:
    root = package.root("docProps/core.xml")
    names = {"title": "Title", "creator": "Author", "created": "CreationDate", "modified": "ModDate"}
    return {names[e.tag]: e.text or "" for e in (root if root is not None else ()) if e.tag in names and e.text}


def _title(candidates: Sequence[tuple[str, bool]], named: str) -> str:
    """The title: of the style Title, else the file's own where it stands in the document, else a centred line."""
    for text, certain in candidates:
        if certain:
            return text
    named = plain(named)
    texts = [text for text, _ in candidates]
    return named if named and named in texts else next(iter(texts), "")


@dataclass(slots=True)
class _Field:
    """A field that has begun: only its result is printed."""

    result: bool = False


@dataclass(slots=True)
class _Paragraph:
    """A paragraph in the making."""

    parts: list[str] = field(default_factory=list[str])
    boxes: list[Element] = field(default_factory=list[Element])
    notes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Footnotes referred to: kind and id."""


class _Reading:
    """One document, read from its first block to its last."""

    def __init__(self, package: Package, main: str) -> None:
        self.flow = Flow()
        self.rendered = False
        """Whether Word left marks of where it last broke the pages."""
        self.candidates: list[tuple[str, bool]] = []
        """Lines that may be the title; whether they say so themselves."""
        self._package = package
        self._main = main
        self._relations = package.relations(main)
        styles = package.root(self._related("styles"))
        self._styles, self._usual_style = styles_in(styles)
        self._numbering = Numbering(package.root(self._related("numbering")))
        self._notes: dict[str, dict[str, Element]] = {}
        self._noted = 0
        self._waiting: list[str] = []
        """Footnotes of the block at hand."""
        self._inside = 0
        """How many cells, boxes, notes or margins the paragraph at hand stands in."""
        self._fields: list[_Field] = []
        self._carried = ""
        """Text of a paragraph whose end is deleted: it runs on into the next."""
        self._section_start = 0
        self._margins: dict[str, list[str]] = {}
        self._watermarks: list[str] = []

    def run(self) -> None:
        last: Element | None = None
        for block in self._package.blocks(self._main):
            last = block
            self._block(block)
        self._flush()
        if last is None:
            raise Failure("docx_broken")
        if last.tag != "sectPr":
            self._end_section(Element("sectPr"))

    def _related(self, kind: str) -> str:
        return next((relation.target for relation in self._relations.values() if relation.kind == kind), "")

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _block(self, block: Element) -> None:
        if block.tag == "p":
            self._paragraph(block)
        elif block.tag == "tbl":
            self._table(block)
        elif block.tag == "sectPr":
            self._flush()
            self._end_section(block)
        elif block.tag == "altChunk":
            self.flow.met("embedded")
        elif block.tag in _WRAPPERS:
            for child in _looked_into(block):
                self._block(child)

    def _flush(self) -> None:
        if self._carried:
            self.flow.add(clean(self._carried))
            self._carried = ""

    def _paragraph(self, block: Element) -> None:
        contents = _CONTENTS.match(self._style_of(block).name)
        for line in self._told(block):
            if contents and line.strip(BREAK):
                self.flow.sheets[-1].regions.append(("contents", plain(line.replace(BREAK, ""))))
                self.flow.add(BREAK * (BREAK in line))
            else:
                self.flow.add(line)
        self._add_notes()

    def _add_notes(self) -> None:
        """Put the footnotes of the block that has ended on its last page."""
        self.flow.sheets[-1].regions.extend(("footnote", note) for note in self._waiting)
        self._waiting = []

    def _told(self, block: Element) -> Iterator[str]:
        """A paragraph's lines: its own (a line break in it makes two), then those of its text boxes."""
        properties = block.find("pPr")
        properties = Element("pPr") if properties is None else properties
        name = value(properties, "pStyle") or self._usual_style
        style = self._styles.get(name, Style())
        paragraph = _Paragraph()
        self._inline(block, paragraph)
        raw, self._carried = self._carried + "".join(paragraph.parts), ""
        marks = properties.find("rPr")
        if marks is not None and (marks.find("del") is not None or marks.find("moveFrom") is not None):
            self._carried = raw
        else:
            yield from self._lines(raw, properties, style, name)
        yield from self._boxed(paragraph.boxes)
        for kind, number in paragraph.notes:
            self._add_note(kind, number)
        section = properties.find("sectPr")
        if section is not None:
            self._end_section(section)

    def _lines(self, raw: str, properties: Element, style: Style, name: str) -> Iterator[str]:
        text = raw.lstrip(BREAK)
        turns = BREAK * max(len(raw) - len(text), is_on(properties, "pageBreakBefore"))
        text = self._number(properties, style, name) + text
        lines = [line.strip(" \t") for line in clean(text).split("\n")]
        if not self._inside:
            self._remember(turns + lines[0], properties, style)
        yield turns + lines[0]
        yield from lines[1:]

    def _style_of(self, block: Element) -> Style:
        properties = block.find("pPr")
        name = value(properties, "pStyle") if properties is not None else ""
        return self._styles.get(name or self._usual_style, Style())

    def _number(self, properties: Element, style: Style, name: str) -> str:
        """The number that Word prints before the paragraph, counted on."""
        number, level, _ = numbers_of(properties)
        if number is None:
            number = style.numbering
            if number is not None and level is None:
                level = style.level if style.level is not None else self._numbering.level_of(number, name)
        return self._numbering.next(number, level or 0) if number else ""

    def _remember(self, line: str, properties: Element, style: Style) -> None:
        """Keep headings as bookmarks, and what may be the title."""
        text = line.replace(BREAK, "").replace("\t", " ").strip()
        outline = numbers_of(properties)[2]
        outline = style.outline if outline is None else outline
        if not text or len(text) > 200:
            return
        if outline is not None and 0 <= outline < 9:
            breaks = line[: len(line) - len(line.lstrip(BREAK))].count(BREAK)
            turned = breaks > 0 and self.flow.sheets[-1].filled
            self.flow.bookmarks.append(Bookmark(text, len(self.flow.sheets) + turned, outline + 1))
        if len(self.candidates) < 5 and self.flow.characters < 3000 and len(text) <= 60:
            certain = style.name.lower() in ("title", "标题") and not any(sure for _, sure in self.candidates)
            centred = value(properties, "jc") == "center" or style.centred
            if certain or (centred and len(text) > 2 and not _ENDS_SENTENCE.search(text)):
                self.candidates.append((text, certain))

    def _boxed(self, boxes: Sequence[Element]) -> Iterator[str]:
        self._inside += 1
        for box in boxes:
            for child in box:
                yield from self._lines_of(child)
        self._inside -= 1

    def _add_note(self, kind: str, name: str) -> None:
        """Keep a footnote until the block that refers to it has ended."""
        if kind not in self._notes:
            root = self._package.root(self._related(kind + "s"))
            self._notes[kind] = {entry.get("id", ""): entry for entry in (root if root is not None else ())}
        note = self._notes[kind].pop(name, None)  # once: one that refers to itself ends here
        lines = [line for line in self._boxed([note] if note is not None else []) if line.strip()]
        if lines:
            self._noted += 1
            self._waiting.append(f"注{self._noted}：{plain(' '.join(lines).replace(BREAK, ''))}")

    def _lines_of(self, block: Element) -> Iterator[str]:
        """All lines of a block that stands in a box, a note, a cell or a margin; a table's rows as plain lines."""
        if block.tag == "p":
            yield from self._told(block)
        elif block.tag == "tbl":
            for row in _members(block, "tr"):
                if not _deleted(row):
                    yield " ".join(text for text, *_ in self._row(row, list(_members(row, "tc"))).cells if text)
        elif block.tag in _WRAPPERS:
            for child in _looked_into(block):
                yield from self._lines_of(child)

    # --- runs ---------------------------------------------------------------------------------------------------------

    def _inline(self, element: Element, paragraph: _Paragraph) -> None:
        for child in element:
            tag = child.tag
            if tag in _TRACKED:
                self.flow.met(_TRACKED[tag])
            if tag == "r":
                self._run(child, paragraph)
            elif tag == "txbxContent":
                paragraph.boxes.append(child)
            elif tag == "textpath":
                self._watermarks.append(plain(child.get("string", "")))
            elif tag == "t":  # of a formula
                paragraph.parts.append(child.text or "")
            elif tag in ("num", "den") and element.tag == "f":
                paragraph.parts.append("/" if tag == "den" else "")
                self._inline(child, paragraph)
            elif tag == "sdt" and _is_placeholder(child):
                paragraph.parts.append(_LINE * 4)
            elif tag not in _SILENT:
                self._inline(_chosen(child), paragraph)

    def _run(self, run: Element, paragraph: _Paragraph) -> None:
        properties = run.find("rPr")
        if properties is not None and is_on(properties, "vanish"):
            if any(_text_of(child) for child in run):
                self.flow.met("hidden")
            return
        start = len(paragraph.parts)
        for child in run:
            self._piece(child, paragraph)
        if properties is not None and value(properties, "u") not in ("", "none"):
            printed = "".join(paragraph.parts[start:])
            if printed and not printed.strip() and BREAK not in printed and "\n" not in printed:
                paragraph.parts[start:] = [_LINE * min(40, max(2, len(printed.expandtabs(8))))]

    def _piece(self, piece: Element, paragraph: _Paragraph) -> None:
        tag, parts = piece.tag, paragraph.parts
        if tag == "fldChar":
            self._field(piece, parts)
        elif not all(one.result for one in self._fields):
            return
        elif tag == "t":
            parts.append(re.sub(r"[\t\n\r]", " ", piece.text or ""))
        elif tag in ("footnoteReference", "endnoteReference"):
            paragraph.notes.append((tag.removesuffix("Reference"), piece.get("id", "")))
        elif tag == "commentReference":
            self.flow.met("comments")
        elif tag in _SIGNS or tag in ("sym", "br"):
            parts.append(_sign(piece))
        elif tag == "lastRenderedPageBreak":
            self.rendered = True
            parts.append(BREAK)
        elif tag in ("drawing", "pict", "object", "AlternateContent", "ruby"):
            self._picture(piece)
            self._inline(_chosen(piece), paragraph)

    def _picture(self, piece: Element) -> None:
        if any(inner.tag in ("blip", "imagedata", "chart", "relIds", "OLEObject") for inner in piece.iter()):
            self.flow.met("pictures")

    def _field(self, piece: Element, parts: list[str]) -> None:
        kind = piece.get("fldCharType")
        if kind == "begin":
            box = piece.find("ffData/checkBox")
            if box is not None:
                ticked = is_on(box, "checked") if box.find("checked") is not None else is_on(box, "default")
                parts.append(_TICKED if ticked else _UNTICKED)
            if len(self._fields) < 1000:
                self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].result = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    # --- tables -------------------------------------------------------------------------------------------------------

    def _table(self, table: Element) -> None:
        self._flush()
        found: list[Cells] = []
        members = [(row, list(_members(row, "tc"))) for row in _members(table, "tr")]
        framed = all(len(cells) < 2 for _, cells in members)  # a frame around lines of text
        for row, cells in members:
            if _deleted(row):
                self.flow.met("deletions")
            elif framed or _is_text(cells):
                self._add_rows(found)
                found = []
                for child in chain.from_iterable(cells):
                    self._block(child)
            else:
                found.append(self._row(row, cells))
        self._add_rows(found)
        self._add_notes()

    def _add_rows(self, rows: list[Cells]) -> None:
        _stretch(rows)
        self.flow.add_table([row for row in rows if any(text.strip(" \f") for text, *_ in row.cells)])

    def _row(self, row: Element, cells: Sequence[Element]) -> Cells:
        """A row; ``rows`` of a cell that carries on the one above is 0 as yet, see :func:`_stretch`."""
        properties = row.find("trPr")
        properties = Element("trPr") if properties is None else properties
        column = _small(value(properties, "gridBefore"))
        made: list[tuple[str, int, int, int]] = []
        for cell in cells:
            own = cell.find("tcPr")
            own = Element("tcPr") if own is None else own
            columns = max(1, _small(value(own, "gridSpan")))
            merge = own.find("vMerge")
            carries_on = merge is not None and merge.get("val", "continue") != "restart"
            made.append((self._cell(cell), column, columns, 0 if carries_on else 1))
            column += columns
            if column > _MAX_COLUMNS:
                raise Failure("docx_broken")
        return Cells(made, column + _small(value(properties, "gridAfter")), is_on(properties, "tblHeader"))

    def _cell(self, cell: Element) -> str:
        """A cell's text on one line."""
        self._inside += 1
        texts = ["\n".join(self._lines_of(child)) for child in cell]
        self._inside -= 1
        if self._carried:
            texts, self._carried = [*texts, clean(self._carried)], ""
        lines = (_WRAPPED.sub("", text).replace("\n", " ").replace("\t", " ") for text in texts)
        return " ".join(line for line in lines if line.strip())

    # --- sections -----------------------------------------------------------------------------------------------------

    def _end_section(self, section: Element) -> None:
        """Give the pages since the last section their size, headers and footers; those it lacks come from before."""
        for reference in section:
            if reference.tag in ("headerReference", "footerReference"):
                target = self._relations.get(reference.get("id", ""))
                kind = f"{reference.tag} {reference.get('type', 'default')}"
                self._margins[kind] = self._margin(target.target) if target else []
        size = section.find("pgSz")
        told: list[tuple[RegionKind, str]] = [
            (_MARGINS[kind.split()[0]], line) for kind, lines in self._margins.items() for line in lines
        ]
        for text in filter(None, self._watermarks):
            told.append(("watermark", text))
        for sheet in self.flow.sheets[self._section_start :]:
            sheet.regions += dict.fromkeys(told)
            if size is not None:
                sheet.width = _points(size.get("w"), sheet.width)
                sheet.height = _points(size.get("h"), sheet.height)
        self._section_start = len(self.flow.sheets)

    def _margin(self, part: str) -> list[str]:
        root = self._package.root(part)
        kept = self._fields, self._carried, self._waiting
        self._fields, self._carried, self._waiting = [], "", []
        lines = [plain(line.replace(BREAK, " ")) for line in self._boxed([root] if root is not None else [])]
        self._fields, self._carried, self._waiting = kept
        return [line for line in lines if line]


_MARGINS: Mapping[str, RegionKind] = {"headerReference": "header", "footerReference": "footer"}
_SIGNS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


def _looked_into(block: Element) -> list[Element]:
    """The blocks that a wrapper holds."""
    return list(_chosen(block))


def _chosen(element: Element) -> Element:
    """The first choice of alternative contents: the others say the same for older programs."""
    if element.tag != "AlternateContent":
        return element
    choice = element.find("Choice")
    fallback = element.find("Fallback")
    return choice if choice is not None else fallback if fallback is not None else element


def _members(element: Element, tag: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, also those in wrappers."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _members(_chosen(child), tag)


def _deleted(row: Element) -> bool:
    properties = row.find("trPr")
    return properties is not None and properties.find("del") is not None


def _is_text(cells: Sequence[Element]) -> bool:
    """Whether the cells of a row hold running text in columns, rather than values."""
    sizes = [[len(text) for p in cell.iter("p") if (text := _text_of(p).strip())] for cell in cells]
    filled = [size for size in sizes if size]
    if len(filled) == 1:
        return len(filled[0]) > 1 and (len(filled[0]) >= _COLUMN_PARAGRAPHS or sum(filled[0]) > _LONG_CELL)
    return len(filled) > 1 and all(len(size) >= _COLUMN_PARAGRAPHS for size in filled)


def _stretch(rows: list[Cells]) -> None:
    """Let cells that are merged downwards cover the rows below, where nothing of theirs is left."""
    columns = max((row.columns for row in rows), default=0)
    open_cells: dict[int, tuple[int, int]] = {}
    for at, row in enumerate(rows):
        row.columns = columns
        kept: list[tuple[str, int, int, int]] = []
        going_on: dict[int, tuple[int, int]] = {}
        for text, column, width, height in row.cells:
            above = open_cells.get(column) if height == 0 else None
            if above is None:
                kept.append((text, column, width, 1))
                going_on[column] = (at, len(kept) - 1)
            else:
                cells = rows[above[0]].cells
                top, first, span, covered = cells[above[1]]
                cells[above[1]] = (top, first, span, covered + 1)
                going_on[column] = above
        row.cells = kept
        open_cells = going_on


def _text_of(element: Element) -> str:
    return "".join(t.text or "" for t in element.iter("t"))


def _is_placeholder(control: Element) -> bool:
    """Whether a content control shows its prompt: nobody has filled it in."""
    properties = control.find("sdtPr")
    return properties is not None and is_on(properties, "showingPlcHdr")


def _sign(piece: Element) -> str:
    """What a piece prints that is no run of letters."""
    if piece.tag == "sym":
        return _symbol(piece.get("char", ""))
    return _BREAKS.get(piece.get("type", ""), "\n") if piece.tag == "br" else _SIGNS[piece.tag]


def _symbol(code: str) -> str:
    """A character of a symbol font, by its hexadecimal code."""
    number = int(code, 16) if re.fullmatch(r"[0-9a-fA-F]{2,4}", code) else 0
    return _SYMBOLS.get(number | 0xF000, chr(number) if number > 31 and not 0xD800 <= number < 0xE000 else "")


def _small(text: str) -> int:
    return min(_MAX_COLUMNS, max(0, whole(text, 0)))


def _points(twips: str | None, default: float) -> float:
    points = whole(twips, 0) / 20
    return points if 36 <= points <= 14_400 else default
