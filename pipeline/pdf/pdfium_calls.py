"""The few PDFium calls that reading needs, typed, straight over ctypes.

Not through ``pypdfium2``'s own classes: those start the library without our font folder when imported, and cost a
Python call per character. PDFium is not thread-safe: one thread of one process only. It checks little and aborts the
process on some files, so it runs in ``worker`` processes alone.

Signatures are those of PDFium's public headers (fpdfview.h, fpdf_text.h, fpdf_doc.h, fpdf_edit.h).
"""

from __future__ import annotations

import ctypes
import os
from array import array
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FONTS = Path(__file__).parents[1] / "fonts"


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
        self._paths = (ctypes.c_char_p * 2)(os.fsencode(_FONTS), None)
        config = _Config(2, ctypes.cast(self._paths, ctypes.POINTER(ctypes.c_char_p)), None, 0)
        self.function("FPDF_InitLibraryWithConfig", None, ctypes.c_void_p)(ctypes.addressof(config))

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        found = self._dll[name]
        found.restype, found.argtypes = result, arguments
        return found

    def of_each(self, name: str, result: Any) -> Callable[..., Any]:
        """A function that is called for each character or object: of a page, an index, perhaps a place to write to.
        What these are is not declared, for then ctypes would convert each of them anew, which takes longer than the
        call."""
        found = self._dll[name]
        found.restype = result
        return found


ptr, _int, _uint, _long, _text = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_ulong, ctypes.c_char_p
_float = ctypes.c_float
_library = _Library()
_call, _of_each = _library.function, _library.of_each

load_document = _call("FPDF_LoadMemDocument64", ptr, ptr, ctypes.c_size_t, _text)
close_document = _call("FPDF_CloseDocument", None, ptr)
last_error = _call("FPDF_GetLastError", _long)
page_count = _call("FPDF_GetPageCount", _int, ptr)
meta_text = _call("FPDF_GetMetaText", _long, ptr, _text, ptr, _long)
page_label = _call("FPDF_GetPageLabel", _long, ptr, _int, ptr, _long)
load_page = _call("FPDF_LoadPage", ptr, ptr, _int)
close_page = _call("FPDF_ClosePage", None, ptr)
page_width = _call("FPDF_GetPageWidthF", _float, ptr)
page_height = _call("FPDF_GetPageHeightF", _float, ptr)
rotation = _call("FPDFPage_GetRotation", _int, ptr)
bounding_box = _call("FPDF_GetPageBoundingBox", _int, ptr, ptr)

load_text = _call("FPDFText_LoadPage", ptr, ptr)
close_text = _call("FPDFText_ClosePage", None, ptr)
count_chars = _call("FPDFText_CountChars", _int, ptr)
get_text = _call("FPDFText_GetText", _int, ptr, _int, _int, ptr)
unicode = _of_each("FPDFText_GetUnicode", _uint)
loose_box = _of_each("FPDFText_GetLooseCharBox", None)
char_origin = _of_each("FPDFText_GetCharOrigin", _int)
char_angle = _of_each("FPDFText_GetCharAngle", _float)
is_generated = _of_each("FPDFText_IsGenerated", _int)
is_unmapped = _of_each("FPDFText_HasUnicodeMapError", _int)
text_object = _of_each("FPDFText_GetTextObject", ptr)
text_font = _call("FPDFTextObj_GetFont", ptr, ptr)
font_name = _call("FPDFFont_GetBaseFontName", _long, ptr, ptr, _long)
font_flags = _call("FPDFFont_GetFlags", _int, ptr)
count_marks = _of_each("FPDFPageObj_CountMarks", _int)
mark = _call("FPDFPageObj_GetMark", ptr, ptr, _long)
mark_name = _call("FPDFPageObjMark_GetName", _int, ptr, ptr, _long, ptr)
mark_bytes = _call("FPDFPageObjMark_GetParamBlobValue", _int, ptr, _text, ptr, _long, ptr)
render_mode = _call("FPDFTextObj_GetTextRenderMode", _int, ptr)

