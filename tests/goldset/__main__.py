"""Make the gold set: ``python -m tests.goldset OUT [--seed 1] [--contracts 60] [--reports 15]``.

Two folders: ``tuning`` (two thirds) may be looked at while rules and prompts are worked on; ``held_back`` (the rest,
with phrasings of its own) only to measure. Every third contract is clean. Score with ``longdoc eval OUT/held_back``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from make_samples import bare, located, page_texts
from source.layout import Style, write_pdf
from source.markup import parse_blocks

from tests.goldset import contracts, reports
from tests.goldset.paper import Paper

ROOT = Path(__file__).parents[2]


def make(out: Path, *, seed: int, contract_count: int, report_count: int) -> None:
    """Write the gold set. The same seed makes the same set."""
    for at in range(contract_count):
        rng = Random(f"{seed}/contract/{at}")
        type_ = contracts.TYPES[at % len(contracts.TYPES)]
        flaws = frozenset() if at % 3 == 0 else frozenset(rng.sample(contracts.DEFECTS, rng.randrange(1, 4)))
        paper = Paper(f"{at:03}_{type_.name}", rng, held_back=at % 3 == 1)
        _write(paper, out, "contract", type_.name, lambda p, t=type_, f=flaws: contracts.contract(p, t, f))
    for at in range(report_count):
        rng = Random(f"{seed}/report/{at}")
        flaws = frozenset() if at % 4 == 0 else frozenset(rng.sample(reports.DEFECTS, rng.randrange(1, 4)))
        paper = Paper(f"r{at:02}_年报", rng, held_back=at % 3 == 1)
        _write(paper, out, "report", "年度报告", lambda p, f=flaws: reports.report(p, f))


def _write(paper: Paper, out: Path, kind: str, type_: str, compose: Callable[[Paper], dict[str, Any]]) -> None:
    fields = compose(paper)
    folder = out / ("held_back" if paper.held_back else "tuning")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{paper.name}.pdf"
    rng = paper.rng
    size = rng.choice((10.5, 11.0, 12.0))
    style = Style(
        size=size,
        leading=size * rng.choice((1.6, 1.75, 1.9)),
        left=rng.choice((72.0, 84.0, 90.0)),
        right=rng.choice((72.0, 84.0, 90.0)),
        header=rng.choice(("", "内部资料　注意保管", "")),
        footer=rng.choice(("第 {page} 页 共 {pages} 页", "- {page} -", "{page}/{pages}")),
    )
    pages = write_pdf(path, parse_blocks("\n".join(paper.lines)), style, paper.name)
    texts = page_texts(path)
    whole = [bare(text) for text in texts]
    citations = []
    for field, value, quote in paper.citations:
        on = [number for number, text in enumerate(whole, 1) if bare(quote) in text]
        if len(on) == 1:  # a quote that a page break divides has no one page
            citations.append({"field": field, "value": value, "quote": quote, "page": on[0]})
    gold = {
        "file": path.name,
        "kind": kind,
        "type": type_,
        "pages": pages,
        "fields": fields,
        "defects": [_placed(defect, whole, texts, paper.name) for defect in paper.defects],
        "citations": citations,
    }
    text = json.dumps(gold, ensure_ascii=False, indent=1)
    path.with_suffix(".gold.json").write_text(text + "\n", encoding="utf-8")


def _placed(defect: dict[str, Any], whole: list[str], texts: list[str], name: str) -> dict[str, Any]:
    """The defect with its page; one whose quote a page break divides goes without."""
    needles = [bare(str(quote)) for quote in (defect.get("quote"), defect.get("other")) if quote]
    if all(sum(text.count(needle) for text in whole) == 1 for needle in needles):
        return located(defect, texts, name)
    kept = {key: value for key, value in defect.items() if key != "other"}
    return kept | {"quote": defect["quote"] and defect["quote"].replace("|", " "), "page": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contracts", type=int, default=60)
    parser.add_argument("--reports", type=int, default=15)
    given = parser.parse_args()
    make(given.out, seed=given.seed, contract_count=given.contracts, report_count=given.reports)


if __name__ == "__main__":
    main()
