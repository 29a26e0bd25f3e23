"""The few PDFium calls that reading needs, typed, straight over ctypes.

Not through ``pypdfium2``'s own classes: those start the library without our font folder when imported, and cost a
Python call per character. Here one ``map`` over a C function takes a whole page. PDFium is not thread-safe: one thread
of one process only. It checks little and aborts the process on some files, so it runs in ``worker`` processes alone.

Signatures are those of PDFium's public headers (fpdfview.h, fpdf_text.h, fpdf_doc.h, fpdf_edit.h).
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import re
import struct
from array import array
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import repeat
from operator import sub
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.pdf import wire
from pipeline.pdf.columns import Edges
from pipeline.pdf.filled import with_values
from pipeline.pdf.lines import Chars

FONTS = Path(__file__).parents[1] / "fonts"

_ERROR_PASSWORD = 4
_ERROR_SECURITY = 5
_HEADER_WINDOW = 1 << 20
"""Bytes in which ``%PDF-`` is looked for: mail gateways and faulty servers put junk before it."""
_MAX_BOOKMARKS = 20_000
_MAX_OBJECTS = 5_000
"""Page objects looked at for image coverage; a page with more is a drawing, not a scan."""
_PATH, _IMAGE, _FORM = _LOOKED_AT = 2, 3, 5
_LINE_TO, _MOVE_TO = 0, 2
_MAX_SEGMENTS = 2000
_THIN = 3.0
"""Points; a rectangle thinner than this is a line."""
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_META = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate")


_IMAGE_STREAM = re.compile(rb"/Subtype\s*/Image\b")
_IMAGE_WIDTH, _IMAGE_HEIGHT = (
    re.compile(rb"/" + name + rb"\s+(\d{1,7})(?!\d|\s+\d+\s+R)") for name in (b"Width", b"Height")
)
_PICTURE_PIXELS = 20_000
"""A logo has less, the strip of a scan and a picture of text more."""


class OpenError(Exception):
    """PDFium can't open this file; ``code`` is ``password``, ``security`` or ``broken``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Config(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("user_font_paths", ctypes.POINTER(ctypes.c_char_p)),
        ("isolate", ctypes.c_void_p),
        ("v8_embedder_slot", ctypes.c_uint),
    )


class _Library:
    """The shared library, started once per process with our fonts as its only CJK fonts."""

    def __init__(self) -> None:
        spec = find_spec("pypdfium2_raw")
        if spec is None or spec.origin is None:  # a hard dependency: a broken installation, not a bad document
            raise ImportError("pypdfium2_raw is not installed")
        # PyDLL keeps the interpreter's lock: nothing else runs in the process, and its calls are a sixth faster
        self._dll = ctypes.PyDLL(str(Path(spec.origin).parent / "libpdfium.so"))
        # our folder in place of the system's: the same text on every machine (Latin stand-ins are built in)
        self._paths = (ctypes.c_char_p * 2)(os.fsencode(FONTS), None)
        config = _Config(2, ctypes.cast(self._paths, ctypes.POINTER(ctypes.c_char_p)), None, 0)
        self.function("FPDF_InitLibraryWithConfig", None, ctypes.c_void_p)(ctypes.addressof(config))

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        found = self._dll[name]
        found.restype, found.argtypes = result, arguments
        return found

    def of_each(self, name: str, result: Any) -> Callable[..., Any]:
        """A function that is called for each character or object: of a page, an index, perhaps a place in
        :data:`_ROOM`. What these are is not declared, for then ctypes would convert each of them anew, which takes
        longer than the call."""
        found = self._dll[name]
        found.restype = result
        return found


_ptr, _int, _uint, _long, _text = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_ulong, ctypes.c_char_p
_float = ctypes.c_float
_library = _Library()
_call, _of_each = _library.function, _library.of_each

_load = _call("FPDF_LoadMemDocument64", _ptr, _ptr, ctypes.c_size_t, _text)
_close = _call("FPDF_CloseDocument", None, _ptr)
_last_error = _call("FPDF_GetLastError", _long)
_page_count = _call("FPDF_GetPageCount", _int, _ptr)
_meta_text = _call("FPDF_GetMetaText", _long, _ptr, _text, _ptr, _long)
_page_label = _call("FPDF_GetPageLabel", _long, _ptr, _int, _ptr, _long)
_load_page = _call("FPDF_LoadPage", _ptr, _ptr, _int)
_close_page = _call("FPDF_ClosePage", None, _ptr)
_page_width = _call("FPDF_GetPageWidthF", _float, _ptr)
_page_height = _call("FPDF_GetPageHeightF", _float, _ptr)
_rotation = _call("FPDFPage_GetRotation", _int, _ptr)
_bounding_box = _call("FPDF_GetPageBoundingBox", _int, _ptr, _ptr)

