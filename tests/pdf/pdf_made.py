"""PDFs made for the tests: by reportlab with the bundled font, and byte by byte where reportlab is too well-behaved."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT_FILE = Path(__file__).parents[2] / "pipeline" / "fonts" / "wqy-microhei.ttc"
WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP = 72.0, WIDTH - 72.0, HEIGHT - 90.0

PARAGRAPH = (
    "甲方应于本合同生效之日起十个工作日内向乙方支付合同总价的百分之三十作为预付款，乙方收到预付款后开始备货，"
    "并应在六十日内将全部设备运抵甲方指定的交货地点，由双方共同开箱检验，检验合格后签署到货验收单，逾期交货的每日按未交货部分价款的"
    "千分之一支付违约金，违约金累计不超过合同总价的百分之十。"
)


def font() -> str:
    """Register the bundled font once; its name."""
    if "wqy" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("wqy", str(FONT_FILE), subfontIndex=0))
    return "wqy"


def make(path: Path, pages: Sequence[Callable[[Canvas], None]], **options: object) -> Path:
    """A PDF whose pages are drawn by functions."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1, **options)
    for draw in pages:
        canvas.setFont(font(), 12)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def wrapped(text: str, columns: int, indent: int = 2) -> list[str]:
    """Text cut hard after so many characters, the first line indented: what Word does to Chinese."""
    lines, rest = [], text
    first = columns - indent
    lines.append("　" * indent + rest[:first])
    rest = rest[first:]
    while rest:
        lines.append(rest[:columns])
        rest = rest[columns:]
    return lines


def draw_lines(
    canvas: Canvas, lines: Sequence[str], top: float = TOP, left: float = LEFT, size: float = 12, pitch: float = 20
) -> float:
    """Lines from the top; returns where the next one would stand."""
    canvas.setFont(font(), size)
    for line in lines:
        lead = len(line) - len(line.lstrip("　"))
        canvas.drawString(left + lead * size, top, line.lstrip("　"))
        top -= pitch
    return top


def draw_row(canvas: Canvas, cells: Sequence[str], lefts: Sequence[float], top: float, pitch: float = 14) -> None:
    """A table row, cell by cell as Word writes it; a cell may hold several lines."""
    for cell, left in zip(cells, lefts, strict=True):
        for at, line in enumerate(cell.split("\n")):
            canvas.drawString(left, top - at * pitch, line)


def scan(path: Path, source: Path, pages: Sequence[int] | None = None) -> Path:
    """An image-only copy of a PDF, 150 dpi grey."""
    from pipeline.pdf.pdfium import open_pdf

    images = []
    with open_pdf(source) as pdf:
        for index in pages if pages is not None else range(pdf.page_count):
            with pdf.page(index) as page:
                bitmap = page.render(150, 10_000_000)
                image = Image.frombuffer(
                    "RGBX", (bitmap.width, bitmap.height), bitmap.data, "raw", "BGRX", bitmap.stride
                )
                images.append(image.convert("L"))
    images[0].save(path, save_all=True, append_images=images[1:], resolution=150)
    return path


def raw_pdf(objects: Sequence[bytes], root: int = 1) -> bytes:
    """A PDF from its objects (numbered from 1) with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, start)
    return bytes(out)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), extra) + data + b"\nendstream"


def flate_bomb(size: int) -> bytes:
    """A page whose content stream inflates to ``size`` bytes of spaces; twice compressed, a few KiB."""
    packer = zlib.compressobj(9)
    block = b" " * (1 << 20)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # after a full flush every block is the same
    once = first + again * ((size >> 20) - 1) + packer.flush()
    twice = zlib.compress(once, 9)
    return raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            stream(twice, b"/Filter [/FlateDecode /FlateDecode]"),
        ]
    )


def simple_pdf(content: bytes, pages: int = 1, extra: bytes = b"") -> bytes:
    """Pages that share one content stream and Helvetica."""
    kids = b" ".join(b"%d 0 R" % (5 + i) for i in range(pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    page += b" /Resources << /Font << /F1 3 0 R >> >> %s >>"
    return raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % pages,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            stream(content),
            *[page % extra] * pages,
        ]
    )


def array_of(count: int, value: float) -> array[float]:
    return array("f", [value] * count)
