"""The OCR process: ``python -m pipeline.pdf.ocr``. Renders one page, recognises it, answers; the models stay loaded.

RapidOCR with the models in its wheel: no network. It is an extra (``longdoc[ocr]``), imported at the first page.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from pipeline.pdf import wire
from pipeline.pdf.columns import Edges, reading_order
from pipeline.pdf.formats import format_of
from pipeline.pdf.pdfium import Bitmap, OpenError, open_pdf
from pipeline.pdf.process import Failure, limit, serve
from pipeline.pdf.seals import without_seals

_DPI = 200.0
_MAX_PIXELS = 12_000_000
"""A3 at 200 dpi is 7.7 million; a poster is rendered coarser."""
_MAX_THREADS = 8
"""More hardly speed up one page, and each takes address space."""


class Found(NamedTuple):
    """A recognised piece of text; its box in points from the page's top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


def answer(request: wire.Message) -> wire.Message:
    """Recognise one page; rows of pieces in reading order."""
    path = Path(str(request["path"]))
    seconds = float(cast(float, request["timeout_s"])) * (os.cpu_count() or 1)
    limit((int(cast(int, request["memory_mib"])) << 20) + path.stat().st_size, seconds)
    passwords = [str(password) for password in cast("list[object]", request["passwords"])]
    index = int(cast(int, request["page"])) - 1
    if format_of(path) == "image":
        found = _in_picture(path, index)
    else:
        try:
            with open_pdf(path, passwords) as pdf, pdf.page(index) as page:
                if page is None:
                    raise Failure("broken")
                bitmap = page.render(_DPI, _MAX_PIXELS)
                found = _recognise(_pixels(bitmap), page.width / bitmap.width, page.height / bitmap.height)
        except OpenError as error:
            raise Failure(error.code) from None
    groups = reading_order([Edges(*piece[1:5]) for piece in found])
    rows = [row for group in groups for row in rows_of([found[at] for at in group])]
    return {"rows": [[[piece.text, list(piece[1:5]), piece.confidence] for piece in row] for row in rows]}


def rows_of(found: Sequence[Found]) -> list[list[Found]]:
    """Pieces as visual lines from top to bottom, each from left to right. A slightly turned scan is followed from
    piece to piece."""
    rows: list[list[Found]] = []
    for piece in sorted(found, key=lambda piece: piece.left):
        best = max(rows, key=lambda row: _overlap(row[-1], piece), default=None)
        if best is not None and _overlap(best[-1], piece) >= 0.5 and piece.left > (best[-1].left + best[-1].right) / 2:
            best.append(piece)
        else:
            rows.append([piece])
    return sorted(rows, key=lambda row: row[0].top + row[0].bottom)


def _overlap(a: Found, b: Found) -> float:
    """Share of the lower of two pieces that stands at the other's height."""
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared / max(1e-6, min(a.bottom - a.top, b.bottom - b.top))


@cache
def _engine() -> Any:
    logging.disable(logging.ERROR)
    rapidocr = importlib.import_module("rapidocr")
    threads = min(_MAX_THREADS, os.cpu_count() or 1)
    settings = {"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": threads}
    return rapidocr.RapidOCR(params=settings)


def _pixels(bitmap: Bitmap) -> Any:
    """A rendered page as an array of blue, green, red."""
    numpy = importlib.import_module("numpy")
    pixels = numpy.frombuffer(bitmap.data, numpy.uint8).reshape(bitmap.height, bitmap.stride)
    return pixels[:, : bitmap.width * 4].reshape(bitmap.height, bitmap.width, 4)[:, :, :3].copy()


def _in_picture(path: Path, index: int) -> list[Found]:
    """What stands on a page of an image file."""
    from pipeline.pdf.images import picture

    image, size = picture(path, index, _MAX_PIXELS)
    pixels = importlib.import_module("numpy").asarray(image)[:, :, ::-1].copy()
    return _recognise(pixels, size.width / image.width, size.height / image.height)


def _recognise(image: Any, x_scale: float, y_scale: float) -> list[Found]:
    result = _engine()(without_seals(image, 72 / x_scale))
    if result.txts is None or result.boxes is None:
        return []
    found: list[Found] = []
    for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        xs, ys = [float(x) * x_scale for x, _ in quad], [float(y) * y_scale for _, y in quad]
        found.append(Found(str(text), min(xs), min(ys), max(xs), max(ys), float(score)))
    return found


if __name__ == "__main__":
    serve(answer)
