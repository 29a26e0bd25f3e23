"""Rules alone against gold: the samples, and the gold set's tuning and held-back parts.

python tests/bench/quality.py [GOLD_DIR ...]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.evaluation.command import show
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.gold import load_gold
from pipeline.settings import load_settings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data/samples"


def by_rules(gold: Path, out: Path) -> Evaluation:
    """Evaluate the rules on the documents of ``gold`` that have a text layer."""
    settings = load_settings({"engine": "rules", "out": out, "ocr": "off"}, environ={})
    documents = [document for document in load_gold(gold) if "扫描" not in document.path.name]
    return asyncio.run(evaluate(documents, settings, gold.name, lambda event: None))


def main(folders: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        if not folders:
            from tests.goldset.__main__ import make

            made = Path(scratch) / "gold"
            make(made, seed=1, contract_count=60, report_count=15)
            folders = (SAMPLES, made / "tuning", made / "held_back")
        for folder in folders:
            print(f"\n{folder.name}")
            show(by_rules(folder, Path(scratch) / "out"), [], json=False)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
