"""A PDF as PDFium shows it: pages, their characters, images and strokes, outline, metadata. In ``worker`` processes
alone (see ``pdfium_calls``).
"""

from __future__ import annotations

import ctypes
import math
import mmap
import re
import struct
import zlib
from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice, repeat
from pathlib import Path
from typing import NamedTuple

from pipeline.pdf import pdfium_calls, pdfium_text
from pipeline.pdf.columns import Edges
from pipeline.pdf.form_fields import with_values
from pipeline.pdf.lines import Chars
from pipeline.pdf.pdfium_objects import PATH, items, mapped, strokes

_ERROR_PASSWORD = 4
_ERROR_SECURITY = 5
_HEADER_WINDOW = 1 << 20
"""Bytes in which ``%PDF-`` is looked for: mail gateways and faulty servers put junk before it."""
_MAX_BOOKMARKS = 20_000
_META = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate")
_IMAGE_STREAM = re.compile(rb"/Subtype\s*/Image\b")
_IMAGE_WIDTH, _IMAGE_HEIGHT = (
    re.compile(rb"/" + name + rb"\s+(\d{1,7})(?!\d|\s+\d+\s+R)") for name in (b"Width", b"Height")
)
_PICTURE_PIXELS = 20_000
"""A logo has less, the strip of a scan and a picture of text more."""
_FREE_TEXT, _FIELD = 3, 20
_TEXT_ANNOTATIONS = frozenset((_FREE_TEXT, 13, _FIELD))
"""Free text, stamp, form field (FPDF_ANNOT_*)."""
_VALUED = frozenset((4, 5, 6))
"""Fields for text and for a choice from a list (FPDF_FORMFIELD_*)."""
_HIDDEN = 1 << 1 | 1 << 5
_MAX_ANNOTATIONS = 2000
_WITH_ANNOTATIONS = 0x01
"""Stamps are ones (FPDF_ANNOT)."""
_SPACES, _LINES = re.compile(" "), re.compile(r"[^\r\n]+")


