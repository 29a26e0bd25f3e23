"""Reports of single documents as files to hand on: HTML with page pictures, highlighted PDF, Word memo, Markdown; and
what people decided, as gold for ``longdoc eval``.

The database keeps no documents. What needs the original (highlights, pictures, gold to evaluate on) takes it from a
path that the caller names, and knows it by its bytes.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from pipeline.errors import InputError, PipelineError, UsageError
from pipeline.inputs import find_inputs, read_limits
from pipeline.kinds.terms import law_name, name_of
from pipeline.lang import Text
from pipeline.pdf.copies import Mark, Painter, painter
from pipeline.pdf.formats import has_pages
from pipeline.pdf.read import ReadLimits, identify
from pipeline.report import words
from pipeline.report.export import Format
from pipeline.report.export import export as write_data
from pipeline.report.files import report_name, write_atomically
from pipeline.report.html import write_report_to
from pipeline.report.markdown import render_analysis_markdown
from pipeline.report.pictures import draw_pictures
from pipeline.report.text import readable, told, visible
from pipeline.report.view import Shown, arrange, findings_of, is_rejected, settled, verdict_of
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.types import Severity, StoredAnalysis

Paper = Literal["html", "pdf", "docx", "md"]

_COLOURS: dict[Severity, tuple[float, float, float]] = {
    "high": (0.95, 0.42, 0.42),
    "medium": (1.0, 0.76, 0.28),
    "low": (0.55, 0.78, 0.98),
    "info": (0.80, 0.88, 0.80),
}
_FEW = 500
"""Documents that the database is asked for by name."""
_LONGEST_NOTE = 3000
_NEARLY = 0.9
"""Share of a mark that lies on another, so that one colour serves both."""

SIGNED = Text(
    "注意：原件带有数字签名。本副本写入了批注，签名对本副本不再有效；请以原件为准，原件没有改动。",
    "Note: the original is digitally signed. This copy bears annotations, so the signature does not hold for it: "
    "the original, which is unchanged, is what counts.",
)


@dataclass(frozen=True, slots=True)
class Source:
    """An analysis to hand on, and the file that it is of, where the caller named it."""

    stored: StoredAnalysis
    path: Path | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file, and what is in it; or why there is none. ``note`` is what its reader must know."""

    sources: tuple[Source, ...]
    path: Path | None
    note: Text | None = None
    error: PipelineError | None = None


def chosen(store: Store, run: str | None, named: Sequence[str]) -> list[Source]:
    """The analyses that ``named`` stands for (files, folders of PDFs, analysis numbers, beginnings of a document's
    sha256), of one run or the newest of each document; all of these where nothing is named.

    Raises UsageError for what is not there.
    """
    if not named:
        analyses = store.analyses(run_id=run, latest=run is None)
        if run and not analyses:
            raise UsageError(
                Text(
                    f"没有编号为 {run} 的运行，或它没有新分析任何文件",
                    f"there is no run {run}, or it analysed no document anew",
                ),
                Text("运行编号见 runs 表或 review --json", "run ids stand in table runs and in review --json"),
            )
        return [Source(one, None) for one in analyses]
    found: dict[int, Source] = {}
    for name in named:
        for source in _named(store, run, name):
            found[source.stored.id] = source
    return list(found.values())


def _named(store: Store, run: str | None, name: str) -> list[Source]:
    path = Path(name)
    if path.exists():
        files = [file for file in find_inputs([path]) if not isinstance(file, InputError)]
        ids = {identify(file): file for file in files}
        few = list(ids) if len(ids) <= _FEW else None
        analyses = store.analyses(run_id=run, latest=run is None, documents=few)
        found = [Source(one, ids[one.analysis.document.id]) for one in analyses if one.analysis.document.id in ids]
    elif name.isdecimal() and len(name) < 16:
        found = [Source(one, None) for one in store.analyses([int(name)])]
    else:
        analyses = store.analyses(run_id=run, latest=run is None)
        found = [Source(one, None) for one in analyses if (one.analysis.document.id or "").startswith(name.lower())]
    if not found:
        raise UsageError(
            Text(f"数据库里没有 {name} 的分析结果", f"the database has no analysis of {name}"),
            Text(
                "请先运行 longdoc review，或改正路径、分析编号",
                "run longdoc review first, or correct the path or number",
            ),
        )
    return found


async def export(sources: Sequence[Source], form: str, output: Path, settings: Settings) -> list[Delivered]:
    """Write ``sources`` in one of the forms of :func:`deliver`, as gold (``eval``), or all into one file of data."""
    if form in get_args(Paper):
        return await deliver(
            sources, cast(Paper, form), output, timezone=settings.timezone, limits=read_limits(settings)
        )
    if form == "eval":
        return write_gold(sources, output)
    write_data(
        [source.stored for source in sources],
        cast(Format, form),
        output,
        reports=settings.out,
        timezone=settings.timezone,
    )
    return [Delivered(tuple(sources), output)]


