"""The painting process: ``python -m pipeline.pdf.paint``. Draws pages as pictures, and writes copies with highlights.

Like ``worker`` it opens files that it must not trust, under limits, and may die of them. It writes only where the
parent says. PDFium draws (and opens what was written, to see that nothing was lost); pypdf writes, as an increment
behind the original's bytes, which stay as they are.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pipeline.pdf import wire
from pipeline.pdf.formats import format_of
from pipeline.pdf.pdfium import Bitmap, OpenError, open_pdf
from pipeline.pdf.process import Failure, limit, serve

_MAX_PIXELS = 4_000_000
"""A3 at 120 dpi is 2.8 million."""
_LOW = bytes((grey * 15 + 127) // 255 for grey in range(256))
_HIGH = bytes(nibble << 4 for nibble in _LOW)


def answer(request: wire.Message) -> wire.Message:
    """Answer one request of the parent: ``pictures`` or ``highlight``."""
    path = Path(str(request["path"]))
    memory = int(cast(int, request["memory_mib"])) << 20
    limit(memory + 8 * path.stat().st_size, float(cast(float, request["timeout_s"])))
    passwords = [str(password) for password in cast("list[object]", request["passwords"])]
    try:
        details = cast("dict[str, Any]", request)
        if format_of(path) == "image":
            return _of_image(path, details)
        if request["op"] == "pictures":
            return _pictures(path, passwords, details)
        from pipeline.pdf.annotate import annotated  # pypdf takes a tenth of a second to import

        return annotated(path, passwords, details)
    except OpenError as error:
        raise Failure(error.code) from None


def _of_image(path: Path, request: Mapping[str, Any]) -> wire.Message:
    """The same for an image file: its pages are drawn to scale; highlights go to a PDF made of them."""
    from pipeline.pdf import images

    if request["op"] == "pictures":
        drawn: list[list[float]] = []
        scale = float(request["dpi"]) / 72
        for number in map(int, request["pages"]):
            page, size = images.picture(path, number - 1, _MAX_PIXELS)
            page.resize((round(size.width * scale), round(size.height * scale))).save(
                Path(str(request["folder"]), f"{number}.png")
            )
            drawn.append([number, *size])
        return {"drawn": drawn}
    from pipeline.pdf.annotate import annotated

    converted = Path(str(request["draft"]) + ".pdf")
    try:
        converted.write_bytes(images.as_pdf(path))
        return annotated(converted, (), request)
    finally:
        converted.unlink(missing_ok=True)


def _pictures(path: Path, passwords: Sequence[str], request: Mapping[str, Any]) -> wire.Message:
    folder = Path(str(request["folder"]))
    drawn: list[list[float]] = []
    with open_pdf(path, passwords) as pdf:
        for number in request["pages"]:
            with pdf.page(int(number) - 1) as page:
                if page is None:
                    continue
                bitmap = page.render(float(request["dpi"]), _MAX_PIXELS)
                (folder / f"{int(number)}.png").write_bytes(png(bitmap))
                drawn.append([int(number), page.width, page.height])
    return {"drawn": drawn}


def png(bitmap: Bitmap) -> bytes:
    """A picture as a PNG file (ISO 15948): in sixteen greys where it has no colour, which most pages have not."""
    blue, green, red = (bitmap.data[channel::4] for channel in range(3))
    stride = bitmap.stride // 4
    if blue == green == red:
        rows = (_in_nibbles(blue[at : at + bitmap.width]) for at in range(0, len(blue), stride))
        depth, colour = 4, 0
    else:
        mixed = bytearray(3 * len(red))
        mixed[0::3], mixed[1::3], mixed[2::3] = red, green, blue
        rows = (bytes(mixed[at : at + 3 * bitmap.width]) for at in range(0, len(mixed), 3 * stride))
        depth, colour = 8, 2
    out = io.BytesIO()
    out.write(b"\x89PNG\r\n\x1a\n")
    _chunk(out, b"IHDR", struct.pack(">IIBBBBB", bitmap.width, bitmap.height, depth, colour, 0, 0, 0))
    _chunk(out, b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 6))
    _chunk(out, b"IEND", b"")
    return out.getvalue()


def _in_nibbles(row: bytes) -> bytes:
    """A row of greys with four bits a pixel: a third of the file, and text looks the same."""
    high, low = row[0::2].translate(_HIGH), row[1::2].translate(_LOW)
    low += bytes(len(high) - len(low))
    return (int.from_bytes(high, "big") | int.from_bytes(low, "big")).to_bytes(len(high), "big")


def _chunk(out: io.BytesIO, kind: bytes, data: bytes) -> None:
    out.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


if __name__ == "__main__":
    serve(answer)
