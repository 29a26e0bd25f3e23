"""What the terminal shows: progress while it works, tables when it is done, JSON for scripts.

Results go to stdout, progress and failures to stderr. File names are hostile: control characters never reach the
terminal.
"""

from __future__ import annotations

import json as jsonlib
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.cells import set_cell_size
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Line

from pipeline.kinds.terms import name_of
from pipeline.lang import Text
from pipeline.report.text import explained
from pipeline.report.text import told as value_of
from pipeline.report.view import settled, verdict_of
from pipeline.report.words import KIND, STRATEGY, in_words
from pipeline.settings import without_password

if TYPE_CHECKING:
    from pipeline.comparing import Compared
    from pipeline.daily import Digest
    from pipeline.decide import Decided
    from pipeline.deliver import Delivered
    from pipeline.doctor import Examined
    from pipeline.outcome import Batch, Event, Result
    from pipeline.preview import Outlook, Preview
    from pipeline.settings import Settings
    from pipeline.types import Finding, StoredAnalysis, Usage

_STATUS = {
    "done": Text("[green]完成[/]", "[green]done[/]"),
    "reused": Text("[cyan]已有[/]", "[cyan]known[/]"),
    "failed": Text("[red]失败[/]", "[red]failed[/]"),
}
_EVENT = {
    "engine": Text("引擎", "engine"),
    "read": Text("已读", "read"),
    "planned": Text("计划", "plan"),
    "saved": Text("完成", "done"),
    "failed": Text("失败", "failed"),
    "reused": Text("已有", "known"),
}
_COLON = Text("：", ": ")
_SHORTEST_NAME = 8
"""Cells of a file's name that stand side by side on the narrowest terminal."""
_SEVERITY = {"high": Text("[red]高[/]", "[red]high[/]"), "medium": Text("[yellow]中[/]", "[yellow]medium[/]")}
_PIECE = {"same": "{}", "gone": r"[red]\[-{}-][/]", "new": "[green]{{+{}+}}[/]"}
_CHANGE = {
    "changed": Text("改动", "changed"),
    "moved": Text("移动", "moved"),
    "added": Text("新增", "added"),
    "removed": Text("删除", "removed"),
    "new": Text("新出现", "new"),
    "resolved": Text("不再出现", "resolved"),
}
_STATE = {
    "present": "",
    "absent": Text("（缺失）", "(absent)"),
    "unclear": Text("（不明确）", "(unclear)"),
    "conflict": Text("（矛盾）", "(conflict)"),
}
_NAME_CELLS = 24
_USAGE_EVERY_S = 30.0
_LEVEL = {"ok": "[green]✓[/]", "lacking": "[yellow]－[/]", "broken": "[red]✗[/]"}


