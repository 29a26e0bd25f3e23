"""The digest: what was analysed since the last one, or on one day, as HTML and Markdown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.errors import UsageError
from pipeline.lang import Text
from pipeline.report.clock import zone_of
from pipeline.report.digest import News, news_of, render_digest, render_markdown
from pipeline.report.files import report_name, write_atomically

if TYPE_CHECKING:
    from pipeline.store import Store


@dataclass(frozen=True, slots=True)
class Digest:
    """Where a digest lies and what it covers: from ``since`` (None: ever), inclusive, up to ``until``, exclusive."""

    html: Path
    markdown: Path
    since: dt.datetime | None
    until: dt.datetime
    counts: Mapping[str, int]


def make_digest(store: Store, *, date: dt.date | None, timezone: str, out: Path) -> Digest:
    """Write the digest of ``date``, a calendar day in ``timezone``, or of all since the last digest.

    Only the latter is recorded, and only once its files are written, so that nothing is ever skipped.
    Raises SettingsError for an unknown time zone, an ``out`` or a database that can't be written, and UsageError for a
    date out of range.
    """
    zone = zone_of(timezone)
    now = dt.datetime.now(dt.UTC)
    since, until = (store.last_digest(), now) if date is None else _day(date, zone)
    news = news_of(store.analyses(since=since, until=until), since, until)
    name = f"digest-{date or now.astimezone(zone).strftime('%Y-%m-%d-%H%M%S')}"
    html_path, markdown_path = out / f"{name}.html", out / f"{name}.md"
    reports, heading = _reports_in(out, news), str(date or "")
    html = render_digest(news, timezone=timezone, reports=reports, heading=heading)
    markdown = render_markdown(news, timezone=timezone, reports=reports, heading=heading)
    write_atomically(html_path, html.encode("utf-8"))
    write_atomically(markdown_path, markdown.encode("utf-8"))
    if date is None:
        store.save_digest(until, html, markdown)
    return Digest(html_path, markdown_path, since, until, news.counts())


def _day(date: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Midnight to midnight, in UTC: 23 or 25 hours where the clock changes."""
    if not 1970 < date.year < 9999:
        raise UsageError(
            Text(f"日期超出范围：{date}", f"date out of range: {date}"),
            Text("请用 YYYY-MM-DD，如 2026-03-02", "use YYYY-MM-DD, such as 2026-03-02"),
        )
    start, end = (dt.datetime.combine(day, dt.time.min, zone) for day in (date, date + dt.timedelta(days=1)))
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def _reports_in(out: Path, news: News) -> dict[int, str]:
    """Names of the reports that lie in ``out``, by analysis id."""
    names = {stored.id: report_name(stored) for stored in news.done}
    return {id_: name for id_, name in names.items() if (out / name).is_file()}
