"""``watch-inbox``: the watched folder as a flow run that goes on until it is cancelled.

It holds its engine all that time, and with vLLM the GPU's only slot: other flows that need the GPU wait. A machine that
does nothing else runs ``longdoc watch`` under systemd instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.batch import gpu_slot, log_event, may_pass, settings_for
from flows.markdown import plain
from pipeline.engines.choose import choose
from pipeline.lang import Text
from pipeline.outcome import Event
from pipeline.settings import Settings
from pipeline.types import EngineName, Kind, Side, Strategy, Switch
from pipeline.watch import watch

SUMMARY_S = 60.0
"""Between two summaries, if anything has happened."""


@flow(name="watch-inbox", persist_result=False)
async def watch_inbox(
    inbox: Path | None = None,
    once: bool = False,
    kind: Kind | None = None,
    engine: EngineName | None = None,
    model: str | None = None,
    base_url: str | None = None,
    database: str | None = None,
    out: Path | None = None,
    pack: str | None = None,
    side: Side | None = None,
    strategy: Strategy | None = None,
    thinking: Switch | None = None,
) -> State[None]:
    """Analyse every document that is dropped into a folder, and move it to ``done`` or ``failed`` there.

    Args:
        inbox: the folder. Here and below, None means: as LONGDOC_... or longdoc.toml say.
        once: end when nothing is left to take.
        kind: contract, report or auto.
        engine: vllm, http, rules or auto.
        model: model folder, hub id, or the served model's name.
        base_url: OpenAI-compatible server.
        database: SQLAlchemy URL; one with a password belongs into LONGDOC_DATABASE.
        out: folder of the HTML reports.
        pack: checklist.
        side: whose side the review takes.
        strategy: whole, map-reduce or auto.
        thinking: on, off or auto.
    """
    options = {
        "inbox": inbox, "kind": kind, "engine": engine, "model": model, "base_url": base_url, "database": database,
        "out": out, "pack": pack, "side": side, "strategy": strategy, "thinking": thinking,
    }  # fmt: skip
    settings, tally = settings_for(options), Tally()
    choose(settings)  # an engine that can't be shows before anything is started
    code = await watch_folder(settings, tally, once=once)
    if not once:
        return Cancelled(message=f"{tally.counts()}")  # nothing but a signal ends it
    return Failed(message=f"{tally.counts()}") if code else Completed(message=f"{tally.counts()}")


@task(
    name="watch",
    retries=100,
    retry_delay_seconds=60.0,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def watch_folder(settings: Settings, tally: Tally, *, once: bool) -> int:
    """One watcher, begun again while its engine is out of reach. Returns the exit code of ``longdoc watch``."""
    logger = get_run_logger()

    def listen(event: Event) -> None:
        log_event(logger, event)
        tally.count(event)

    reporter = asyncio.create_task(_report(tally))
    try:
        async with gpu_slot(choose(settings).name):
            return await watch(settings.inbox, settings, once=once, on_event=listen)
    finally:
        reporter.cancel()
        await asyncio.wait([reporter])
        await acreate_markdown_artifact(tally.markdown(), key="watch-inbox-summary")


class Tally:
    """What the watcher has done since it was started."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0
        self._latest: deque[str] = deque(maxlen=20)

    def count(self, event: Event) -> None:
        if event.kind not in ("saved", "reused", "failed"):
            return
        self.done += event.kind != "failed"
        self.failed += event.kind == "failed"
        name = plain(event.path.name) if event.path else ""
        self._latest.appendleft(f"- {event.kind} {name} {plain(event.text)}".rstrip())

    def counts(self) -> Text:
        return Text(f"{self.done} 份完成，{self.failed} 份失败", f"{self.done} done, {self.failed} failed")

    def markdown(self) -> str:
        """Counts and the latest files. No document text."""
        return "\n".join([f"**{self.counts()}**", "", *self._latest])


async def _report(tally: Tally) -> None:
    """Write the summary now and then, when something has happened."""
    written = (0, 0)
    while True:
        await asyncio.sleep(SUMMARY_S)
        if (tally.done, tally.failed) != written:
            written = (tally.done, tally.failed)
            await acreate_markdown_artifact(tally.markdown(), key="watch-inbox-summary")
