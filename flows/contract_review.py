"""``contract-review``: a batch of contracts, or of whatever lies in a folder, as one Prefect flow run.

As a command it runs here and now, without a server: ``python -m flows.contract_review data/samples``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from flows.batch import run_batch
from pipeline.types import EngineName, Kind, Side, Strategy, Switch

SAMPLES = Path("data/samples")


@flow(name="contract-review", persist_result=False)
async def contract_review(
    paths: list[Path] | Path = SAMPLES,
    kind: Kind = "auto",
    engine: EngineName | None = None,
    model: str | None = None,
    base_url: str | None = None,
    database: str | None = None,
    out: Path | None = None,
    pack: str | None = None,
    side: Side | None = None,
    strategy: Strategy | None = None,
    thinking: Switch | None = None,
    force: bool | None = None,
) -> State[None]:
    """Review contracts (PDF, Word, text, scans): findings into the database, HTML reports into a folder.

    Args:
        paths: files (PDF, Word, text, images), or folders of them.
        kind: contract or report; auto decides per document, from its text.
        engine: vllm, http, rules or auto. Here and below, None means: as LONGDOC_... or longdoc.toml say.
        model: model folder, hub id, or the served model's name.
        base_url: OpenAI-compatible server.
        database: SQLAlchemy URL; one with a password belongs into LONGDOC_DATABASE.
        out: folder of the HTML reports.
        pack: checklist.
        side: whose side the review takes.
        strategy: whole, map-reduce or auto.
        thinking: on, off or auto.
        force: analyse again what was analysed before.
    """
    options = {
        "kind": kind, "engine": engine, "model": model, "base_url": base_url, "database": database, "out": out,
        "pack": pack, "side": side, "strategy": strategy, "thinking": thinking, "force": force,
    }  # fmt: skip
    return await run_batch(paths if isinstance(paths, list) else [paths], options, name="contract-review")


if __name__ == "__main__":
    from flows.command import run_here

    sys.exit(run_here(contract_review))
