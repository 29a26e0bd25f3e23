"""Decisions: append-only, last one counts, and they follow the same finding into later analyses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_values import analysis, finding, query

from pipeline.store import Entry, Store
from pipeline.types import StoredAnalysis


def saved(store: Store, *, fingerprint: str = "f1", **changes: object) -> StoredAnalysis:
    run = store.start_run(kind="contract", engine="rules", engine_reason="", model="", settings={})
    return store.save_analysis(run, analysis(fingerprint=fingerprint, **changes), supersede=True)


def entry(finding_id: int, ruling: str = "reject", **more: object) -> Entry:
    values = {"note": "误报", "by": "张三", "changes": {}}
    return Entry(finding_id, ruling, **(values | more))


def test_the_last_decision_counts_and_all_are_kept(store: Store, url: str) -> None:
    stored = saved(store)
    first = stored.finding_ids[0]
    assert store.decide([entry(first)])[0][1] == "written"
    [(_, outcome, decision)] = store.decide([entry(first, "edit", changes={"value": "1元"}, by="李四")])
    assert outcome == "written" and decision and decision.by == "李四"
    [again] = store.analyses([stored.id])
    assert {id_: (d.ruling, dict(d.changes), d.by) for id_, d in again.decisions.items()} == {
        first: ("edit", {"value": "1元"}, "李四")
    }
    assert query(url, "SELECT decision FROM decisions ORDER BY id") == [("reject",), ("edit",)]


def test_a_decision_follows_its_finding_into_a_later_analysis(store: Store, url: str) -> None:
    before = saved(store)
    store.decide([entry(before.finding_ids[1])])
    moved = (finding(2), finding(1), replace(finding(0), value="另一个值"))
    after = saved(store, fingerprint="f2", findings=moved)
    assert [after.finding_ids.index(id_) for id_ in after.decisions] == [1], "by what it says, not by its row"
    assert (
        after.decisions[after.finding_ids[1]].at == store.analyses([before.id])[0].decisions[before.finding_ids[1]].at
    ), "who and when stay"
    assert store.analyses([after.id])[0].decisions == dict(after.decisions)


def test_of_two_that_say_the_same_each_keeps_its_own(store: Store) -> None:
    twice = (finding(1), finding(1))
    before = saved(store, findings=twice)
    store.decide([entry(before.finding_ids[1])])
    after = saved(store, fingerprint="f2", findings=twice)
    assert list(after.decisions) == [after.finding_ids[1]]


def test_a_decision_about_an_older_row_reaches_the_newest(store: Store, url: str) -> None:
    before = saved(store, findings=[finding(0, severity="high", status="conflict")])
    after = saved(store, fingerprint="f2", findings=[finding(0, severity="high", status="conflict")])
    assert query(url, "SELECT count(*) FROM open_risks") == [(1,)]
    store.decide([entry(before.finding_ids[0])])
    assert query(url, "SELECT count(*) FROM open_risks") == [(0,)]
    assert store.analyses([after.id])[0].decisions[after.finding_ids[0]].ruling == "reject"


def test_a_decision_about_the_newest_row_reaches_an_older_one(store: Store) -> None:
    before = saved(store)
    after = saved(store, fingerprint="f2")
    store.decide([entry(after.finding_ids[0])])
    assert store.recall(before.id).decisions[before.finding_ids[0]].ruling == "reject", "it may be asked for again"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"finding_id": 999_999}, "unknown"),
        ({"mark": "00000000"}, "mismatch"),
        ({"seen": None, "ruling": "accept"}, "conflict"),
        ({"seen": None}, "unchanged"),
    ],
)
def test_what_can_not_be_written_is_told(store: Store, changes: dict[str, object], outcome: str) -> None:
    stored = saved(store)
    store.decide([entry(stored.finding_ids[0])])
    told = store.decide([replace(entry(stored.finding_ids[0]), **changes)])
    assert [one[1] for one in told] == [outcome]
    assert store.info().rows["decisions"] == 1


def test_a_mark_that_fits_is_taken(store: Store) -> None:
    stored = saved(store)
    [(_, outcome, _)] = store.decide([entry(stored.finding_ids[0], mark=stored.analysis.findings[0].mark, seen=None)])
    assert outcome == "written"
