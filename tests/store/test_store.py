"""What the store promises, on both databases."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_values import analysis, connected, entry, failure, finding, query, start

from pipeline.store import Store, migrate
from pipeline.types import Box, Completion, DocumentInfo, Evidence, Span, StoredAnalysis, Usage

Rows = Callable[[str], list[tuple[object, ...]]]


def only(stored: list[StoredAnalysis]) -> StoredAnalysis:
    assert len(stored) == 1
    return stored[0]


# --- analyses ---------------------------------------------------------------------------------------------------------


def test_an_analysis_comes_back_as_it_was_saved(store: Store) -> None:
    before = datetime.now(UTC)
    run_id = start(store)
    told = store.save_analysis(run_id, analysis())
    analysis_id = told.id
    stored = only(store.analyses([analysis_id]))
    assert told == stored
    assert store.save_analysis(run_id, analysis()) == stored  # the one in force
    assert stored.analysis == analysis()
    assert (stored.id, stored.run_id, stored.engine, stored.engine_reason, stored.model) == (
        analysis_id,
        run_id,
        "rules",
        "没有模型",
        "",
    )
    assert before <= stored.finished_at <= datetime.now(UTC)
    assert stored.finished_at.utcoffset() == timedelta(0)
    assert len(stored.finding_ids) == 3


def test_every_kind_of_finding_comes_back_in_order(store: Store) -> None:
    findings = (
        finding(0, status="absent", evidence=(), severity="high"),
        finding(1, evidence=(Evidence("没有页", Span(0, 0), None, "fuzzy"),)),
        finding(2, source="llm", status="unclear", severity="low", category="risks"),
        finding(0, status="conflict", evidence=tuple(Evidence(str(n), Span(n, n + 1), n, "exact") for n in range(20))),
    )
    store.save_analysis(start(store), analysis(findings=findings))
    assert only(store.analyses()).analysis.findings == findings


def test_the_columns_say_what_the_values_say(store: Store, rows: Rows) -> None:
    store.save_analysis(
        start(store), analysis(findings=(finding(1), finding(2, status="absent", evidence=(), value="")))
    )
    assert rows("SELECT title, grounded, position FROM findings ORDER BY id") == [
        ("金额1：1280000.00元", False, 0),
        ("金额2", True, 1),
    ]
    assert rows('SELECT position, "start", "end", page, match, section FROM evidence ORDER BY id') == [
        (0, 1, 6, 1, "exact", "第二条 价款"),
        (1, None, None, None, "none", ""),
    ]


def test_a_missing_path_is_recorded_without_a_document(store: Store, rows: Rows) -> None:
    lost = failure(None, "")
    first = store.save_analysis(start(store), lost).id
    second = store.save_analysis(start(store), lost).id
    assert first != second
    assert [stored.analysis for stored in store.analyses()] == [lost, lost]
    assert rows("SELECT count(*) FROM documents") == [(0,)]


def test_the_same_analysis_is_kept_once(store: Store, rows: Rows) -> None:
    first = store.save_analysis(start(store), analysis()).id
    assert store.save_analysis(start(store), analysis(findings=50)).id == first
    assert store.analysis_in_force("f1") == first
    assert rows("SELECT count(*) FROM analyses") == [(1,)]
    assert rows("SELECT count(*) FROM findings") == [(3,)]


def test_a_forced_analysis_supersedes_the_one_in_force(store: Store, rows: Rows) -> None:
    first = store.save_analysis(start(store), analysis()).id
    second = store.save_analysis(start(store), analysis(findings=5), supersede=True).id
    assert second != first
    assert store.analysis_in_force("f1") == second
    assert rows("SELECT id, current FROM analyses ORDER BY id") == [(first, False), (second, True)]
    assert [stored.id for stored in store.analyses()] == [first, second]
    assert [stored.id for stored in store.analyses(latest=True)] == [second]


def test_a_failure_leaves_what_is_done_in_force_and_is_superseded_by_it(store: Store, rows: Rows) -> None:
    run_id = start(store)
    assert store.analysis_in_force("f1") is None
    store.save_analysis(run_id, failure())
    store.save_analysis(run_id, failure())
    assert store.analysis_in_force("f1") is None
    done = store.save_analysis(run_id, analysis()).id
    store.save_analysis(run_id, failure(), supersede=True)
    assert store.analysis_in_force("f1") == done
    assert rows("SELECT status, current FROM analyses ORDER BY id") == [
        ("failed", False),
        ("failed", False),
        ("done", True),
        ("failed", True),
    ]


def test_a_group_is_kept_as_its_documents_would_be_one_by_one(store: Store, rows: Rows) -> None:
    run_id = start(store)
    there = store.save_analysis(run_id, analysis("d2", "f2", findings=2))
    store.save_analysis(run_id, failure("d4", "f4"))
    group = [
        analysis("d9", "f9", findings=5),
        analysis("d2", "f2", findings=50),
        failure("d3", "f3"),
        analysis("d4", "f4", findings=0),
        failure(None, ""),
        failure(None, ""),
        analysis("d1", "f1", findings=1),
    ]
    told = store.save_analyses(run_id, group)
    assert told[1] == there
    assert [one.analysis for one in told] == [group[0], there.analysis, *group[2:]]
    assert store.analyses([one.id for one in told]) == sorted(told, key=lambda one: one.id)
    assert rows("SELECT status, current FROM analyses WHERE fingerprint = 'f4' ORDER BY id") == [
        ("failed", False),
        ("done", True),
    ]
    again = store.save_analyses(run_id, [analysis("d1", "f1"), analysis("d2", "f2")], supersede=True)
    assert [store.analysis_in_force(name) for name in ("f1", "f2")] == [one.id for one in again]
    assert store.save_analyses(run_id, []) == []


def test_no_statement_of_a_save_looks_at_every_analysis(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/db.sqlite") as store:
        statements: list[str] = []
        sa.event.listen(store._engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        store.save_analyses(start(store), [analysis("d1", "f1"), failure("d2", "f2")])
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        saving = [one for one in statements if "analyses" in one or "findings" in one or "documents" in one]
        plans = [row for one in saving for row in database.execute(f"EXPLAIN QUERY PLAN {one}", [1] * one.count("?"))]
    database.close()
    assert len(saving) > 5 and [plan[3] for plan in plans if plan[3].startswith("SCAN")] == []


def test_the_database_itself_refuses_two_in_force(store: Store, url: str) -> None:
    store.save_analysis(start(store), analysis())
    store.save_analysis(start(store), analysis(), supersede=True)
    with pytest.raises(sa.exc.IntegrityError):
        query(url, "UPDATE analyses SET current = (1 = 1)")


def test_an_analysis_of_an_unknown_run_leaves_nothing_behind(store: Store, rows: Rows) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        store.save_analysis("no such run", analysis())
    assert rows("SELECT count(*) FROM documents") == [(0,)]


def test_a_document_keeps_its_first_sight_and_its_best_reading(store: Store, rows: Rows) -> None:
    run_id = start(store)
    store.save_analysis(run_id, analysis())
    seen = rows("SELECT first_seen_at FROM documents")
    store.save_analysis(run_id, failure(fingerprint="f2"))
    assert rows("SELECT filename, title, kind, pages, characters, tokens FROM documents") == [
        ("坏文件.pdf", "采购合同", "contract", 10, 9000, 7000)
    ]
    ocr = DocumentInfo("d1", "扫描.pdf", "扫描合同", 10, 12000, 8000, {"text": 9, "scan": 1})
    store.save_analysis(run_id, analysis(ocr, "f3", kind="report"))
    assert rows("SELECT filename, title, kind, pages, characters FROM documents") == [
        ("扫描.pdf", "扫描合同", "report", 10, 12000)
    ]
    assert rows("SELECT first_seen_at FROM documents") == seen
    assert [s.analysis.document.characters for s in store.analyses()] == [9000, 0, 12000]


def test_analyses_can_be_chosen(store: Store) -> None:
    one, two = start(store), start(store)
    ids = [
        store.save_analysis(one, analysis("d1", "f1")).id,
        store.save_analysis(one, analysis("d2", "f2", kind="report")).id,
        store.save_analysis(two, analysis("d1", "f3")).id,
        store.save_analysis(two, failure("d2", "f4")).id,
        store.save_analysis(two, failure(None, "")).id,
    ]
    everything = store.analyses()

    def chosen(*args: object, **conditions: object) -> list[int]:
        return [ids.index(stored.id) for stored in store.analyses(*args, **conditions)]

    assert chosen() == [0, 1, 2, 3, 4]
    assert chosen([ids[3], ids[0], ids[0], 999]) == [0, 3]
    assert chosen([]) == []
    assert chosen(run_id=one) == [0, 1]
    assert chosen(latest=True) == [1, 2]
    assert chosen(run_id=one, latest=True) == [1]
    edge = everything[2].finished_at
    assert chosen(since=edge) == [2, 3, 4]
    assert chosen(until=edge) == [0, 1]
    assert chosen(since=edge.astimezone(timezone(timedelta(hours=8)))) == [2, 3, 4]
    assert chosen(ids[:3], since=edge) == [2]


def test_many_analyses_cost_few_queries(store: Store) -> None:
    run_id = start(store)
    ids = [store.save_analysis(run_id, analysis(f"d{n}", f"f{n}")).id for n in range(30)]
    statements: list[str] = []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    assert [s.id for s in store.analyses(ids + list(range(10_000, 10_600)))] == ids
    assert len([s for s in statements if s.startswith("SELECT")]) <= 6 + 2  # two batches of ids, and a pool's ping


def test_a_moment_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a time zone"):
        store.analyses(since=datetime(2026, 11, 21))


# --- hostile data -----------------------------------------------------------------------------------------------------

HOSTILE = "甲\x00方\ud800乙\udfff'; DROP TABLE findings; --\u202e\ufffe😀"
CLEANED = "甲\ufffd方\ufffd乙\ufffd'; DROP TABLE findings; --\u202e\ufffe😀"


def test_hostile_strings_are_cleaned_and_saved(store: Store) -> None:
    document = DocumentInfo("d1", HOSTILE, HOSTILE, 1, 1, 1, {HOSTILE: 1})
    piece = Evidence(HOSTILE, Span(0, 9), 1, "exact", HOSTILE)
    dirty = finding(0, item=HOSTILE, value=HOSTILE, detail=HOSTILE, suggestion=HOSTILE, evidence=(piece,))
    saved = analysis(document, HOSTILE, (dirty,), notes=(HOSTILE,), summary=HOSTILE, error_message=HOSTILE)
    run_id = start(store, note=HOSTILE)
    analysis_id = store.save_analysis(run_id, saved).id
    back = only(store.analyses()).analysis
    assert (back.document.filename, dict(back.document.health), back.notes, back.summary) == (
        CLEANED,
        {CLEANED: 1},
        (CLEANED,),
        CLEANED,
    )
    (found,) = back.findings
    assert (found.item, found.value, found.detail, found.evidence[0].quote) == (CLEANED,) * 4
    assert len(found.evidence[0].quote) == len(HOSTILE)
    assert store.analysis_in_force(HOSTILE) == analysis_id
    assert store.save_analysis(run_id, saved).id == analysis_id
    store.save_completions([entry("k0", HOSTILE)])
    kept = store.completions(["k0"]).get("k0")
    assert kept is not None
    assert kept.text == CLEANED
    store.reject_completions(["k0"])
    assert store.completions(["k0"]).get("k0") is None
    store.save_digest(datetime.now(UTC), HOSTILE, HOSTILE)


def test_numbers_that_json_cannot_hold_are_left_out(store: Store) -> None:
    boxes = (Box(1, float("nan"), 0.0, 1.0, 1.0), Box(2, 0.0, 0.0, float("inf"), 1.0), Box(3, 0.004, 0.0, 1.0, 1.0))
    broken = finding(0, evidence=(Evidence("引文", Span(0, 2), 1, "exact", "", boxes),))
    store.save_analysis(start(store, ratio=float("nan")), analysis(findings=(broken,)))
    (found,) = only(store.analyses()).analysis.findings
    assert found.evidence[0].boxes == (Box(3, 0.0, 0.0, 1.0, 1.0),)


@given(texts=st.lists(st.text(st.characters(exclude_categories=())), max_size=20))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_kept_at_its_length(store: Store, texts: list[str]) -> None:
    pieces = tuple(Evidence(text, Span(0, len(text)), 1, "exact", text) for text in texts)
    found = finding(0, evidence=pieces, detail="".join(texts))
    analysis_id = store.save_analysis(start(store), analysis(findings=(found,), notes=tuple(texts)), supersede=True).id
    back = only(store.analyses([analysis_id])).analysis
    expected = [re.sub("[\x00\ud800-\udfff]", "\ufffd", text) for text in texts]
    assert list(back.notes) == expected
    assert [piece.quote for piece in back.findings[0].evidence] == expected
    assert back.findings[0].detail == "".join(expected)


def test_a_megabyte_in_one_field_is_kept(store: Store) -> None:
    store.save_completions([entry(text="长" * 1_000_000)])
    kept = store.completions(["k1"]).get("k1")
    assert kept is not None
    assert len(kept.text) == 1_000_000


# --- the journal ------------------------------------------------------------------------------------------------------


def test_a_completion_is_served_as_reused(store: Store) -> None:
    assert store.completions(["k1"]).get("k1") is None
    store.save_completions([entry("k1"), entry("k2", "二")])
    assert store.completions(["k1"]).get("k1") == Completion(
        '{"findings": []}', "想了想", "stop", 1000, 900, 120, True, "k1"
    )


def test_the_first_completion_of_a_key_stays(store: Store, rows: Rows) -> None:
    store.save_completions([entry("k1", "甲"), entry("k1", "乙")])
    store.save_completions([entry("k1", "丙")])
    kept = store.completions(["k1"]).get("k1")
    assert kept is not None
    assert kept.text == "甲"
    assert rows("SELECT count(*) FROM completions") == [(1,)]


def test_a_rejected_completion_is_kept_but_never_served_and_can_be_replaced(store: Store, rows: Rows) -> None:
    store.save_completions([entry("k1", "坏"), entry("k2", "好")])
    store.reject_completions(["k1", "unknown"])
    store.reject_completions([])
    assert store.completions(["k1"]).get("k1") is None
    assert rows("SELECT text, rejected FROM completions ORDER BY key") == [("坏", True), ("好", False)]
    store.save_completions([entry("k1", "新"), entry("k1", "更新")])
    kept = store.completions(["k1"]).get("k1")
    assert kept is not None
    assert kept.text == "新"
    store.save_completions([])


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_run_is_recorded_from_start_to_end(store: Store, rows: Rows) -> None:
    run_id = store.start_run(kind="auto", engine="vllm", engine_reason="有 GPU", model="Qwen3-14B", settings={"a": 1})
    assert rows("SELECT kind, engine, engine_reason, model, status, finished_at FROM runs") == [
        ("auto", "vllm", "有 GPU", "Qwen3-14B", "running", None)
    ]
    store.finish_run(run_id, "failed")
    ((status, finished_at),) = rows("SELECT status, finished_at FROM runs")
    assert status == "failed"
    assert finished_at is not None


def test_what_a_run_took_is_kept_and_shared_out_by_tokens(store: Store, rows: Rows) -> None:
    run_id, other = start(store), start(store)
    for name, prompt, cached in (("a" * 64, 1000, 900), ("b" * 64, 300, 0)):
        document = replace(analysis().document, id=name)
        one = replace(analysis(), document=document, fingerprint=name, findings=(), prompt_tokens=prompt)
        store.save_analysis(run_id, replace(one, cached_tokens=cached, completion_tokens=0))
    store.save_analysis(other, analysis())
    usage = Usage(40.0, 1300, 900, 0, 2, kv_use=0.5, queue=7, gpus=3)
    store.finish_run(run_id, "done", usage)
    store.finish_run(other, "done", Usage(5.0, None, None, None, 1))
    shares = rows("SELECT engine_seconds, gpu_minutes FROM analyses ORDER BY id")
    assert shares == [(pytest.approx(10), pytest.approx(0.5)), (pytest.approx(30), pytest.approx(1.5)), (None, None)]
    assert [one.analysis.engine_seconds for one in store.analyses(run_id=run_id)] == pytest.approx([10, 30])
    kept = "prompt_tokens, cached_tokens, completion_tokens, engine_seconds, gpu_minutes, prompt_tokens_per_s,"
    kept += " completion_tokens_per_s, cached_share, kv_use_peak, queue_peak"
    known, unknown = rows(f"SELECT {kept} FROM runs ORDER BY id = '{other}'")
    assert known == pytest.approx((1300, 900, 0, 40, 2, 32.5, 0, 9 / 13, 0.5, 7))
    assert unknown == (None, None, None, 5, None, None, None, None, None, None)


def test_settings_are_kept_without_secrets(store: Store, rows: Rows) -> None:
    given_settings = {
        "api_key": "sk-geheim",
        "passwords": ("geheim",),
        "database": "postgresql://u:geheim@db/longdoc?password=geheim",
        "base_url": "http://u:geheim@host:8000/v1",
        "vllm_args": {"hf_token": "geheim", "hf_overrides": {"Authorization": "geheim"}, "max_num_seqs": 8},
        "out": Path("out"),
        "chunk_tokens": 8000,
    }
    start(store, **given_settings)
    ((kept,),) = rows("SELECT CAST(settings AS TEXT) FROM runs")
    assert "geheim" not in str(kept)
    for part in ("postgresql://u:***@db/longdoc", "http://u:***@host:8000/v1", '"out":"out"', '"chunk_tokens":8000'):
        assert part in str(kept)
    assert '"max_num_seqs":8' in str(kept)


ABANDONED = """
import sys, time
from pipeline.store import Store, migrate
store = Store.open(sys.argv[1])
print(store.start_run(kind="auto", engine="rules", engine_reason="", model="", settings={}), flush=True)
sys.stdin.read()
"""


def test_runs_of_dead_processes_are_marked_interrupted(store: Store, url: str, rows: Rows) -> None:
    elsewhere = start(store)
    query(url, 'UPDATE runs SET settings = \'{"host": "another", "pid": 1}\'')
    process = subprocess.Popen(
        [sys.executable, "-c", ABANDONED, url], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        abandoned = process.stdout.readline().strip()
        mine = start(store)
        assert dict(rows("SELECT id, status FROM runs"))[abandoned] == "running"
        process.kill()
    last = start(store)
    assert dict(rows("SELECT id, status FROM runs")) == {
        elsewhere: "running",
        abandoned: "interrupted",
        mine: "running",
        last: "running",
    }
    assert rows(f"SELECT count(*) FROM runs WHERE id = '{abandoned}' AND finished_at IS NOT NULL") == [(1,)]


def test_a_pid_that_another_process_took_over_is_dead(store: Store, url: str, rows: Rows) -> None:
    stale = start(store)
    with connected(url) as connection:
        from pipeline.store.models import runs

        settings = connection.execute(sa.select(runs.c.settings)).scalar_one()
        connection.execute(sa.update(runs).values(settings={**settings, "process_started": "1"}))
    start(store)
    assert dict(rows("SELECT id, status FROM runs"))[stale] == "interrupted"


# --- views, append-only -----------------------------------------------------------------------------------------------


def test_latest_findings_shows_the_newest_done_analysis(store: Store, rows: Rows) -> None:
    run_id = start(store)
    store.save_analysis(run_id, analysis("d1", "f1", findings=2))
    store.save_analysis(run_id, analysis("d1", "f2", findings=1))
    store.save_analysis(run_id, failure("d1", "f3"))
    store.save_analysis(run_id, analysis("d1", "f4", findings=1, kind="report"))
    assert rows(
        "SELECT filename, document_title, kind, engine, model, item, quote, page, grounded FROM latest_findings"
        " ORDER BY id"
    ) == [
        ("d1.pdf", "采购合同", "contract", "rules", "", "金额0", "合同总价0", 1, False),
        ("d1.pdf", "采购合同", "report", "rules", "", "金额0", "合同总价0", 1, False),
    ]


def test_an_analysis_that_is_asked_for_again_is_the_latest(store: Store, rows: Rows) -> None:
    buyer = store.save_analysis(start(store), analysis("d1", "f1", side="甲方"))
    store.save_analysis(start(store), analysis("d1", "f2", side="乙方"))
    other_kind = store.save_analysis(start(store), analysis("d1", "f3", kind="report"))
    sides = "SELECT DISTINCT side FROM latest_findings WHERE kind = 'contract'"
    assert rows(sides) == [("乙方",)]
    assert store.recall(buyer.id) == buyer
    assert rows(sides) == [("甲方",)]
    assert [stored.id for stored in store.analyses(latest=True)] == [buyer.id, other_kind.id]
    store.save_analysis(start(store), analysis("d1", "f2", side="乙方"))  # made by another process in the meantime
    assert rows(sides) == [("乙方",)]
    assert rows("SELECT count(*) FROM analyses") == [(3,)]


def test_one_that_was_superseded_is_never_the_latest_again(store: Store, rows: Rows) -> None:
    first = store.save_analysis(start(store), analysis())
    second = store.save_analysis(start(store), analysis(findings=5), supersede=True)
    store.recall(first.id)
    assert rows("SELECT id FROM analyses WHERE latest") == [(second.id,)]


def test_open_risks_are_what_someone_must_look_at(store: Store, rows: Rows, url: str) -> None:
    risks = (
        finding(0, severity="high", status="conflict"),
        finding(1, severity="medium", status="absent", evidence=()),
        finding(2, severity="low", status="conflict"),
        finding(3, severity="high", status="present"),
        finding(4, severity="high", status="present", category="risks"),
        finding(5, severity="medium", status="unclear"),
    )
    store.save_analysis(start(store), analysis(findings=risks))
    ids = only(store.analyses()).finding_ids

    def open_items() -> list[object]:
        return [item for (item,) in rows("SELECT item FROM open_risks ORDER BY id")]

    def decide(index: int, decision: str) -> None:
        query(
            url,
            f"INSERT INTO decisions (finding_id, decision, decided_by) VALUES ({ids[index]}, '{decision}', '张律师')",
        )

    assert open_items() == ["金额0", "金额1", "金额4", "金额5"]
    decide(0, "reject")
    decide(4, "accept")
    decide(5, "reject")
    decide(5, "accept")
    assert open_items() == ["金额1", "金额4", "金额5"]


@pytest.mark.parametrize("table", ["decisions", "actions"])
def test_decisions_and_actions_are_append_only(store: Store, url: str, table: str, rows: Rows) -> None:
    store.save_analysis(start(store), analysis())
    finding_id = only(store.analyses()).finding_ids[0]
    insert = {
        "decisions": "INTO decisions (id, finding_id, decision, decided_by) VALUES (7, {}, 'accept', '张律师')",
        "actions": "INTO actions (id, finding_id, name, arguments, outcome) VALUES (7, {}, 'mail', '{{}}', 'sent')",
    }[table].format(finding_id)
    query(url, "INSERT " + insert)
    attempts = [f"UPDATE {table} SET id = 8", f"DELETE FROM {table}"]
    attempts.append("REPLACE " + insert if url.startswith("sqlite") else f"TRUNCATE {table}")
    for attempt in attempts:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            query(url, attempt)
    assert rows(f"SELECT id FROM {table}") == [(7,)]
    assert rows(f"SELECT created_at FROM {table}") != [(None,)]


def test_a_decision_keeps_its_finding_from_being_deleted(store: Store, url: str, rows: Rows) -> None:
    store.save_analysis(start(store), analysis())
    finding_id = only(store.analyses()).finding_ids[0]
    query(url, f"INSERT INTO decisions (finding_id, decision, decided_by) VALUES ({finding_id}, 'edit', '李')")
    with pytest.raises(sa.exc.IntegrityError):
        query(url, "DELETE FROM analyses")
    assert rows("SELECT count(*) FROM findings") == [(3,)]


# --- digests, doctor --------------------------------------------------------------------------------------------------


def test_the_last_digest_is_the_latest_one(store: Store, rows: Rows) -> None:
    assert store.last_digest() is None
    shanghai = timezone(timedelta(hours=8))
    store.save_digest(datetime(2026, 11, 21, 8, tzinfo=shanghai), "<p>二</p>", "二")
    store.save_digest(datetime(2026, 11, 20, 8, tzinfo=shanghai), "<p>一</p>", "一")
    last = store.last_digest()
    assert last == datetime(2026, 11, 21, 0, tzinfo=UTC)
    assert last.tzinfo is UTC
    assert rows("SELECT html, markdown FROM digests ORDER BY id") == [("<p>二</p>", "二"), ("<p>一</p>", "一")]


def test_info_tells_doctor_what_is_there(store: Store, url: str) -> None:
    store.save_analysis(start(store), analysis())
    info = store.info()
    assert info.dialect == url.split(":")[0]
    assert int(info.version.split(".")[0]) >= 3
    assert info.revision == migrate.HEAD
    assert info.location.startswith(("/", "postgresql://"))
    assert (info.rows["documents"], info.rows["findings"], info.rows["evidence"]) == (1, 3, 6)


# --- many at once, and fast -------------------------------------------------------------------------------------------


def test_many_threads_use_one_store(store: Store, rows: Rows) -> None:
    run_id = start(store)
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for n in range(5):
                store.save_completions([entry(f"k{(thread + n * step) % 40}") for step in range(8)])
                store.save_analysis(run_id, analysis(f"d{thread}-{n}", f"f{thread}-{n}"))
                store.save_analysis(run_id, analysis("shared", "shared"))
                assert store.completions([f"k{thread}"]).get(f"k{thread}") is not None
                assert store.analyses(run_id=run_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows("SELECT count(*) FROM analyses") == [(61,)]
    assert rows("SELECT count(*) FROM evidence") == [(61 * 6,)]


def test_sqlite_keeps_its_promises_on_every_connection(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/longdoc.db") as store, store._engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000, "synchronous": 1}
    assert not Path(f"{tmp_path}/longdoc.db-wal").exists()  # closed properly
    assert sqlite3.connect(f"{tmp_path}/longdoc.db").close() is None
