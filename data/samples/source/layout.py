"""Typeset a sample: blocks to pages of drawn lines, much as a Chinese word processor does it.

Lines are broken here, not by reportlab: CJK character by character with the usual prohibitions at line starts and ends,
Latin words and numbers unbroken, body lines justified. Everything is laid out before anything is drawn, so that the
footer knows the number of pages and the contents page knows its page numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT = "wqy"
FONT_FILE = Path(__file__).resolve().parents[3] / "pipeline" / "fonts" / "wqy-microhei.ttc"
PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89  # A4 in points
KEPT_TOGETHER = 6  # rows of a table that is not divided over pages
NEVER_FIRST = "，。、；：？！）】》”’％%…—·,.;:?!)]"
NEVER_LAST = "（【《“‘￥¥(["
ATOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9,.%:/_@+#&*-]*|.", re.S)


@dataclass(frozen=True, slots=True)
class Style:
    """How one sample looks. Lengths in points; ``footer`` and ``header`` may hold ``{page}`` and ``{pages}``."""

    size: float = 10.5
    leading: float = 18.0
    left: float = 84.0
    right: float = 84.0
    top: float = 84.0
    bottom: float = 76.0
    header: str = ""
    header_right: str = ""
    footer: str = "第 {page} 页 共 {pages} 页"
    title_size: float = 18.0
    heading_size: float = 12.0
    heading_bold: bool = True
    outline: bool = False
    justify: bool = True

    @property
    def width(self) -> float:
        return PAGE_WIDTH - self.left - self.right


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the source: ``kind`` is a markup word, ``rows`` the cells of a table or signature block."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Text:
    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    char_space: float = 0.0


@dataclass(slots=True)
class Rule:
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(slots=True)
class PageDraft:
    marks: list[Text | Rule] = field(default_factory=list)
    bookmarks: list[tuple[int, str, float]] = field(default_factory=list)


def register_font() -> None:
    """Make the bundled Chinese font known to reportlab. May be called again."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE), subfontIndex=0))


def width_of(text: str, size: float) -> float:
    return pdfmetrics.stringWidth(text, FONT, size)


def atoms_of(text: str) -> list[str]:
    """Unbreakable pieces: a word, a number or one CJK character, with the punctuation that must stay with it."""
    atoms: list[str] = []
    for match in ATOM.finditer(text):
        piece = match.group()
        if atoms and (piece[0] in NEVER_FIRST or atoms[-1][-1] in NEVER_LAST):
            atoms[-1] += piece
        else:
            atoms.append(piece)
    return atoms


def break_lines(text: str, size: float, width: float, first_indent: float = 0.0) -> list[str]:
    """Greedy lines that fit ``width``; a piece wider than the line is cut by characters."""
    lines: list[str] = []
    line, room = "", width - first_indent
    for atom in atoms_of(text):
        pieces = [atom] if width_of(atom, size) <= width else list(atom)
        for piece in pieces:
            if line and width_of(line + piece, size) > room + 0.01:
                lines.append(line)
                line, room = "", width
            line += piece
    return [*lines, line] if line else lines


