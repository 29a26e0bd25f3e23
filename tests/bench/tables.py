"""Tables found and cells right, and what they cost. ``python tests/bench/tables.py [PDF...]``

Labelled pages are drawn by ``tests/pdf/tables_made.py``. A cell is right where its text stands in its row and column.
pdfplumber reads the same pages beside it, with its defaults. The PDFs named (default: the annual report and the tender
of ../shared) are read with and without tables. CPU time of all that a page takes, in this process. Asserts nothing.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.pdf import reply, tables_finder, wire, worker
from pipeline.types import Document

import pdfplumber  # isort: skip  # after pipeline: it would start PDFium without our fonts

import tables_made as made

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "zh"
LIMITS: Mapping[str, Any] = {"passwords": [], "memory_mib": 1 << 20, "timeout_s": 3600.0}
REPEATS = 3

Grids = list[list[list[str]]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pdf", type=Path, nargs="*", default=[*CORPUS.glob("FinGLM__*"), *CORPUS.glob("HUAXIN*")])
    with tempfile.TemporaryDirectory() as folder:
        print_cells(Path(folder))
        print_without_rules(Path(folder))
    for path in options.parse_args().pdf:
        print_cost(path)


def print_cells(folder: Path) -> None:
    print(f"{'labelled page':24}{'cells':>6}{'longdoc':>9}{'pdfplumber':>12}   cells right, of those told")
    sums = [0, 0, 0]
    for name, drawn in made.ALONE.items():
        path = made.page(folder / "page.pdf", lambda canvas, drawn=drawn: below_a_paragraph(canvas, drawn))
        truth = made.truth(drawn)
        counts = [sum(map(len, truth)), *(right_cells(found, truth) for found in (ours(path), theirs(path)))]
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        print(f"{name:24}{counts[0]:6}{counts[1]:9}{counts[2]:12}")
    print(f"{'all':24}{sums[0]:6}{sums[1] / sums[0]:9.3f}{sums[2] / sums[0]:12.3f}\n")


def print_without_rules(folder: Path, count: int = 100) -> None:
    """Tables at random, none of which has a line: those of which every cell is right."""
    right, cells, all_cells = 0, 0, 0
    for seed in range(count):
        drawn = made.without_rules(random.Random(seed))
        path = made.page(folder / "page.pdf", lambda canvas, drawn=drawn: below_a_paragraph(canvas, drawn))
        truth, found = made.truth(drawn), ours(path)
        right += found == [truth]
        cells += right_cells(found, truth)
        all_cells += sum(map(len, truth))
    print(f"{count} tables without rules: {right} right in every cell; {cells / all_cells:.3f} of their cells\n")


def below_a_paragraph(canvas: Any, drawn: made.Drawn) -> None:
    made.draw(canvas, drawn, made.paragraph(canvas, 740.0) - 10)


def right_cells(found: Grids, truth: Sequence[Sequence[str]]) -> int:
    """Cells of the best table that stand where they should."""
    return max(
        (sum(a == b for x, y in zip(t, truth, strict=False) for a, b in zip(x, y, strict=False)) for t in found),
        default=0,
    )


def ours(path: Path) -> Grids:
    document = read(path)
    return [
        [document.text[row.span.start : row.span.end].split("\t") for row in table.rows] for table in document.tables
    ]


def theirs(path: Path) -> Grids:
    with pdfplumber.open(path) as pdf:
        tables = [table for page in pdf.pages for table in page.extract_tables()]
    return [[[(cell or "").replace("\n", "") for cell in row] for row in table] for table in tables]


def read(path: Path) -> Document:
    """As the reader does, in this process."""
    first = asked(path, {"op": "read"})
    strokes = reply.strokes(first, path)
    if not strokes:
        return reply.document(first, "x", path)
    return reply.document(asked(path, {"op": "read", "grids": grids_of(path, strokes)}), "x", path)


def grids_of(path: Path, strokes: Mapping[int, Any]) -> dict[int, list[object]]:
    request = {"op": "tables", "strokes": {str(number): lines for number, lines in strokes.items()}}
    return reply.grids(asked(path, request, tables_finder.answer), sorted(strokes), path)


def asked(
    path: Path, request: Mapping[str, Any], answer: Callable[[wire.Message], wire.Message] = worker.answer
) -> wire.Message:
    sent = wire.decode(wire.encode({**request, **LIMITS, "path": str(path)})[wire.HEADER_BYTES :])
    return wire.decode(wire.encode(answer(sent))[wire.HEADER_BYTES :])


def print_cost(path: Path) -> None:
    pages = sorted(reply.strokes(asked(path, {"op": "read"}), path))
    document = read(path)
    tables = document.tables
    merged = sum(cell.columns * cell.rows > 1 for table in tables for row in table.rows for cell in row.cells)
    over = sum(table.rows[0].page != table.rows[-1].page for table in tables)
    print(f"{path.name[:40]}: {len(document.pages)} pages, {len(pages)} looked at for strokes, {len(tables)} tables,")
    print(f"  {sum(len(row.cells) for t in tables for row in t.rows)} cells, {merged} merged, {over} over page breaks")
    plain = cpu_ms(lambda: asked(path, {"op": "read", "grids": {}}))
    whole = cpu_ms(lambda: read(path))
    few = pages[:: max(1, len(pages) // 20)]
    plumber = cpu_ms(lambda: plumbed(path, few), repeats=1)
    print(f"  text alone {plain / len(document.pages):.2f} ms a page; with tables {whole / len(document.pages):.2f};")
    extra = (whole - plain) / max(1, len(pages))
    print(f"  a page looked at costs {extra:.2f} ms more; pdfplumber {plumber / max(1, len(few)):.0f} ms a page\n")


def plumbed(path: Path, pages: Sequence[int]) -> None:
    with pdfplumber.open(path, pages=list(pages)) as pdf:
        for page in pdf.pages:
            page.extract_tables()
            page.close()


def cpu_ms(run: Callable[[], object], repeats: int = REPEATS) -> float:
    times: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times) * 1000


if __name__ == "__main__":
    main()
