"""Highlights on a copy of a PDF. Runs in the painting process."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject, TextStringObject

from pipeline.pdf import wire
from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.process import Failure

_HEADER_WINDOW = 1 << 20
_MAX_FIELDS = 20_000
_MOST_SKIPPED = 10_000
_PRINTED = 4
"""The annotation flag that has it printed, too."""
_NOTE_SIDE = 20.0
_Quad = tuple[float, float, float, float]


def annotated(path: Path, passwords: Sequence[str], request: Mapping[str, Any]) -> wire.Message:
    """Write the copy to ``request["draft"]``; answer how many marks it bears and how many signatures it has.

    ``marks``: page, boxes (as ``types.Box``, without the page), colour (three numbers up to 1), subject, note.
    ``cover``: a note for the first page; ``signed``: what that note says of a signed file besides.
    """
    raw = path.read_bytes()
    raw = raw[max(0, raw.find(b"%PDF-", 0, _HEADER_WINDOW)) :]
    with open_pdf(path, passwords) as pdf:
        pages = pdf.page_count
    try:
        data, marked, signatures = _written(raw, request)
    except Failure:
        raise
    except Exception as error:  # pypdf on a hostile file: any exception, and always the file's fault
        raise Failure("unwritable", type=type(error).__name__) from None
    draft = Path(str(request["draft"]))
    draft.write_bytes(data)
    _check_nothing_lost(path, draft, passwords, pages)
    return {"marked": marked, "signatures": signatures}


def _written(raw: bytes, request: Mapping[str, Any]) -> tuple[bytes, int, int]:
    reader = PdfReader(io.BytesIO(raw), strict=False)
    if reader.is_encrypted:
        raise Failure("encrypted_copy")
    signatures = _signatures(reader)
    writer = PdfWriter(io.BytesIO(raw), incremental=True)
    _keep_numbers_apart(reader, writer)
    marked = 0
    for at, mark in enumerate(request["marks"]):
        if not 1 <= int(mark["page"]) <= len(writer.pages):
            continue
        page = writer.pages[int(mark["page"]) - 1]
        quads = [_in_page_space(page, tuple(map(float, box))) for box in mark["boxes"]]
        if quads:
            _attach(writer, page, _highlight(mark, quads, at))
            marked += 1
    cover = "\n\n".join(filter(None, (str(request["signed"]) if signatures else "", str(request["cover"]))))
    if cover and len(writer.pages):
        _attach(writer, writer.pages[0], _note(writer.pages[0], cover, urgent=bool(signatures)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), marked, signatures


def _keep_numbers_apart(reader: PdfReader, writer: PdfWriter) -> None:
    """Number new objects from the file's ``/Size`` on. pypdf does so from the last object that it knows, which leaves
    out the cross-reference stream of an earlier increment: its number would be given twice."""
    objects: list[Any] = writer._objects  # pyright: ignore[reportPrivateUsage]
    size = reader.trailer.get("/Size")
    if isinstance(size, int):
        objects += [None] * min(max(0, size - 1 - len(objects)), _MOST_SKIPPED)


def _signatures(reader: PdfReader) -> int:
    """Signature fields that are signed (ISO 32000-2, 12.8): of type ``Sig``, with a value."""
    root = reader.trailer["/Root"].get_object()
    form = root.get("/AcroForm") if isinstance(root, DictionaryObject) else None
    form = form.get_object() if form is not None else None
    pending = list(_entries(form, "/Fields"))
    signed, seen = 0, 0
    while pending and seen < _MAX_FIELDS:
        field, seen = pending.pop(), seen + 1
        if not isinstance(field, DictionaryObject):
            continue
        pending += _entries(field, "/Kids")
        value = field.get("/V")
        value = value.get_object() if value is not None else None
        signed += isinstance(value, DictionaryObject) and (field.get("/FT") == "/Sig" or "/ByteRange" in value)
    return signed


def _entries(holder: object, key: str) -> Iterable[object]:
    values = holder.get(key) if isinstance(holder, DictionaryObject) else None
    values = values.get_object() if values is not None else None
    return [value.get_object() for value in values] if isinstance(values, ArrayObject) else []


def _in_page_space(page: Any, box: tuple[float, ...]) -> _Quad:
    """A box as shown (points from the top left, turned, cropped) in the page's own space: left, bottom, right, top."""
    left, top, right, bottom = box
    media, crop = page.mediabox, page.cropbox
    x0, y0 = max(float(media.left), float(crop.left)), max(float(media.bottom), float(crop.bottom))
    x1, y1 = min(float(media.right), float(crop.right)), min(float(media.top), float(crop.top))
    match int(page.rotation) // 90 % 4:
        case 0:
            return x0 + left, y1 - bottom, x0 + right, y1 - top
        case 1:
            return x0 + top, y0 + left, x0 + bottom, y0 + right
        case 2:
            return x1 - right, y0 + top, x1 - left, y0 + bottom
        case _:
            return x1 - bottom, y1 - right, x1 - top, y1 - left


