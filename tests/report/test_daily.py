from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from report_values import CLEAN, FAILED, PURCHASE

from pipeline.daily import make_digest
from pipeline.errors import SettingsError, UsageError
from pipeline.report.html import write_report
from pipeline.store import Store

ZONE = "Asia/Shanghai"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/longdoc.db") as opened:
        yield opened


def save(store: Store, *analyses: object) -> None:
    run = store.start_run(kind="auto", engine="rules", engine_reason="", model="", settings={})
    for analysis in analyses:
        store.save_analysis(run, analysis)


def test_each_digest_goes_on_where_the_last_one_ended(store: Store, tmp_path: Path) -> None:
    save(store, PURCHASE, FAILED)
    first = make_digest(store, date=None, timezone=ZONE, out=tmp_path / "out")
    assert first.since is None and first.counts["documents"] == 1 and first.counts["failures"] == 1
    assert first.html.is_file() and "设备采购合同" in first.markdown.read_text(encoding="utf-8")
    assert store.last_digest() == first.until

    save(store, CLEAN)
    second = make_digest(store, date=None, timezone=ZONE, out=tmp_path / "out")
    assert second.since == first.until and second.counts["documents"] == 1
    assert "设备采购合同" not in second.html.read_text(encoding="utf-8")

    third = make_digest(store, date=None, timezone=ZONE, out=tmp_path / "out")
    assert third.counts["documents"] == 0 and "没有新的分析" in third.html.read_text(encoding="utf-8")


def test_a_day_is_a_day_of_the_time_zone_and_leaves_no_record(store: Store, tmp_path: Path) -> None:
    save(store, CLEAN)
    today = datetime.now(ZoneInfo(ZONE)).date()
    digest = make_digest(store, date=today, timezone=ZONE, out=tmp_path / "out")
    assert digest.counts["documents"] in (0, 1), "midnight may pass between the two"
    assert digest.html.name == f"digest-{today}.html" and digest.markdown.name == f"digest-{today}.md"
    assert make_digest(store, date=today - timedelta(3), timezone=ZONE, out=tmp_path).counts["documents"] == 0
    assert store.last_digest() is None

    day = make_digest(store, date=date(2026, 3, 2), timezone=ZONE, out=tmp_path)
    assert day.since == datetime(2026, 3, 1, 16, tzinfo=UTC) and day.until == datetime(2026, 3, 2, 16, tzinfo=UTC)
    short = make_digest(store, date=date(2026, 3, 8), timezone="America/New_York", out=tmp_path)
    assert short.since and short.until - short.since == timedelta(hours=23)


def test_links_lead_to_the_reports_that_lie_there(store: Store, tmp_path: Path) -> None:
    save(store, PURCHASE)
    [stored] = store.analyses()
    path = write_report(stored, tmp_path / "out")
    digest = make_digest(store, date=None, timezone=ZONE, out=tmp_path / "out")
    assert path.name.rpartition("-")[2] in digest.html.read_text(encoding="utf-8")
    elsewhere = make_digest(store, date=datetime.now(ZoneInfo(ZONE)).date(), timezone=ZONE, out=tmp_path / "other")
    assert path.name.rpartition("-")[2] not in elsewhere.html.read_text(encoding="utf-8")


def test_nothing_is_recorded_unless_it_is_written(store: Store, tmp_path: Path) -> None:
    save(store, PURCHASE)
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(SettingsError):
        make_digest(store, date=None, timezone=ZONE, out=tmp_path / "out")
    assert store.last_digest() is None


def test_what_makes_no_sense_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Asia/Shanghai"):
        make_digest(store, date=None, timezone="Mars/Olympus", out=tmp_path)
    for day in (date.min, date.max):
        with pytest.raises(UsageError):
            make_digest(store, date=day, timezone=ZONE, out=tmp_path)
