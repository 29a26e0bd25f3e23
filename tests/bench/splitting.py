"""Speed and quality of splitting. ``python tests/bench/splitting.py [--tokenizer FOLDER]``

Texts: the Chinese PDFs of ../shared as ``pipeline.pdf`` reads them, else data/samples. Tokenizer: Qwen3's of ../shared,
else the estimate. CPU seconds of this process, the best of three. Not a test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import runpy
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.chunks import split
from pipeline.split.headings import find_sections
from pipeline.split.sentences import ends_in
from pipeline.tokens import Tokenizer, estimator, load_tokenizer
from pipeline.types import Chunk, Document

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tokenizer", type=Path, help="folder with tokenizer.json")
    tokenizer = tokenizer_of(options.parse_args().tokenizer)
    documents = [with_sections(document) for document in asyncio.run(read_all())]
    text = "".join(document.text for document in documents)
    print(f"{len(documents)} documents, {len(text.encode()) / 1e6:.2f} MB, tokenizer: {tokenizer.name}\n")
    print_speed(text, tokenizer)
    print_quality(documents, tokenizer)
    print_estimate(documents, tokenizer)


def tokenizer_of(folder: Path | None) -> Tokenizer:
    maker = SHARED / "qwen3" / "make_tokenizer.py"
    if folder is None and not maker.is_file():
        return estimator()
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            runpy.run_path(str(maker))["main"](Path(made))
        started = time.process_time()
        tokenizer = load_tokenizer(folder or Path(made))
        print(f"tokenizer loaded in {time.process_time() - started:.2f} s")
    return tokenizer


async def read_all() -> list[Document]:
    files = sorted((SHARED / "corpus" / "zh").glob("*.pdf")) or sorted((ROOT / "data" / "samples").glob("*.pdf"))
    documents: list[Document] = []
    async with Reader(ReadLimits(ocr="off")) as reader:
        for file in files:
            try:
                documents.append(await reader.read(file, "0" * 64))
            except PipelineError as error:
                print(f"left out {file.name}: {type(error).__name__}")
    return documents


def with_sections(document: Document) -> Document:
    return replace(document, sections=find_sections(document.text, document.bookmarks, document.pages))


def best(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def print_speed(text: str, tokenizer: Tokenizer) -> None:
    """Sections, chunks and exact counts of one text of 0.1, 1 and 10 MB: linear if the last column stays."""
    print("MB      tokens/MB   count only   sections   split+count   all: MB per CPU s")
    for megabytes in (0.1, 1, 10):
        size = len(text.encode())
        part = (text * (int(megabytes * 1e6) // size + 1))[: int(megabytes * 1e6 * len(text) / size)]
        real = len(part.encode()) / 1e6
        document = with_sections(Document("", "", "", part, ()))
        counting = best(lambda part=part: tokenizer.count(part))
        headings = best(lambda part=part: find_sections(part, (), ()))
        splitting = best(lambda document=document: split(document, tokenizer, 2000))
        tokens = tokenizer.count(part) / real
        print(
            f"{real:<7.1f} {tokens:<11.0f} {real / counting:<12.1f} {headings * 1e3 / real:>5.0f} ms   "
            f"{splitting * 1e3 / real:>7.0f} ms     {real / (headings + splitting):>6.1f}"
        )


def print_quality(documents: Sequence[Document], tokenizer: Tokenizer) -> None:
    print("\nbudget  chunks  bound  ratio  mid-sentence  title at tail  max/mean")
    for budget in (500, 2000, 8000):
        chunks = [split(document, tokenizer, budget) for document in documents]
        count = sum(map(len, chunks))
        bound = sum(-(-tokenizer.count(document.text) // budget) for document in documents)
        pairs = list(zip(documents, chunks, strict=True))
        mid = sum(ends_mid_sentence(d, c) for d, of_document in pairs for c in of_document[:-1])
        tails = sum(ends_with_title(d, c) for d, of_document in pairs for c in of_document[:-1])
        uneven = max(unevenness(of_document) for of_document in chunks)
        print(f"{budget:<7} {count:<7} {bound:<6} {count / bound:<6.3f} {mid:<13} {tails:<14} {uneven:.3f}")
        for document, of_document in pairs:
            texts = [document.text[c.span.start : c.span.end] for c in of_document]
            if "".join(texts) != document.text or any(tokenizer.count(t) > budget for t in texts):
                print(f"VIOLATION in {document.filename}")


def ends_mid_sentence(document: Document, chunk: Chunk) -> bool:
    text = document.text[chunk.span.start : chunk.span.end]
    return all(at != len(text) for at, _ in ends_in(text))


def ends_with_title(document: Document, chunk: Chunk) -> bool:
    text = document.text[: chunk.span.end].rstrip()
    line = text.rfind("\n") + 1
    return any(s.span.start == line and s.title and s.heading.end >= len(text) - 1 for s in document.sections)


def unevenness(chunks: Sequence[Chunk]) -> float:
    sizes = [chunk.tokens for chunk in chunks]
    return max(sizes) * len(sizes) / sum(sizes) if sizes else 1.0


def print_estimate(documents: Sequence[Document], tokenizer: Tokenizer) -> None:
    print("\nestimate / exact")
    chinese = exact = 0
    below = 0
    for document in documents:
        text = document.text
        counts = estimator().count(text), tokenizer.count(text)
        below += counts[0] < counts[1]
        if sum("一" <= char <= "鿿" for char in text) > 0.4 * len(text):
            chinese, exact = chinese + counts[0], exact + counts[1]
    print(f"Chinese documents: {chinese / max(1, exact):.2f}; documents under-counted: {below}")


if __name__ == "__main__":
    main()
