"""The OCR process: ``python -m pipeline.pdf.ocr``. Renders one page, recognises it, answers; the models stay loaded.

RapidOCR with the models in its wheel: no network. It is an extra (``longdoc[ocr]``), imported at the first page.
"""

from __future__ import annotations

import importlib
import logging
import math
import os
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from pipeline.pdf import wire
from pipeline.pdf.columns import Edges, reading_order
from pipeline.pdf.formats import format_of
from pipeline.pdf.lost_lines import Strip, lost_lines
from pipeline.pdf.pdfium import Bitmap, OpenError, open_pdf
from pipeline.pdf.process import Failure, limit, serve
from pipeline.pdf.seals import Ring, without_seals

_DPI = 200.0
_MAX_PIXELS = 12_000_000
"""A3 at 200 dpi is 7.7 million; a poster is rendered coarser."""
_LEAST_PIXELS, _MARGIN = 736, 8
"""RapidOCR enlarges what is smaller; room around a picture."""
_THINNEST = 100
"""Longer side over the shorter one of a picture that RapidOCR takes."""
_LEGIBLE = 0.5
"""Confidence below which what is recognised is noise."""
_SPREAD = 1.2
"""Width over height from which a page of two columns is two pages."""
_VOTERS, _LEAST_VOTERS, _VOTE_CHARACTERS, _SURE = 9, 3, 5, 0.9
"""Lines that decide how a page was laid on the scanner."""
_LINE_MARGIN = 2.0
"""Pixels above and below a line."""
_COARSE = 2
_INK, _FAINT, _SPECK = 40, 0.25, 0.05
"""Ink is so much darker than paper, of 255; as shares of the way from paper to print: what shines through, and dust."""
_LEAST_FAINT, _MOST_INK = 0.02, 0.15
"""Of a page: the edges of its print are less, its print is less."""
_SURE_AGAIN, _SURE_NEW, _LACKING = 0.7, 0.8, 0.1
"""Confidence with which a line counts that was found in part, or not at all; how much it may lack of what was found."""
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
        return _in_picture(path, index)
    try:
        with open_pdf(path, passwords) as pdf, pdf.page(index) as page:
            if page is None:
                raise Failure("broken")
            bitmap = page.render(_DPI, _MAX_PIXELS)
            scale = page.width / bitmap.width, page.height / bitmap.height
    except OpenError as error:
        raise Failure(error.code) from None
    if pictures := [Edges(*box) for box in cast("list[list[float]]", request.get("pictures") or [])]:
        found = _recognise_only(pictures, _pixels(bitmap), *scale)
        inside = [[piece for piece in found if box.holds(*_middle(piece))] for box in pictures]
        return {"pictures": [[list(box), _rows(part)] for box, part in zip(pictures, inside, strict=True)]}
    return _whole_page(_pixels(bitmap), *scale)


def _whole_page(image: Any, x_scale: float, y_scale: float) -> wire.Message:
    found, turned = _upright(image, x_scale, y_scale)
    height, width = image.shape[:2][:: -1 if turned % 2 else 1]
    return {"rows": _rows(found, spread=width > _SPREAD * height), "turned": turned}


def _rows(found: Sequence[Found], *, spread: bool = False) -> list[object]:
    """Pieces for the wire: row by row, in reading order."""
    groups = reading_order([Edges(*piece[1:5]) for piece in found], spread=spread)
    rows = [row for group in groups for row in rows_of([found[at] for at in group])]
    return [[[piece.text, list(piece[1:5]), piece.confidence] for piece in row] for row in rows]


