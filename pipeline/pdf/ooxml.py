"""The parts of an Office file: a zip of XML, opened as what it is, a stranger's. Names lose their namespaces.

What is read is bounded by what comes out of the zip, not by what its directory claims. A document type (the seed of
entity bombs and of external entities) is refused; no honest program writes one.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from pipeline.pdf.process import Failure

_MAX_BYTES = 512 << 20
"""Of all parts together, unpacked; a contract of 1,000 pages has 20 MB."""
_MAX_ENTRIES = 20_000
_MAX_DEPTH = 240
_CHUNK = 1 << 16

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,  # a compression that zipfile does not know
    RuntimeError,  # an encrypted entry, or too deep
    EOFError,
    ParseError,
    ValueError,
    KeyError,  # no such part
    OSError,
)


class Relation(NamedTuple):
    """What a part refers to: the last word of its type, and the name of the part (or an outside address)."""

    kind: str
    target: str


class Package:
    """An open Office file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()[:_MAX_ENTRIES]}
        self._left = _MAX_BYTES

    def root(self, part: str) -> Element | None:
        """The part's tree; None where there is no such part."""
        if part.lower() not in self._names:
            return None
        builder = _Builder()
        for _ in self._fed(part, builder):
            pass
        return builder.close()

    def blocks(self, part: str) -> Iterator[Element]:
        """The children of the part's body, one after the other: the whole is never in memory."""
        builder = _Builder(streaming=True)
        for _ in self._fed(part, builder):
            yield from builder.done
            builder.done.clear()

    def relations(self, part: str) -> dict[str, Relation]:
        """The part's relations by id."""
        folder, name = posixpath.split(part)
        root = self.root(posixpath.join(folder, "_rels", name + ".rels"))
        found: dict[str, Relation] = {}
        for entry in root if root is not None else ():
            kind = entry.get("Type", "").rpartition("/")[2]
            target = posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip("/")
            found[entry.get("Id", "")] = Relation(kind, target)
        return found

    def _fed(self, part: str, builder: _Builder) -> Iterator[None]:
        parser = XMLParser(target=builder)
        try:
            with self._archive.open(self._names[part.lower()]) as stream:
                while chunk := stream.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise Failure("unpacked", limit=_MAX_BYTES >> 20)
                    parser.feed(chunk)
                    yield
            parser.close()
        except _BROKEN:  # what the taker of a block raises does not come by here
            raise Failure("docx_broken") from None
        yield


@contextmanager
def open_package(path: Path) -> Generator[Package]:
    """Open an Office file. Raises Failure for one that is damaged, also while it is being read."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN:
        raise Failure("docx_broken") from None
    with archive:
        yield Package(archive)


@cache
def _local(name: str) -> str:
    return name.rpartition("}")[2]


class _Builder(TreeBuilder):
    """Elements and attributes by local name, nothing too deep, no document type. ``streaming`` hands over each child
    of the body when it ends, and forgets it."""

    def __init__(self, *, streaming: bool = False) -> None:
        super().__init__()
        self.done: list[Element] = []
        self._streaming = streaming
        self._depth = 0
        self._body: Element | None = None

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:  # type: ignore[override]
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Failure("docx_broken")
        element = super().start(_local(tag), {_local(name): value for name, value in attrs.items()})
        if self._depth == 2 and element.tag == "body":
            self._body = element
        return element

    def end(self, tag: str, /) -> Element:
        element = super().end(_local(tag))
        self._depth -= 1
        if self._streaming and self._depth == 2 and self._body is not None:
            self.done.append(element)
            self._body.clear()
        return element

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called at the beginning of a document type, before any entity of it is read."""
        raise Failure("xml_doctype")
