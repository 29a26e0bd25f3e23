"""One batch as a Prefect task, and what the dashboard shows of it. Shared by the flows that review documents.

Nothing here hands document text to Prefect: parameters are paths and names, logs and artifacts are counts, ids, file
names and the errors' own words. Secrets (API key, passwords, a database URL that has one) come from the environment
or longdoc.toml, never as parameters, because Prefect stores and shows those.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prefect import get_client, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.base import ServerType
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.asyncio import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.states import Completed, Failed
from prefect.tasks import Task

from flows.markdown import link, plain
from pipeline.engines.choose import choose
from pipeline.errors import EngineError, InternalError, LongdocError, SettingsError
from pipeline.lang import Text, set_language
from pipeline.outcome import Batch, Event, Listener, Result
from pipeline.run import review
from pipeline.screen import shown, usage_line
from pipeline.settings import Settings, load_settings

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

GPU = "gpu"
"""Name of the global concurrency limit that a loaded vLLM holds; made with limit 1 where missing."""
LEASE_S = 60.0
"""A killed run gives the GPU back after so long."""
ENGINE_FAILED = "EngineFailed"
"""Name of a Failed state whose cause is the engine, not the documents."""
PROGRESS_S = 2.0
ROWS = 200
"""Most documents named in one artifact: the database has them all."""

ALSO_TOLD: ContextVar[Listener | None] = ContextVar("also_told", default=None)
"""Who hears of the events of a run in this process, besides Prefect."""

_SECONDS_BETWEEN_TRIES: list[float] = [5.0, 30.0]


class EngineDownError(EngineError):
    """The engine died under a batch. ``batch`` says what was done before: a retry takes up the rest."""

    def __init__(self, batch: Batch) -> None:
        error = next(result.error for result in batch.results if result.exit_code == EngineError.exit_code)
        super().__init__(
            Text(error, error),
            Text("已完成的都已保存，重跑只做剩下的", "what was done is saved: run again for the rest"),
        )
        self.batch = batch


async def run_batch(paths: Sequence[Path], options: Mapping[str, object], *, name: str) -> State[None]:
    """Review ``paths`` as a task with retries, write the summary artifact, and say how it ended.

    Returns Completed, or Failed when any document did. Raises SettingsError and UsageError.
    """
    settings = settings_for(options)
    choose(settings)  # an engine that can't be shows before anything is started
    try:
        batch = await review_batch(paths, settings, key=name)
    except EngineDownError as error:
        batch = error.batch
    except LongdocError as error:
        await acreate_markdown_artifact(f"**{plain(str(error))}**", key=f"{name}-summary")
        raise
    await acreate_markdown_artifact(markdown_summary(batch), key=f"{name}-summary")
    return final_state(batch)


def settings_for(options: Mapping[str, object]) -> Settings:
    """Settings from the environment and longdoc.toml, with the flow's parameters over them (None: as set there).

    Raises SettingsError, also for a password in a parameter.
    """
    for name in ("database", "base_url"):
        if urlsplit(str(options.get(name) or "")).password:
            variable = f"LONGDOC_{name.upper()}"
            raise SettingsError(
                Text(f"流程参数 {name} 含有密码", f"the flow parameter {name} holds a password"),
                Text(
                    f"Prefect 会保存并显示参数；请改用环境变量 {variable} 或 longdoc.toml",
                    f"Prefect stores and shows parameters: use {variable} or longdoc.toml",
                ),
            )
    settings = load_settings(options)
    set_language(settings.lang)
    return settings


def may_pass(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether trying again makes sense: an engine or a connection, never a setting. It repeats nothing that is done."""
    return isinstance(state.data, EngineError | ConnectionError | TimeoutError | httpx.TransportError)


@task(
    name="review",
    retries=len(_SECONDS_BETWEEN_TRIES),
    retry_delay_seconds=_SECONDS_BETWEEN_TRIES,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def review_batch(paths: Sequence[Path], settings: Settings, *, key: str) -> Batch:
    """One engine run over all paths. Raises EngineDownError so that it is tried again."""
    try:
        async with gpu_slot(choose(settings).name), progress(f"{key}-progress") as on_event:
            batch = await review(paths, settings, on_event)
    except (LongdocError, OSError, httpx.TransportError):
        raise
    except Exception as bug:
        raise InternalError.of(bug) from None  # its own words may quote a document, and Prefect keeps them
    if any(result.exit_code == EngineError.exit_code for result in batch.results):
        raise EngineDownError(batch)
    return batch


# --- the GPU ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def gpu_slot(engine: str) -> AsyncGenerator[None]:
    """Hold the global concurrency limit ``gpu`` while ``vllm`` is the engine; wait for it as long as it takes.

    Without a server (a flow run straight from Python) there is nobody to share with, and nothing that would free the
    slot of a killed run: then nothing is held.
    """
    if engine != "vllm" or not await _gpu_limit_is_there():
        yield
        return
    async with concurrency(GPU, lease_duration=LEASE_S, raise_on_lease_renewal_failure=False):
        yield


async def _gpu_limit_is_there() -> bool:
    """Make the limit where it is missing; one that somebody has set is left as it is."""
    async with get_client() as client:
        if client.server_type is ServerType.EPHEMERAL:
            return False
        try:
            await client.read_global_concurrency_limit_by_name(GPU)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):  # another run was faster
                await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=GPU, limit=1))
    return True


