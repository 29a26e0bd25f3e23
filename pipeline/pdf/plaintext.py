"""Plain text and Markdown: the encoding told by the bytes, hard-wrapped lines joined, pages at form feeds.

Lines get made-up places, evenly spread, so that the layout joins them as it does those of a PDF.
"""

from __future__ import annotations

import codecs
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.pdf.flowing import MAX_CHARACTERS, clean
from pipeline.pdf.lines import Cell, Line, is_cjk
from pipeline.pdf.pdfium import Entry
from pipeline.pdf.process import Failure

_EM = 10.0
_LONG_EM = 14
_WIDEST_EM = 60
"""Nobody wraps lines by hand behind this."""
_SLACK_EM = 4.0
_WRAPPED_SHARE = 0.4
_HEIGHT = 841.9
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNMARKED = ("gb18030", "utf-16-le", "utf-16-be", "big5hkscs")
_MOST_BYTES = 4
"""Of one character, in any of these."""
_PROOF = 200_000
"""Characters by which the encoding is judged."""
_SENSIBLE = 0.9
_USUAL = re.compile(
    r"[\t\n\r\f\x20-\x7e，。、；：？！（）《》“”‘’【】〔〕—…·％\u3000"
    "的一是了我不在人有他这中大来上国個个们到说時时为為地出就分对對成会會可主发發年动動同工也能下过過子产產种種面方后後多定行学學法所民得经經"
    "十三之进進着等部度家电電力里如水化高自二理起小物现現实實加量都两兩体體制机機当當使点點从從业業本去把性好应應开開它合还還因由其些然前外天政四日那社义義事平"
    "形相全表间間样樣与與关關各重新线線内內数數正心反你明看原又么利比或但质質气氣第向道命此变變条條只没沒结結解问問意建月公无無系军軍很情者最立代想已通并並提直"
    "题題党黨程展五果料象员員革位入常文总總次品式活设設及管特件长長求老头頭基资資边邊流路级級少图圖山统統接知较較将將组組见見计計别別她手角期根论論运運农農指几幾九区區"
    "强強放决決西被干做必战戰先回则則任取据據处處理南给給色光门門即保治北造百规規热熱领領七海口东東导導器压壓志世金增争争济濟阶階油思术術极極交受联聯什认認六共权權收证證改清己美再采转轉更单單风風切打白教速花带帶安场場身车車例真务務具万萬每目至达達"
    "议議约約乙甲租赁賃款付违違责任律效签簽订訂盖章协協让讓买賣卖購购货貨服履担擔险險承]"
)
_SPACES = re.compile(r" +")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_RULE = re.compile(r"\s{0,3}(?:[-*_]\s*){3,}$")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = (
    (re.compile(r"!?\[([^\]\n]{0,500})\]\([^)\n]{0,2000}\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)([^*_~\n]{1,2000}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500}?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]{1,500})`"), r"\1"),
    (re.compile(r"<br\s*/?>|</?(?:p|div|span|b|i|u|em|strong|font|center)(?: [^>\n]{0,200})?>", re.IGNORECASE), " "),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|-])"), r"\1"),
)


class TextPage(NamedTuple):
    """A page's lines with made-up places, and the size of a page that has them."""

    lines: list[Line]
    width: float
    height: float


class PlainText(NamedTuple):
    """A text file: its pages, its headings (Markdown), and how many of its bytes made no sense."""

    pages: list[TextPage]
    headings: list[Entry]
    undecoded: int


def read_text(path: Path) -> PlainText:
    """Read a text file. Raises Failure for one that is none, or too long."""
    if path.stat().st_size > _MOST_BYTES * MAX_CHARACTERS:
        raise Failure("too_long", limit=MAX_CHARACTERS)
    text, undecoded = _decoded(path.read_bytes())
    if len(text) > MAX_CHARACTERS:
        raise Failure("too_long", limit=MAX_CHARACTERS)
    headings: list[Entry] = []
    pages: list[list[tuple[int, str]]] = []
    marked = path.suffix.lower() in (".md", ".markdown")
    for number, sheet in enumerate(text.split("\f"), 1):
        raw = sheet.splitlines()
        lines = list(_unmarked(raw, number, headings)) if marked else raw
        pages.append([_indented(line) for line in lines])
    while len(pages) > 1 and not any(line for _, line in pages[-1]):
        pages.pop()  # a form feed at the end
    width = _wrapped_at([indent + _width(line) for page in pages for indent, line in page if line])
    return PlainText([_page(page, index, width) for index, page in enumerate(pages)], headings, undecoded)


