"""``daily-report``: the digest of what was analysed since the last one, on weekday mornings."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.batch import settings_for
from flows.markdown import link, plain
from pipeline.daily import Digest, make_digest
from pipeline.lang import Text
from pipeline.settings import Settings
from pipeline.store import Store


@flow(name="daily-report", persist_result=False)
async def daily_report(
    date: dt.date | None = None,
    timezone: str | None = None,
    database: str | None = None,
    out: Path | None = None,
) -> State[None]:
    """Write the digest: new documents, high risks with quotes, absent clauses, failures.

    A run that was scheduled for an earlier day (everything was down) does nothing: today's run covers that day too.

    Args:
        date: one calendar day; None: everything since the last digest.
        timezone: where that day begins and ends. Here and below, None means: as LONGDOC_... or longdoc.toml say.
        database: SQLAlchemy URL; one with a password belongs into LONGDOC_DATABASE.
        out: folder of the digests.
    """
    settings = settings_for({"timezone": timezone, "database": database, "out": out})
    scheduled: dt.datetime | None = flow_run.scheduled_start_time  # pyright: ignore[reportUnknownMemberType]
    if date is None and scheduled is not None and is_overdue(scheduled, dt.datetime.now(dt.UTC), settings.timezone):
        return Completed(
            name="Skipped",
            message=str(Text("已过了计划的那一天，由当天的简报一并包括", "its day is over: today's digest covers it")),
        )
    digest = await asyncio.to_thread(_write, settings, date)
    await acreate_markdown_artifact(markdown_summary(digest), key="daily-report-summary")
    return Completed(message=_counted(digest.counts))


def is_overdue(scheduled: dt.datetime, now: dt.datetime, timezone: str) -> bool:
    """Whether the day for which a run was scheduled is over, by the calendar of ``timezone``."""
    zone = ZoneInfo(timezone)
    return scheduled.astimezone(zone).date() < now.astimezone(zone).date()


def markdown_summary(digest: Digest) -> str:
    """What the digest covers, in counts, and where it lies. Its quotes stay in its file."""
    since = digest.since.isoformat(timespec="minutes") if digest.since else str(Text("开始", "the beginning"))
    lines = [
        f"**{plain(_counted(digest.counts))}**",
        "",
        f"- {since} → {digest.until.isoformat(timespec='minutes')}",
        f"- {link('HTML', digest.html)} · {link('Markdown', digest.markdown)}",
    ]
    return "\n".join(lines)


def _counted(counts: Mapping[str, int]) -> str:
    documents, high, absences, failures = (counts[name] for name in ("documents", "high", "absences", "failures"))
    return str(
        Text(
            f"{documents} 份文件，{high} 项高风险，{absences} 项缺失，{failures} 份失败",
            f"{documents} documents, {high} high risks, {absences} absences, {failures} failures",
        )
    )


def _write(settings: Settings, date: dt.date | None) -> Digest:
    with Store.open(settings.database) as store:
        return make_digest(store, date=date, timezone=settings.timezone, out=settings.out)
