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
from pipeline.split.headings import find_sections, sections_of
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
    print_others(documents, tokenizer)
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
    return replace(document, sections=sections_of(document))


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
    print("\nbudget  chunks  bound  ratio  mid-sentence of cuts  title at tail  max/mean of the least even")
    for budget in (500, 2000, 8000):
        chunks = [split(document, tokenizer, budget) for document in documents]
        count = sum(map(len, chunks))
        bound = sum(-(-tokenizer.count(document.text) // budget) for document in documents)
        pairs = list(zip(documents, chunks, strict=True))
        mid = sum(ends_mid_sentence(d, c) for d, of_document in pairs for c in of_document[:-1])
        tails = sum(ends_with_title(d, c) for d, of_document in pairs for c in of_document[:-1])
        uneven = sorted(((unevenness(c), len(c), Path(d.filename).stem[:24]) for d, c in pairs), reverse=True)
        told = "; ".join(f"{value:.3f} {name}, {parts} chunks" for value, parts, name in uneven[:2])
        cuts = max(1, count - len(documents))
        print(
            f"{budget:<7} {count:<7} {bound:<6} {count / bound:<6.3f} {mid:<4} {mid / cuts:<16.1%} {tails:<14} {told}"
        )
        for document, of_document in pairs:
            texts = [document.text[c.span.start : c.span.end] for c in of_document]
            if "".join(texts) != document.text or any(tokenizer.count(t) > budget for t in texts):
                print(f"VIOLATION in {document.filename}")


def print_others(documents: Sequence[Document], tokenizer: Tokenizer, budget: int = 2000) -> None:
    """The splitters that ours replaces, with the same counter; those that are not installed are named."""
    size = sum(len(document.text.encode()) for document in documents) / 1e6
    bound = sum(-(-tokenizer.count(document.text) // budget) for document in documents)
    print(
        f"\nbudget {budget}       MB per CPU s  chunks (bound {bound})  mid-sentence  over budget  max/mean  lossless"
    )
    for name, made in {"longdoc": ours, **OTHERS}.items():
        try:
            cut = made(tokenizer, budget)
        except ImportError:
            print(f"{name:<22} not installed: pip install -e '.[dev]'")
            continue
        started = time.process_time()
        parts = [cut(document) for document in documents]
        seconds = time.process_time() - started
        mid = sum(all(at != len(t) for at, _ in ends_in(t)) for of in parts for t in of[:-1])
        over = sum(tokenizer.count(text) > budget for of in parts for text in of)
        whole = all("".join(of) == document.text for of, document in zip(parts, documents, strict=True))
        sizes = [[tokenizer.count(text) for text in of] for of in parts if of]
        uneven = max(max(of) * len(of) / sum(of) for of in sizes)
        made_of = f"{sum(map(len, parts)):<19} {mid:<13} {over:<12} {uneven:<9.2f} {whole}"
        print(f"{name:<22} {size / seconds:<13.2f} {made_of}")


Cutter = Callable[[Document], list[str]]


def ours(tokenizer: Tokenizer, budget: int) -> Cutter:
    return lambda d: [d.text[c.span.start : c.span.end] for c in split(d, tokenizer, budget)]


def by_semchunk(tokenizer: Tokenizer, budget: int) -> Cutter:
    import semchunk

    chunker = semchunk.chunkerify(tokenizer.count, budget)
    return lambda document: list(chunker(document.text))


def by_semantic_text_splitter(tokenizer: Tokenizer, budget: int) -> Cutter:
    from semantic_text_splitter import TextSplitter

    splitter = TextSplitter.from_callback(tokenizer.count, budget, trim=False)
    return lambda document: list(splitter.chunks(document.text))


def by_langchain(tokenizer: Tokenizer, budget: int) -> Cutter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=budget, chunk_overlap=0, length_function=tokenizer.count, keep_separator="end",
        strip_whitespace=False, separators=["\n\n", "\n", "。", "！", "？", "；", "，", ""],
    )  # fmt: skip
    return lambda document: splitter.split_text(document.text)


def by_chonkie(tokenizer: Tokenizer, budget: int) -> Cutter:
    from chonkie import SentenceChunker

    chunker = SentenceChunker(tokenizer.count, chunk_size=budget, chunk_overlap=0, delim=["。", "！", "？", "；", "\n"])
    return lambda document: [chunk.text for chunk in chunker.chunk(document.text)]


OTHERS: dict[str, Callable[[Tokenizer, int], Cutter]] = {
    "semchunk": by_semchunk,
    "chonkie sentence": by_chonkie,
    "semantic-text-splitter": by_semantic_text_splitter,
    "langchain recursive": by_langchain,
}


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
