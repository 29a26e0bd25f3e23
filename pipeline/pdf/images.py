"""Pictures of pages: PNG, JPEG, TIFF of many pages. Opened only in processes that may die of them.

A page's size in points comes from the resolution that the picture claims, where that is sensible; else the picture is
taken for a page of A4.
"""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.pdf.process import Failure

_FORMATS = ("PNG", "JPEG", "TIFF")
_MAX_PIXELS = 120_000_000
"""A0 at 200 dpi is 62 million."""
_MAX_PAGES = 2000
_A4_SHORT = 595.3
_MIN_DPI, _MAX_DPI = 60.0, 1300.0
_MIN_POINTS, _MAX_POINTS = 100.0, 5000.0
_TURNED = (5, 6, 7, 8)
_ORIENTATION = 0x0112

Image.MAX_IMAGE_PIXELS = None  # we count ourselves, and refuse by name


class Size(NamedTuple):
    """A page as shown, in points."""

    width: float
    height: float


def sizes_of(path: Path) -> list[Size]:
    """The sizes of the pages. Raises Failure for a picture that can't be opened, is too big, or has too many pages."""
    with _opened(path) as image:
        sizes: list[Size] = []
        for index in range(_page_count(image)):
            image.seek(index)
            sizes.append(_size(image))
        return sizes


def picture(path: Path, index: int, max_pixels: int) -> tuple[Image.Image, Size]:
    """A page upright in RGB, reduced to so many pixels, and its size. Raises Failure as :func:`sizes_of` does."""
    with _opened(path) as image:
        if index >= _page_count(image):
            raise Failure("image_broken")
        image.seek(index)
        size = _size(image)
        if image.format in ("JPEG", "MPO") and image.width * image.height > max_pixels:
            scale = (max_pixels / (image.width * image.height)) ** 0.5
            image.draft("RGB", (int(image.width * scale), int(image.height * scale)))
        upright = ImageOps.exif_transpose(image)
        shown = _on_white(upright)
        if shown.width * shown.height > max_pixels:
            scale = (max_pixels / (shown.width * shown.height)) ** 0.5
            shown = shown.resize(
                (max(1, int(shown.width * scale)), max(1, int(shown.height * scale))), Image.Resampling.BOX
            )
        return shown, size


def as_pdf(path: Path) -> bytes:
    """The pictures as the pages of a PDF, pixel for pixel: what highlights are written on."""
    with _opened(path) as image:
        count = _page_count(image)
    objects: list[bytes] = [b"", b""]
    kids: list[bytes] = []
    for index in range(count):
        shown, size = picture(path, index, _MAX_PIXELS)
        number = len(objects) + 1
        pixels = zlib.compress(shown.tobytes(), 6)
        head = f"/Type/XObject/Subtype/Image/Width {shown.width}/Height {shown.height}/ColorSpace/DeviceRGB"
        draw = f"q {size.width:.2f} 0 0 {size.height:.2f} 0 0 cm /I Do Q".encode()
        box = f"/MediaBox[0 0 {size.width:.2f} {size.height:.2f}]/Resources<</XObject<</I {number} 0 R>>>>"
        objects += [
            _stream(f"{head}/BitsPerComponent 8/Filter/FlateDecode", pixels),
            _stream("", draw),
            f"<</Type/Page/Parent 2 0 R{box}/Contents {number + 1} 0 R>>".encode(),
        ]
        kids.append(f"{number + 2} 0 R".encode())
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return _file(objects)


@contextmanager
def _opened(path: Path) -> Generator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata
        try:
            with Image.open(path, formats=_FORMATS) as image:
                yield image
        except (Failure, MemoryError):
            raise
        except Exception as error:  # Pillow raises nearly anything on broken files
            if isinstance(error, OSError) and error.errno and not isinstance(error, UnidentifiedImageError):
                raise
            raise Failure("image_broken") from None


def _page_count(image: Image.Image) -> int:
    count = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    if count > _MAX_PAGES:
        raise Failure("too_many_pages", limit=_MAX_PAGES)
    return count


def _size(image: Image.Image) -> Size:
    width, height = image.size
    if not width or not height:
        raise Failure("image_broken")
    if width * height > _MAX_PIXELS:
        raise Failure("too_many_pixels", limit=_MAX_PIXELS // 1_000_000)
    x_dpi, y_dpi = _resolution(image)
    size = Size(width * 72 / x_dpi, height * 72 / y_dpi)
    if not _MIN_POINTS <= min(size) <= max(size) <= _MAX_POINTS:
        scale = _A4_SHORT / min(width, height)
        size = Size(width * scale, height * scale)
    return Size(size.height, size.width) if image.getexif().get(_ORIENTATION) in _TURNED else size


def _resolution(image: Image.Image) -> tuple[float, float]:
    """Dots per inch that the picture claims; 0.001, which fits no page, where it claims none that make sense."""
    claimed: Any = image.info.get("dpi", (0, 0))
    try:
        x_dpi, y_dpi = float(claimed[0]), float(claimed[1])
    except (TypeError, ValueError, LookupError, ZeroDivisionError):
        return 0.001, 0.001
    sensible = _MIN_DPI <= x_dpi <= _MAX_DPI and _MIN_DPI <= y_dpi <= _MAX_DPI
    # 72 and 96 are what programs write that don't know
    return (x_dpi, y_dpi) if sensible and x_dpi not in (72, 96) else (0.001, 0.001)


def _on_white(image: Image.Image) -> Image.Image:
    """In RGB, what is transparent on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more a grey
        grey = image.convert("F")
        extremes: Any = grey.getextrema()
        scale = 255 / max(1e-9, extremes[1] - extremes[0])
        return grey.point(lambda value: value * scale - extremes[0] * scale).convert("L").convert("RGB")
    return image.convert("RGB")


def _stream(head: str, data: bytes) -> bytes:
    return f"<<{head}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.5\n")
    starts: list[int] = []
    for number, body in enumerate(objects, 1):
        starts.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % start for start in starts)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()
