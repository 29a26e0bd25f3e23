"""What an edit in one clause leaves in the journal. ``python tests/bench/edits.py [--edits N] [--chunk-tokens N]``

Seeded edits (a phrase changed, a clause inserted, a clause deleted) of sample 13 and of laws in ../shared. A chunk is
served when its prompt, as ``pipeline.analysis`` words it, stood in the run before the edit. The text before the first
section is left alone. Not a test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from dataclasses import replace
from pathlib import Path

from splitting import ROOT, SHARED, tokenizer_of, with_sections

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.chunks import split
from pipeline.split.context import Context
from pipeline.tokens import Tokenizer
from pipeline.types import Document

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


async def documents() -> list[Document]:
    files = [file for pattern in FILES for file in sorted(ROOT.glob(pattern))] if SHARED.is_dir() else []
    files = files or sorted((ROOT / "data" / "samples").glob("13_*.pdf"))
    async with Reader(ReadLimits(ocr="off")) as reader:
        # places of bookmarks would move with every edit: numbering alone is used, before and after
        return [
            with_sections(replace(await reader.read(f, "0" * 64), bookmarks=(), pages=(), tables=())) for f in files
        ]


def report(document: Document, tokenizer: Tokenizer, budget: int, edits: int) -> None:
    before = set(prompts(document, tokenizer, budget))
    served = total = worst = 0
    asked: dict[str, list[int]] = {}
    for seed in range(edits):
        kind, edited = edit(document, seed)
        after = prompts(edited, tokenizer, budget)
        new = sum(prompt not in before for prompt in after)
        asked.setdefault(kind, []).append(new)
        served, total, worst = served + len(after) - new, total + len(after), max(worst, new)
    means = ", ".join(f"{kind} {sum(counts) / len(counts):.2f}" for kind, counts in sorted(asked.items()))
    print(
        f"{Path(document.filename).stem[:24]:<26} budget {budget} chunks {len(before)} served {served / total:.3f} "
        f"(one chunk asked anew: {1 - edits / total:.3f}); asked anew: {means}, most {worst}"
    )


def prompts(document: Document, tokenizer: Tokenizer, budget: int) -> list[tuple[object, ...]]:
    """All that the prompt of each chunk says of the document."""
    context = Context(document)
    return [
        (
            context.title_for(chunk.span),
            chunk.headings,
            *context.definitions_for(chunk.span),
            document.text[chunk.span.start : chunk.span.end],
        )
        for chunk in split(document, tokenizer, budget)
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
    kind = ("change", "deletion", "insertion")[seed % 3]
    start, end = clause.span
    if kind == "deletion":
        new = text[:start] + text[end:]
    elif kind == "insertion":
        new = text[:end] + text[other.span.start : other.span.end] + text[end:]
    else:
        at = rng.randrange(min(clause.heading.end, end - 1), end)
        new = text[:at] + "经双方书面同意并另行通知对方后，" + text[min(end - 1, at + rng.randrange(12)) :]
    return kind, with_sections(replace(document, text=new))


if __name__ == "__main__":
    main()