@contextmanager
def progress() -> Generator[Callable[[Event], None]]:
    """A listener: a bar on a terminal, plain lines elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield plain_lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _WithUsage(*columns, console=console, transient=True) as bar:
        task = bar.add_task(str(Text("分析", "review")), total=None)

        def show(event: Event) -> None:
            if event.now and event.so_far:
                bar.usage = usage_line(event.now, event.so_far)
                return
            name = escape(set_cell_size(shown(event.path.name), _NAME_CELLS).rstrip()) if event.path else ""
            description = f"{_EVENT[event.kind]} {name}"
            bar.update(task, completed=event.done, total=event.total, description=description)
            if event.kind in ("engine", "planned"):
                bar.console.print(f"[dim]{description} {escape(shown(event.text))}[/]")

        yield show


class _WithUsage(Progress):
    """A bar with a line below it."""

    usage = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.usage:
            yield Line(self.usage, style="dim", no_wrap=True, overflow="ellipsis")


def plain_lines() -> Callable[[Event], None]:
    """A listener that prints one line an event, for logs and pipes, and now and then one on how the engine goes.
    Failures are told with the results."""
    told_at = time.monotonic()

    def show(event: Event) -> None:
        nonlocal told_at
        if event.now and event.so_far and time.monotonic() - told_at >= _USAGE_EVERY_S:
            told_at = time.monotonic()
            line = usage_line(event.now, event.so_far)
            print(f"[{event.done}/{event.total}] {line}", file=sys.stderr, flush=True)
        elif event.kind not in ("read", "usage"):
            _plain_line(event)

    return show


def usage_line(now: Usage, so_far: Usage) -> str:
    """How the engine goes, in 80 columns at most; what is not known is left out. docs/telemetry.md defines each."""
    parts: list[Text] = []
    if now.prompt_tokens_per_s is not None and now.completion_tokens_per_s is not None:
        taken, given = _short(now.prompt_tokens_per_s), _short(now.completion_tokens_per_s)
        parts.append(Text(f"入 {taken} · 出 {given} tok/s", f"in {taken} · out {given} tok/s"))
    if now.cached_share is not None:
        parts.append(Text(f"缓存 {now.cached_share:.0%}", f"cache {now.cached_share:.0%}"))
    if now.kv_use is not None:
        parts.append(Text(f"KV {now.kv_use:.0%}", f"KV {now.kv_use:.0%}"))
    if now.queue is not None:
        parts.append(Text(f"排队 {_short(now.queue)}", f"queue {_short(now.queue)}"))
    if (minutes := so_far.minutes_per_document) is not None:
        whose = "GPU " if so_far.gpus else ""
        long = Text(f"{whose}{_short(minutes)} 分/份", f"{whose}{_short(minutes)} min/doc")
        brief = Text(f"{whose}{_short(minutes * 60)} 秒/份", f"{whose}{_short(minutes * 60)} s/doc")
        parts.append(brief if minutes < 1 else long)
    return " · ".join(map(str, parts))


def _short(number: float) -> str:
    """In four or five characters: 0.02, 7.1, 345, 12.3k, 999k, 1.2M."""
    for unit in ("", "k", "M"):
        if number < 999.5 or unit == "M":
            break
        number /= 1000
    digits = 0 if number >= 99.95 or (not unit and number == int(number)) else 1 if number >= 0.95 else 2
    return f"{number:.{digits}f}{unit}"


def _plain_line(event: Event) -> None:
    name = f" {shown(event.path.name)}" if event.path else ""
    text = f"{_COLON}{shown(event.text)}" if event.text else ""
    print(f"[{event.done}/{event.total}] {_EVENT[event.kind]}{name}{text}", file=sys.stderr, flush=True)


def print_batch(batch: Batch, settings: Settings, *, json: bool) -> None:
    """The table of documents, the failures with their remedies, and where everything lies."""
    for result in batch.results:
        if result.status == "failed":
            print(
                f"{_EVENT['failed']} {shown(str(result.path))}{_COLON}{result.error_type}{_COLON}{shown(result.error)}",
                file=sys.stderr,
            )
    if json:
        values = asdict(batch) | {"exit_code": batch.exit_code}
        print(jsonlib.dumps(values, ensure_ascii=False, default=str, indent=2))
        return
    table = _table(
        Text("文件", "file"), Text("状态", "status"), Text("页", "pages"), Text("发现", "findings"), Text("高", "high"),
        Text("报告", "report"),
    )  # fmt: skip
    for result in batch.results:
        table.add_row(*_row(result))
    console = _console()
    console.print(table, "")
    console.print(str(Text("引擎", "engine")), f"{batch.engine} {batch.model}", escape(batch.engine_reason))
    if batch.usage and (line := usage_line(batch.usage, batch.usage)):
        console.print(str(Text("用量", "usage")), line)
    console.print(str(Text("数据库", "database")), escape(without_password(settings.database)), soft_wrap=True)
    if batch.index:
        console.print(str(Text("报告总览", "all reports")), escape(str(batch.index)), soft_wrap=True)


def print_analyses(stored: Sequence[StoredAnalysis], settings: Settings, *, json: bool) -> None:
    """What stands in the database: a line for each document, and what someone has to look at, gravest first."""
    if json:
        print(jsonlib.dumps([_analysis_values(one) for one in stored], ensure_ascii=False, default=str, indent=2))
        return
    console = _console()
    documents = _table(
        Text("文件", "file"), Text("种类", "kind"), Text("页", "pages"), Text("发现", "findings"), Text("高", "high"),
        Text("中", "medium"), Text("矛盾", "conflicts"), Text("缺失", "absent"), Text("无依据", "ungrounded"),
        Text("引擎", "engine"),
    )  # fmt: skip
    issues = _table(
        Text("文件", "file"),
        Text("级别", "severity"),
        Text("页", "page"),
        Text("问题", "issue"),
        Text("说明", "detail"),
    )
    for one in sorted(stored, key=lambda one: one.analysis.document.filename):
        analysis = settled(one)
        verdict = verdict_of(analysis)
        name = escape(shown(analysis.document.filename))
        counts = (verdict.high, verdict.medium, verdict.conflicts, verdict.absences, verdict.ungrounded)
        documents.add_row(
            name, in_words(KIND, analysis.kind), f"{analysis.document.pages}", f"{len(analysis.findings)}",
            *(f"{count or ''}" for count in counts), f"{one.engine} {escape(Path(one.model).name)}".strip(),
        )  # fmt: skip
        for finding in sorted(filter(_grave, analysis.findings), key=lambda finding: finding.severity):
            page = next((f"{e.page}" for e in finding.evidence if e.page), "")
            what = f"{name_of(finding)} {value_of(finding.value)}".strip()
            level = str(_SEVERITY[finding.severity])
            issues.add_row(name, level, page, escape(shown(what)), escape(shown(explained(finding))))
    _keep_figures(documents)
    console.print(documents, "")
    if issues.row_count:
        console.print(issues, "")
    console.print(str(Text("数据库", "database")), escape(without_password(settings.database)), soft_wrap=True)
    index = settings.out / "index.html"
    if index.is_file():
        console.print(str(Text("报告总览", "all reports")), escape(str(index)), soft_wrap=True)


def print_outlook(outlook: Outlook, *, json: bool) -> None:
    """The plan of each file, and how the files share the loads of the engine."""
    choice, previews = outlook.choice, outlook.previews
    for preview in previews:
        if preview.error:
            print(f"{_EVENT['failed']} {shown(str(preview.path))}{_COLON}{shown(preview.error)}", file=sys.stderr)
    if json:
        rows = [_preview_values(preview) for preview in previews]
        loads = [asdict(load) for load in outlook.loads]
        values = {"engine": choice.name, "reason": str(choice.reason), "loads": loads, "documents": rows}
        print(jsonlib.dumps(values, ensure_ascii=False, indent=2))
        return
    table = _table(
        Text("文件", "file"), Text("种类", "kind"), Text("页", "pages"), Text("token", "tokens"),
        Text("策略", "strategy"), Text("段", "parts"), Text("请求", "requests"), Text("提示 token", "prompt tokens"),
        Text("KV", "KV"),
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for preview in previews:
        if preview.info and preview.plan:
            tokens = f"{preview.info.tokens:,}" if preview.exact else f"≤{preview.info.tokens:,}"
            kv = f"{preview.kv_bytes / 2**30:.2f} GiB" if preview.kv_bytes else "-"
            name = escape(shown(preview.path.name))
            table.add_row(
                name, in_words(KIND, preview.kind), f"{preview.info.pages}", tokens,
                in_words(STRATEGY, preview.plan.strategy), f"{preview.chunks}", f"{preview.requests}",
                f"{preview.prompt_tokens:,}", kv,
            )  # fmt: skip
            how = in_words(STRATEGY, preview.plan.strategy)
            reasons.setdefault(f"{how}{_COLON}{escape(str(preview.plan.reason))}", []).append(name)
    _keep_figures(table)
    console = _console()
    console.print(table, "")
    for reason, names in reasons.items():
        console.print(reason, *([f"({len(names)})"] if len(names) > 1 else []))
    for number, load in enumerate(outlook.loads, 1):
        how = str(Text("原生", "native")) if load.factor == 1 else f"YaRN ×{load.factor:g}"
        told = Text(
            f"第 {number} 次载入：{how}，上下文 {load.context:,}，{load.documents} 份",
            f"load {number}: {how}, context {load.context:,}, {load.documents} documents",
        )
        console.print(str(told))
    console.print(str(Text("引擎", "engine")), choice.name, escape(str(choice.reason)))


def print_digest(digest: Digest, *, json: bool) -> None:
    """Where the digest lies."""
    if json:
        print(jsonlib.dumps(asdict(digest), ensure_ascii=False, default=str, indent=2))
        return
    for path in (digest.html, digest.markdown):
        print(path)


def print_delivered(delivered: Sequence[Delivered]) -> int:
    """Where each file lies, what its reader must know, and what could not be made; the exit code."""
    for made in delivered:
        if made.path:
            print(f"{made.path}  ({len(made.sources)})")
        for text in (made.note, made.error):
            if text:
                print(shown(str(text)), file=sys.stderr)
    if not delivered:
        print(str(Text("没有可写的内容", "nothing to write")), file=sys.stderr)
    return 1 if any(made.error for made in delivered) else 0


def print_decided(decided: Sequence[Decided], *, json: bool) -> int:
    """What became of decisions: counts, and the problems by name; the exit code."""
    problems = [one for one in decided if one.problem]
    for one in problems:
        print(shown(str(one.problem)), file=sys.stderr)
    if json:
        rows = [
            {"finding_id": one.finding_id, "outcome": one.outcome, "problem": str(one.problem or "")} for one in decided
        ]
        print(jsonlib.dumps(rows, ensure_ascii=False, indent=2))
    else:
        written = sum(one.outcome == "written" for one in decided)
        same = sum(one.outcome == "unchanged" for one in decided)
        told = Text(
            f"写入 {written} 条决定，未变 {same} 条，有问题 {len(problems)} 条",
            f"{written} written, {same} unchanged, {len(problems)} with problems",
        )
        print(told)
    return 1 if problems else 0


def print_comparison(compared: Compared, page: Path, *, json: bool) -> None:
    """What is different: the changed lines with their words, findings that came, went or changed, and the page."""
    from pipeline.comparing import side
    from pipeline.report.comparison import comparison_json

    if json:
        print(comparison_json(side(compared.before), side(compared.after), compared.clauses, compared.findings))
        return
    console = _console()
    if compared.clauses:
        table = _table(Text("条款", "clause"), Text("页", "page"), Text("改动", "change"), Text("改到", "what kind"))
        for change in compared.clauses.changes:
            line = change.after or change.before
            assert line is not None, "one of the two is there"
            words = "".join(_PIECE[piece.op].format(escape(shown(piece.text))) for piece in change.pieces)
            kinds = [str(_CHANGE[change.kind]), *map(str, change.weights)]
            table.add_row(escape(shown(line.clause)), f"{line.page}", words, " ".join(kinds))
        console.print(table if table.row_count else str(Text("条款没有改动", "no clause changed")), "")
    findings = _table(Text("", ""), Text("发现", "finding"), Text("旧版", "before"), Text("新版", "after"))
    for one in compared.findings:
        known = one.after or one.before
        if known and one.kind != "same":
            values = [
                escape(shown(f"{f.value} {_STATE[f.status]}".strip())) if f else "–" for f in (one.before, one.after)
            ]
            findings.add_row(str(_CHANGE[one.kind]), escape(shown(name_of(known))), *values)
    console.print(findings if findings.row_count else str(Text("发现没有变化", "no finding changed")), "")
    console.print(str(Text("比对报告", "page")), escape(str(page)), soft_wrap=True)


def print_examination(findings: Sequence[Examined], *, json: bool) -> None:
    """What the doctor saw, with a remedy for each lack."""
    if json:
        rows = [
            {"name": str(f.name), "level": f.level, "detail": str(f.detail), "remedy": str(f.remedy)} for f in findings
        ]
        print(jsonlib.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = _table(Text("项目", "item"), Text("", ""), Text("情况", "what is there"), Text("怎么办", "remedy"))
    for found in findings:
        table.add_row(str(found.name), _LEVEL[found.level], escape(str(found.detail)), escape(str(found.remedy)))
    _console().print(table, "")


def shown(text: str) -> str:
    """Text that can't move the cursor, reorder the line or break it."""
    return "".join("?" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char for char in text)


