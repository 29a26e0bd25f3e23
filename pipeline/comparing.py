"""Two versions of a document, from wherever they are: ``longdoc diff``.

A file is read here and now, its findings taken from the database or, where it has none, made by rules. An analysis
that is named by its number has findings only: the database keeps no documents, so its clauses can't be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.compare import Comparison, FindingChange, compare, compare_findings
from pipeline.deliver import chosen
from pipeline.errors import PipelineError
from pipeline.examiners import Examiners
from pipeline.inputs import read_limits
from pipeline.lang import Text
from pipeline.pdf.read import Reader, identify
from pipeline.report.comparison import Side, render_comparison
from pipeline.report.files import slug, write_atomically
from pipeline.report.view import settled
from pipeline.settings import Settings
from pipeline.split.headings import sections_of
from pipeline.store import Store
from pipeline.types import RULES_ALONE, Document, Finding, StoredAnalysis


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two. ``document`` is None where only its findings are known."""

    name: str
    title: str
    document: Document | None
    findings: tuple[Finding, ...]
    origin: str
    """Where the findings are from."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions and what is different. ``clauses`` is None where one of the texts is not there."""

    before: Version
    after: Version
    clauses: Comparison | None
    findings: tuple[FindingChange, ...]


async def compare_versions(before: str, after: str, settings: Settings, store: Store) -> Compared:
    """Compare two files or analyses. Raises ReadError and the like for a file that can't be read, UsageError for an
    analysis that is not there."""
    async with Examiners(settings) as examiners, Reader(read_limits(settings)) as reader:
        one = await _version(before, store, reader, examiners)
        other = await _version(after, store, reader, examiners)
    texts = one.document, other.document
    clauses = compare(texts[0], texts[1]) if texts[0] and texts[1] else None
    return Compared(one, other, clauses, tuple(compare_findings(one.findings, other.findings)))


async def _version(name: str, store: Store, reader: Reader, examiners: Examiners) -> Version:
    path = Path(name)
    if not path.exists() and "." not in name and "/" not in name:
        stored = chosen(store, None, [name])[0].stored
        return _known(stored, None)
    document_id = identify(path)
    document = await reader.read(path, document_id)
    known = store.analyses(latest=True, documents=[document_id])
    if known:
        sections = sections_of(document)
        return _known(known[-1], replace(document, sections=sections))
    examined = await examiners.examine(document, alone=True)
    document = replace(document, sections=examined.sections)
    return Version(document.filename, document.title, document, tuple(examined.findings), str(RULES_ALONE))


def _known(stored: StoredAnalysis, document: Document | None) -> Version:
    analysis = settled(stored)
    if analysis.status == "failed":
        raise PipelineError(
            Text(f"{analysis.document.filename}：这次分析没有完成", f"{analysis.document.filename}: not analysed"),
            Text("请换一个分析编号，或给出文件", "name another analysis, or the file"),
        )
    origin = f"{Text('分析', 'analysis')} {stored.id} · {stored.engine} {stored.model}".strip()
    name = analysis.document.filename
    return Version(name, analysis.document.title, document, tuple(analysis.findings), origin)


def write_comparison(compared: Compared, settings: Settings) -> Path:
    """Write the page of a comparison into the folder of reports. Raises SettingsError where that can't be done."""
    names = [slug(version.name)[:24] for version in (compared.before, compared.after)]
    path = settings.out / f"diff-{names[0]}-{names[1]}.html"
    html = render_comparison(side(compared.before), side(compared.after), compared.clauses, compared.findings)
    write_atomically(path, html.encode())
    return path


def side(version: Version) -> Side:
    """A version as reports tell of it."""
    pages = len(version.document.pages) if version.document else 0
    return Side(version.name, version.title, pages, version.origin)
