"""The documents of a batch, side by side: what is opened for them, and what becomes of each.

A :class:`Session` holds what is dear to open: the database, the reading processes, the engine (loaded when the first
document needs it, so that a rerun with nothing to do loads nothing). Its documents run side by side, each on its own:
read, split, planned, asked, proved, saved. What goes wrong with one is that one's result.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline import __version__
from pipeline.analysis import Review, rules_alone
from pipeline.analysis import review as review_document
from pipeline.engines.choose import EngineChoice, choose, load
from pipeline.engines.gather import Gathered
from pipeline.engines.meter import RunMeter
from pipeline.errors import (
    EngineError,
    InputError,
    InternalError,
    LongdocError,
    PipelineError,
    SettingsError,
)
from pipeline.examiners import Examiners
from pipeline.generation import Generation, Load
from pipeline.inputs import find_inputs, size_of
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.recognised import unsure
from pipeline.lang import Text
from pipeline.models.plan import Group, Plan, weigh
from pipeline.outcome import Batch, Event, Listener, Result
from pipeline.pdf.copies import Painter
from pipeline.pdf.failures import printable
from pipeline.pdf.places import with_boxes
from pipeline.pdf.read import Mark, Reader, check_unchanged, identify, mark_of
from pipeline.report.files import stem_of
from pipeline.report.html import IndexRow, index_row, prepare, write_index, write_report
from pipeline.report.pictures import draw_pictures
from pipeline.settings import Settings
from pipeline.split.marks import marks_of
from pipeline.steps import (
    checklist_of,
    fingerprint_of,
    info_of,
    lay_out,
    notes_on_reading,
)
from pipeline.store import Store
from pipeline.types import RULES_ALONE, Analysis, Chunk, Document, DocumentInfo, Examined, StoredAnalysis, Usage

DOCUMENTS_AT_ONCE = 64
"""Documents held in memory; what the engine gets is bounded by tokens, see Scheduler."""
_LOOK_S = 1.0
"""Between two looks at how the engine goes."""


@asynccontextmanager
async def opened(
    settings: Settings, reader: Reader, examiners: Examiners, painting: Painter, load_engine: Load | None
) -> AsyncGenerator[Session]:
    """A session with these processes and its database; closes the database and the engine."""
    choice = choose(settings)
    store = await asyncio.to_thread(Store.open, settings.database)
    try:
        generation = Generation(settings, choice, store, load_engine or load)
        session = Session(settings, choice, store, reader, examiners, generation, painting)
        try:
            yield session
        finally:
            await session.close()
    finally:
        await asyncio.to_thread(store.close)


class Session:
    """An open database, reading processes and engine. ``review`` may be called again, and while another one runs."""

    def __init__(
        self,
        settings: Settings,
        choice: EngineChoice,
        store: Store,
        reader: Reader,
        examiners: Examiners,
        generation: Generation,
        painting: Painter,
    ) -> None:
        self.settings = settings
        self.choice = choice
        self.store = store
        self.reader = reader
        self.examiners = examiners
        self.generation = generation
        self.painting = painting
        self.draws = settings.images == "on" or (settings.images == "auto" and choice.name != "rules")
        """Whether pages are drawn: by default not where there is no model, as it takes longer than the rules do."""
        self.documents = asyncio.Semaphore(DOCUMENTS_AT_ONCE)
        self._preparing: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Have what reports are made with ready by the time that the first document is."""
        if self._preparing is None:
            self._preparing = asyncio.create_task(asyncio.to_thread(prepare))

    async def close(self) -> None:
        await self.generation.close()
        if self._preparing:
            await self._preparing

    async def review(self, paths: Sequence[Path], on_event: Listener = lambda event: None) -> Batch:
        """Review files and folders. A document that fails is a failed result; SettingsError ends the batch."""
        inputs = find_inputs(paths)
        await self.generation.revive()
        model = await self.generation.model() if self.choice.name != "rules" else ""
        decides = await self.generation.decides() if model else ""
        run_id = await asyncio.to_thread(
            self.store.start_run,
            kind=self.settings.kind,
            engine=self.choice.name,
            engine_reason=str(self.choice.reason),
            model=model,
            settings=_recorded(self.settings),
        )
        on_event(Event("engine", None, str(self.choice.reason), 0, len(inputs)))
        status: Literal["done", "failed", "interrupted"] = "failed"
        batch = _BatchRun(self, run_id, decides, on_event, len(inputs))
        try:
            results = await batch.all(inputs)
            status = "failed" if any(result.status == "failed" for result in results) else "done"
        except asyncio.CancelledError:
            status = "interrupted"
            raise
        finally:
            usage = None if self.choice.name == "rules" else batch.usage()
            await asyncio.shield(asyncio.to_thread(self.store.finish_run, run_id, status, usage))
        if usage:
            results = batch.with_shares(results, usage)
        rows = sorted(batch.rows, key=lambda row: row.stored.id)
        index = await asyncio.to_thread(write_index, rows, self.settings.out, timezone=self.settings.timezone)
        return Batch(run_id, self.choice.name, str(self.choice.reason), model, tuple(results), index, usage)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A document laid out for the model."""

    plan: Plan | None
    """None where it came to none."""
    chunks: Sequence[Chunk]
    tokens: int


@dataclass(frozen=True, slots=True)
class _Identified:
    """A file of which it is known what it is."""

    document_id: str
    fingerprint: str
    """Of its analysis."""
    known: int | None
    """The analysis in force, if any."""
    mark: Mark | None
    """The file's, before its bytes were looked at."""