_load_text = _call("FPDFText_LoadPage", _ptr, _ptr)
_close_text = _call("FPDFText_ClosePage", None, _ptr)
_count_chars = _call("FPDFText_CountChars", _int, _ptr)
_get_text = _call("FPDFText_GetText", _int, _ptr, _int, _int, _ptr)
_unicode = _of_each("FPDFText_GetUnicode", _uint)
_loose_box = _of_each("FPDFText_GetLooseCharBox", None)
_char_origin = _of_each("FPDFText_GetCharOrigin", _int)
_char_angle = _of_each("FPDFText_GetCharAngle", _float)
_is_generated = _of_each("FPDFText_IsGenerated", _int)
_is_unmapped = _of_each("FPDFText_HasUnicodeMapError", _int)
_text_object = _of_each("FPDFText_GetTextObject", _ptr)
_text_font = _call("FPDFTextObj_GetFont", _ptr, _ptr)
_font_name = _call("FPDFFont_GetBaseFontName", _long, _ptr, _ptr, _long)
_font_flags = _call("FPDFFont_GetFlags", _int, _ptr)
_render_mode = _call("FPDFTextObj_GetTextRenderMode", _int, _ptr)

_count_objects = _call("FPDFPage_CountObjects", _int, _ptr)
_object = _of_each("FPDFPage_GetObject", _ptr)
_object_type = _call("FPDFPageObj_GetType", _int, _ptr)
_object_bounds = _call("FPDFPageObj_GetBounds", _int, _ptr, _ptr, _ptr, _ptr, _ptr)
_image_data = _call("FPDFImageObj_GetImageDataRaw", _long, _ptr, _ptr, _long)
_object_matrix = _call("FPDFPageObj_GetMatrix", _int, _ptr, _ptr)
_count_form_objects = _call("FPDFFormObj_CountObjects", _int, _ptr)
_form_object = _call("FPDFFormObj_GetObject", _ptr, _ptr, _long)
_draw_mode = _call("FPDFPath_GetDrawMode", _int, _ptr, _ptr, _ptr)
_fill_color = _call("FPDFPageObj_GetFillColor", _int, _ptr, _ptr, _ptr, _ptr, _ptr)
_count_segments = _call("FPDFPath_CountSegments", _int, _ptr)
_segment = _call("FPDFPath_GetPathSegment", _ptr, _ptr, _int)
_segment_point = _call("FPDFPathSegment_GetPoint", _int, _ptr, _ptr, _ptr)
_segment_type = _call("FPDFPathSegment_GetType", _int, _ptr)
_segment_closes = _call("FPDFPathSegment_GetClose", _int, _ptr)

_count_annotations = _call("FPDFPage_GetAnnotCount", _int, _ptr)
_annotation = _call("FPDFPage_GetAnnot", _ptr, _ptr, _int)
_annotation_type = _call("FPDFAnnot_GetSubtype", _int, _ptr)
_close_annotation = _call("FPDFPage_CloseAnnot", None, _ptr)
_flatten = _call("FPDFPage_Flatten", _int, _ptr, _int)
_annotation_box = _call("FPDFAnnot_GetRect", _int, _ptr, _ptr)
_annotation_flags = _call("FPDFAnnot_GetFlags", _int, _ptr)
_annotation_text = _call("FPDFAnnot_GetStringValue", _long, _ptr, _text, _ptr, _long)
_form_type = _call("FPDF_GetFormType", _int, _ptr)
_start_forms = _call("FPDFDOC_InitFormFillEnvironment", _ptr, _ptr, _ptr)
_end_forms = _call("FPDFDOC_ExitFormFillEnvironment", None, _ptr)
_field_type = _call("FPDFAnnot_GetFormFieldType", _int, _ptr, _ptr)
_field_value = _call("FPDFAnnot_GetFormFieldValue", _long, _ptr, _ptr, _ptr, _long)

