"""What an edit in one clause leaves in the journal. ``python tests/bench/edits.py [--edits N] [--chunk-tokens N]``

Seeded edits (a word changed, a sentence or a clause inserted or deleted) of sample 13 and of documents in ../shared.
A chunk is served when its prompt, as ``pipeline.analysis`` words it, stood in the run before the edit. The text before
the first section is left alone. First as a run has it, which knows where the version before was cut; then as by a
splitter that sees the edited text alone. Beside it: the fewest chunks that could be asked anew if one knew where the
cuts were, with parts of 0.7 to 1 budgets that end with a sentence; and the texts that change under the splitters that
ours replaces. Not a test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from splitting import OTHERS, ROOT, SHARED, tokenizer_of, unevenness, with_sections

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.chunks import split
from pipeline.split.context import Context
from pipeline.split.marks import marks_of
from pipeline.split.sentences import ends_in, sentences
from pipeline.tokens import Tokenizer
from pipeline.types import Chunk, Document

FILES = (
    "data/samples/13_*.pdf", "../shared/corpus/zh/*劳动合同法.pdf", "../shared/corpus/zh/*招标文件.pdf",
)  # fmt: skip
LONGEST = 1500
"""Characters of a clause that is edited."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--edits", type=int, default=100)
    options.add_argument("--chunk-tokens", type=int, action="append")
    chosen = options.parse_args()
    tokenizer = tokenizer_of(None)
    for document in asyncio.run(documents()):
        for budget in chosen.chunk_tokens or (1000, 2000, 8000):
            report(document, tokenizer, budget, chosen.edits)
            report_others(document, tokenizer, budget, chosen.edits // 5)


async def documents() -> list[Document]:
    files = [file for pattern in FILES for file in sorted(ROOT.glob(pattern))] if SHARED.is_dir() else []
    files = files or sorted((ROOT / "data" / "samples").glob("13_*.pdf"))
    async with Reader(ReadLimits(ocr="off")) as reader:
        # what is told by place would move with every edit: numbering alone is used, before and after
        return [
            with_sections(replace(await reader.read(f, "0" * 64), bookmarks=(), pages=(), tables=(), prominent=()))
            for f in files
        ]


def report(document: Document, tokenizer: Tokenizer, budget: int, edits: int) -> None:
    chunks = split(document, tokenizer, budget)
    before = set(prompts(document, chunks))
    kept = set(marks_of(document.text, chunks, budget))
    least, uneven = 0, 0.0
    asked: dict[str, list[int]] = {}
    alone: dict[str, list[int]] = {}
    for seed in range(edits):
        kind, edited = edit(document, seed)
        after = split(edited, tokenizer, budget, kept.intersection)
        uneven = max(uneven, unevenness(after))
        asked.setdefault(kind, []).append(sum(prompt not in before for prompt in prompts(edited, after)))
        after = split(edited, tokenizer, budget)
        alone.setdefault(kind, []).append(sum(prompt not in before for prompt in prompts(edited, after)))
        least += fewest(document.text, chunks, edited.text, tokenizer, budget)
    print(
        f"{Path(document.filename).stem[:24]:<26} budget {budget} chunks {len(chunks)} max/mean "
        f"{unevenness(chunks):.3f}, after an edit at most {uneven:.3f}\n    asked anew: {told(asked)}; the fewest "
        f"possible without small parts: mean {least / edits:.2f}\n"
        f"    without the cuts of the version before: {told(alone)}",
        flush=True,
    )


def told(asked: dict[str, list[int]]) -> str:
    means = ", ".join(f"{kind} {sum(counts) / len(counts):.2f}" for kind, counts in sorted(asked.items()))
    counts = sorted(chain.from_iterable(asked.values()))
    one, high = sum(count <= 1 for count in counts) / len(counts), counts[int(0.95 * len(counts))]
    return f"mean {sum(counts) / len(counts):.2f}, one {one:.0%}, 95 % up to {high}, most {counts[-1]} ({means})"


def report_others(document: Document, tokenizer: Tokenizer, budget: int, edits: int) -> None:
    told: list[str] = []
    for name, made in OTHERS.items():
        try:
            cut = made(tokenizer, budget)
        except ImportError:
            continue
        before = set(cut(document))
        new = [sum(text not in before for text in cut(edit(document, seed)[1])) for seed in range(edits)]
        told.append(f"{name} {sum(new) / max(1, edits):.2f}")
    if told:
        print(f"    texts that change, of {edits} of these edits: {', '.join(told)}", flush=True)


def fewest(text: str, chunks: Sequence[Chunk], new: str, tokenizer: Tokenizer, budget: int) -> int:
    """The fewest new chunks of any division of ``new`` that knows the chunks of ``text``."""
    head = alike(text, new)
    tail = alike(text[head:][::-1], new[head:][::-1])
    moved, behind = len(new) - len(text), len(text) - tail
    kept = {c.span for c in chunks if c.span.end <= head}
    kept |= {(c.span.start + moved, c.span.end + moved) for c in chunks if c.span.start >= behind}
    ends = tokenizer.ends(new)
    places = {ends[at] * COARSE // budget: at for at, _ in ends_in(new)}
    edges = sorted({0, len(new), *places.values(), *(at for span in kept for at in span)})
    cost = dict.fromkeys(edges, len(edges)) | {0: 0}
    first = 0
    for j, at in enumerate(edges):
        while ends[at] - ends[edges[first]] > budget:
            first += 1
        for before in edges[first:j]:
            known = (before, at) in kept
            if known or ends[at] - ends[before] >= SHORTEST * budget or at == len(new):
                cost[at] = min(cost[at], cost[before] + (not known))
    return cost[len(new)]


def alike(one: str, other: str) -> int:
    """Length of their common beginning."""
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)


COARSE = 48
"""Places tried in a budget."""
SHORTEST = 0.7


def prompts(document: Document, chunks: Sequence[Chunk]) -> list[tuple[object, ...]]:
    """All that the prompt of each chunk says of the document."""
    context = Context(document)
    return [
        (
            context.title_for(chunk.span),
            chunk.headings,
            context.columns_for(chunk.span),
            *context.definitions_for(chunk.span),
            document.text[chunk.span.start : chunk.span.end],
        )
        for chunk in chunks
    ]


def edit(document: Document, seed: int) -> tuple[str, Document]:
    rng, text = random.Random(seed), document.text
    sections = document.sections
    leaves = [
        a
        for a, b in zip(sections, (*sections[1:], None), strict=False)
        if a.span.length < LONGEST and (b is None or b.span.start >= a.span.end)
    ]
    clause, other = rng.choice(leaves), rng.choice(leaves)
    kind = ("word", "clause deleted", "clause inserted", "sentence deleted", "sentence inserted")[seed % 5]
    start, end = clause.span
    if kind == "clause deleted":
        new = text[:start] + text[end:]
    elif kind == "clause inserted":
        new = text[:end] + text[other.span.start : other.span.end] + text[end:]
    elif kind == "word":
        at = rng.randrange(min(clause.heading.end, end - 1), end)
        new = text[:at] + "经书面同意" + text[min(end - 1, at + rng.randrange(6)) :]
    else:
        one = rng.choice(sentences(text[start:end]))
        added = "经双方书面同意并另行通知对方的除外，但不得损害第三人的利益。" if kind == "sentence inserted" else ""
        new = text[: start + (one.end if added else one.start)] + added + text[start + one.end :]
    return kind, with_sections(replace(document, text=new))


if __name__ == "__main__":
    main()
