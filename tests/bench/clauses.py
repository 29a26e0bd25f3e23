"""Precision and recall of headings against labels. ``python tests/bench/clauses.py [--labels FOLDER] [--show]``

A label file is named after its PDF (``X.tsv`` for ``X.pdf`` of data/samples or ../shared/corpus/zh) and has one heading
a line, in order: number and title as printed, or the start of the line. A heading found counts where the labels, white
space apart, have it in the same order. Not a test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
from difflib import SequenceMatcher
from pathlib import Path

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.headings import find_sections
from pipeline.types import Document

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "data" / "samples", ROOT.parent / "shared" / "corpus" / "zh")
COMPARED = 6
"""Characters of a heading that are compared."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--labels", type=Path, action="append", default=[ROOT / "tests" / "split" / "labels"])
    options.add_argument("--show", action="store_true", help="print what was missed and what was wrong")
    chosen = options.parse_args()
    asyncio.run(score([file for folder in chosen.labels for file in sorted(folder.glob("*.tsv"))], show=chosen.show))


async def score(files: list[Path], *, show: bool) -> None:
    right = found = wanted = 0
    print("labels  found  precision  recall  document")
    async with Reader(ReadLimits(ocr="off")) as reader:
        for file in files:
            pdf = next((p for folder in FOLDERS if (p := folder / f"{file.stem}.pdf").is_file()), None)
            if pdf is None:
                continue
            labels = [key(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            headings = headings_of(await reader.read(pdf, "0" * 64))
            matcher = SequenceMatcher(None, labels, headings, autojunk=False)
            equal = sum(block.size for block in matcher.get_matching_blocks())
            print(row(len(labels), len(headings), equal), file.stem[:40])
            right, found, wanted = right + equal, found + len(headings), wanted + len(labels)
            for tag, a, b, c, d in matcher.get_opcodes() if show else ():
                if tag != "equal":
                    print("    missed", labels[a:b][:9], "wrong", headings[c:d][:9])
    print(row(wanted, found, right), "all")


def row(labels: int, found: int, right: int) -> str:
    return f"{labels:<7} {found:<6} {right / max(1, found):<10.3f} {right / max(1, labels):<7.3f}"


def headings_of(document: Document) -> list[str]:
    sections = find_sections(document.text, document.bookmarks, document.pages)
    return [key(document.text[section.span.start : section.span.end]) for section in sections]


def key(line: str) -> str:
    return "".join(line.split("\n")[0].split())[:COMPARED].replace("（", "(").replace("）", ")")


if __name__ == "__main__":
    main()