def _middle(piece: Found) -> tuple[float, float]:
    return (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2


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
    settings = {
        "Global.log_level": "critical",
        "Global.text_score": 0.0,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
    }
    return rapidocr.RapidOCR(params=settings)


def _pixels(bitmap: Bitmap) -> Any:
    """A rendered page as an array of blue, green, red."""
    numpy = importlib.import_module("numpy")
    pixels = numpy.frombuffer(bitmap.data, numpy.uint8).reshape(bitmap.height, bitmap.stride)
    return pixels[:, : bitmap.width * 4].reshape(bitmap.height, bitmap.width, 4)[:, :, :3].copy()


def _in_picture(path: Path, index: int) -> wire.Message:
    """What stands on a page of an image file."""
    from pipeline.pdf.images import picture

    image, size = picture(path, index, _MAX_PIXELS)
    pixels = importlib.import_module("numpy").asarray(image)[:, :, ::-1].copy()
    return _whole_page(pixels, size.width / image.width, size.height / image.height)


def _upright(image: Any, x_scale: float, y_scale: float) -> tuple[list[Found], int]:
    """What stands on a page, and how many quarter turns clockwise the page stands from upright; places are those of
    the upright page."""
    found = _recognise(image, x_scale, y_scale)
    turned = _turns(image, found, x_scale, y_scale)
    if not turned:
        return found, 0
    numpy = importlib.import_module("numpy")
    scale = (y_scale, x_scale) if turned % 2 else (x_scale, y_scale)
    return _recognise(numpy.ascontiguousarray(numpy.rot90(image, turned)), *scale), turned


def _turns(image: Any, found: Sequence[Found], x_scale: float, y_scale: float) -> int:
    """Most lines of a page that lies on its side are high and narrow; which end is up is asked of the classifier."""
    long = sorted((piece for piece in found if len(piece.text) >= _VOTE_CHARACTERS), key=lambda piece: -len(piece.text))
    sideways = [piece for piece in long if piece.bottom - piece.top > 1.5 * (piece.right - piece.left)]
    lies = len(sideways) > len(long) / 2
    voters = (sideways if lies else [piece for piece in long if piece not in sideways])[:_VOTERS]
    if len(voters) < _LEAST_VOTERS:
        return 0
    rot90 = importlib.import_module("numpy").rot90
    crops: list[Any] = []
    for piece in voters:
        rows = slice(max(0, int(piece.top / y_scale)), math.ceil(piece.bottom / y_scale))
        crop = image[rows, max(0, int(piece.left / x_scale)) : math.ceil(piece.right / x_scale)]
        crops.append(rot90(crop) if lies else crop)
    over = sum(label == "180" and score > _SURE for label, score in _engine().text_cls(crops).cls_res)
    return int(lies) + (2 if over > len(voters) / 2 else 0)


def _recognise_only(pictures: Sequence[Edges], image: Any, x_scale: float, y_scale: float) -> list[Found]:
    """What stands in some pictures of a page. All else is painted white, and the margins are cut off: what is looked
    at decides how long it takes."""
    shown = image.copy()
    shown[:] = 255
    height, width = image.shape[:2]
    edges = [
        (max(0, int(left / x_scale)), max(0, int(top / y_scale)), math.ceil(right / x_scale), math.ceil(low / y_scale))
        for left, top, right, low in pictures
    ]
    for left, top, right, bottom in edges:
        shown[top:bottom, left:right] = image[top:bottom, left:right]
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    x, y = (max(0, min(first) - _MARGIN) for first in (lefts, tops))
    right, bottom = max(x + _LEAST_PIXELS, max(rights) + _MARGIN), max(y + _LEAST_PIXELS, max(bottoms) + _MARGIN)
    x, y = max(0, min(x, width - _LEAST_PIXELS)), max(0, min(y, height - _LEAST_PIXELS))
    found = _recognise(shown[y:bottom, x:right], x_scale, y_scale)
    return [_moved(piece, x * x_scale, y * y_scale) for piece in found]


def _recognise(image: Any, x_scale: float, y_scale: float) -> list[Found]:
    """All pieces on a picture."""
    image = _without_show_through(image)
    cleaned, seals = without_seals(image, 72 / x_scale)
    found = _completed(cleaned if not seals else image, _under_seals(cleaned, seals) if seals else _pieces(cleaned))
    found += _inside(cleaned, seals, found)
    return [
        Found(p.text, p.left * x_scale, p.top * y_scale, p.right * x_scale, p.bottom * y_scale, p.confidence)
        for p in found
    ]


def _without_show_through(image: Any) -> Any:
    """The picture without the print of the other side that shines through thin paper, far lighter than print; the same
    one where there is none, or shadows make it hard to tell."""
    numpy = importlib.import_module("numpy")
    light = image[::_COARSE, ::_COARSE].max(axis=2)
    paper = float(numpy.median(light))
    inked = light[light < paper - _INK]
    if not inked.size:
        return image
    print_ = float(numpy.percentile(inked, 10))
    white = paper - _FAINT * (paper - print_)
    faint = (light > white) & (light < paper - _SPECK * (paper - print_))
    if faint.mean() < _LEAST_FAINT or (light < white).mean() > _MOST_INK:
        return image
    stretched = (numpy.arange(256) - print_) * (255 / (white - print_))
    return stretched.clip(0, 255).astype(numpy.uint8)[image]


def _under_seals(cleaned: Any, seals: Sequence[Ring]) -> list[Found]:
    """All pieces on a picture with seals as dark as print, under which no line can be trusted to be found: what stands
    beside them is recognised without them, and what stands inside alone."""
    cv2 = importlib.import_module("cv2")
    beside = cleaned.copy()
    for seal in seals:
        cv2.circle(beside, (round(seal.x), round(seal.y)), round(seal.radius), (255, 255, 255), thickness=-1)
    return _pieces(beside)


def _inside(cleaned: Any, seals: Sequence[Ring], found: Sequence[Found]) -> list[Found]:
    """What is recognised inside of seals, and not known yet."""
    new: list[Found] = []
    for seal in seals:
        for piece in _pieces(seal.box.part(cleaned)):
            inside = _moved(piece, seal.box.left, seal.box.top)
            x, y = _middle(inside)
            known = any(Edges(*other[1:5]).holds(x, y) for other in (*found, *new))
            if not known and math.dist((x, y), (seal.x, seal.y)) < seal.radius:
                new.append(inside)
    return new


def _completed(image: Any, found: Sequence[Found]) -> list[Found]:
    """The pieces, and lines that were not found as a whole."""
    rows = rows_of([piece for piece in found if piece.text])
    pieces = [piece for row in rows for piece in row]
    at = iter(range(len(pieces)))
    strips = lost_lines(image, [Edges(*piece[1:5]) for piece in pieces], [[next(at) for _ in row] for row in rows])
    replaced = set[int]()
    new: list[Found] = []
    for strip in strips:
        known = "".join(pieces[index].text for index in strip.found)
        line = _line(image, strip)
        if line and _says_more(line, known):
            new.append(line)
            replaced.update(strip.found)
    illegible = [p for p in found if not p.text and not any(Edges(*line[1:5]).holds(*_middle(p)) for line in new)]
    return [piece for index, piece in enumerate(pieces) if index not in replaced] + new + illegible


def _says_more(line: Found, known: str) -> bool:
    """Whether a line that was recognised as a whole has all that is known of it, and more."""
    lacking = (Counter(known) - Counter(line.text)).total()
    sure = line.confidence >= (_SURE_AGAIN if known else _SURE_NEW)
    return sure and len(line.text) > max(1, len(known) + lacking) and lacking <= 1 + _LACKING * len(known)


def _line(image: Any, strip: Strip) -> Found | None:
    """A line recognised as a whole: what can hardly be seen is told by what stands before and behind."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    height = strip.bottom - strip.top + 2 * _LINE_MARGIN
    shape = numpy.array([[1, 0, strip.left], [strip.slope, 1, strip.top - _LINE_MARGIN]])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    size = max(1, round(strip.right - strip.left)), max(1, round(height))
    picture = cv2.warpAffine(image, shape, size, flags=flags, borderValue=(255, 255, 255))
    text, confidence = _read(picture)
    return Found(text, *strip.edges, confidence) if text else None


def _pieces(image: Any) -> list[Found]:
    """In pixels; without text where it is illegible, so that the page's confidence knows of it."""
    shorter, longer = sorted(image.shape[:2])
    if longer > _THINNEST * shorter:
        return []
    result = _engine()(image, use_det=True, use_cls=True, use_rec=True)
    if result.txts is None or result.boxes is None:
        return []
    found: list[Found] = []
    for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        xs, ys = [float(x) for x, _ in quad], [float(y) for _, y in quad]
        if score < _LEGIBLE:
            text, score = max((text, score), _as_it_stands(image, quad), key=lambda read: read[1])
        legible = str(text) if score >= _LEGIBLE else ""
        found.append(Found(legible, min(xs), min(ys), max(xs), max(ys), float(score)))
    return found


def _as_it_stands(image: Any, quad: Any) -> tuple[str, float]:
    """What is recognised in a piece, and how surely, unturned: that it stands on its head may have been a mistake."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    corners = numpy.asarray(quad, numpy.float32)
    width, height = (math.ceil(math.dist(corners[0], corners[at])) for at in (1, 3))
    if not 0 < height < width:
        return "", 0.0
    upright = numpy.array([[0, 0], [width, 0], [width, height], [0, height]], numpy.float32)
    crop = cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, upright), (width, height))
    return _read(crop)


def _read(picture: Any) -> tuple[str, float]:
    """What is recognised in a picture of one line, and how surely."""
    read = _engine()(picture, use_det=False, use_cls=False, use_rec=True)
    return (str(read.txts[0]).strip(), float(read.scores[0])) if read.txts else ("", 0.0)


def _moved(piece: Found, x: float, y: float) -> Found:
    return piece._replace(left=piece.left + x, top=piece.top + y, right=piece.right + x, bottom=piece.bottom + y)


if __name__ == "__main__":
    serve(answer)
