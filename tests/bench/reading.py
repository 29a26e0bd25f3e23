"""Reading speed and what each step costs: ``python tests/bench/reading.py [FOLDER | FILE ...]`` (default: corpus/zh).

CPU milliseconds a page in one process, step by step, beside PDFium alone (load, text, boxes) and pypdf (where asked for
with ``--pypdf``); then whole files over two reading processes, in pages a second
of wall time and of CPU time on two cores. OCR and the look at strokes for tables are left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

from pypdf import PdfReader

from pipeline.pdf import health, layout, reply, wire, worker
from pipeline.pdf.lines import lines_in
from pipeline.pdf.pdfium import OpenError, open_pdf
from pipeline.pdf.places import places_of

CORPUS = Path(__file__).parents[3] / "shared/corpus/zh"
T = TypeVar("T")


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def __call__(self, step: str, work: Callable[..., T], *arguments: object) -> T:
        started = time.process_time()
        found = work(*arguments)
        self.seconds[step] += time.process_time() - started
        return found


def steps(path: Path, clock: Clock) -> int:
    pages: list[layout.PageLines] = []
    labels: list[str | None] = []
    with open_pdf(path) as pdf:
        for index in range(pdf.page_count):
            context = pdf.page(index)
            page = clock("PDFium: load", context.__enter__)
            if page is not None:
                chars = clock("PDFium: text, boxes", page.chars)
                clock("health", health.judge, chars.text, 0, 0, 0)
                clock("places", places_of, chars)
                lines = clock("lines", lines_in, chars, index)
                pages.append(layout.PageLines(lines, page.width, page.height))
                labels.append(clock("labels", pdf.label, index))
            clock("PDFium: load", context.__exit__, None, None, None)
    clock("title", layout.title_of, "", pages)
    clock("regions, rows, paragraphs", layout.lay_out, pages, labels)
    request: wire.Message = {"path": str(path), "memory_mib": 8192, "timeout_s": 600, "passwords": [], "grids": {}}
    answer = clock("(worker, all in all)", worker.answer, request)
    frame = clock("frame", wire.encode, answer)
    clock("parent", lambda: reply.document(wire.decode(frame[wire.HEADER_BYTES :]), "x", path))
    return len(pages)


def with_pypdf(path: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(path).pages]


def leave_tables_out() -> None:
    worker.asks_for_grids = lambda lines, height: False


def read(path: Path) -> tuple[bytes, float]:
    """What a reading process answers, and the CPU seconds that it took."""
    request: wire.Message = {"path": str(path), "memory_mib": 8192, "timeout_s": 600, "passwords": []}
    started = time.process_time()
    frame = wire.encode(worker.answer(request))
    return frame, time.process_time() - started


def together(files: list[Path]) -> tuple[int, float, float]:
    """Pages, seconds of wall time, CPU seconds of all processes, of reading the files with two processes."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), leave_tables_out) as pool:
        list(pool.map(read, files[:2]))  # start both
        started, used, pages = time.perf_counter(), time.process_time(), 0
        for done in as_completed([pool.submit(read, file) for file in files]):
            frame, seconds = done.result()
            pages += len(reply.document(wire.decode(frame[wire.HEADER_BYTES :]), "x", files[0]).pages)
            used -= seconds
        return pages, time.perf_counter() - started, time.process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[CORPUS])
    parser.add_argument("--pypdf", action="store_true")
    arguments = parser.parse_args()
    files = [file for path in arguments.paths for file in (sorted(path.rglob("*.pdf")) if path.is_dir() else [path])]
    clock, pages, readable = Clock(), 0, []
    for file in files:
        try:
            pages += steps(file, clock)
            readable.append(file)
        except (OpenError, worker.Failure):
            print(f"left out: {file.name}")
    if arguments.pypdf:
        for file in readable:
            clock("(pypdf)", with_pypdf, file)
    for step, seconds in clock.seconds.items():
        print(f"{step:28} {1000 * seconds / pages:7.3f} ms")
    pages, wall, cpu = together(sorted(readable, key=lambda file: file.stat().st_size, reverse=True))
    print(f"{pages} pages, two processes: {pages / wall:.0f} pages/s; two cores of CPU time: {2 * pages / cpu:.0f}")


if __name__ == "__main__":
    main()