class OpenError(Exception):
    """PDFium can't open this file; ``code`` is ``password``, ``security`` or ``broken``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Bitmap(NamedTuple):
    """A rendered page: BGRx bytes, ``stride`` bytes a row."""

    data: bytes
    width: int
    height: int
    stride: int


class Entry(NamedTuple):
    """An outline entry: ``page`` counts from 1."""

    title: str
    page: int | None
    level: int


class PdfPage:
    """A loaded page."""

    def __init__(
        self,
        handle: int,
        added: int | None,
        values: Sequence[tuple[tuple[float, ...], str]],
        layers: Callable[[], frozenset[str]] | None,
    ) -> None:
        self._handle = handle
        self._layers = layers
        """Tells the names of hidden layers; None where there are no layers."""
        self.hidden = 0
        """Characters on hidden layers: no text."""
        self._added = added
        self._values = values
        """What is filled in, with its left, top, right and bottom in page space."""
        self.width = float(pdfium_calls.page_width(handle))
        self.height = float(pdfium_calls.page_height(handle))
        self._turn = int(pdfium_calls.rotation(handle)) % 4
        self.turned = 0
        """Quarter turns clockwise from the page as it is read, its text upright, to the page as shown."""

    def chars(self) -> Chars:
        """All characters of the page with their boxes. From here on ``width``, ``height`` and all places are those of
        the page turned so that most of its text stands upright, which is nearly always the page as shown."""
        handle = pdfium_calls.load_text(self._handle)
        if not handle:
            return Chars("", array("f"), array("f"), array("f"), array("f"), frozenset())
        text_page: pdfium_calls.TextPage = pdfium_calls.ptr.from_param(handle)
        try:
            count = max(0, int(pdfium_calls.count_chars(text_page)))
            text = pdfium_text.text_of(text_page, count)
            unmapped = pdfium_text.unmapped(text_page, count)
            if unmapped:
                text = pdfium_text.without_codes(text, unmapped)
            self._stand_upright(pdfium_text.direction(text_page, text))
            edges = pdfium_text.loose_boxes(text_page, count)
            if pdfium_text.has_tall(text, edges):
                pdfium_text.lower_tall(text_page, text, edges)
            edges = self._shown(edges)
            spaces = [found.start() for found in _SPACES.finditer(text)]
            flags = map(pdfium_calls.is_generated, repeat(text_page), spaces)
            generated = frozenset(at for at, flag in zip(spaces, flags, strict=True) if flag == 1)
            lines = [found.span() for found in _LINES.finditer(text)]
            tilted = pdfium_text.aslant(text_page, lines)
            heavy = pdfium_text.heavy(text_page, text, lines)
            if self._layers and (hidden := pdfium_text.hidden(text_page, lines, self._layers)):
                self.hidden = len(hidden)
                text = "".join(["\n" if at in hidden else char for at, char in enumerate(text)])
            chars = Chars(text, *edges, generated, tilted, self._added, unmapped, heavy)
            return with_values(chars, self._values_shown()) if self._values else chars
        finally:
            pdfium_calls.close_text(text_page)

    def _values_shown(self) -> list[tuple[Edges, str]]:
        sides = (array("f", side) for side in zip(*(box for box, _ in self._values), strict=True))
        boxes = zip(*self._shown((next(sides), next(sides), next(sides), next(sides))), strict=True)
        return [(Edges(*box), value) for box, (_, value) in zip(boxes, self._values, strict=True)]

    def image_boxes(self) -> tuple[list[Edges], int]:
        """Boxes of the images, as shown, y upwards; and how many paths are drawn."""
        flat = left, bottom, right, top = array("f"), array("f"), array("f"), array("f")
        paths = 0
        bounds = pdfium_calls.Floats4()
        addresses = [ctypes.addressof(bounds) + 4 * i for i in range(4)]
        for item, kind, matrix in items(self._handle):
            if kind == PATH:
                paths += 1
            elif pdfium_calls.object_bounds(item, *addresses):
                for edges, value in zip(flat, mapped(tuple(bounds), matrix), strict=True):
                    edges.append(max(-1e9, min(1e9, value)))
        return [Edges(*edges) for edges in zip(*self._shown((left, top, right, bottom)), strict=True)], paths

    def image_bytes(self) -> list[int]:
        """How long each of the images is as stored, in the order of :meth:`image_boxes`: tells a picture that stands
        on every page from others that stand in its place."""
        bounds = (ctypes.c_float * 4)()
        addresses = [ctypes.addressof(bounds) + 4 * i for i in range(4)]
        images = [item for item, kind, _ in items(self._handle) if kind != PATH]
        return [
            int(pdfium_calls.image_data(item, 0, 0)) for item in images if pdfium_calls.object_bounds(item, *addresses)
        ]

    def rulings(self, most: int) -> list[tuple[float, float, float, float]]:
        """Level and upright strokes, sides of rectangles too, as left, top, right, bottom of the page as shown, y
        upwards. None at all where there are more than ``most``: that is a drawing, no table."""
        found: list[tuple[float, float, float, float]] = []
        for stroke in strokes([(item, matrix) for item, kind, matrix in items(self._handle) if kind == PATH]):
            found.append(stroke)
            if len(found) > most:
                return []
        flat = [array("f", [stroke[edge] for stroke in found]) for edge in (0, 3, 2, 1)]
        return list(zip(*self._shown(tuple(flat)), strict=True))

    @property
    def _bounds(self) -> tuple[float, float, float, float]:
        """The page's visible box in its own space: left, bottom, right, top."""
        rect = pdfium_calls.Floats4()
        pdfium_calls.bounding_box(self._handle, ctypes.addressof(rect))
        left, top, right, bottom = rect
        return left, bottom, right, top

    def render(self, dpi: float, max_pixels: int) -> Bitmap:
        """The page as shown, on white, at ``dpi`` or as much less as ``max_pixels`` demands."""
        scale = dpi / 72
        scale *= min(1.0, math.sqrt(max_pixels / max(1.0, self.width * scale * self.height * scale)))
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        bitmap = pdfium_calls.bitmap_create(width, height, 0)
        if not bitmap:
            raise MemoryError
        try:
            pdfium_calls.bitmap_fill(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            pdfium_calls.render_page(bitmap, self._handle, 0, 0, width, height, 0, _WITH_ANNOTATIONS)
            stride = int(pdfium_calls.bitmap_stride(bitmap))
            return Bitmap(ctypes.string_at(pdfium_calls.bitmap_buffer(bitmap), stride * height), width, height, stride)
        finally:
            pdfium_calls.bitmap_destroy(bitmap)

    def _stand_upright(self, direction: int | None) -> None:
        if direction is None or direction == self._turn:
            return
        self.turned = (self._turn - direction) % 4
        self._turn = direction
        if self.turned % 2:
            self.width, self.height = self.height, self.width

    def _shown(self, edges: tuple[array[float], ...]) -> tuple[array[float], array[float], array[float], array[float]]:
        """Page space into the page as shown or read (rotated, its visible corner at 0, 0); y stays upwards."""
        left, top, right, bottom = edges
        x0, y0, x1, y1 = self._bounds
        turn = self._turn
        if turn == 0 and x0 == 0 and y0 == 0:
            return left, top, right, bottom
        if turn == 0:
            return _shift(left, -x0), _shift(top, -y0), _shift(right, -x0), _shift(bottom, -y0)
        if turn == 1:  # clockwise: what pointed up points right
            return _shift(bottom, -y0), _flip(left, x1), _shift(top, -y0), _flip(right, x1)
        if turn == 2:
            return _flip(right, x1), _flip(bottom, y1), _flip(left, x1), _flip(top, y1)
        return _flip(top, y1), _shift(right, -x0), _flip(bottom, y1), _shift(left, -x0)


class Pdf:
    """An open file. Use :func:`open_pdf`."""

    def __init__(self, handle: int, *, has_pictures: bool, layers: Callable[[], frozenset[str]] | None) -> None:
        self._layers = layers
        self._handle = handle
        self.page_count = int(pdfium_calls.page_count(handle))
        self.has_pictures = has_pictures
        """Whether the file holds an image that is big enough to be a scan, or a strip of one."""

    @contextmanager
    def page(self, index: int) -> Generator[PdfPage | None]:
        """The page with this index (from 0), what is filled into its form fields being text; None where PDFium can't
        load it."""
        handle = pdfium_calls.load_page(self._handle, index)
        added = None
        values: list[tuple[tuple[float, ...], str]] = []
        if handle and (found := _text_annotations(handle)):
            values = self._filled_in(handle, found)
            added = _text_length(handle)
            pdfium_calls.flatten(handle, 0)
            pdfium_calls.close_page(handle)
            handle = pdfium_calls.load_page(self._handle, index)
        if not handle:
            yield None
            return
        try:
            yield PdfPage(handle, added, values, self._layers)
        finally:
            pdfium_calls.close_page(handle)

    def _filled_in(self, page: int, found: Sequence[int]) -> list[tuple[tuple[float, ...], str]]:
        """The values of a page's form fields and text boxes (by their indexes), with their places."""
        info = ctypes.create_string_buffer(_FORM_INFO.ljust(1024, b"\0"))
        forms = pdfium_calls.start_forms(self._handle, info) if pdfium_calls.form_type(self._handle) else None
        try:
            values: list[tuple[tuple[float, ...], str]] = []
            for at in found:
                annotation = pdfium_calls.annotation(page, at)
                if annotation:
                    box = pdfium_calls.Floats4()
                    value = _value(annotation, forms)
                    if value.strip() and pdfium_calls.annotation_box(annotation, ctypes.addressof(box)):
                        values.append((tuple(box), value))
                    pdfium_calls.close_annotation(annotation)
            return values
        finally:
            if forms:
                pdfium_calls.end_forms(forms)

    def label(self, index: int) -> str | None:
        """The page's printed number, where the file names one."""
        return pdfium_calls.utf16(pdfium_calls.page_label, self._handle, index) or None

    def metadata(self) -> dict[str, str]:
        """The non-empty entries of the information dictionary."""
        found = {name: pdfium_calls.utf16(pdfium_calls.meta_text, self._handle, name.encode()) for name in _META}
        return {name: value for name, value in found.items() if value}

    def outline(self) -> list[Entry]:
        """The outline in reading order. Loops are cut: no entry is visited twice."""
        entries: list[Entry] = []
        seen: set[int] = set()
        stack: list[tuple[int, int]] = [(pdfium_calls.first_bookmark(self._handle, None) or 0, 1)]
        while stack and len(entries) < _MAX_BOOKMARKS:
            mark, level = stack.pop()
            if not mark or mark in seen:
                continue
            seen.add(mark)
            entries.append(Entry(pdfium_calls.utf16(pdfium_calls.bookmark_title, mark), self._target(mark), level))
            stack.append((pdfium_calls.next_bookmark(self._handle, mark) or 0, level))
            stack.append((pdfium_calls.first_bookmark(self._handle, mark) or 0, level + 1))
        return entries

    def _target(self, mark: int) -> int | None:
        dest = pdfium_calls.bookmark_dest(self._handle, mark)
        if not dest:
            action = pdfium_calls.bookmark_action(mark)
            dest = pdfium_calls.action_dest(self._handle, action) if action else None
        index = int(pdfium_calls.dest_page(self._handle, dest)) if dest else -1
        return index + 1 if 0 <= index < self.page_count else None


@contextmanager
def open_pdf(path: Path, passwords: Sequence[str] = ()) -> Generator[Pdf]:
    """Open a file: junk before ``%PDF-`` is skipped, the passwords are tried in turn (the empty one first).

    Raises OpenError; OSError for the file itself.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as data:
        start = max(0, data.find(b"%PDF-", 0, _HEADER_WINDOW))
        first = ctypes.c_char.from_buffer(data)  # copy-on-write mapping: an address without a copy of the file
        handle = None
        try:
            handle = _open(ctypes.addressof(first) + start, len(data) - start, passwords)
            layers = cache(lambda: _hidden_layers(path, passwords)) if _has_layers(data) else None
            yield Pdf(handle, has_pictures=_has_pictures(data), layers=layers)
        finally:
            if handle:
                pdfium_calls.close_document(handle)
            del first  # else the mapping can't be closed


def _open(address: int, size: int, passwords: Sequence[str]) -> int:
    code = 0
    for password in ("", *passwords):
        # a password is UTF-8 from revision 5 on and Latin-1 before
        for raw in {password.encode(), password.encode("latin-1", "ignore")}:
            handle = pdfium_calls.load_document(address, size, raw or None)
            if handle:
                return int(handle)
            code = int(pdfium_calls.last_error())
            if code != _ERROR_PASSWORD:
                break
    raise OpenError({_ERROR_PASSWORD: "password", _ERROR_SECURITY: "security"}.get(code, "broken"))


def _has_layers(data: mmap.mmap) -> bool:
    """Whether a file names optional content, among its objects or in those that are packed into (unencrypted)
    streams."""
    if data.find(b"/OCProperties") >= 0:
        return True
    for found in islice(_OBJECT_STREAM.finditer(data), _MAX_STREAMS):
        try:
            unpacked = zlib.decompressobj().decompress(data[found.end() : found.end() + _PACKED_BYTES], _PACKED_BYTES)
        except zlib.error:
            continue
        if b"/OCProperties" in unpacked:
            return True
    return False


_OBJECT_STREAM = re.compile(rb"/ObjStm\b[^\0]{0,300}?stream\r?\n")
_MAX_STREAMS, _PACKED_BYTES = 500, 1 << 18


def _hidden_layers(path: Path, passwords: Sequence[str]) -> frozenset[str]:
    from pipeline.pdf.layers import hidden_layers  # which most files don't need

    return hidden_layers(path, passwords)


def _has_pictures(data: mmap.mmap) -> bool:
    """Whether a file holds a big image. (Streams are never packed into other streams, so their names are legible.)"""
    for found in _IMAGE_STREAM.finditer(data):
        near = data[max(0, found.start() - 500) : found.end() + 500]
        width, height = (max(map(int, size.findall(near)), default=0) for size in (_IMAGE_WIDTH, _IMAGE_HEIGHT))
        if not width or not height or width * height > _PICTURE_PIXELS:
            return True
    return False


def _text_annotations(page: int) -> list[int]:
    """Indexes of the annotations that are text on the page."""
    found: list[int] = []
    for at in range(min(int(pdfium_calls.count_annotations(page)), _MAX_ANNOTATIONS)):
        annotation = pdfium_calls.annotation(page, at)
        if annotation:
            if int(pdfium_calls.annotation_type(annotation)) in _TEXT_ANNOTATIONS:
                found.append(at)
            pdfium_calls.close_annotation(annotation)
    return found


_FORM_INFO = struct.pack("i", 2)
"""A FPDF_FORMFILLINFO of version 2 without any callback: nothing in the form is run."""


def _value(annotation: int, forms: int | None) -> str:
    """What is filled into a form field, or typed into a text box; empty for others."""
    if int(pdfium_calls.annotation_flags(annotation)) & _HIDDEN:
        return ""
    kind = int(pdfium_calls.annotation_type(annotation))
    if kind == _FREE_TEXT:
        return pdfium_calls.utf16(pdfium_calls.annotation_text, annotation, b"Contents")
    if kind != _FIELD or not forms or int(pdfium_calls.field_type(forms, annotation)) not in _VALUED:
        return ""
    return pdfium_calls.utf16(pdfium_calls.field_value, forms, annotation)


def _text_length(page: int) -> int:
    text_page = pdfium_calls.load_text(page)
    if not text_page:
        return 0
    count = int(pdfium_calls.count_chars(text_page))
    pdfium_calls.close_text(text_page)
    return max(0, count)


def _shift(values: array[float], by: float) -> array[float]:
    return array("f", [value + by for value in values])


def _flip(values: array[float], edge: float) -> array[float]:
    return array("f", [edge - value for value in values])
