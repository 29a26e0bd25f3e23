"""``report-analysis``: annual reports, research reports and their like, as one Prefect flow run.

As a command it runs here and now, without a server: ``python -m flows.report_analysis FILE...``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from flows.batch import run_batch
from pipeline.types import EngineName, Kind, Strategy, Switch


@flow(name="report-analysis", persist_result=False)
async def report_analysis(
    paths: list[Path] | Path,
    kind: Kind = "report",
    engine: EngineName | None = None,
    model: str | None = None,
    base_url: str | None = None,
    database: str | None = None,
    out: Path | None = None,
    pack: str | None = None,
    strategy: Strategy | None = None,
    thinking: Switch | None = None,
    force: bool | None = None,
) -> State[None]:
    """Analyse reports (PDF, Word, text, scans): figures, changes, risks, outlook; into the database and HTML reports.

    Args:
        paths: files (PDF, Word, text, images), or folders of them.
        kind: report; contract or auto for a folder that holds both.
        engine: vllm, http, rules or auto. Here and below, None means: as LONGDOC_... or longdoc.toml say.
        model: model folder, hub id, or the served model's name.
        base_url: OpenAI-compatible server.
        database: SQLAlchemy URL; one with a password belongs into LONGDOC_DATABASE.
        out: folder of the HTML reports.
        pack: checklist.
        strategy: whole, map-reduce or auto.
        thinking: on, off or auto.
        force: analyse again what was analysed before.
    """
    options = {
        "kind": kind, "engine": engine, "model": model, "base_url": base_url, "database": database, "out": out,
        "pack": pack, "strategy": strategy, "thinking": thinking, "force": force,
    }  # fmt: skip
    return await run_batch(paths if isinstance(paths, list) else [paths], options, name="report-analysis")


if __name__ == "__main__":
    from flows.command import run_here

    sys.exit(run_here(report_analysis))
