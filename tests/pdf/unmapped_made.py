"""PDFs whose fonts carry no Unicode map, as TeX, old printer drivers and copy protection make them. Their glyphs are
drawn, so that OCR can read what the codes don't tell."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pdf_made import FONT_FILE, raw_pdf, stream
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from reportlab.pdfbase.ttfonts import TTFontFile

_GRID = 60
_PER_FONT = 128

Code = tuple[int, int]
"""Number of the font, code in it."""


def dvips(path: Path, lines: Sequence[str], first: int = 0, *, map_latin: bool = True) -> Path:
    """Chinese (whatever is not ASCII) in bitmap fonts of Type 3, its characters numbered through from ``first``. ASCII
    in Times with a right encoding, or in a bitmap font, too, whose codes are those of TeX: fi is \\x0c."""
    chinese = list(dict.fromkeys(char for line in lines for char in line if char > "~"))
    codes: dict[str, Code] = {}
    for at, char in enumerate(chinese):
        codes[char] = (1 + at // _PER_FONT, first + at % _PER_FONT)
    latin = {char for line in lines for char in line if char <= "~"}
    codes |= {char: (0, 12 if char == "\x0c" else ord(char)) for char in latin}
    objects: list[bytes] = []
    fonts: list[bytes] = []
    for number in range(1 + (len(chinese) + _PER_FONT - 1) // _PER_FONT):
        drawn = {code: char for char, (font, code) in codes.items() if font == number}
        if number == 0 and map_latin:
            objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>")
        else:
            _add_bitmap_font(objects, drawn, 5)
        fonts.append(b"/F%d %d 0 R" % (number, 4 + len(objects)))
    path.write_bytes(_one_page(_content(lines, codes), b" ".join(fonts), objects))
    return path


def identity(path: Path, lines: Sequence[str], ordering: str = "Identity") -> Path:
    """All of the text in one subset of a TrueType font, its glyphs numbered through, by glyph; ``ordering`` GB1 claims
    that the numbers are those of Adobe-GB1."""
    chars = sorted({char for line in lines for char in line} - {" "})
    order = sorted(chars, key=lambda char: zlib.crc32(char.encode()))
    font = TTFontFile(str(FONT_FILE), subfontIndex=0).makeSubset([0x20, *map(ord, order)])
    codes = {char: (0, at) for at, char in enumerate(order, 2)} | {" ": (0, 1)}  # 0 is .notdef
    descriptor = b"/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 860/Descent -140/CapHeight 700/StemV 80"
    objects = [
        b"<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+Song/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+Song/DW 1000/FontDescriptor 7 0 R/CIDToGIDMap/Identity"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)/Supplement 0>>>>" % ordering.encode(),
        b"<</Type/FontDescriptor/FontName/AAAAAA+Song/FontFile2 8 0 R" + descriptor + b">>",
        stream(zlib.compress(font), b"/Filter/FlateDecode/Length1 %d" % len(font)),
    ]
    path.write_bytes(_one_page(_content(lines, codes, wide=True), b"/F0 5 0 R", objects))
    return path


def without_maps(source: Path, target: Path, change: Callable[[DictionaryObject], None] = lambda font: None) -> Path:
    """A copy whose fonts have lost their Unicode maps; ``change`` may spoil them further."""
    writer = PdfWriter(clone_from=source)
    for item in writer._objects:
        font = item.get_object() if item is not None else None
        if isinstance(font, DictionaryObject) and font.get("/Type") == "/Font":
            font.pop("/ToUnicode", None)
            change(font)
    writer.write(target)
    return target


def _content(lines: Sequence[str], codes: Mapping[str, Code], *, wide: bool = False) -> bytes:
    parts = [b"BT 72 770 Td 20 TL"]
    for line in lines:
        for char in line:
            font, code = codes[char]
            parts.append(b"/F%d 12 Tf <%s> Tj" % (font, (b"%04x" if wide else b"%02x") % code))
        parts.append(b"T*")
    return b"\n".join([*parts, b"ET"])


def _add_bitmap_font(objects: list[bytes], drawn: Mapping[int, str], base: int) -> None:
    """A Type 3 font and its glyphs; the font comes last. ``base`` is the number of the first object."""
    font = ImageFont.truetype(str(FONT_FILE), _GRID)
    names: list[bytes] = []
    widths = [0] * 256
    for code, char in sorted(drawn.items()):
        shown = "fi" if char == "\x0c" else char
        widths[code] = max(1, round(font.getlength(shown)))
        image = Image.new("1", (widths[code], _GRID + 12), 1)
        ImageDraw.Draw(image).text((0, 0), shown, 0, font=font)
        glyph = b"%d 0 0 -12 %d %d d1 %d 0 0 %d 0 -12 cm BI /W %d /H %d /IM true /BPC 1 /D [0 1] ID %s EI" % (
            *(widths[code], widths[code], _GRID, widths[code], _GRID + 12, widths[code], _GRID + 12),
            image.tobytes(),
        )
        names.append(b"/a%d %d 0 R" % (code, base + len(objects)))
        objects.append(stream(glyph))
    differences = b" ".join(b"%d /a%d" % (code, code) for code in sorted(drawn))
    objects.append(
        b"<</Type/Font/Subtype/Type3/FontBBox[0 -12 60 60]/FontMatrix[%f 0 0 %f 0 0]/FirstChar 0/LastChar 255"
        b"/Widths[%s]/Encoding<</Type/Encoding/Differences[%s]>>/CharProcs<<%s>>/Resources<<>>>>"
        % (1 / _GRID, 1 / _GRID, b" ".join(b"%d" % width for width in widths), differences, b" ".join(names))
    )


def _one_page(content: bytes, fonts: bytes, objects: Sequence[bytes]) -> bytes:
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<<%s>>>>>>" % fonts,
            stream(content),
            *objects,
        ]
    )


def with_holes(source: Path, target: Path, chars: str, code: str = "") -> Path:
    """A copy whose Unicode maps lack some characters, or lead them to ``code`` (four hex digits)."""
    writer = PdfWriter(clone_from=source)
    for item in writer._objects:
        font = item.get_object() if item is not None else None
        if not isinstance(font, DictionaryObject) or "/ToUnicode" not in font:
            continue
        unicode_map = font["/ToUnicode"].get_object().get_data().decode("latin-1")
        for char in chars:
            entry = rf"(<[0-9A-F]{{2}}>) <{ord(char):04X}>(\r?\n)"
            unicode_map, dropped = re.subn(entry, rf"\1 <{code}>\2" if code else "", unicode_map, flags=re.I)
            if dropped and not code:
                count = re.search(r"(\d+) beginbfchar", unicode_map)
                unicode_map = unicode_map.replace(count[0], f"{int(count[1]) - dropped} beginbfchar")
        stream = DecodedStreamObject()
        stream.set_data(unicode_map.encode("latin-1"))
        font[NameObject("/ToUnicode")] = writer._add_object(stream)
    writer.write(target)
    return target
