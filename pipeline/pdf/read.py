"""Reading PDFs, seen from outside: paths in, documents or typed errors out. Asynchronous; parses nothing itself.

The parsing happens in worker processes with limits (``worker``, and ``ocr`` for scanned pages); a worker that dies,
hangs or eats too much is that one file's ReadError, and its place is filled again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from array import array
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pipeline.errors import InputError, NoTextError, ReadError, SettingsError, adding
from pipeline.lang import Text
from pipeline.pdf import failures, reply, wire
from pipeline.pdf.children import Child
from pipeline.pdf.failures import shown
from pipeline.types import Box, Document, Page

_MAX_BYTES = 4 << 30
"""Of one file; a thousand pages scanned in colour take 1 GiB. More is not even hashed: that would take minutes."""
_PART_BYTES = 1 << 20
_OCR_MEMORY_MIB = 6144
"""Address space of the OCR process: onnxruntime maps much more than the 0.94 GB that it uses."""
_OCR_START_S = 60.0
"""The first page also loads the models."""
_PICTURES_S = 120.0
"""For the pictures on pages of one document that have text of their own: a report may have hundreds."""
_TABLES_S, _TABLES_MEMORY_MIB = 5.0, 1024
"""For the strokes of one page, or of a batch of pages of which none is hostile (3 ms a page)."""
_TABLES_BATCH = 64
_SECOND_PLACE_S = 2.0
_WORKER, _OCR_WORKER, _TABLES_WORKER = "pipeline.pdf.worker", "pipeline.pdf.ocr", "pipeline.pdf.tables_finder"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What reading may take. The defaults are those of the settings."""

    workers: int = 2
    timeout_s: float = 60.0
    """For the text layer of one file."""
    memory_mib: int = 1024
    """Address space of a worker, the file itself aside."""
    ocr: Literal["auto", "on", "off"] = "auto"
    ocr_page_timeout_s: float = 60.0
    passwords: tuple[str, ...] = ()


