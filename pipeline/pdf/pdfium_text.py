"""What PDFium tells of the characters of a page: here one ``map`` over a C function takes a whole page."""

from __future__ import annotations

import ctypes
import math
import re
from array import array
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import repeat
from operator import sub

from pipeline.pdf import pdfium_calls, wire

_BATCH = 4096
_ROOM = (ctypes.c_float * (4 * _BATCH))()
_RECTS = [ctypes.byref(_ROOM, 16 * at) for at in range(_BATCH)]
"""Where PDFium writes so many boxes at a time, and the places in it."""
_DIRECTED = 12
"""Places in the text at which its direction is looked at."""
_NOT_PLAIN = re.compile(
    "[^\r\n\x20-\x7e\u4e00-\u9fff\u3000-\u303f\uff00-\uffee\u00a0-\u00ac\u00ae-\u00ff\u0391-\u03c9\u2010-\u22ff\u2460-\u27bf]"
)
_SAMPLE = 64
"""Places at which unmapped characters are looked for: a stretch of them as long as a 64th of the page is met."""
_TEX_LIGATURES = dict(zip("\x0b\x0c\x0d\x0e\x0f\x1b\x1c\x1d\x1e\x1f", "ﬀﬁﬂﬃﬄﬀﬁﬂﬃﬄ", strict=True))
"""In the encodings OT1 and T1."""


