"""HTML for people: one page per document, one over the batch. Each is a single file that calls nothing outside."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from pipeline import __version__
from pipeline.lang import language
from pipeline.report.clock import DEFAULT_ZONE, minute, minute_and_zone, zone_of
from pipeline.report.files import ends_with, report_name, write_atomically
from pipeline.report.page import environment, href, render
from pipeline.report.pictures import Pictures, pictures_beside
from pipeline.report.text import visible
from pipeline.report.view import EDITABLE, Verdict, arrange, settled, total, verdict_of
from pipeline.report.words import CATEGORY, SEVERITY, STATUS, WORDS, in_words
from pipeline.types import Analysis, Finding, StoredAnalysis

_FILTER_FROM = 8
"""Fewer issues than this need no filter."""
_CATEGORY_FILTERS = 20
"""As many as the style sheet knows."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A line of the overview. ``stored`` is without its findings: a batch may have millions."""

    stored: StoredAnalysis
    findings: int
    verdict: Verdict
    href: Markup


def index_row(stored: StoredAnalysis) -> IndexRow:
    """What the overview says of an analysis."""
    analysis = stored.analysis
    bare = replace(stored, analysis=replace(analysis, findings=()), finding_ids=())
    return IndexRow(bare, len(analysis.findings), verdict_of(settled(stored)), href(report_name(stored)))


def render_analysis(stored: StoredAnalysis, *, timezone: str = DEFAULT_ZONE, pictures: Pictures | None = None) -> str:
    """The report of one document, done or failed; with ``pictures`` each quote stands beside its place on the page."""
    analysis = stored.analysis
    view = arrange(stored)
    issues = [shown.finding for _, rows in view.issues for shown in rows]
    categories = list(dict.fromkeys(finding.category for finding in issues))
    keys = {category: f"k{number}" for number, category in enumerate(categories[:_CATEGORY_FILTERS])}
    return render(
        "analysis.html.j2",
        stored=stored,
        analysis=analysis,
        view=view,
        verdict=verdict_of(settled(stored)),
        eyebrow=_eyebrow(analysis),
        filtered=len(issues) >= _FILTER_FROM,
        filters=_filters(issues, keys) if len(issues) >= _FILTER_FROM else (),
        keys=dict.fromkeys(categories, "") | keys,
        editable=EDITABLE,
        pictures=pictures,
        zone=zone_of(timezone),
    )


class _Choice(NamedTuple):
    """A box to tick: ``key`` is what the style sheet knows it by."""

    key: str
    code: str
    title: str
    issues: int


def _filters(issues: Sequence[Finding], keys: Mapping[str, str]) -> list[tuple[str, list[_Choice]]]:
    """By severity, status and category: what there is of each, in order. One choice is none."""
    severities, statuses, categories = (
        Counter(values)
        for values in zip(*((finding.severity, finding.status, finding.category) for finding in issues), strict=True)
    )
    made = [
        ("level", [_Choice(c, c, str(SEVERITY[c]), severities[c]) for c in SEVERITY if severities[c]]),
        ("status", [_Choice(c, c, str(STATUS[c]), statuses[c]) for c in STATUS if statuses[c]]),
        ("category", [_Choice(key, c, in_words(CATEGORY, c), categories[c]) for c, key in keys.items()]),
    ]
    return [(name, choices) for name, choices in made if len(choices) > 1]


def render_index(rows: Sequence[IndexRow], *, timezone: str = DEFAULT_ZONE) -> str:
    """The overview of a batch: failures first, then every document, the gravest first."""
    done = [row for row in rows if row.stored.analysis.status == "done"]
    return render(
        "index.html.j2",
        done=sorted(done, key=_gravity),
        failed=[row for row in rows if row.stored.analysis.status == "failed"],
        sum=total(row.verdict for row in done),
        engines=sorted({_engine(row.stored) for row in rows}),
        by_rules=sum(row.stored.engine == "rules" for row in done),
        period=_period(rows, timezone),
        columns=(
            "pages", "findings", "high", "medium", "low", "conflicts", "absences", "ungrounded", "unread",
        ),
    )  # fmt: skip


def prepare() -> None:
    """Compile the templates, which takes as long as twenty reports: best done while others read the first document."""
    for name in ("base.html.j2", "parts.html.j2", "analysis.html.j2", "index.html.j2"):
        environment(visible).get_template(name)


def write_report(stored: StoredAnalysis, out: Path, *, timezone: str = DEFAULT_ZONE) -> Path:
    """Write the report of one document into ``out`` and return its path.

    A report that stands takes the place of the note of an earlier failure. Raises SettingsError where ``out`` can't
    be written.
    """
    path = out / report_name(stored)
    write_report_to(path, stored, timezone=timezone)
    if stored.analysis.status == "done":
        path.with_suffix(".failed.html").unlink(missing_ok=True)
    return path


def write_report_to(path: Path, stored: StoredAnalysis, *, timezone: str = DEFAULT_ZONE) -> None:
    """Write the report of one document, with the pictures of pages that lie beside it; not again where it would be
    the same."""
    pictures = pictures_beside(path)
    stamp = _stamp(stored, timezone, pictures)
    if not ends_with(path, stamp):
        html = render_analysis(stored, timezone=timezone, pictures=pictures)
        write_atomically(path, _encoded(html) + stamp)


def _stamp(stored: StoredAnalysis, timezone: str, pictures: Pictures | None) -> bytes:
    """What a report ends with: a comment that is another as soon as anything is that the report is made of. What an
    analysis found never changes once it is saved."""
    decisions = sorted(decision.id for decision in stored.decisions.values())
    parts = (stored.run_id, stored.id, decisions, timezone, language(), pictures, _made_by())
    return f"\n<!-- {hashlib.sha256(repr(parts).encode()).hexdigest()} -->\n".encode()


@cache
def _made_by() -> str:
    """sha256 of the code and templates of reports."""
    digest = hashlib.sha256(__version__.encode())
    folder = Path(__file__).parent
    for file in sorted([*folder.glob("*.py"), *(folder / "templates").iterdir()]):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def write_index(rows: Sequence[IndexRow], out: Path, *, timezone: str = DEFAULT_ZONE) -> Path:
    """Write ``out/index.html`` over reports that are there already. Raises SettingsError where it can't."""
    path = out / "index.html"
    write_atomically(path, _encoded(render_index(rows, timezone=timezone)))
    return path


def _encoded(html: str) -> bytes:
    return html.encode("utf-8")


def _eyebrow(analysis: Analysis) -> str:
    if analysis.status == "failed":
        return str(WORDS["failure_report"])
    return str(WORDS["contract_report" if analysis.kind == "contract" else "report_report"])


def _gravity(row: IndexRow) -> tuple[int, int, int, str]:
    return (-row.verdict.high, -row.verdict.medium, -row.verdict.low, row.stored.analysis.document.filename)


def _engine(stored: StoredAnalysis) -> str:
    if stored.engine == "rules":
        return str(WORDS["rules_only"])
    return f"{stored.engine} · {stored.model}" if stored.model else stored.engine


def _period(rows: Sequence[IndexRow], timezone: str) -> str:
    if not rows:
        return ""
    zone = zone_of(timezone)
    moments = sorted(row.stored.finished_at for row in rows)
    first, last = minute(moments[0], zone), minute_and_zone(moments[-1], zone)
    if last.startswith(first):
        return last
    return f"{first} – {last[11:] if first[:10] == last[:10] else last}"
