"""Pictures of pages, and copies with highlights: asked of the painting process, which may die of the file."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from pipeline.errors import ReadError
from pipeline.lang import Text
from pipeline.pdf import failures, wire
from pipeline.pdf.children import Child
from pipeline.pdf.failures import shown
from pipeline.pdf.read import ReadLimits, ask_about
from pipeline.types import Box

PICTURE_DPI = 110.0
_PAGES_AT_ONCE = 20
"""A request for more would run into its time limit, and no page be there before the last."""
_MODULE = "pipeline.pdf.paint"


class Picture(NamedTuple):
    """A page that was drawn: its size as shown, in points."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A highlight: the boxes of one quote on one page."""

    page: int
    boxes: tuple[Box, ...]
    colour: tuple[float, float, float]
    opacity: float
    subject: str
    note: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy bears: highlights, and signatures of the original that no longer hold for the copy."""

    marked: int
    signatures: int


class Painter:
    """One painting process, started when first asked; requests wait in line. Use :func:`painter`."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._child = Child(_MODULE)
        self._turn = asyncio.Lock()

    async def draw(self, path: Path, pages: Sequence[int], folder: Path) -> dict[int, Picture]:
        """Draw pages to ``folder``/N.png; those that can't be loaded are left out. Raises ReadError."""
        drawn: dict[int, Picture] = {}
        for start in range(0, len(pages), _PAGES_AT_ONCE):
            some = list(pages[start : start + _PAGES_AT_ONCE])
            request: wire.Message = {"op": "pictures", "pages": some, "dpi": PICTURE_DPI, "folder": str(folder)}
            answer = await self._ask(path, request)
            try:
                told = cast("list[tuple[object, Any, Any]]", answer["drawn"])
                sizes = {number: Picture(float(width), float(height)) for number, width, height in told}
            except (KeyError, TypeError, ValueError):
                raise _malformed(path) from None
            if not sizes.keys() <= set(some) or not all(
                0 < side < math.inf for size in sizes.values() for side in size
            ):
                raise _malformed(path)
            drawn |= cast("dict[int, Picture]", sizes)
        return drawn

    async def highlight(self, path: Path, marks: Sequence[Mark], draft: Path, *, cover: Text, signed: Text) -> Copied:
        """Write a copy with highlights to ``draft``. ``cover`` stands in a note on the first page, ``signed`` before it
        where the original is signed. Raises ReadError where PDFium or pypdf can't."""
        values = [
            {
                "page": mark.page,
                "boxes": [list(box[1:]) for box in mark.boxes],
                "colour": list(mark.colour),
                "opacity": mark.opacity,
                "subject": mark.subject,
                "note": mark.note,
            }
            for mark in marks
        ]
        request: wire.Message = {"op": "highlight", "marks": values, "draft": str(draft.absolute())}
        answer = await self._ask(path, request | {"cover": str(cover), "signed": str(signed)})
        marked, signatures = answer.get("marked"), answer.get("signatures")
        if not isinstance(marked, int) or not isinstance(signatures, int):
            raise _malformed(path)
        return Copied(marked, signatures)

    async def close(self) -> None:
        await self._child.close()

    async def _ask(self, path: Path, request: wire.Message) -> wire.Message:
        limits = self._limits
        async with self._turn:
            return await ask_about(path, self._child, request, limits.passwords, limits.timeout_s, limits.memory_mib)


@asynccontextmanager
async def painter(limits: ReadLimits) -> AsyncGenerator[Painter]:
    """A painter; leaving ends its process."""
    made = Painter(limits)
    try:
        yield made
    finally:
        await made.close()


def _malformed(path: Path) -> ReadError:
    return failures.read_error("malformed", {"name": shown(path.name)})