def identify(path: Path) -> str:
    """sha256 of the file's bytes, in hex. Raises InputError for a path that gives none, or too many.

    No more is read than the file claims to have: some never end (of a device, or while another program writes).
    """
    name = shown(path.name or str(path))
    try:
        if path.is_dir():
            raise InputError(
                Text(f"{name}：是文件夹，不是 PDF 文件", f"{name}: a directory, not a PDF file"),
                Text("请给出 PDF 文件的路径", "name a PDF file"),
            )
        if path.exists() and not path.is_file():
            raise InputError(
                Text(f"{name}：不是普通文件", f"{name}: not a regular file"),
                Text("请给出 PDF 文件的路径", "name a PDF file"),
            )
        with path.open("rb") as file:
            left = os.fstat(file.fileno()).st_size
            if left > _MAX_BYTES:
                raise InputError(
                    Text(
                        f"{name}：文件有 {left >> 20} MiB，超过上限 {_MAX_BYTES >> 20} MiB",
                        f"{name}: the file has {left >> 20} MiB, more than the {_MAX_BYTES >> 20} MiB allowed",
                    ),
                    Text("请拆分或压缩后再读", "divide it, or save it smaller"),
                )
            digest = hashlib.sha256()
            while part := file.read(min(left, _PART_BYTES)):
                digest.update(part)
                left -= len(part)
            return digest.hexdigest()
    except FileNotFoundError:
        raise InputError(
            Text(f"{name}：文件不存在", f"{name}: no such file"), Text("请检查路径", "check the path")
        ) from None
    except PermissionError:
        raise InputError(
            Text(f"{name}：没有读取权限", f"{name}: no permission to read it"),
            Text("请用 chmod 或所有者账号授予读取权限", "grant read permission (chmod), or run as its owner"),
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise InputError(
            Text(f"{name}：读不了：{reason}", f"{name}: can't be read: {reason}"), Text("请检查路径", "check the path")
        ) from None


class Mark(NamedTuple):
    """What changes with a file's bytes. Not its inode: network file systems make those up anew."""

    size: int
    modified_ns: int


def mark_of(path: Path) -> Mark | None:
    """The mark of a file as it is now; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Mark(status.st_size, status.st_mtime_ns)


def check_unchanged(path: Path, mark: Mark | None) -> None:
    """Raise InputError if a file has not the mark any more that it had when it was identified."""
    if mark_of(path) != mark:
        name = shown(path.name)
        raise InputError(
            Text(f"{name}：读取期间文件被改动或移走", f"{name}: changed or taken away while it was read"),
            Text("请等文件写完后再分析一次", "review it again when nobody writes it any more"),
        )


@cache
def ocr_installed() -> bool:
    """Whether the ``ocr`` extra is there (nothing is imported)."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


class Reader:
    """Reads PDFs in worker processes. Use as an async context manager; leaving it ends every process.

    Any number of calls may run at once: each waits for a free worker. Cancelling a call kills its worker.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._idle: asyncio.LifoQueue[Child] = asyncio.LifoQueue()
        self._children: list[Child] = []
        self._ocr = Child(_OCR_WORKER)
        self._ocr_turn = asyncio.Lock()
        self._tables = Child(_TABLES_WORKER)
        self._tables_turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        if self._limits.ocr == "on" and not ocr_installed():
            raise SettingsError(
                Text("设置 ocr = on，但 OCR 没有安装", "the setting ocr is on, but OCR is not installed"),
                Text(f"{adding('ocr').zh}；或设置 ocr = auto", f"{adding('ocr').en}; or set ocr = auto"),
            )
        self._children = [Child(_WORKER) for _ in range(self._limits.workers)]
        for child in self._children:
            self._idle.put_nowait(child)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(child.close() for child in (*self._children, self._ocr, self._tables)))

    async def read(self, path: Path, document_id: str) -> Document:
        """Read a file; ``sections`` is left empty. Raises ReadError, NoTextError where no page gives text."""
        document = await self._read(path, document_id, {})
        wanted = {page.number: (*page.pictures, *page.gaps) for page in document.pages if page.pictures or page.gaps}
        wanted |= dict.fromkeys(document.unread_pages(), ())
        trouble = self._ocr_lack()
        if wanted and trouble is None:
            pages, trouble = await self._recognise(path, wanted)
            if pages:
                document = await self._read(path, document_id, pages)
        if not _has_text(document):
            raise _no_text(path, document.pages, trouble)
        return document

    async def _read(self, path: Path, document_id: str, ocr: Mapping[str, object]) -> Document:
        """Read a file with what OCR recognised. The worker keeps its reading while tables are looked for."""
        async with self._worker() as child:

            async def asked(request: wire.Message) -> wire.Message:
                limits = self._limits.timeout_s, self._limits.memory_mib
                return await self._ask(child, path, {"op": "read", "ocr": ocr} | request, *limits)

            with self._second_place() as free:
                answer = await asked({"halved": free})
            strokes = reply.strokes(answer, path)
            if not strokes:
                return reply.document(answer, document_id, path)
            grids, unseen = await self._find_grids(path, strokes)
            try:
                document = reply.document(await asked({"grids": grids}), document_id, path)
            except ReadError:  # the tables' doing: without them the file was read
                document = reply.document(await asked({"grids": {}}), document_id, path)
                unseen = sorted({*unseen, *(number for number, found in grids.items() if found)})
            return replace(document, tables_unseen=tuple(unseen))

    @asynccontextmanager
    async def _worker(self) -> AsyncGenerator[Child]:
        child = await self._idle.get()
        try:
            yield child
            await self._start_spare()
        finally:
            self._idle.put_nowait(child)

    @contextmanager
    def _second_place(self) -> Generator[bool]:
        """Whether a second place is free; it is then taken, for a moment: a file that hangs must not stop others."""
        taken = [] if self._idle.empty() else [self._idle.get_nowait()]

        def give_back() -> None:
            while taken:
                self._idle.put_nowait(taken.pop())

        clock = asyncio.get_running_loop().call_later(_SECOND_PLACE_S, give_back)
        try:
            yield bool(taken)
        finally:
            clock.cancel()
            give_back()

    async def _start_spare(self) -> None:
        """Have one more process running than read now: while the first document is examined there is time for it."""
        if not self._idle.empty():
            child = self._idle.get_nowait()
            try:
                with suppress(OSError):  # who needs it will be told
                    await child.start()
            finally:
                self._idle.put_nowait(child)

    async def _ask(
        self, child: Child, path: Path, request: wire.Message, timeout_s: float, memory_mib: int
    ) -> wire.Message:
        return await ask_about(path, child, request, self._limits.passwords, timeout_s, memory_mib)

    # --- tables -------------------------------------------------------------------------------------------------------

    async def _find_grids(
        self, path: Path, strokes: Mapping[int, array[float]]
    ) -> tuple[dict[int, list[object]], list[int]]:
        """The grids of tables by page number, and the pages of which nobody knows: where the table process dies or
        takes too long, halves are tried until one page is left, within the time for the file."""
        numbers = sorted(strokes)
        grids: dict[int, list[object]] = {}
        unseen: list[int] = []
        batches = [numbers[at : at + _TABLES_BATCH] for at in range(0, len(numbers), _TABLES_BATCH)]
        async with self._tables_turn:
            deadline = time.monotonic() + self._limits.timeout_s
            while batches:
                batch = batches.pop()
                if time.monotonic() > deadline:
                    unseen.extend(batch)
                    continue
                try:
                    request: wire.Message = {"op": "tables", "strokes": {str(n): strokes[n] for n in batch}}
                    answer = await self._ask(self._tables, path, request, _TABLES_S, _TABLES_MEMORY_MIB)
                    grids |= reply.grids(answer, batch, path)
                except ReadError:
                    middle = len(batch) // 2
                    if middle:
                        batches += [batch[middle:], batch[:middle]]
                    else:
                        unseen.extend(batch)
        return grids, sorted(unseen)

    # --- OCR ----------------------------------------------------------------------------------------------------------

    def _ocr_lack(self) -> str | None:
        """Why there is no OCR: ``off``, ``missing``; None where there is."""
        if self._limits.ocr == "off":
            return "off"
        return None if ocr_installed() else "missing"

    async def _recognise(
        self, path: Path, wanted: Mapping[int, Sequence[Box]]
    ) -> tuple[dict[str, object], ReadError | None]:
        """Recognise pages one by one, or only some pictures of theirs. What fails stays unread, and so do the pictures
        that are left when their time is over; the last failure is given beside the pages."""
        pages: dict[str, object] = {}
        failure: ReadError | None = None
        pictures_s = _PICTURES_S
        for number, boxes in sorted(wanted.items(), key=lambda item: (bool(item[1]), item[0])):
            if boxes and pictures_s <= 0:
                break
            request: wire.Message = {"op": "ocr", "page": number, "pictures": [list(box[1:]) for box in boxes]}
            async with self._ocr_turn:  # one page at a time in the house: it takes both memory and all cores
                started = time.monotonic()
                timeout_s = self._limits.ocr_page_timeout_s + (0 if self._ocr.running else _OCR_START_S)
                try:
                    answer = await self._ask(self._ocr, path, request, timeout_s, _OCR_MEMORY_MIB)
                    pages[str(number)] = reply.recognised(answer, path)
                except ReadError as error:
                    failure = error
                if boxes:
                    pictures_s -= time.monotonic() - started
        return pages, failure


async def ask_about(
    path: Path, child: Child, request: wire.Message, passwords: Sequence[str], timeout_s: float, memory_mib: int
) -> wire.Message:
    """Ask one child about one file. Raises ReadError for all that goes wrong with either."""
    facts: dict[str, object] = {"name": shown(path.name), "memory_mib": memory_mib, "timeout_s": timeout_s}
    limits: wire.Message = {"memory_mib": memory_mib, "timeout_s": timeout_s}
    try:
        request = request | limits | {"path": str(path.absolute()), "passwords": list(passwords)}
        answer = await child.ask(request, timeout_s)
    except TimeoutError:
        raise failures.read_error("ocr_timeout" if request["op"] == "ocr" else "timeout", facts) from None
    except wire.WireError:
        raise failures.read_error("malformed", facts) from None
    except ChildProcessError as death:
        raise failures.read_error("died", facts | {"signal": failures.signal_name(death.args[0])}) from None
    if "error" in answer:
        raise reply.failure(answer, facts)
    return answer


def _no_text(path: Path, pages: Sequence[Page], trouble: str | ReadError | None) -> NoTextError:
    """The error for a document without text: ``trouble`` is what kept OCR from it, if anything."""
    facts: dict[str, object] = {"name": shown(path.name)}
    if all(page.health == "blank" for page in pages):
        code = "blank"
    elif isinstance(trouble, ReadError):
        code, facts["reason"] = "failed", trouble
    else:
        code = trouble or "nothing"
    return NoTextError(*failures.filled(failures.NO_TEXT[code], facts))


def _has_text(document: Document) -> bool:
    """Whether anything was read; of garbled pages the lines are left that are not."""
    return any(page.span.length and (page.read_by != "none" or page.health == "garbled") for page in document.pages)