count_objects = _call("FPDFPage_CountObjects", _int, ptr)
page_object = _of_each("FPDFPage_GetObject", ptr)
object_type = _call("FPDFPageObj_GetType", _int, ptr)
object_bounds = _call("FPDFPageObj_GetBounds", _int, ptr, ptr, ptr, ptr, ptr)
image_data = _call("FPDFImageObj_GetImageDataRaw", _long, ptr, ptr, _long)
object_matrix = _call("FPDFPageObj_GetMatrix", _int, ptr, ptr)
count_form_objects = _call("FPDFFormObj_CountObjects", _int, ptr)
form_object = _call("FPDFFormObj_GetObject", ptr, ptr, _long)
draw_mode = _call("FPDFPath_GetDrawMode", _int, ptr, ptr, ptr)
fill_color = _call("FPDFPageObj_GetFillColor", _int, ptr, ptr, ptr, ptr, ptr)
count_segments = _call("FPDFPath_CountSegments", _int, ptr)
segment = _call("FPDFPath_GetPathSegment", ptr, ptr, _int)
segment_point = _call("FPDFPathSegment_GetPoint", _int, ptr, ptr, ptr)
segment_type = _call("FPDFPathSegment_GetType", _int, ptr)
segment_closes = _call("FPDFPathSegment_GetClose", _int, ptr)

count_annotations = _call("FPDFPage_GetAnnotCount", _int, ptr)
annotation = _call("FPDFPage_GetAnnot", ptr, ptr, _int)
annotation_type = _call("FPDFAnnot_GetSubtype", _int, ptr)
close_annotation = _call("FPDFPage_CloseAnnot", None, ptr)
flatten = _call("FPDFPage_Flatten", _int, ptr, _int)
annotation_box = _call("FPDFAnnot_GetRect", _int, ptr, ptr)
annotation_flags = _call("FPDFAnnot_GetFlags", _int, ptr)
annotation_text = _call("FPDFAnnot_GetStringValue", _long, ptr, _text, ptr, _long)
form_type = _call("FPDF_GetFormType", _int, ptr)
start_forms = _call("FPDFDOC_InitFormFillEnvironment", ptr, ptr, ptr)
end_forms = _call("FPDFDOC_ExitFormFillEnvironment", None, ptr)
field_type = _call("FPDFAnnot_GetFormFieldType", _int, ptr, ptr)
field_value = _call("FPDFAnnot_GetFormFieldValue", _long, ptr, ptr, ptr, _long)

first_bookmark = _call("FPDFBookmark_GetFirstChild", ptr, ptr, ptr)
next_bookmark = _call("FPDFBookmark_GetNextSibling", ptr, ptr, ptr)
bookmark_title = _call("FPDFBookmark_GetTitle", _long, ptr, ptr, _long)
bookmark_dest = _call("FPDFBookmark_GetDest", ptr, ptr, ptr)
bookmark_action = _call("FPDFBookmark_GetAction", ptr, ptr)
action_dest = _call("FPDFAction_GetDest", ptr, ptr, ptr)
dest_page = _call("FPDFDest_GetDestPageIndex", _int, ptr, ptr)

bitmap_create = _call("FPDFBitmap_Create", ptr, _int, _int, _int)
bitmap_fill = _call("FPDFBitmap_FillRect", _int, ptr, _int, _int, _int, _int, _long)
bitmap_buffer = _call("FPDFBitmap_GetBuffer", ptr, ptr)
bitmap_stride = _call("FPDFBitmap_GetStride", _int, ptr)
bitmap_destroy = _call("FPDFBitmap_Destroy", None, ptr)
render_page = _call("FPDF_RenderPageBitmap", None, ptr, ptr, _int, _int, _int, _int, _int, _int)

TextPage = Any
"""As ctypes hands it on: converted once."""
Floats4, Floats6, Uints4 = _float * 4, _float * 6, _uint * 4
"""Held here, for ctypes makes such types anew where nobody does."""


def utf16(function: Callable[..., Any], *arguments: Any) -> str:
    """Call a PDFium string getter: once for the length in bytes, once for the UTF-16 text."""
    size = int(function(*arguments, None, 0))
    if not 2 < size <= 1 << 20:
        return ""
    buffer = array("B", bytes(size))
    function(*arguments, buffer.buffer_info()[0], size)
    return buffer.tobytes().decode("utf-16-le", "replace").rstrip("\0")