def direction(text_page: pdfium_calls.TextPage, text: str) -> int | None:
    """Quarter turns anticlockwise of the text on an unrotated page; None where there is no text, or it is mixed."""
    sample = [at for at in range(0, len(text), len(text) // _DIRECTED + 1) if not text[at].isspace()]
    angles = list(map(pdfium_calls.char_angle, repeat(text_page), sample))
    if not any(angles):
        return 0 if angles else None
    turn, most = Counter(-round(angle / (math.pi / 2)) % 4 for angle in angles).most_common(1)[0]
    return turn if most > 0.8 * len(sample) else None


def aslant(text_page: pdfium_calls.TextPage, lines: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Indexes of the characters that stand aslant; looked for only in lines that start or end with one."""
    ends = [at for start, end in lines for at in (start, end - 1)]
    angles = list(map(pdfium_calls.char_angle, repeat(text_page), ends))
    if not any(angles):
        return frozenset()
    tilts = list(map(_is_aslant, angles))
    found = [range(*line) for line, *tilt in zip(lines, tilts[0::2], tilts[1::2], strict=True) if any(tilt)]
    return frozenset(at for line in found for at in line if _is_aslant(pdfium_calls.char_angle(text_page, at)))


def _is_aslant(angle: float) -> bool:
    """Whether a line at this angle (radians) is neither level nor upright."""
    return 0.17 < angle % (math.pi / 2) < math.pi / 2 - 0.17


def heavy(text_page: pdfium_calls.TextPage, text: str, lines: Sequence[tuple[int, int]]) -> tuple[int, ...]:
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


def _weights(text_page: pdfium_calls.TextPage, indexes: Sequence[int]) -> list[int]:
    """How bold these characters are."""
    shown = list(map(pdfium_calls.text_object, repeat(text_page), indexes))
    fonts = list(map(pdfium_calls.text_font, shown))  # none of none
    bold = {font: bool(font) and _is_bold(font) for font in set(fonts)}
    return [
        bold[font] + (mode == _STROKED) for font, mode in zip(fonts, map(pdfium_calls.render_mode, shown), strict=True)
    ]


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
    pdfium_calls.font_name(font, ctypes.addressof(_NAME), len(_NAME))
    return bool(pdfium_calls.font_flags(font) & _FORCED_BOLD or _BOLD.search(_NAME.value))


_NAME, _LENGTH = ctypes.create_string_buffer(256), ctypes.c_ulong()
_TOLD = ctypes.addressof(_NAME), len(_NAME), ctypes.addressof(_LENGTH)
_LAYER, _MAX_MARKS = "OC\0".encode("utf-16-le"), 32


def hidden(
    text_page: pdfium_calls.TextPage, lines: Sequence[tuple[int, int]], layers: Callable[[], frozenset[str]]
) -> frozenset[int]:
    """Indexes of the characters on hidden layers; looked for only in lines that start on a layer."""
    starts = [pdfium_calls.text_object(text_page, start) for start, _ in lines]
    layered = {item for item in set(starts) if item and _layers_of(item)}
    found = [range(*line) for line, item in zip(lines, starts, strict=True) if item in layered]
    names = layers() if found else frozenset[str]()
    if not names:
        return frozenset()
    shown = {at: pdfium_calls.text_object(text_page, at) for line in found for at in line}
    unseen = {item for item in set(shown.values()) if item and not names.isdisjoint(_layers_of(item))}
    return frozenset(at for at, item in shown.items() if item in unseen)


def _layers_of(item: int) -> list[str]:
    """The names of the layers that an object is on."""
    return [
        _text_string(_NAME.raw[: _LENGTH.value])
        for at in range(min(int(pdfium_calls.count_marks(pdfium_calls.ptr.from_param(item))), _MAX_MARKS))
        if pdfium_calls.mark_name(mark := pdfium_calls.mark(item, at), *_TOLD) and _NAME.raw[: _LENGTH.value] == _LAYER
        if pdfium_calls.mark_bytes(mark, b"Name", *_TOLD)
    ]


def _text_string(raw: bytes) -> str:
    """A text string of a file (PDF 32000-1, 7.9.2.2); of the names of layers only Chinese and ASCII matter here."""
    return raw[2:].decode("utf-16-be", "replace") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")


def text_of(text_page: pdfium_calls.TextPage, count: int) -> str:
    """The characters of a page, one for one with their indexes.

    The whole text in one call where it is as long as it should be and of plain characters only: PDFium leaves some
    characters out there, spells others with two, cuts codes to 16 bits and writes its own hyphens otherwise.
    """
    buffer = array("H", bytes(4 * count + 2))
    written = int(pdfium_calls.get_text(text_page, 0, count, buffer.buffer_info()[0])) - 1
    if written == count:
        text = buffer[:count].tobytes().decode("utf-16-le", "replace")
        if not _NOT_PLAIN.search(text):
            return text
    return _decoded(array("I", map(pdfium_calls.unicode, repeat(text_page), range(count))))


def unmapped(text_page: pdfium_calls.TextPage, count: int) -> frozenset[int]:
    """Indexes of the characters that PDFium has mere codes of; looked for where some of a sample are such."""
    if 1 not in map(pdfium_calls.is_unmapped, repeat(text_page), range(0, count, count // _SAMPLE + 1)):
        return frozenset()
    flags = map(pdfium_calls.is_unmapped, repeat(text_page), range(count))
    return frozenset(at for at, flag in enumerate(flags) if flag == 1)


def without_codes(text: str, unmapped: frozenset[int]) -> str:
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


def loose_boxes(text_page: pdfium_calls.TextPage, count: int) -> tuple[array[float], ...]:
    flat, room = array("f"), memoryview(_ROOM).cast("B")
    for start in range(0, count, _BATCH):
        indexes = range(start, min(start + _BATCH, count))
        deque(map(pdfium_calls.loose_box, repeat(text_page), indexes, _RECTS), maxlen=0)
        flat.frombytes(room[: 16 * len(indexes)])
    if not wire.are_finite(flat):
        flat = array("f", (value if math.isfinite(value) else 0.0 for value in flat))
    return flat[0::4], flat[1::4], flat[2::4], flat[3::4]


def has_tall(text: str, edges: tuple[array[float], ...]) -> bool:
    """Whether some of a sample of the characters are tall beyond measure."""
    step = len(text) // _SAMPLE + 1
    left, top, right, bottom = (side[::step] for side in edges)
    tall = [at for at, high in enumerate(map(sub, top, bottom)) if high > _TALL_HAN * (right[at] - left[at])]
    return any(_is_tall(text[at * step], at * step, edges) for at in tall)


def _is_tall(char: str, at: int, edges: tuple[array[float], ...]) -> bool:
    left, top, right, bottom = edges
    return top[at] - bottom[at] > (_TALL_HAN if "\u4e00" <= char <= "\u9fff" else _TALL) * (right[at] - left[at]) > 0


def lower_tall(text_page: pdfium_calls.TextPage, text: str, edges: tuple[array[float], ...]) -> None:
    """Give the characters of fonts that claim an absurd height (in the box around their glyphs) that of their em, which
    is as wide as a Chinese character: else lines would reach over pages."""
    left, top, right, bottom = edges
    point = (ctypes.c_double * 2)()
    x, y = (ctypes.byref(point, 8 * at) for at in range(2))
    em = 0.0
    for at, char in enumerate(text):
        if _is_tall(char, at, edges) and not pdfium_calls.char_angle(text_page, at):
            em = right[at] - left[at] if "\u4e00" <= char <= "\u9fff" or not em else em
            if pdfium_calls.char_origin(text_page, at, x, y):
                bottom[at], top[at] = point[1] - _DESCENT * em, point[1] + (1 - _DESCENT) * em


_TALL_HAN, _TALL = 3.0, 8.0
"""Times their width that characters are tall at most."""
_DESCENT = 0.14