_first_bookmark = _call("FPDFBookmark_GetFirstChild", _ptr, _ptr, _ptr)
_next_bookmark = _call("FPDFBookmark_GetNextSibling", _ptr, _ptr, _ptr)
_bookmark_title = _call("FPDFBookmark_GetTitle", _long, _ptr, _ptr, _long)
_bookmark_dest = _call("FPDFBookmark_GetDest", _ptr, _ptr, _ptr)
_bookmark_action = _call("FPDFBookmark_GetAction", _ptr, _ptr)
_action_dest = _call("FPDFAction_GetDest", _ptr, _ptr, _ptr)
_dest_page = _call("FPDFDest_GetDestPageIndex", _int, _ptr, _ptr)

_bitmap_create = _call("FPDFBitmap_Create", _ptr, _int, _int, _int)
_bitmap_fill = _call("FPDFBitmap_FillRect", _int, _ptr, _int, _int, _int, _int, _long)
_bitmap_buffer = _call("FPDFBitmap_GetBuffer", _ptr, _ptr)
_bitmap_stride = _call("FPDFBitmap_GetStride", _int, _ptr)
_bitmap_destroy = _call("FPDFBitmap_Destroy", None, _ptr)
_render = _call("FPDF_RenderPageBitmap", None, _ptr, _ptr, _int, _int, _int, _int, _int, _int)

_BATCH = 4096
_ROOM = (_float * (4 * _BATCH))()
_RECTS = [ctypes.byref(_ROOM, 16 * at) for at in range(_BATCH)]
"""Where PDFium writes so many boxes at a time, and the places in it."""
_TextPage = Any
"""As ctypes hands it on: converted once."""
_Floats4, _Floats6, _Uints4 = _float * 4, _float * 6, _uint * 4
"""Held here, for ctypes makes such types anew where nobody does."""