async def deliver(
    sources: Sequence[Source], paper: Paper, output: Path, *, timezone: str, limits: ReadLimits
) -> list[Delivered]:
    """Write one file for each source: to ``output`` itself if it has the paper's suffix, else into that folder.

    What can't be made of one document (encrypted, broken, failed, its file not named) is told, and the others are
    made. Raises UsageError for several documents and one file.
    """
    if output.suffix.lower() == f".{paper}" and len(sources) > 1:
        raise UsageError(
            Text(
                f"{len(sources)} 份文件不能写进一个 {output.name}", f"{len(sources)} documents don't fit {output.name}"
            ),
            Text("请给出文件夹，或指明一份文件", "name a folder, or one document"),
        )
    made: list[Delivered] = []
    async with painter(limits) as painting:
        for source in sources:
            name = Path(report_name(source.stored)).with_suffix(f".{paper}")
            path = output if output.suffix.lower() == f".{paper}" else output / name
            try:
                note = await _delivered(source, paper, path, timezone, painting)
            except PipelineError as error:
                made.append(Delivered((source,), None, error=error))
            else:
                made.append(Delivered((source,), path, note))
    return made


async def _delivered(source: Source, paper: Paper, path: Path, timezone: str, painting: Painter) -> Text | None:
    stored = source.stored
    if paper == "html":
        if source.path:
            await draw_pictures(stored.analysis, source.path, path, painting)
        write_report_to(path, stored, timezone=timezone)
        return None
    if paper == "md":
        write_atomically(path, render_analysis_markdown(stored, timezone=timezone).encode())
        return None
    if stored.analysis.status == "failed":
        raise InputError(
            Text(
                f"{stored.analysis.document.filename}：没有分析结果", f"{stored.analysis.document.filename}: no result"
            ),
            Text("请先解决失败的原因", "mend what made it fail first"),
        )
    if paper == "docx":
        from pipeline.report.memo import memo  # python-docx takes a fifth of a second to import

        write_atomically(path, memo(stored, timezone=timezone))
        return None
    return await _highlighted(source, path, painting)