class Typesetter:
    """Fills pages from the top; what it holds is the page being filled and those that are full."""

    def __init__(self, style: Style, contents: dict[str, int]):
        self.style = style
        self.contents = contents
        self.headings: dict[str, int] = {}
        self.heading_order: list[tuple[int, str]] = []
        self.pages = [PageDraft()]
        self.y = PAGE_HEIGHT - style.top

    @property
    def page(self) -> PageDraft:
        return self.pages[-1]

    def new_page(self) -> None:
        self.pages.append(PageDraft())
        self.y = PAGE_HEIGHT - self.style.top

    def need(self, height: float) -> None:
        if self.y - height < self.style.bottom and self.page.marks:
            self.new_page()

    def lines(
        self,
        text: str,
        *,
        size: float | None = None,
        leading: float | None = None,
        indent: float = 0.0,
        align: str = "left",
        bold: bool = False,
        keep: int = 1,
    ) -> None:
        """One paragraph. ``keep``: lines of this height that must still fit on the page below its first line."""
        style = self.style
        size, leading = size or style.size, leading or style.leading
        broken = break_lines(text, size, style.width, indent)
        for number, line in enumerate(broken):
            self.need(leading * (keep if number == 0 else 1))
            self.y -= leading
            natural = width_of(line, size)
            x = style.left + (indent if number == 0 else 0)
            room = style.width - (indent if number == 0 else 0)
            if align == "center":
                x = style.left + (style.width - natural) / 2
            elif align == "right":
                x = style.left + style.width - natural
            last = number == len(broken) - 1
            spread = (room - natural) / (len(line) - 1) if not last and len(line) > 1 else 0.0
            char_space = spread if style.justify and align == "left" and 0 < spread <= 1.3 else 0.0
            self.page.marks.append(Text(x, self.y, line, size, bold, char_space))

    def heading(self, level: int, text: str) -> None:
        style = self.style
        size = style.heading_size if level == 1 else max(style.size, style.heading_size - 1)
        self.need(style.leading * (4.6 if level == 1 else 3.2))  # never alone at the foot of a page
        self.y -= style.leading * 0.25
        centered = level == 1 and re.match(r"第[一二三四五六七八九十]+[章编]", text)
        indent = 0.0 if style.heading_bold or level == 1 else style.size * 2
        self.lines(text, size=size, bold=style.heading_bold, indent=indent, align="center" if centered else "left")
        self.page.bookmarks.append((level - 1, text, self.y + style.leading))
        self.headings[text] = len(self.pages)
        self.heading_order.append((level, text))
        self.y -= style.leading * 0.15

    def table(self, block: Block) -> None:
        """``options``: column weights such as ``3r`` (weight and alignment). The first row is the head, repeated."""
        style, size = self.style, self.style.size - 1
        weights = [float(option[:-1]) for option in block.options]
        aligns = [option[-1] for option in block.options]
        widths = [style.width * weight / sum(weights) for weight in weights]
        self.y -= 6
        if len(block.rows) <= KEPT_TOGETHER:
            self.need(len(block.rows) * (size + 10))
        for number, row in enumerate(block.rows):
            cells = [break_lines(cell, size, width - 8) for cell, width in zip(row, widths, strict=True)]
            height = max(len(cell) for cell in cells) * (size + 4) + 6
            if self.y - height < style.bottom:
                self.new_page()
                if number:
                    self._table_row([break_lines(c, size, w - 8) for c, w in zip(block.rows[0], widths, strict=True)],
                                    widths, ["c"] * len(widths), size, bold=True)  # fmt: skip
            self._table_row(cells, widths, ["c"] * len(widths) if number == 0 else aligns, size, bold=number == 0)
        self.y -= 4

    def _table_row(self, cells: list[list[str]], widths: list[float], aligns: list[str], size: float, *, bold: bool):
        leading = size + 4
        height = max(len(cell) for cell in cells) * leading + 6
        top, x = self.y, self.style.left
        for cell, width, align in zip(cells, widths, aligns, strict=True):
            first = top - (height - len(cell) * leading) / 2 - size
            for number, line in enumerate(cell):
                natural = width_of(line, size)
                offset = {"l": 4.0, "c": (width - natural) / 2, "r": width - natural - 4}[align]
                self.page.marks.append(Text(x + offset, first - number * leading, line, size, bold))
            self.page.marks.append(Rule(x, top, x, top - height))
            x += width
        self.page.marks.append(Rule(x, top, x, top - height))
        self.page.marks.append(Rule(self.style.left, top, x, top))
        self.page.marks.append(Rule(self.style.left, top - height, x, top - height))
        self.y = top - height

    def signature(self, block: Block) -> None:
        """Two columns, never divided over a page break."""
        style = self.style
        leading = style.leading * 1.25
        self.need(leading * (len(block.rows) + 1) + 12)
        self.y -= 12
        column = style.width * 0.48
        for row in block.rows:
            cells = [break_lines(cell, style.size, column) for cell in row]
            for number in range(max(len(cell) for cell in cells)):
                self.y -= leading if number == 0 else style.leading
                for cell, x in zip(cells, (style.left, style.left + style.width - column), strict=True):
                    if number < len(cell):
                        self.page.marks.append(Text(x, self.y, cell[number], style.size))

    def toc(self, entries: list[tuple[int, str]]) -> None:
        style = self.style
        for level, text in entries:
            indent = (level - 1) * style.size * 2
            number = str(self.contents.get(text, 0))
            room = style.width - indent - width_of(text, style.size) - width_of(number, style.size)
            dots = "." * max(3, int(room / width_of(".", style.size)))
            self.lines(text + dots + number, indent=indent, leading=style.leading * 0.92)
        self.new_page()


