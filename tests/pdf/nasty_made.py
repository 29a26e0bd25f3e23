"""Hostile PDFs, each a few bytes to a few MiB, that go after what a reader trusts: tables, trees, sizes, streams."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence

from pdf_made import raw_pdf, simple_pdf, stream

BODY = b"BT /F1 12 Tf 72 700 Td (The supplier delivers the goods on time.) Tj ET"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def page(
    content: bytes = BODY,
    box: bytes = b"[0 0 595 842]",
    resources: bytes = b"/Font<</F1 5 0 R>>",
    extra: bytes = b"",
    more: Sequence[bytes] = (),
    font: bytes = HELVETICA,
) -> bytes:
    """One page; ``more`` are its further objects, from number 6 on."""
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents 4 0 R/Resources<<%s>>%s>>" % (box, resources, extra),
            stream(content),
            font,
            *more,
        ]
    )


def flate(data: bytes, extra: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter/FlateDecode" + extra)


def _xref_loop() -> bytes:
    """Two cross-reference tables, each of which is the other's predecessor."""
    good = simple_pdf(BODY)
    first = good.rindex(b"xref\n0")
    second = len(good)
    tail = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    looped = good.replace(b"/Root 1 0 R >>", b"/Root 1 0 R /Prev %010d >>" % (second + 18))
    return looped + tail % (first, second + 18)


def _xref_everywhere() -> bytes:
    good = simple_pdf(BODY)
    at = good.index(b"xref\n0")
    return good[:at] + b"xref\n0 999999999\n" + good[at + 9 :]


def _object_stream_bomb() -> bytes:
    """An object stream that claims a billion objects, and one that extends itself."""
    packed = b"10 0 11 5 " + b"null null"
    return page(more=[flate(packed, b"/Type/ObjStm/N 1000000000/First 10/Extends 6 0 R")] * 3)


def _deep_arrays() -> bytes:
    return page(extra=b"/Thing " + b"[" * 100_000 + b"]" * 100_000)


def _deep_dictionaries() -> bytes:
    return page(extra=b"/Thing " + b"<</A " * 50_000 + b"1" + b">>" * 50_000)


def _deep_kids(depth: int = 20_000) -> bytes:
    nodes = [b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (at - 1, at + 1) for at in range(3, depth)]
    leaf = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]>>" % (depth - 1)
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", *nodes, leaf])


def _kids_of_many_parents() -> bytes:
    """Each node twice in the next: 2 to the power of 40 pages."""
    nodes = [b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count 99>>" % (at + 1, at + 1) for at in range(2, 42)]
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 9 9]>>"])


def _many_characters(count: int = 2_000_000) -> bytes:
    """One page with two million characters, a few KiB in the file."""
    return page(content=b"", more=[]).replace(
        stream(b""), flate(b"BT /F1 1 Tf 1 0 0 1 10 10 Tm " + b"(%s) Tj " % (b"word " * 200) * (count // 1000) + b"ET")
    )


def _characters_in_one_spot() -> bytes:
    return page(content=b"BT /F1 12 Tf " + b"1 0 0 1 72 700 Tm (A) Tj " * 60_000 + b"ET")


def _forms_tree() -> bytes:
    """Forms that draw the next one ten times: ten to the power of nine drawings."""
    forms = [
        stream(
            b"/X Do " * 10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (at + 1)
        )
        for at in range(6, 15)
    ]
    last = stream(BODY, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>")
    return page(b"/X Do", resources=b"/XObject<</X 6 0 R>>/Font<</F1 5 0 R>>", more=[*forms, last])


def _forms_in_a_ring() -> bytes:
    ring = [
        stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % number)
        for number in (7, 8, 6)
    ]
    return page(BODY + b" /X Do", resources=b"/XObject<</X 6 0 R>>/Font<</F1 5 0 R>>", more=ring)


def _type3_in_itself() -> bytes:
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 65/LastChar 65/Widths[9]"
        b"/Encoding<</Differences[65/A]>>/CharProcs<</A 6 0 R>>/Resources<</Font<</F1 5 0 R>>>>>>"
    )
    return page(b"BT /F1 9 Tf (AAAA) Tj ET", font=font, more=[stream(b"9 0 d0 BT /F1 9 Tf (AA) Tj ET")])


def _cmap_in_itself() -> bytes:
    font = b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 6 0 R/ToUnicode 6 0 R/DescendantFonts[7 0 R]>>"
    cmap = stream(b"/A usecmap 1 begincodespacerange <00> <ffffffff> endcodespacerange", b"/Type/CMap/UseCMap 6 0 R")
    below = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(A)/Ordering(A)/Supplement 0>>>>"
    return page(font=font, more=[cmap, below])


def _descendant_in_itself() -> bytes:
    return page(font=b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[5 0 R]>>")


def _wide_tounicode() -> bytes:
    """Each code becomes a thousand characters."""
    cmap = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00> <ff> <%s> endbfrange" % (
        b"4e00" * 1000
    )
    font = HELVETICA[:-2] + b"/ToUnicode 6 0 R>>"
    return page(b"BT /F1 9 Tf (" + b"A" * 50_000 + b") Tj ET", font=font, more=[stream(cmap)])


def _annotations(count: int = 200_000) -> bytes:
    spot = b"/Annots[" + b"6 0 R " * count + b"]"
    return page(extra=spot, more=[b"<</Type/Annot/Subtype/Widget/FT/Tx/V(x)/Rect[0 0 9 9]/Parent 6 0 R/Kids[6 0 R]>>"])


def _image(extra: bytes, data: bytes = b"\x00" * 100) -> bytes:
    image = stream(data, b"/Type/XObject/Subtype/Image" + extra)
    return page(
        BODY + b" q 595 0 0 842 0 0 cm /I Do Q", resources=b"/XObject<</I 6 0 R>>/Font<</F1 5 0 R>>", more=[image]
    )


_HUGE = b"/Width 2000000000/Height 2000000000/ColorSpace/DeviceRGB/BitsPerComponent 8"
_JPX = b"\x00\x00\x00\x0cjP  \r\n\x87\n\xffO\xffQ\x00/\x00\x00" + b"\x7f\xff\xff\xff" * 8 + b"\x00\x03\x07\x01\x01" * 3
_JBIG2 = b"\x00\x00\x00\x000\x00\x01\x00\x00\x00\x13" + b"\x7f\xff\xff\xff" * 2 + b"\x00" * 11


def _tiling() -> bytes:
    pattern = stream(
        b"0 0 1 1 re f", b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1e-9 1e-9]/XStep 1e-9/YStep 1e-9"
    )
    resources = b"/Pattern<</P 6 0 R>>/Font<</F1 5 0 R>>"
    return page(BODY + b" /Pattern cs /P scn 0 0 595 842 re f", resources=resources, more=[pattern])