def _highlight(mark: Mapping[str, Any], quads: Sequence[_Quad], number: int) -> DictionaryObject:
    edges = list(zip(*quads, strict=True))
    rect = (min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3]))
    # corners in the order that every viewer takes: top left, top right, bottom left, bottom right
    points = [n for left, bottom, right, top in quads for n in (left, top, right, top, left, bottom, right, bottom)]
    made = _annotation("/Highlight", rect, str(mark["note"]), str(mark["subject"]), mark["colour"])
    made[NameObject("/QuadPoints")] = _numbers(points)
    made[NameObject("/CA")] = FloatObject(float(mark["opacity"]))
    made[NameObject("/NM")] = TextStringObject(f"longdoc-{number}")
    return made


def _note(page: Any, text: str, *, urgent: bool) -> DictionaryObject:
    x0, y0, x1, y1 = _in_page_space(page, (12.0, 12.0, 12.0 + _NOTE_SIDE, 12.0 + _NOTE_SIDE))
    made = _annotation("/Text", (x0, y0, x1, y1), text, "longdoc", (0.85, 0.2, 0.2) if urgent else (0.2, 0.35, 0.55))
    made[NameObject("/Name")] = NameObject("/Note")
    made[NameObject("/NM")] = TextStringObject("longdoc-cover")
    return made


def _annotation(kind: str, rect: Sequence[float], note: str, subject: str, colour: Sequence[float]) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(kind),
            NameObject("/Rect"): _numbers(rect),
            NameObject("/C"): _numbers(colour),
            NameObject("/F"): NumberObject(_PRINTED),
            NameObject("/T"): TextStringObject("longdoc"),
            NameObject("/Subj"): TextStringObject(subject),
            NameObject("/Contents"): TextStringObject(note),
            NameObject("/M"): TextStringObject(f"D:{datetime.now(UTC):%Y%m%d%H%M%S}Z"),
        }
    )


def _numbers(values: Iterable[float]) -> ArrayObject:
    return ArrayObject(FloatObject(round(value, 2) if math.isfinite(value) else 0.0) for value in values)


def _attach(writer: PdfWriter, page: Any, annotation: DictionaryObject) -> None:
    """Append to the page's own list: ``PdfWriter.add_annotation`` copies the annotation and drops keys."""
    annotation[NameObject("/P")] = page.indirect_reference
    reference = writer._add_object(annotation)  # pyright: ignore[reportPrivateUsage]
    listed = page.get("/Annots")
    listed = listed.get_object() if listed is not None else None
    if isinstance(listed, ArrayObject):
        page[NameObject("/Annots")] = ArrayObject([*listed, reference])
    else:
        page[NameObject("/Annots")] = ArrayObject([reference])


def _check_nothing_lost(path: Path, draft: Path, passwords: Sequence[str], pages: int) -> None:
    """Open what was written: as many pages, and on each sampled one as many characters."""
    sample = sorted({0, pages // 2, pages - 1})
    with open_pdf(path, passwords) as before, open_pdf(draft, passwords) as after:
        same = after.page_count == pages and all(_length(before, at) == _length(after, at) for at in sample)
    if not same:
        raise Failure("unwritable", type="content")


def _length(pdf: Any, index: int) -> int:
    with pdf.page(index) as page:
        return -1 if page is None else len(page.chars().text)