def set_block(sheet: Typesetter, block: Block, entries: list[tuple[int, str]]) -> None:
    style = sheet.style
    match block.kind:
        case "title":
            sheet.lines(block.text, size=style.title_size, leading=style.title_size * 1.9, align="center", bold=True)
            sheet.y -= style.leading * 0.4
        case "h1" | "h2" | "h3":
            sheet.heading(int(block.kind[1]), block.text)
        case "center" | "right":
            sheet.lines(block.text, align=block.kind)
        case "cover":
            sheet.lines(block.text, size=style.title_size, leading=style.title_size * 2.2, align="center", bold=True)
        case "bold":
            sheet.lines(block.text, bold=True, keep=2)
        case "plain":
            sheet.lines(block.text)
        case "para":
            sheet.lines(block.text, indent=style.size * 2)
        case "table":
            sheet.table(block)
        case "sign":
            sheet.signature(block)
        case "space":
            sheet.y -= style.leading * float(block.text)
        case "break":
            sheet.new_page()
        case "toc":
            sheet.toc(entries)
        case _:
            raise ValueError(f"unknown markup @{block.kind}")


def lay_out(blocks: list[Block], style: Style) -> list[PageDraft]:
    """All pages. A document with a contents page is set three times: its page numbers move what follows."""
    register_font()
    contents: dict[str, int] = {}
    entries: list[tuple[int, str]] = [(int(b.kind[1]), b.text) for b in blocks if b.kind in ("h1", "h2")]
    sheet = Typesetter(style, contents)
    for _ in range(3 if any(block.kind == "toc" for block in blocks) else 1):
        sheet = Typesetter(style, contents)
        for block in blocks:
            set_block(sheet, block, entries)
        contents = sheet.headings
    return [page for page in sheet.pages if page.marks]


def draw_text(canvas: Canvas, mark: Text) -> None:
    text = canvas.beginText(mark.x, mark.y)
    text.setFont(FONT, mark.size)
    canvas.setLineWidth(0.22 if mark.bold else 0.35)
    text.setTextRenderMode(2 if mark.bold else 0)  # the font has no bold face: stroke the outline too
    text.setCharSpace(mark.char_space)
    text.textOut(mark.text)
    text.setTextRenderMode(0)
    text.setCharSpace(0)
    canvas.drawText(text)


def margins(style: Style, page: int, pages: int) -> list[Text | Rule]:
    """Header with its rule, and footer."""
    size = 9.0
    marks: list[Text | Rule] = []
    top = PAGE_HEIGHT - 50
    names = {"page": page, "pages": pages}
    if style.header or style.header_right:
        right = style.header_right.format(**names)
        marks.append(Text(style.left, top, style.header.format(**names), size))
        marks.append(Text(PAGE_WIDTH - style.right - width_of(right, size), top, right, size))
        marks.append(Rule(style.left, top - 5, PAGE_WIDTH - style.right, top - 5))
    foot = style.footer.format(**names)
    marks.append(Text((PAGE_WIDTH - width_of(foot, size)) / 2, 42, foot, size))
    return [mark for mark in marks if isinstance(mark, Rule) or mark.text]


def write_pdf(path: Path, blocks: list[Block], style: Style, title: str) -> int:
    """Write the PDF (the same bytes every time) and return its number of pages."""
    drafts = lay_out(blocks, style)
    canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor("longdoc samples")
    canvas.setCreator("data/samples/make_samples.py")
    lowest = -1
    for number, draft in enumerate(drafts, start=1):
        for mark in [*margins(style, number, len(drafts)), *draft.marks]:
            if isinstance(mark, Rule):
                canvas.setLineWidth(0.35)
                canvas.line(mark.x0, mark.y0, mark.x1, mark.y1)
            else:
                draw_text(canvas, mark)
        for place, (level, text, y) in enumerate(draft.bookmarks if style.outline else []):
            key = f"p{number}-{place}"
            canvas.bookmarkHorizontal(key, 0, y)
            lowest = min(level, lowest + 1)
            canvas.addOutlineEntry(text, key, level=lowest, closed=False)
        canvas.showPage()
    canvas.save()
    return len(drafts)