# --- encodings --------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> tuple[str, int]:
    """The text, and how many characters could not be decoded."""
    text, lost = _lossy(data, _encoding_of(data))
    if lost > 0.01 * len(text) + 3 or _oddness(text[:_PROOF]) > 0.1:
        raise Failure("not_text")
    return text, lost


def _encoding_of(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" not in data:
        text, lost = _lossy(data, "utf-8")
        if not lost or 20 * lost < sum(char > "\x7f" for char in text):  # a few bytes that a bad copy broke
            return "utf-8"
    return max(_UNMARKED, key=lambda name: _likeness(data[:_PROOF].decode(name, "replace")))


def _lossy(data: bytes, name: str) -> tuple[str, int]:
    text = data.decode(name, "replace")
    lost = text.count("\ufffd") - data.decode(name, "ignore").count("\ufffd")
    return text.replace("\ufffd", "\u25a1") if lost else text, lost


def _likeness(text: str) -> float:
    """Share of the characters that Chinese texts are mostly made of."""
    return len(_USUAL.findall(text)) / max(1, len(text))


def _oddness(text: str) -> float:
    """Share of control characters and of those that stand for nothing."""
    odd = sum(not char.isprintable() and not char.isspace() for char in text)
    return odd / max(1, len(text))


# --- lines ------------------------------------------------------------------------------------------------------------


def _indented(line: str) -> tuple[int, str]:
    """Width of a line's indent in points, and the line without it, clean."""
    bare = line.lstrip(" \u3000\t")
    indent = line[: len(line) - len(bare)]
    width = sum(10 if char == "\u3000" else 20 if char == "\t" else 5 for char in indent)
    return width, clean(re.sub(r" *\t[ \t]*", "\t", bare.rstrip()))


def _width(text: str) -> float:
    return sum(_EM if is_cjk(char) else _EM / 2 for char in text)


def _wrapped_at(widths: Sequence[float]) -> float | None:
    """The width at which somebody wrapped the lines, in points; None where each line is a paragraph of its own."""
    long = sorted(width for width in widths if width >= _LONG_EM * _EM)
    if len(long) < 2:
        return None
    edge = long[min(len(long) - 1, int(0.97 * len(long)))]
    near = sum(edge - _SLACK_EM * _EM <= width <= edge + _EM for width in long)
    return edge if edge <= _WIDEST_EM * _EM and near >= _WRAPPED_SHARE * len(long) else None


def _page(lines: Sequence[tuple[int, str]], index: int, wrapped_at: float | None) -> TextPage:
    pitch = _HEIGHT * 0.96 / max(1, len(lines))
    made: list[Line] = []
    for at, (indent, text) in enumerate(lines):
        if text.strip():
            # in a text that is not wrapped no line is long enough to go on
            length = _width(text) if wrapped_at is not None and "\t" not in text else 1.0
            top = _HEIGHT * 0.98 - at * pitch
            cell = Cell(text, array("i", [-1]) * len(text), 0.0 + indent, top, indent + length, top - pitch * 0.7, _EM)
            made.append(Line([cell], index))
    return TextPage(made, (wrapped_at or _WIDEST_EM * _EM) + 2 * _EM, _HEIGHT)


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _unmarked(lines: Sequence[str], page: int, headings: list[Entry]) -> Iterator[str]:
    """Lines without their marks; headings are kept aside, table rows have a TAB between cells."""
    fenced = False
    text = "\n".join(lines)
    ended = text.rfind("-->") + 3  # behind it no comment ends, and looking for the end of each takes for ever
    for line in (_COMMENT.sub("", text[:ended]) + text[ended:]).split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            yield line
        elif heading := _HEADING.match(line):
            title = _plain(heading[2])
            headings.append(Entry(title, page, len(heading[1])))
            yield from ("", title, "")
        elif line.strip().startswith("|") and line.strip().endswith("|") and len(line.strip()) > 2:
            if not _TABLE_RULE.match(line):
                cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
                yield "\t".join(_plain(cell).strip() for cell in cells)
        elif _RULE.match(line):
            yield ""
        else:
            yield _plain(re.sub(r"^(?:\s{0,3}> ?)+", "", line))


def _plain(text: str) -> str:
    for pattern, plain in _INLINE:
        text = pattern.sub(plain, text)
    return text
