"""Whether every planted fact of a long document reaches the database, with its page: whole, and in parts of any size.

    python tests/bench/facts.py [FACTS]

A real PDF of one fact a page, about 240 tokens each as the estimate counts (500 pages: over 120,000); a real server on
this machine that answers each question with exactly the facts that stand in its prompt, as far as its lists take them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from papers import contract
from scripted_server import ScriptedServer, serving

from pipeline.run import review
from pipeline.settings import load_settings

SIZES = (1_000, 2_000, 8_000, 30_000)
CONTEXT = 262_144


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path, facts = contract(Path(name) / "long.pdf", pages=number, filler=6)
        for strategy, size in (("whole", CONTEXT), *(("map-reduce", size) for size in SIZES)):
            folder = Path(name) / f"{strategy}-{size}"
            with serving(ScriptedServer(facts=list(facts), context=CONTEXT)) as server:
                values = {"engine": "http", "base_url": server.base_url, "strategy": strategy, "chunk_tokens": size,
                          "images": "off", "database": f"sqlite:///{folder}/db", "out": folder / "out"}  # fmt: skip
                begun = time.perf_counter()
                batch = asyncio.run(review([path], load_settings(values, environ={}, directory=Path(name))))
                seconds = time.perf_counter() - begun
            assert batch.exit_code == 0, batch.results
            tokens, found = asked(folder / "db")
            told = f"{tokens:,} tokens, {strategy}" + (f" of {size:,}" if strategy != "whole" else "")
            right = {quote for quote, page in found if facts.get(quote) == page}
            print(f"{told}: {len(right)} of {number} facts on their page, {len(found - facts.items())} elsewhere "
                  f"({len(server.requests)} requests, {seconds:.0f} s)")  # fmt: skip


def asked(database: Path) -> tuple[int, set[tuple[str, int]]]:
    """Tokens of the document, and the model's quotes with their pages."""
    with sqlite3.connect(database) as connection:
        [tokens] = connection.execute("select tokens from documents").fetchone()
        found = connection.execute(
            "select quote, page from evidence where finding_id in (select id from findings where source = 'llm')"
        )
        return tokens, set(found.fetchall())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