async def _highlighted(source: Source, path: Path, painting: Painter) -> Text | None:
    filename = source.stored.analysis.document.filename
    if source.path is None:
        raise InputError(
            Text(f"{filename}：要在原件上标注，但没有给出原件", f"{filename}: highlights need the original, not named"),
            Text("请在命令里写出 PDF 的路径", "name the PDF's path in the command"),
        )
    if not has_pages(source.path):
        raise InputError(
            Text(
                f"{filename}：不是 PDF 或图片，没有固定的版面，不能加批注",
                f"{filename}: neither PDF nor picture, so it has no fixed pages and can't be annotated",
            ),
            Text("请导出 docx 或 html", "export docx or html instead"),
        )
    if path.exists() and path.samefile(source.path):
        raise InputError(
            Text(f"{path}：不能写在原件上", f"{path}: never over the original"),
            Text("请换一个输出路径", "choose another output"),
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent / f".longdoc-{secrets.token_hex(8)}.tmp"
    try:
        cover = _cover(source.stored)
        copied = await painting.highlight(source.path, marks_of(source.stored), draft, cover=cover, signed=SIGNED)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if not copied.signatures:
        return None
    return Text(
        f"{filename}：原件有 {copied.signatures} 个数字签名，对 {path.name} 不再有效；原件没有改动",
        f"{filename}: the original's {copied.signatures} signature(s) do not hold for {path.name}; "
        "the original is unchanged",
    )


def marks_of(stored: StoredAnalysis) -> list[Mark]:
    """A highlight for each place of each finding that holds, the gravest on top. What stands inside a place that is
    marked already joins its note, as does a plain fact that touches one: colour over colour could not be read."""
    order = list(_COLOURS)
    shown = [s for s in findings_of(stored) if s.finding.grounded and not is_rejected(s)]
    made: list[Mark] = []
    for one in sorted(shown, key=lambda s: order.index(s.finding.severity)):
        for mark in _marks(one):
            joins = _overlap if one.finding.severity == "info" else _inside
            at = next((at for at, other in enumerate(made) if joins(mark, other)), None)
            if at is None:
                made.append(mark)
            else:
                made[at] = replace(made[at], note=f"{made[at].note}\n\n{mark.note}"[:_LONGEST_NOTE])
    return made[::-1]


def _overlap(a: Mark, b: Mark) -> bool:
    return a.page == b.page and any(
        x.left < y.right and y.left < x.right and x.top < y.bottom - 1 and y.top < x.bottom - 1
        for x in a.boxes
        for y in b.boxes
    )


def _inside(a: Mark, b: Mark) -> bool:
    """Whether nearly all of ``a`` lies on ``b``: quotes of the same words may differ in a mark at their end."""
    shared = sum(
        max(0.0, min(x.right, y.right) - max(x.left, y.left)) * max(0.0, min(x.bottom, y.bottom) - max(x.top, y.top))
        for x in a.boxes
        for y in b.boxes
    )
    area = sum((x.right - x.left) * (x.bottom - x.top) for x in a.boxes)
    return a.page == b.page and shared > _NEARLY * area


def _marks(shown: Shown) -> Iterable[Mark]:
    finding = shown.finding
    level, name = words.in_words(words.SEVERITY, finding.severity), name_of(finding)
    for evidence in finding.evidence:
        for page in sorted({box.page for box in evidence.boxes}):
            yield Mark(
                page=page,
                boxes=tuple(box for box in evidence.boxes if box.page == page),
                colour=_COLOURS[finding.severity],
                opacity=0.35 if finding.severity == "info" else 0.5,
                subject=visible(f"{level} · {name}"),
                note=visible(_note(shown, level)),
            )


def _note(shown: Shown, level: str) -> str:
    finding = shown.finding
    head, colon = f"【{level}】{name_of(finding)}", words.WORDS["colon"]
    lines = [f"{head}{colon}{told(finding.value)}" if finding.value else head, finding.detail]
    for name, text in (("suggestion", finding.suggestion), ("legal_basis", law_name(finding.legal_basis))):
        if text:
            lines.append(f"{words.WORDS[name]}{colon}{readable(text)}")
    if shown.decision:
        ruling = words.in_words(words.RULING, shown.decision.ruling)
        lines.append(f"{ruling} · {shown.decision.by} · {shown.decision.note}".rstrip(" ·"))
    lines.append(f"#{shown.id}")
    return "\n".join(filter(None, lines))[:_LONGEST_NOTE]


def _cover(stored: StoredAnalysis) -> Text:
    """What stands in no place of the document: the counts, and what is absent from it."""
    verdict, view = verdict_of(settled(stored)), arrange(stored)
    absent = str(words.WORDS["comma"]).join(told(s.finding.value) or name_of(s.finding) for s in view.absences)
    counts = (verdict.high, verdict.medium, verdict.low)
    zh, en = "高 {} · 中 {} · 低 {}".format(*counts), "high {} · medium {} · low {}".format(*counts)
    if absent:
        zh, en = f"{zh}\n缺失：{absent}", f"{en}\nabsent: {absent}"
    if stored.engine == "rules":
        rules = words.WORDS["rules_only_long"]
        zh, en = f"{zh}\n{rules.zh}", f"{en}\n{rules.en}"
    return Text(visible(f"longdoc 审查：{zh}"), visible(f"longdoc review: {en}"))


def write_gold(sources: Sequence[Source], folder: Path) -> list[Delivered]:
    """Write, for each document that somebody decided about, ``NAME.gold.json`` in the form of docs/evaluation.md: what
    was rejected must not be told again, what was accepted must be. The document is copied beside, if it was named."""
    made: list[Delivered] = []
    for source in sources:
        gold = _gold(source)
        if not gold["wanted"] and not gold["rejected"]:
            continue
        path = folder / f"{Path(report_name(source.stored)).stem}.gold.json"
        write_atomically(path, json.dumps(gold, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        note = None
        if source.path:
            shutil.copyfile(source.path, folder / str(gold["file"]))
        else:
            note = Text(
                f"请把 {source.stored.analysis.document.filename} 放到 {folder / str(gold['file'])}",
                f"put {source.stored.analysis.document.filename} at {folder / str(gold['file'])}",
            )
        made.append(Delivered((source,), path, note))
    return made


def _gold(source: Source) -> Mapping[str, object]:
    analysis = source.stored.analysis
    judged: dict[str, list[dict[str, str]]] = {"wanted": [], "rejected": []}
    for shown in findings_of(source.stored):
        if shown.decision:
            told = shown.original or shown.finding
            quote = told.evidence[0].quote if told.evidence else ""
            values = {"category": told.category, "item": told.item, "value": shown.finding.value, "quote": quote}
            judged["rejected" if is_rejected(shown) else "wanted"].append(values)
    suffix = Path(analysis.document.filename).suffix or ".pdf"
    return {
        "file": Path(report_name(source.stored)).stem + suffix,
        "kind": analysis.kind,
        "type": analysis.pack.partition("@")[0],
        "pages": analysis.document.pages,
        **judged,
    }