def _grave(finding: Finding) -> bool:
    return finding.grounded and finding.severity in _SEVERITY


def _analysis_values(one: StoredAnalysis) -> dict[str, object]:
    analysis = one.analysis
    return {
        "analysis_id": one.id, "run_id": one.run_id, "file": analysis.document.filename, "kind": analysis.kind,
        "document_id": analysis.document.id, "pages": analysis.document.pages, "findings": len(analysis.findings),
        "engine": one.engine, "model": one.model, "finished_at": one.finished_at, **asdict(verdict_of(settled(one))),
    }  # fmt: skip


def _row(result: Result) -> tuple[str, ...]:
    last = str(result.report or "")
    if result.status == "failed":  # what was found before it failed has a report as well
        last = " ".join(filter(None, (result.error_type, last if result.findings else "")))
    return (
        escape(shown(result.path.name)), str(_STATUS[result.status]), f"{result.pages or ''}",
        f"{result.findings or ''}", f"{result.high or ''}", escape(last),
    )  # fmt: skip


def _preview_values(preview: Preview) -> dict[str, object]:
    info, plan = preview.info, preview.plan
    if not info or not plan:
        return {"file": str(preview.path), "error": preview.error}
    return {
        "file": str(preview.path), "kind": preview.kind, "pages": info.pages, "characters": info.characters,
        "tokens": info.tokens, "exact": preview.exact, "strategy": plan.strategy, "reason": str(plan.reason),
        "chunks": preview.chunks, "requests": preview.requests, "prompt_tokens": preview.prompt_tokens,
        "kv_bytes": preview.kv_bytes,
    }  # fmt: skip


def _console() -> Console:
    """Standard output; wide enough for tables where it is no terminal that tells its width."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=140)


def _keep_figures(table: Table) -> None:
    """On a narrow terminal the names of files break, in the first column; figures never do."""
    table.columns[0].ratio = 1
    table.columns[0].min_width = _SHORTEST_NAME
    for column in table.columns[1:]:
        column.no_wrap = True


def _table(*titles: Text) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for title in titles:
        table.add_column(str(title), overflow="fold")
    return table
