"""What is new, for the morning: failures with their remedy, high risks with their quotes, conflicts, absences.

Everything in it is masked (see :mod:`~pipeline.report.masking`), for it is made to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.report.clock import DEFAULT_ZONE, minute, minute_and_zone, zone_of
from pipeline.report.markdown import in_markdown, without_gaps
from pipeline.report.masking import mask
from pipeline.report.page import href, render
from pipeline.report.text import visible
from pipeline.report.view import Shown, Verdict, arrange, folded, settled, total, verdict_of
from pipeline.report.words import WORDS
from pipeline.types import StoredAnalysis


@dataclass(frozen=True, slots=True)
class News:
    """What was finished from ``since`` (None: ever) up to ``until``, each document once.

    ``failed`` are the documents that failed and were not done afterwards.
    """

    since: datetime | None
    until: datetime
    done: tuple[StoredAnalysis, ...]
    failed: tuple[StoredAnalysis, ...]

    @property
    def verdict(self) -> Verdict:
        return total(verdict_of(settled(stored)) for stored in self.done)

    def counts(self) -> dict[str, int]:
        """The totals, by name."""
        verdict = self.verdict
        return {
            "documents": len(self.done),
            "failures": len(self.failed),
            "high": verdict.high,
            "medium": verdict.medium,
            "low": verdict.low,
            "conflicts": verdict.conflicts,
            "absences": verdict.absences,
            "ungrounded": verdict.ungrounded,
        }


@dataclass(frozen=True, slots=True)
class _Told:
    """A document of the digest with what it tells of it."""

    stored: StoredAnalysis
    verdict: Verdict
    href: str
    """Empty where no report of it lies beside the digest."""
    high: tuple[Shown, ...]
    conflicts: tuple[Shown, ...]
    """Those that are not high."""
    absences: tuple[Shown, ...]
    """Those that weigh more than little."""
    minor: int
    """How many weigh little: the report has them."""

    @property
    def name(self) -> str:
        return self.stored.analysis.document.title or self.stored.analysis.document.filename


def news_of(analyses: Iterable[StoredAnalysis], since: datetime | None, until: datetime) -> News:
    """The newest of each document and kind. ``analyses`` are in the order of their ids."""
    done: dict[tuple[str, str], StoredAnalysis] = {}
    failed: dict[str, StoredAnalysis] = {}
    for stored in analyses:
        document = stored.analysis.document
        key = document.id or f"/{document.filename}"
        if stored.analysis.status == "failed":
            failed[key] = stored
        else:
            failed.pop(key, None)
            done[key, stored.analysis.kind] = stored
    return News(since, until, tuple(done.values()), tuple(failed.values()))


def render_digest(
    news: News, *, timezone: str = DEFAULT_ZONE, reports: Mapping[int, str] | None = None, heading: str = ""
) -> str:
    """The digest as HTML. ``reports`` are the names, by analysis id, of the reports that lie beside it; ``heading``
    names the period, else it is told by the clock."""
    return render("digest.html.j2", clean=_masked, **_values(news, timezone, reports or {}, heading))


def render_markdown(
    news: News, *, timezone: str = DEFAULT_ZONE, reports: Mapping[int, str] | None = None, heading: str = ""
) -> str:
    """The digest as Markdown, for mail and chat."""
    text = render("digest.md.j2", clean=_masked_markdown, **_values(news, timezone, reports or {}, heading))
    return without_gaps(text)


def _values(news: News, timezone: str, reports: Mapping[int, str], heading: str) -> dict[str, object]:
    told = sorted((_told(stored, reports) for stored in news.done), key=_gravity)
    return {
        "news": news,
        "verdict": news.verdict,
        "told": told,
        "high": [one for one in told if one.high],
        "conflicts": [one for one in told if one.conflicts],
        "absences": [one for one in told if one.absences],
        "minor": sum(one.minor for one in told),
        "by_rules": any(stored.engine == "rules" for stored in news.done),
        "period": heading or _period(news, timezone),
    }


def _told(stored: StoredAnalysis, reports: Mapping[int, str]) -> _Told:
    view = arrange(stored)
    issues = (_masked_by_name(shown) for _, rows in view.issues for shown in rows)
    found = [shown for shown in issues if shown.finding.status != "absent"]
    return _Told(
        stored=stored,
        verdict=verdict_of(settled(stored)),
        href=href(reports[stored.id]) if stored.id in reports else "",
        high=tuple(_once(s for s in found if s.finding.severity == "high")),
        conflicts=tuple(_once(s for s in found if s.finding.status == "conflict" and s.finding.severity != "high")),
        absences=tuple(s for s in view.absences if s.finding.severity != "low"),
        minor=sum(s.finding.severity == "low" for s in view.absences),
    )


def _once(rows: Iterable[Shown]) -> Iterable[Shown]:
    """What is said of several places, once, with the quotes of all."""
    for shown, others in folded(rows):
        quotes = (quote for one in (shown, *others) for quote in one.finding.evidence)
        yield replace(shown, finding=replace(shown.finding, evidence=tuple(quotes)))


def _masked_by_name(shown: Shown) -> Shown:
    """Its value and quotes masked in the light of its item: ``账号`` tells what a bare number is."""
    finding = shown.finding
    evidence = tuple(replace(e, quote=_after(finding.item, e.quote)) for e in finding.evidence)
    masked = replace(finding, value=_after(finding.item, finding.value), evidence=evidence)
    return replace(shown, finding=masked, original=None)


def _after(item: str, text: str) -> str:
    """``text`` as masked behind ``item``. Masking keeps the length."""
    name = visible(item) + "："
    return mask(name + visible(text))[len(name) :]


def _gravity(told: _Told) -> tuple[int, int, int]:
    return (-told.verdict.high, -told.verdict.medium, told.stored.id)


def _period(news: News, timezone: str) -> str:
    zone = zone_of(timezone)
    since = minute(news.since, zone) if news.since else str(WORDS["since_start"])
    return f"{since} – {minute_and_zone(news.until, zone)}"


def _masked(text: str) -> str:
    return mask(visible(text))


def _masked_markdown(text: str) -> str:
    return in_markdown(mask(visible(text)))