_SPACES = re.compile(" ")
_LINES = re.compile(r"[^\r\n]+")
_DIRECTED = 12
"""Places in the text at which its direction is looked at."""
_NOT_PLAIN = re.compile(
    "[^\r\n\x20-\x7e\u4e00-\u9fff\u3000-\u303f\uff00-\uffee\u00a0-\u00ac\u00ae-\u00ff\u0391-\u03c9\u2010-\u22ff\u2460-\u27bf]"
)
_SAMPLE = 64
"""Places at which unmapped characters are looked for: a stretch of them as long as a 64th of the page is met."""
_TEX_LIGATURES = dict(zip("\x0b\x0c\x0d\x0e\x0f\x1b\x1c\x1d\x1e\x1f", "ﬀﬁﬂﬃﬄﬀﬁﬂﬃﬄ", strict=True))
"""In the encodings OT1 and T1."""
_FREE_TEXT, _FIELD = 3, 20
_TEXT_ANNOTATIONS = frozenset((_FREE_TEXT, 13, _FIELD))
"""Free text, stamp, form field (FPDF_ANNOT_*)."""
_VALUED = frozenset((4, 5, 6))
"""Fields for text and for a choice from a list (FPDF_FORMFIELD_*)."""
_HIDDEN = 1 << 1 | 1 << 5
_MAX_ANNOTATIONS = 2000


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

    def __init__(self, handle: int, added: int | None, values: Sequence[tuple[tuple[float, ...], str]]) -> None:
        self._handle = handle
        self._added = added
        self._values = values
        """What is filled in, with its left, top, right and bottom in page space."""
        self.width = float(_page_width(handle))
        self.height = float(_page_height(handle))
        self._turn = int(_rotation(handle)) % 4
        self.turned = 0
        """Quarter turns clockwise from the page as it is read, its text upright, to the page as shown."""

    def chars(self) -> Chars:
        """All characters of the page with their boxes. From here on ``width``, ``height`` and all places are those of
        the page turned so that most of its text stands upright, which is nearly always the page as shown."""
        handle = _load_text(self._handle)
        if not handle:
            return Chars("", array("f"), array("f"), array("f"), array("f"), frozenset())
        text_page: _TextPage = _ptr.from_param(handle)
        try:
            count = max(0, int(_count_chars(text_page)))
            text = _text_of(text_page, count)
            unmapped = _unmapped(text_page, count)
            if unmapped:
                text = _without_codes(text, unmapped)
            self._stand_upright(_direction(text_page, text))
            edges = _loose_boxes(text_page, count)
            if _has_tall(text, edges):
                _lower_tall(text_page, text, edges)
            edges = self._shown(edges)
            spaces = [found.start() for found in _SPACES.finditer(text)]
            flags = map(_is_generated, repeat(text_page), spaces)
            generated = frozenset(at for at, flag in zip(spaces, flags, strict=True) if flag == 1)
            lines = [found.span() for found in _LINES.finditer(text)]
            tilted = _aslant(text_page, lines)
            chars = Chars(text, *edges, generated, tilted, self._added, unmapped, _heavy(text_page, text, lines))
            return with_values(chars, self._values_shown()) if self._values else chars
        finally:
            _close_text(text_page)

    def _values_shown(self) -> list[tuple[Edges, str]]:
        sides = (array("f", side) for side in zip(*(box for box, _ in self._values), strict=True))
        boxes = zip(*self._shown((next(sides), next(sides), next(sides), next(sides))), strict=True)
        return [(Edges(*box), value) for box, (_, value) in zip(boxes, self._values, strict=True)]

    def image_boxes(self) -> tuple[list[Edges], int]:
        """Boxes of the images, as shown, y upwards; and how many paths are drawn."""
        flat = left, bottom, right, top = array("f"), array("f"), array("f"), array("f")
        paths = 0
        bounds = _Floats4()
        addresses = [ctypes.addressof(bounds) + 4 * i for i in range(4)]
        for item, kind, matrix in _items(self._handle):
            if kind == _PATH:
                paths += 1
            elif _object_bounds(item, *addresses):
                for edges, value in zip(flat, _mapped(tuple(bounds), matrix), strict=True):
                    edges.append(max(-1e9, min(1e9, value)))
        return [Edges(*edges) for edges in zip(*self._shown((left, top, right, bottom)), strict=True)], paths

    def image_bytes(self) -> list[int]:
        """How long each of the images is as stored, in the order of :meth:`image_boxes`: tells a picture that stands
        on every page from others that stand in its place."""
        bounds = (ctypes.c_float * 4)()
        addresses = [ctypes.addressof(bounds) + 4 * i for i in range(4)]
        images = [item for item, kind, _ in _items(self._handle) if kind != _PATH]
        return [int(_image_data(item, 0, 0)) for item in images if _object_bounds(item, *addresses)]

    def rulings(self, most: int) -> list[tuple[float, float, float, float]]:
        """Level and upright strokes, sides of rectangles too, as left, top, right, bottom of the page as shown, y
        upwards. None at all where there are more than ``most``: that is a drawing, no table."""
        found: list[tuple[float, float, float, float]] = []
        for stroke in _strokes([(item, matrix) for item, kind, matrix in _items(self._handle) if kind == _PATH]):
            found.append(stroke)
            if len(found) > most:
                return []
        flat = [array("f", [stroke[edge] for stroke in found]) for edge in (0, 3, 2, 1)]
        return list(zip(*self._shown(tuple(flat)), strict=True))

    @property
    def _bounds(self) -> tuple[float, float, float, float]:
        """The page's visible box in its own space: left, bottom, right, top."""
        rect = _Floats4()
        _bounding_box(self._handle, ctypes.addressof(rect))
        left, top, right, bottom = rect
        return left, bottom, right, top

    def render(self, dpi: float, max_pixels: int) -> Bitmap:
        """The page as shown, on white, at ``dpi`` or as much less as ``max_pixels`` demands."""
        scale = dpi / 72
        scale *= min(1.0, math.sqrt(max_pixels / max(1.0, self.width * scale * self.height * scale)))
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        bitmap = _bitmap_create(width, height, 0)
        if not bitmap:
            raise MemoryError
        try:
            _bitmap_fill(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            _render(bitmap, self._handle, 0, 0, width, height, 0, 0x01)  # 0x01: annotations too, stamps are ones
            stride = int(_bitmap_stride(bitmap))
            return Bitmap(ctypes.string_at(_bitmap_buffer(bitmap), stride * height), width, height, stride)
        finally:
            _bitmap_destroy(bitmap)

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

    def __init__(self, handle: int, *, has_pictures: bool) -> None:
        self._handle = handle
        self.page_count = int(_page_count(handle))
        self.has_pictures = has_pictures
        """Whether the file holds an image that is big enough to be a scan, or a strip of one."""

    @contextmanager
    def page(self, index: int) -> Generator[PdfPage | None]:
        """The page with this index (from 0), what is filled into its form fields being text; None where PDFium can't
        load it."""
        handle = _load_page(self._handle, index)
        added = None
        values: list[tuple[tuple[float, ...], str]] = []
        if handle and (found := _text_annotations(handle)):
            values = self._filled_in(handle, found)
            added = _text_length(handle)
            _flatten(handle, 0)
            _close_page(handle)
            handle = _load_page(self._handle, index)
        if not handle:
            yield None
            return
        try:
            yield PdfPage(handle, added, values)
        finally:
            _close_page(handle)

    def _filled_in(self, page: int, found: Sequence[int]) -> list[tuple[tuple[float, ...], str]]:
        """The values of a page's form fields and text boxes (by their indexes), with their places."""
        info = ctypes.create_string_buffer(_FORM_INFO.ljust(1024, b"\0"))
        forms = _start_forms(self._handle, info) if _form_type(self._handle) else None
        try:
            values: list[tuple[tuple[float, ...], str]] = []
            for at in found:
                annotation = _annotation(page, at)
                if annotation:
                    box = _Floats4()
                    value = _value(annotation, forms)
                    if value.strip() and _annotation_box(annotation, ctypes.addressof(box)):
                        values.append((tuple(box), value))
                    _close_annotation(annotation)
            return values
        finally:
            if forms:
                _end_forms(forms)

    def label(self, index: int) -> str | None:
        """The page's printed number, where the file names one."""
        return _utf16(_page_label, self._handle, index) or None

    def metadata(self) -> dict[str, str]:
        """The non-empty entries of the information dictionary."""
        found = {name: _utf16(_meta_text, self._handle, name.encode()) for name in _META}
        return {name: value for name, value in found.items() if value}

    def outline(self) -> list[Entry]:
        """The outline in reading order. Loops are cut: no entry is visited twice."""
        entries: list[Entry] = []
        seen: set[int] = set()
        stack: list[tuple[int, int]] = [(_first_bookmark(self._handle, None) or 0, 1)]
        while stack and len(entries) < _MAX_BOOKMARKS:
            mark, level = stack.pop()
            if not mark or mark in seen:
                continue
            seen.add(mark)
            entries.append(Entry(_utf16(_bookmark_title, mark), self._target(mark), level))
            stack.append((_next_bookmark(self._handle, mark) or 0, level))
            stack.append((_first_bookmark(self._handle, mark) or 0, level + 1))
        return entries

    def _target(self, mark: int) -> int | None:
        dest = _bookmark_dest(self._handle, mark)
        if not dest:
            action = _bookmark_action(mark)
            dest = _action_dest(self._handle, action) if action else None
        index = int(_dest_page(self._handle, dest)) if dest else -1
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
            yield Pdf(handle, has_pictures=_has_pictures(data))
        finally:
            if handle:
                _close(handle)
            del first  # else the mapping can't be closed


def _open(address: int, size: int, passwords: Sequence[str]) -> int:
    code = 0
    for password in ("", *passwords):
        # a password is UTF-8 from revision 5 on and Latin-1 before
        for raw in {password.encode(), password.encode("latin-1", "ignore")}:
            handle = _load(address, size, raw or None)
            if handle:
                return int(handle)
            code = int(_last_error())
            if code != _ERROR_PASSWORD:
                break
    raise OpenError({_ERROR_PASSWORD: "password", _ERROR_SECURITY: "security"}.get(code, "broken"))


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
    for at in range(min(int(_count_annotations(page)), _MAX_ANNOTATIONS)):
        annotation = _annotation(page, at)
        if annotation:
            if int(_annotation_type(annotation)) in _TEXT_ANNOTATIONS:
                found.append(at)
            _close_annotation(annotation)
    return found


_FORM_INFO = struct.pack("i", 2)
"""A FPDF_FORMFILLINFO of version 2 without any callback: nothing in the form is run."""


def _value(annotation: int, forms: int | None) -> str:
    """What is filled into a form field, or typed into a text box; empty for others."""
    if int(_annotation_flags(annotation)) & _HIDDEN:
        return ""
    kind = int(_annotation_type(annotation))
    if kind == _FREE_TEXT:
        return _utf16(_annotation_text, annotation, b"Contents")
    if kind != _FIELD or not forms or int(_field_type(forms, annotation)) not in _VALUED:
        return ""
    return _utf16(_field_value, forms, annotation)


def _text_length(page: int) -> int:
    text_page = _load_text(page)
    if not text_page:
        return 0
    count = int(_count_chars(text_page))
    _close_text(text_page)
    return max(0, count)


def _direction(text_page: _TextPage, text: str) -> int | None:
    """Quarter turns anticlockwise of the text on an unrotated page; None where there is no text, or it is mixed."""
    sample = [at for at in range(0, len(text), len(text) // _DIRECTED + 1) if not text[at].isspace()]
    angles = list(map(_char_angle, repeat(text_page), sample))
    if not any(angles):
        return 0 if angles else None
    turn, most = Counter(-round(angle / (math.pi / 2)) % 4 for angle in angles).most_common(1)[0]
    return turn if most > 0.8 * len(sample) else None


def _aslant(text_page: _TextPage, lines: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Indexes of the characters that stand aslant; looked for only in lines that start or end with one."""
    ends = [at for start, end in lines for at in (start, end - 1)]
    angles = list(map(_char_angle, repeat(text_page), ends))
    if not any(angles):
        return frozenset()
    tilts = list(map(_is_aslant, angles))
    found = [range(*line) for line, *tilt in zip(lines, tilts[0::2], tilts[1::2], strict=True) if any(tilt)]
    return frozenset(at for line in found for at in line if _is_aslant(_char_angle(text_page, at)))


def _is_aslant(angle: float) -> bool:
    """Whether a line at this angle (radians) is neither level nor upright."""
    return 0.17 < angle % (math.pi / 2) < math.pi / 2 - 0.17


def _heavy(text_page: _TextPage, text: str, lines: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Indexes at which short lines start that are bolder than most lines of the page: by the font's name or flags, and
    because outlines are stroked, as word processors embolden a light font."""
    short = [ends for start, end in lines if (ends := _short(text, start, end))]
    if not short:
        return ()
    longer = [(start, end) for start, end in lines if end - start >= _LONG]
    compared = short + longer[:: len(longer) // _COMPARED + 1]
    weights = _weights(text_page, [start for start, _ in compared])
    characters: Counter[int] = Counter()
    for (start, end), weight in zip(compared, weights, strict=True):
        characters[weight] += end - start
    usual = characters.most_common(1)[0][0]
    heavy = [ends for ends, weight in zip(short, weights, strict=False) if weight > usual]
    to_the_end = _weights(text_page, [end - 1 for _, end in heavy])
    return tuple(start for (start, _), weight in zip(heavy, to_the_end, strict=True) if weight > usual)


def _weights(text_page: _TextPage, indexes: Sequence[int]) -> list[int]:
    """How bold these characters are."""
    shown = list(map(_text_object, repeat(text_page), indexes))
    fonts = list(map(_text_font, shown))  # none of none
    bold = {font: bool(font) and _is_bold(font) for font in set(fonts)}
    return [bold[font] + (mode == _STROKED) for font, mode in zip(fonts, map(_render_mode, shown), strict=True)]


def _short(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where a line without the spaces at its ends stands, if it is a short one that may be a title."""
    line = text[start:end].strip()
    if (len(line) > 31 and not line[1:].isascii()) or not _SHORT.fullmatch(line):
        return None
    start = text.index(line[0], start)
    return start, start + len(line)


_SHORT = re.compile(r"(?![\d.,%() -]*$)[^，。、；](?:[^。；]{1,30}|[\x20-\x7e]{1,60})(?<![，。；、,;])")
_LONG = 33
_COMPARED = 6
_BOLD = re.compile(rb"bold|heavy|black|hei|demi|medi|bx\d|\xba\xda", re.IGNORECASE)
_FORCED_BOLD = 1 << 18
_STROKED = 2
"""Filled, then stroked."""


def _is_bold(font: int) -> bool:
    _NAME.value = b""  # too long a name leaves it as it is
    _font_name(font, ctypes.addressof(_NAME), len(_NAME))
    return bool(_font_flags(font) & _FORCED_BOLD or _BOLD.search(_NAME.value))


_NAME = ctypes.create_string_buffer(256)


def _text_of(text_page: _TextPage, count: int) -> str:
    """The characters of a page, one for one with their indexes.

    The whole text in one call where it is as long as it should be and of plain characters only: PDFium leaves some
    characters out there, spells others with two, cuts codes to 16 bits and writes its own hyphens otherwise.
    """
    buffer = array("H", bytes(4 * count + 2))
    written = int(_get_text(text_page, 0, count, buffer.buffer_info()[0])) - 1
    if written == count:
        text = buffer[:count].tobytes().decode("utf-16-le", "replace")
        if not _NOT_PLAIN.search(text):
            return text
    return _decoded(array("I", map(_unicode, repeat(text_page), range(count))))


def _unmapped(text_page: _TextPage, count: int) -> frozenset[int]:
    """Indexes of the characters that PDFium has mere codes of; looked for where some of a sample are such."""
    if 1 not in map(_is_unmapped, repeat(text_page), range(0, count, count // _SAMPLE + 1)):
        return frozenset()
    flags = map(_is_unmapped, repeat(text_page), range(count))
    return frozenset(at for at, flag in enumerate(flags) if flag == 1)


def _without_codes(text: str, unmapped: frozenset[int]) -> str:
    """The text with noncharacters in the place of codes that would be taken for line breaks and other controls; but
    those before letters are the ligatures of TeX's fonts."""
    kept = list(text)
    for at in unmapped:
        if text[at] < " ":
            ligature = text[at + 1 : at + 2].islower() and text[at + 1 : at + 2].isascii()
            kept[at] = (_TEX_LIGATURES.get(text[at]) if ligature else None) or chr(0xFDD0 + ord(text[at]))
    return "".join(kept)


def _decoded(codes: array[int]) -> str:
    """Code points as text; those beyond Unicode become U+FFFD."""
    try:
        return codes.tobytes().decode("utf-32-le", "surrogatepass")
    except UnicodeDecodeError:
        return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)


def _loose_boxes(text_page: _TextPage, count: int) -> tuple[array[float], ...]:
    flat, room = array("f"), memoryview(_ROOM).cast("B")
    for start in range(0, count, _BATCH):
        indexes = range(start, min(start + _BATCH, count))
        deque(map(_loose_box, repeat(text_page), indexes, _RECTS), maxlen=0)
        flat.frombytes(room[: 16 * len(indexes)])
    if not wire.are_finite(flat):
        flat = array("f", (value if math.isfinite(value) else 0.0 for value in flat))
    return flat[0::4], flat[1::4], flat[2::4], flat[3::4]


def _has_tall(text: str, edges: tuple[array[float], ...]) -> bool:
    """Whether some of a sample of the characters are tall beyond measure."""
    step = len(text) // _SAMPLE + 1
    left, top, right, bottom = (side[::step] for side in edges)
    tall = [at for at, high in enumerate(map(sub, top, bottom)) if high > _TALL_HAN * (right[at] - left[at])]
    return any(_is_tall(text[at * step], at * step, edges) for at in tall)


def _is_tall(char: str, at: int, edges: tuple[array[float], ...]) -> bool:
    left, top, right, bottom = edges
    return top[at] - bottom[at] > (_TALL_HAN if "\u4e00" <= char <= "\u9fff" else _TALL) * (right[at] - left[at]) > 0


def _lower_tall(text_page: _TextPage, text: str, edges: tuple[array[float], ...]) -> None:
    """Give the characters of fonts that claim an absurd height (in the box around their glyphs) that of their em, which
    is as wide as a Chinese character: else lines would reach over pages."""
    left, top, right, bottom = edges
    point = (ctypes.c_double * 2)()
    x, y = (ctypes.byref(point, 8 * at) for at in range(2))
    em = 0.0
    for at, char in enumerate(text):
        if _is_tall(char, at, edges) and not _char_angle(text_page, at):
            em = right[at] - left[at] if "\u4e00" <= char <= "\u9fff" or not em else em
            if _char_origin(text_page, at, x, y):
                bottom[at], top[at] = point[1] - _DESCENT * em, point[1] + (1 - _DESCENT) * em


_TALL_HAN, _TALL = 3.0, 8.0
"""Times their width that characters are tall at most."""
_DESCENT = 0.14


def _shift(values: array[float], by: float) -> array[float]:
    return array("f", [value + by for value in values])


def _flip(values: array[float], edge: float) -> array[float]:
    return array("f", [edge - value for value in values])


def _utf16(function: Callable[..., Any], *arguments: Any) -> str:
    """Call a PDFium string getter: once for the length in bytes, once for the UTF-16 text."""
    size = int(function(*arguments, None, 0))
    if not 2 < size <= 1 << 20:
        return ""
    buffer = array("B", bytes(size))
    function(*arguments, buffer.buffer_info()[0], size)
    return buffer.tobytes().decode("utf-16-le", "replace").rstrip("\0")


def _items(page: int) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """The page's objects but text and forms, with their type and the matrix of the forms that they are in."""
    found = map(_object, repeat(_ptr.from_param(page)), range(min(int(_count_objects(page)), _MAX_OBJECTS)))
    pending: list[tuple[list[int | None], tuple[float, ...], int]] = [(list(found), _IDENTITY, 0)]
    seen = 0  # objects inside forms
    for items, matrix, depth in pending:
        for item, kind in zip(items, map(_object_type, items), strict=True):
            if item is None or kind not in _LOOKED_AT:
                continue
            if kind == _FORM and depth < 4:
                inner = _Floats6()
                _object_matrix(item, ctypes.addressof(inner))
                count = min(int(_count_form_objects(item)), _MAX_OBJECTS - seen)
                seen += count
                parts: list[int | None] = list(map(_form_object, repeat(item), range(count)))
                pending.append((parts, _product(tuple(inner), matrix), depth + 1))
            else:
                yield item, kind, matrix


def _strokes(found: Sequence[tuple[int, tuple[float, ...]]]) -> Iterator[tuple[float, float, float, float]]:
    """The level and upright parts of paths (each with the matrix of the forms that it is in) as left, bottom, right,
    top in page space. Some programs draw a line as a thin rectangle. What is asked of each is asked in C: there may be
    thousands on a page."""
    paths, matrices = [path for path, _ in found], [matrix for _, matrix in found]
    counts = map(_count_segments, paths)
    modes, edges = _told(_draw_mode, paths, array("i", bytes(8))), _told(_object_bounds, paths, array("f", bytes(16)))
    bounds = zip(edges[0::4], edges[1::4], edges[2::4], edges[3::4], strict=True)
    told = zip(paths, matrices, counts, modes[0::2], modes[1::2], bounds, strict=True)
    for path, matrix, count, fills, strokes, box in told:
        left, bottom, right, top = box if matrix is _IDENTITY else _mapped(box, matrix)
        width, height = right - left, top - bottom
        if not (fills or strokes) or not 2 <= count <= _MAX_SEGMENTS or max(width, height) <= _THIN:
            continue
        if count <= 6 and min(width, height) <= _THIN:
            x, y = (left + right) / 2, (top + bottom) / 2
            yield (left, y, right, y) if width > height else (x, bottom, x, top)
        elif strokes or not _is_white(path):
            yield from _straight(path, count, matrix)


def _told(function: Callable[..., Any], items: Sequence[int], numbers: array[Any]) -> array[Any]:
    """What a function tells of each item by writing so many numbers, one after the other; 0 where it tells nothing."""
    size = 4 * len(numbers)
    flat = numbers * len(items)
    base = flat.buffer_info()[0]
    places = (range(at, base + size * len(items), size) for at in range(base, base + size, 4))
    deque(map(function, items, *places), maxlen=0)
    return flat


def _straight(path: int, count: int, matrix: tuple[float, ...]) -> Iterator[tuple[float, float, float, float]]:
    """The level and upright legs of one path."""
    own = _Floats6()
    _object_matrix(path, ctypes.addressof(own))
    for a, b in _legs(path, count, _product(tuple(own), matrix)):
        width, height = abs(a[0] - b[0]), abs(a[1] - b[1])
        if min(width, height) <= 0.5 and max(width, height) > _THIN:
            yield min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def _legs(
    path: int, count: int, matrix: tuple[float, ...]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight parts of a path, from point to point; curves are passed over."""
    a, b, c, d, e, f = matrix
    parts: list[int] = list(map(_segment, repeat(path), range(count)))
    points = _told(_segment_point, parts, array("f", bytes(8)))
    kinds, closes = map(_segment_type, parts), map(_segment_closes, parts)
    start = last = (0.0, 0.0)
    for x, y, kind, closed in zip(points[0::2], points[1::2], kinds, closes, strict=True):
        point = (a * x + c * y + e, b * x + d * y + f)
        if kind == _LINE_TO:
            yield last, point
        elif kind == _MOVE_TO:
            start = point
        last = point
        if closed:
            yield last, start
            last = start


def _is_white(path: int) -> bool:
    """Whether a filling can't be seen: the background of a page or a cell."""
    color = _Uints4()
    known = _fill_color(path, *(ctypes.addressof(color) + 4 * i for i in range(4)))
    red, green, blue, alpha = color
    return bool(known) and (min(red, green, blue) > 250 or alpha < 5)


def _product(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    """First ``a``, then ``b``."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def _mapped(box: tuple[float, ...], matrix: tuple[float, ...]) -> tuple[float, float, float, float]:
    left, bottom, right, top = box
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
    ys = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
    return min(xs), min(ys), max(xs), max(ys)