# --- what the dashboard shows -----------------------------------------------------------------------------------------


@asynccontextmanager
async def progress(key: str) -> AsyncGenerator[Listener]:
    """A listener whose events become log lines and a progress artifact, written every other second at most."""
    logger = get_run_logger()
    artifact = await acreate_progress_artifact(0.0, key=key)
    percent, usage = 0.0, ""
    also_told = ALSO_TOLD.get()

    def listen(event: Event) -> None:
        nonlocal percent, usage
        if also_told:
            also_told(event)
        percent = 100.0 * event.done / event.total if event.total else 0.0
        if event.now and event.so_far:
            usage = usage_line(event.now, event.so_far)
        else:
            log_event(logger, event)

    async def follow() -> None:
        written = (0.0, "")
        while True:
            await asyncio.sleep(PROGRESS_S)
            if (percent, usage) != written:
                await aupdate_progress_artifact(artifact, percent, usage)
                written = (percent, usage)

    follower = asyncio.create_task(follow())
    try:
        yield listen
    finally:
        follower.cancel()
        [outcome] = await asyncio.gather(follower, return_exceptions=True)
        if isinstance(outcome, Exception):
            logger.warning("the progress artifact could not be updated: %s", type(outcome).__name__)
    await aupdate_progress_artifact(artifact, percent, usage)


def log_event(logger: Log, event: Event) -> None:
    """One line of the run's log; failures are warnings."""
    name = f" {shown(event.path.name)}" if event.path else ""
    text = f": {shown(event.text)}" if event.text else ""
    logger.log(_LEVELS.get(event.kind, logging.INFO), "%d/%d %s%s%s", event.done, event.total, event.kind, name, text)


_LEVELS = {"read": logging.DEBUG, "planned": logging.DEBUG, "failed": logging.WARNING}


def final_state(batch: Batch) -> State[None]:
    """Completed if every document was analysed; else Failed, naming the documents and what kind of error each met."""
    failed = [result for result in batch.results if result.status == "failed"]
    if not failed:
        return Completed(message=str(_counts(batch.results)))
    named = [f"{_short_id(result)} {result.error_type}" for result in failed[:20]]
    more = [f"+{len(failed) - len(named)}"] if len(failed) > len(named) else []
    name = ENGINE_FAILED if batch.exit_code == EngineError.exit_code else "Failed"
    return Failed(name=name, message=f"{_counts(batch.results)}: {'; '.join([*named, *more])}")


def markdown_summary(batch: Batch) -> str:
    """Counts, ids, file names, errors and links to the reports; the failed documents first. No document text."""
    in_order = sorted(batch.results, key=lambda result: result.status != "failed")
    rows = [_row(result) for result in in_order[:ROWS]]
    if len(in_order) > ROWS:
        left = len(in_order) - ROWS
        rows.append(
            str(Text(f"\n另有 {left} 份，见数据库与报告总览。", f"\n{left} more: see the database and the index."))
        )
    head = [
        f"**{_counts(batch.results)}**",
        "",
        f"- {Text('引擎', 'engine')}: {plain(batch.engine)} {plain(batch.model)} — {plain(batch.engine_reason)}",
        f"- {Text('运行', 'run')}: {plain(batch.run_id)}",
    ]
    if batch.usage and (line := usage_line(batch.usage, batch.usage)):
        head.append(f"- {Text('用量', 'usage')}: {line}")
    if batch.index:
        head.append(f"- {link(str(Text('报告总览', 'all reports')), batch.index)}")
    titles = Text(
        "文件|编号|状态|页|发现|高风险|引擎分钟|报告或原因",
        "file|id|status|pages|findings|high|engine minutes|report or cause",
    )
    return "\n".join([*head, "", f"|{titles}|", "|---|---|---|--:|--:|--:|--:|---|", *rows])


def _counts(results: Sequence[Result]) -> Text:
    done, reused, failed = (sum(r.status == status for r in results) for status in ("done", "reused", "failed"))
    return Text(
        f"{len(results)} 份文件：{done} 份新分析，{reused} 份已有，{failed} 份失败",
        f"{len(results)} documents: {done} analysed, {reused} known before, {failed} failed",
    )


def _row(result: Result) -> str:
    if result.status == "failed":
        last = f"{plain(result.error_type)}: {plain(result.error)}"
    else:
        last = link(str(Text("打开", "open")), result.report) if result.report else ""
    name = plain(result.path.name)
    minutes = "" if result.engine_seconds is None else f"{result.engine_seconds / 60:.2f}"
    figures = f"{result.pages}|{result.findings}|{result.high}|{minutes}"
    return f"|{name}|{_short_id(result)}|{result.status}|{figures}|{last}|"


def _short_id(result: Result) -> str:
    """The first twelve digits of the document's sha256, or a dash where no bytes could be read."""
    return result.document_id[:12] if result.document_id else "-"