class _Postponed(Exception):
    """This document waits for its group."""


class _BatchRun:
    """The documents of one run, side by side."""

    def __init__(self, session: Session, run_id: str, decides: str, on_event: Listener, total: int) -> None:
        self._session = session
        self._settings = session.settings
        self._run_id = run_id
        self._decides = decides
        """What of the model decides its answers; empty where there is none."""
        self._on_event = on_event
        self._total = total
        self._done = 0
        self._turn = asyncio.Lock()
        """Files are identified one by one, so that they come to the reader in their order."""
        self.rows: list[IndexRow] = []
        """One for each analysis that was saved or found, in no order."""
        self._by_id: dict[str, asyncio.Task[Result]] = {}
        supersede = session.settings.force
        self._save = Gathered[Analysis, StoredAnalysis](
            lambda group: session.store.save_analyses(run_id, group, supersede=supersede)
        )
        self._candidates: dict[str, tuple[int, Plan]] = {}
        """Tokens and plan of the documents that only YaRN takes whole, by document."""
        self._group: Group | None = None
        """What was decided about those."""
        self._meter = RunMeter(session.generation.meter, session.generation.state)
        self._computed: dict[int, int] = {}
        """Tokens computed for each analysis of this run, by its number."""

    async def all(self, inputs: Sequence[Path | InputError]) -> list[Result]:
        """Results in the order of the inputs. The first error that is no document's own cancels the rest.

        Natively first; the documents that only YaRN takes whole wait until then, to share one load.
        """
        # the largest first: a long document that starts last is what everyone waits for
        places = sorted(range(len(inputs)), key=lambda place: size_of(inputs[place]), reverse=True)
        results: dict[int, Result] = {}
        await self._work(inputs, places, results)
        if self._candidates:
            await self._group_of_candidates(inputs, places, results)
        return [results[place] for place in range(len(inputs))]

    async def _group_of_candidates(
        self, inputs: Sequence[Path | InputError], places: Sequence[int], results: dict[int, Result]
    ) -> None:
        """The documents that only YaRN takes whole. Where nobody asked for it, and the engine does not load with it,
        they are read in parts."""
        generation, strategy = self._session.generation, self._settings.strategy
        stretch = (await generation.sizing()).stretch
        assert stretch, "no candidates without"
        self._group = group = weigh(list(self._candidates.values()), stretch, strategy=strategy)
        try:
            await self._work(inputs, [place for place in places if place not in results], results)
        except SettingsError as error:
            if error is not generation.failure or not group.context or stretch.asked or strategy == "whole":
                raise
            await generation.revive()
            self._group = Group(
                0, Text(f"；以 YaRN 载入失败：{error.cause.zh}", f"; loading with YaRN failed: {error.cause.en}")
            )
            self._by_id = {
                id_: task for id_, task in self._by_id.items() if not task.cancelled() and not task.exception()
            }
            await self._work(inputs, [place for place in places if place not in results], results)

    async def _work(
        self, inputs: Sequence[Path | InputError], places: Sequence[int], results: dict[int, Result]
    ) -> None:
        """Put the results of ``places`` into ``results``, but for those that have to wait for their group."""
        waiting = iter(places)

        async def work() -> None:
            for place in waiting:
                with suppress(_Postponed):
                    results[place] = await self._input(inputs[place])

        tasks = [asyncio.ensure_future(work()) for _ in range(min(DOCUMENTS_AT_ONCE, len(places)))]
        looking = asyncio.ensure_future(self._look_on())
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            for task in (*tasks, *self._by_id.values()):
                task.cancel()
            await asyncio.gather(*tasks, *self._by_id.values(), return_exceptions=True)
            raise
        finally:
            looking.cancel()
            await self._save.idle()

    def usage(self) -> Usage:
        """What the run took of the engine, documents that came to no end included."""
        for document_id in self._by_id:
            self._meter.ended(document_id)
        return self._meter.so_far()

    def with_shares(self, results: Sequence[Result], usage: Usage) -> list[Result]:
        """``results`` with each document's share of the engine's time, as ``Store.finish_run`` keeps it."""
        per_token = usage.engine_s_per_token
        shares = {id_: tokens * per_token for id_, tokens in self._computed.items()} if per_token else {}
        return [replace(result, engine_seconds=shares.get(result.analysis_id or 0)) for result in results]

    async def _look_on(self) -> None:
        """Tell now and then how the engine goes."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if now := self._meter.now():
                so_far = self._meter.so_far()
                self._on_event(Event("usage", None, "", self._done, self._total, now, so_far))

    async def _input(self, source: Path | InputError) -> Result:
        if isinstance(source, InputError):
            return await self._failed(source.path, DocumentInfo(None, printable(source.path.name)), "", source, 0.0)
        async with self._session.documents:
            return await self._file(source)

    async def _file(self, path: Path) -> Result:
        """One file; the same bytes under another name wait for the first and share its analysis."""
        try:
            async with self._turn:
                source = await asyncio.to_thread(self._identified, path)
        except InputError as error:
            return await self._failed(path, DocumentInfo(None, printable(path.name)), "", error, 0.0)
        if first := self._by_id.get(source.document_id):
            result = await asyncio.shield(first)
            status = "failed" if result.status == "failed" else "reused"
            return self._tell(replace(result, path=path, status=status), "same bytes as " + result.path.name)
        working = self._document(path, source) if source.known is None else self._reused(path, source.known)
        task = asyncio.ensure_future(working)
        self._by_id[source.document_id] = task
        return await task

    def _identified(self, path: Path) -> _Identified:
        """What a file is; blocking. Raises InputError."""
        mark = mark_of(path)
        document_id = identify(path)
        fingerprint = fingerprint_of(document_id, self._settings, self._session.choice.name, self._decides)
        known = None if self._settings.force else self._session.store.analysis_in_force(fingerprint)
        return _Identified(document_id, fingerprint, known, mark)

    async def _document(self, path: Path, source: _Identified) -> Result:
        started = time.monotonic()
        document_id, fingerprint = source.document_id, source.fingerprint
        info = DocumentInfo(document_id, printable(path.name))
        self._session.prepare()
        try:
            document = await self._read(path, source)
            info = info_of(document)
            if document_id not in self._candidates:  # those were read before
                self._tell_event("read", path, f"{len(document.pages)}")
            analysis, failure = await self._analyse(path, document, fingerprint)
        except (PipelineError, EngineError) as error:
            return await self._failed(path, info, fingerprint, error, time.monotonic() - started)
        except (LongdocError, _Postponed):
            raise  # settings: every other document would meet the same
        except Exception as bug:
            error = InternalError.of(bug)
            return await self._failed(path, info, fingerprint, error, time.monotonic() - started)
        analysis = replace(analysis, seconds=time.monotonic() - started)
        if trouble := await self._draw(path, analysis):
            analysis = replace(analysis, notes=(*analysis.notes, trouble))
        return await self._saved(path, analysis, failure)

    async def _read(self, path: Path, source: _Identified) -> Document:
        """What was identified. Raises InputError where the file is another one by now."""
        try:
            document = await self._session.reader.read(path, source.document_id)
        except PipelineError:
            check_unchanged(path, source.mark)
            raise
        check_unchanged(path, source.mark)
        return document

    async def _analyse(
        self, path: Path, document: Document, fingerprint: str
    ) -> tuple[Analysis, PipelineError | EngineError | None]:
        """The analysis; and, where it is not whole, why: then it is saved as failed, with all that was found."""
        alone = self._session.choice.name == "rules"
        examined = await self._session.examiners.examine(document, alone=alone)
        document = replace(document, sections=examined.sections)
        if alone:
            laid = _Laid(Plan("rules", RULES_ALONE, 0), (), examined.tokens)
            outcome = Review(findings=examined.findings, notes=examined.notes)
        else:
            laid, outcome = await self._asked(path, document, examined)
        notes = [*outcome.notes, *notes_on_reading(document)]
        failure = outcome.failure
        analysis = Analysis(
            document=replace(info_of(document), tokens=laid.tokens),
            fingerprint=fingerprint,
            kind=examined.kind,
            pack=examined.pack,
            side=self._settings.side,
            strategy=laid.plan.strategy if laid.plan else "",
            strategy_reason=str(laid.plan.reason) if laid.plan else "",
            status="failed" if failure else "done",
            error_type=type(failure).__name__ if failure else "",
            error_message=str(failure or ""),
            summary=outcome.summary,
            notes=tuple(str(note) for note in notes),
            chunks=len(laid.chunks),
            requests=outcome.requests,
            reused=outcome.reused,
            findings=tuple(outcome.findings),
        )
        return analysis, failure

    async def _asked(self, path: Path, document: Document, examined: Examined) -> tuple[_Laid, Review]:
        """The plan, and what the model's answers and the rules bring together. Where the model can't be asked at all,
        what the rules found."""
        generation, laid = self._session.generation, _Laid(None, (), examined.tokens)
        try:
            kind = KINDS[examined.kind]
            sizing = await generation.sizing()
            store = self._session.store
            made, chunks, tokens = await asyncio.to_thread(
                lay_out, document, sizing, kind.name, self._settings, self._group, store.known_cuts
            )
            if made.context and self._group is None:
                self._candidates[document.id] = (tokens, made)
                self._by_id.pop(document.id, None)
                raise _Postponed
            laid = _Laid(made, chunks, tokens)
            if len(chunks) > 1:
                await asyncio.to_thread(store.keep_cuts, marks_of(document.text, chunks, made.part_tokens))
            self._tell_event("planned", path, str(made.reason))
            async with generation.using(made.context) as loaded:
                questioning = loaded.questioning(kind, checklist_of(examined, self._settings))
                outcome = await review_document(
                    document, chunks, examined.findings, questioning, loaded.journal.generate
                )
        except (PipelineError, EngineError) as error:
            outcome = rules_alone(examined.findings, error)
        outcome.findings = with_boxes(document, unsure(document, outcome.findings))
        if isinstance(outcome.failure, EngineError):
            generation.fail(outcome.failure)
        elif outcome.failure or outcome.unanswered:
            await generation.reject(outcome.rejected_keys, document.id)
        return laid, outcome

    async def _saved(self, path: Path, analysis: Analysis, failure: LongdocError | None) -> Result:
        result = await self._keep(path, analysis)
        return self._tell(replace(result, exit_code=failure.exit_code if failure else 0), str(failure or ""))

    async def _draw(self, path: Path, analysis: Analysis) -> str:
        """Draw the pages that findings stand on, where that is wanted; say why, if they can't be drawn."""
        if not self._session.draws or analysis.status == "failed":
            return ""
        report = self._settings.out / f"{stem_of(analysis.document)}.html"
        try:
            await draw_pictures(analysis, path, report, self._session.painting)
        except PipelineError as error:
            return str(Text(f"没有页面图像：{error.cause.zh}", f"no page images: {error.cause.en}"))
        return ""

    async def _reused(self, path: Path, analysis_id: int) -> Result:
        stored = await asyncio.to_thread(self._session.store.recall, analysis_id)
        trouble = await self._draw(path, stored.analysis)
        return self._tell(await asyncio.to_thread(self._reported, path, stored, "reused"), trouble)

    async def _failed(
        self, path: Path, info: DocumentInfo, fingerprint: str, error: LongdocError, seconds: float
    ) -> Result:
        if isinstance(error, EngineError):
            self._session.generation.fail(error)
        analysis = Analysis(
            document=info,
            fingerprint=fingerprint,
            kind="" if self._settings.kind == "auto" else self._settings.kind,
            pack=self._settings.pack,
            side=self._settings.side,
            strategy="",
            strategy_reason="",
            status="failed",
            error_type=type(error).__name__,
            error_message=str(error),
            seconds=seconds,
        )
        result = await self._keep(path, analysis)
        return self._tell(replace(result, exit_code=error.exit_code), str(error))

    async def _keep(self, path: Path, analysis: Analysis) -> Result:
        """Save an analysis with what it took, and then write its report."""
        took = self._meter.ended(analysis.document.id or "")
        analysis = replace(
            analysis,
            prompt_tokens=took.prompt_tokens,
            cached_tokens=took.cached_tokens,
            completion_tokens=took.completion_tokens,
        )
        stored = await self._save(analysis)
        self._computed[stored.id] = took.computed_tokens
        return await asyncio.to_thread(self._reported, path, stored, stored.analysis.status)

    def _reported(self, path: Path, stored: StoredAnalysis, status: Literal["done", "failed", "reused"]) -> Result:
        """Write the report of what stands in the database; blocking."""
        report = write_report(stored, self._settings.out, timezone=self._settings.timezone)
        analysis = stored.analysis
        row = index_row(stored)
        self.rows.append(row)
        return Result(
            path=path,
            document_id=analysis.document.id,
            analysis_id=stored.id,
            status=status,
            error_type=analysis.error_type,
            error=analysis.error_message,
            pages=analysis.document.pages,
            findings=len(analysis.findings),
            high=row.verdict.high,
            report=report,
        )

    def _tell(self, result: Result, text: str) -> Result:
        self._done += 1
        self._tell_event("saved" if result.status == "done" else result.status, result.path, text)
        return result

    def _tell_event(self, kind: Literal["read", "planned", "saved", "failed", "reused"], path: Path, text: str) -> None:
        self._on_event(Event(kind, path, text, self._done, self._total))


def _recorded(settings: Settings) -> Mapping[str, object]:
    """What a run keeps of its settings: no secrets; which process it was, so that a dead one can be told."""
    values = settings.model_dump(mode="json", exclude={"api_key", "passwords"})
    return values | {"version": __version__, "pid": os.getpid(), "host": socket.gethostname()}