def _length_of_itself() -> bytes:
    return simple_pdf(BODY).replace(b"/Length %d" % len(BODY), b"/Length 4 0 R")


def _predictor() -> bytes:
    return page().replace(
        stream(BODY), flate(BODY, b"/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32/BitsPerComponent 16>>")
    )


def _filters() -> bytes:
    return page().replace(stream(BODY), stream(BODY, b"/Filter[" + b"/ASCIIHexDecode" * 2000 + b"]"))


NASTY: Mapping[str, Callable[[], bytes]] = {
    "xref loop": _xref_loop,
    "xref of a billion": _xref_everywhere,
    "object stream bomb": _object_stream_bomb,
    "deep arrays": _deep_arrays,
    "deep dictionaries": _deep_dictionaries,
    "deep kids": _deep_kids,
    "kids of many parents": _kids_of_many_parents,
    "page count": lambda: page().replace(b"/Count 1", b"/Count 2147483647"),
    "negative page count": lambda: page().replace(b"/Count 1", b"/Count -7"),
    "huge page": lambda: page(box=b"[0 0 1e30 1e30]"),
    "negative page": lambda: page(box=b"[595 842 -595 -842]"),
    "page of no width": lambda: page(box=b"[100 0 100 842]"),
    "page that is no number": lambda: page(box=b"[0 0 /A (b)]"),
    "page box of itself": lambda: page(box=b" 3 0 R"),
    "rotated by anything": lambda: page(extra=b"/Rotate 2147483647"),
    "millions of characters": _many_characters,
    "characters in one spot": _characters_in_one_spot,
    "text beyond all numbers": lambda: page(
        b"BT /F1 1e38 Tf 1e38 1e38 -1e38 1e38 1e38 1e38 Tm (A B) Tj 9e99 Tc (C) Tj ET"
    ),
    "text of no size": lambda: page(b"BT /F1 0 Tf 72 700 Td (" + b"lost words " * 300 + b") Tj ET"),
    "tree of forms": _forms_tree,
    "ring of forms": _forms_in_a_ring,
    "type 3 in itself": _type3_in_itself,
    "cmap in itself": _cmap_in_itself,
    "descendant in itself": _descendant_in_itself,
    "a thousand characters a code": _wide_tounicode,
    "annotations": _annotations,
    "huge image": lambda: _image(_HUGE),
    "image of no size": lambda: _image(b"/Width 0/Height -1/BitsPerComponent 8/ColorSpace/DeviceGray"),
    "jpx": lambda: _image(_HUGE + b"/Filter/JPXDecode", _JPX),
    "jbig2": lambda: _image(_HUGE + b"/Filter/JBIG2Decode", _JBIG2),
    "mask of itself": lambda: _image(b"/Width 9/Height 9/ColorSpace/DeviceGray/BitsPerComponent 8/SMask 6 0 R"),
    "colours of themselves": lambda: _image(b"/Width 9/Height 9/ColorSpace[/Indexed 6 0 R 1 <00>]/BitsPerComponent 8"),
    "tiling": _tiling,
    "length of itself": _length_of_itself,
    "predictor": _predictor,
    "two thousand filters": _filters,
    "unbalanced": lambda: page(b"q " * 500_000 + BODY),
    "clips": lambda: page(b"0 0 9 9 re W n " * 100_000 + BODY),
}
