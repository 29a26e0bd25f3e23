"""What reading keeps of a folder's PDFs: ``python tests/bench/fidelity.py [FOLDER | FILE ...]`` (default: corpus/zh).

The measure is what at least two of PDFium, MuPDF and pdftotext (with poppler-data) say: of each Han character the
second largest of their three counts, of each pair of neighbouring Han characters (white space aside) likewise. Ours is
the text with headers, footers, footnotes and watermarks put back where they stand. Pages that OCR is for are left out.

MuPDF is AGPL and no dependency: it is asked where ``pymupdf`` can be imported, pdftotext where it is on the path; with
only one of them left, the two must agree. ``-v`` shows what is missing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pipeline.pdf import reply, wire, worker
from pipeline.pdf.clean import fold
from pipeline.pdf.pdfium import OpenError, open_pdf
from pipeline.types import Document

CORPUS = Path(__file__).parents[3] / "shared/corpus/zh"
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")
PAIR = re.compile(f"(?=({HAN.pattern}{HAN.pattern}))")
TIMEOUT_S = 300


class Score(NamedTuple):
    pages: int
    characters: int
    kept: int
    pairs: int
    kept_pairs: int
    spaces: int
    """Spaces of ours between two Han characters that no tool shows."""
    seconds: dict[str, float]
    missing: str


def pdfium(path: Path) -> list[str]:
    with open_pdf(path) as pdf:
        pages: list[str] = []
        for index in range(pdf.page_count):
            with pdf.page(index) as page:
                pages.append(page.chars().text if page else "")
        return pages


def mupdf(path: Path) -> list[str]:
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    with pymupdf.open(path) as pdf:
        return [page.get_text() for page in pdf]


def pdftotext(path: Path) -> list[str]:
    command = ["pdftotext", "-q", "-enc", "UTF-8", str(path), "-"]
    raw = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False).stdout
    return raw.decode("utf-8", "replace").split("\f")[:-1]


def ours(path: Path) -> Document:
    answer = worker.answer(
        {"path": str(path), "memory_mib": 8192, "timeout_s": TIMEOUT_S, "passwords": [], "grids": {}}
    )
    return reply.document(wire.decode(wire.encode(answer)[wire.HEADER_BYTES :]), path.name, path)


TOOLS: dict[str, Callable[[Path], list[str]]] = {"PDFium": pdfium, "MuPDF": mupdf, "pdftotext": pdftotext}


def installed() -> list[str]:
    there = {"PDFium": True, "MuPDF": find_spec("pymupdf") is not None, "pdftotext": bool(shutil.which("pdftotext"))}
    for name in (name for name, found in there.items() if not found):
        print(f"{name}: not installed, left out")
    return [name for name, found in there.items() if found]


def score(path: Path, names: Sequence[str]) -> Score:
    started = time.perf_counter()
    document = ours(path)
    seconds = {"ours": time.perf_counter() - started}
    texts: list[list[str]] = []
    for name in names:
        started = time.perf_counter()
        try:
            texts.append(TOOLS[name](path))
        except (OpenError, RuntimeError, OSError, subprocess.TimeoutExpired):
            texts.append([])
        seconds[name] = time.perf_counter() - started
    totals = [0, 0, 0, 0]
    missing: Counter[str] = Counter()
    read = [page for page in document.pages if page.read_by != "none"]
    for page in read:
        told = [_clean(pages[page.number - 1]) for pages in texts if page.number <= len(pages)]
        above, below = _margins(page)
        mine = _clean(above + document.text[page.span.start : page.span.end] + "\n" + below)
        for at, pattern in ((0, HAN), (2, PAIR)):
            wanted, kept = _agreed([_counts(text, pattern) for text in told]), _counts(mine, pattern)
            lacking = wanted - kept
            totals[at] += wanted.total()
            totals[at + 1] += wanted.total() - lacking.total()
            if at == 2:
                missing.update({f"{page.number}:{pair}": n for pair, n in lacking.items()})
    spaces = len(re.findall(f"(?<={HAN.pattern}) (?={HAN.pattern})", document.text))
    shown = " ".join(f"{pair}x{n}" if n > 1 else pair for pair, n in missing.most_common(40))
    return Score(len(read), *totals, spaces, seconds, shown)


def _margins(page: object) -> tuple[str, str]:
    lines = list(page.margins)
    return "", "\n".join(lines)


def _clean(text: str) -> str:
    return re.sub(r"\s+", "", fold(text))


def _counts(text: str, pattern: re.Pattern[str]) -> Counter[str]:
    return Counter(pattern.findall(text))


def _agreed(counts: Sequence[Counter[str]]) -> Counter[str]:
    """Of each item the second largest count."""
    keys = set().union(*counts) if counts else set()
    second = {key: sorted((found[key] for found in counts), reverse=True)[1:2] for key in keys}
    return Counter({key: n for key, found in second.items() for n in found if n})


def _alone(path: Path, names: Sequence[str]) -> Score | None:
    """A file in a process of its own: some are meant to crash readers."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        try:
            return pool.apply_async(score, (path, names)).get(TIMEOUT_S)
        except Exception as error:  # a bench goes on
            print(f"{path.name}: {type(error).__name__}")
            return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[CORPUS])
    parser.add_argument("-v", action="store_true", help="show the pairs that are missing")
    arguments = parser.parse_args()
    names = installed()
    files = [file for path in arguments.paths for file in (sorted(path.rglob("*.pdf")) if path.is_dir() else [path])]
    scores: list[Score] = []
    print(f"{'pages':>6} {'Han':>8} {'kept':>8} {'pairs':>8} {'kept':>8} {'spaces':>6}  file")
    for file in files:
        found = _alone(file, names)
        if found is None or not found.characters:
            continue
        scores.append(found)
        _print(found, file.name[:60])
        if arguments.v and found.missing:
            print("       " + found.missing)
    if scores:
        numbers = [sum(values) for values in zip(*(found[:6] for found in scores), strict=True)]
        seconds = {name: sum(found.seconds.get(name, 0.0) for found in scores) for name in ("ours", *names)}
        _print(Score(*numbers, seconds, ""), "in all")
        print("ms a page: " + ", ".join(f"{name} {1000 * s / numbers[0]:.2f}" for name, s in seconds.items()))


def _print(found: Score, name: str) -> None:
    kept, pairs = found.kept / found.characters, found.kept_pairs / max(1, found.pairs)
    print(f"{found.pages:6} {found.characters:8} {kept:8.5f} {found.pairs:8} {pairs:8.5f} {found.spaces:6}  {name}")


if __name__ == "__main__":
    main()
