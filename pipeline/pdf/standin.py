"""pypdf in PDFium's place, for files that PDFium can't open. Text without places on the page."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from pypdf import PageObject, PdfReader

from pipeline.pdf.clean import fold, is_odd, repair
from pipeline.pdf.lines import Cell, Line, is_cjk

_EM = 10.0


class StandInPage(NamedTuple):
    """``raw`` is the text as pypdf gives it; the lines have made-up places: as long as their text, evenly spread."""

    raw: str
    lines: list[Line]
    width: float
    height: float


class StandIn(NamedTuple):
    """A file as pypdf reads it."""

    pages: list[StandInPage]
    metadata: dict[str, str]


def read_text(path: Path, passwords: Sequence[str]) -> StandIn | None:
    """What pypdf reads of a file; None where it can't (it raises nearly anything on broken files)."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not any(reader.decrypt(password) for password in ("", *passwords)):
            return None
        pages = [_page(page, index) for index, page in enumerate(reader.pages)]
        metadata = {
            str(key).lstrip("/"): str(value)
            for key, value in cast("dict[object, object]", reader.metadata or {}).items()
        }
    except MemoryError:
        raise
    except Exception:
        return None
    return StandIn(pages, metadata) if pages else None


def _page(page: PageObject, index: int) -> StandInPage:
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    if page.rotation % 180:
        width, height = height, width
    raw = page.extract_text()
    texts = [text for text in (_cleaned(line) for line in raw.splitlines()) if text]
    pitch = height * 0.96 / max(1, len(texts))
    lines = [_line(text, index, height * 0.98 - at * pitch, pitch) for at, text in enumerate(texts)]
    return StandInPage(raw, lines, width, height)


def _cleaned(line: str) -> str:
    text = fold(line)
    return (repair(text, array("i", bytes(4 * len(text))))[0] if is_odd(text) else text).strip()


def _line(text: str, index: int, top: float, pitch: float) -> Line:
    length = sum(_EM if is_cjk(char) else _EM / 2 for char in text)
    cell = Cell(text, array("i", [-1]) * len(text), 0.0, top, length, top - pitch * 0.7, _EM)
    return Line([cell], index)
