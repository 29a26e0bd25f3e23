"""kill -9 at any moment, and many processes at once: no row twice, none half-written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_values import query

Rows = Callable[[str], list[tuple[object, ...]]]

WRITER = """
import sys
from store_values import analysis, entry, start
from pipeline.store import Store

url, documents, supersede, at = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "supersede", float(sys.argv[4])
import time
with Store.open(url) as store:
    run_id = start(store)
    time.sleep(max(0, at - time.time()))
    for n in range(documents):
        store.save_completions([entry(f"k{n}-{i}") for i in range(10)])
        count = 20 + n % 10
        saved = analysis(f"d{n}", f"f{n}", count, requests=count)
        if supersede or store.analysis_in_force(f"f{n}") is None:
            print(store.save_analysis(run_id, saved, supersede=supersede).id, flush=True)
        else:
            print(store.analysis_in_force(f"f{n}"), flush=True)
    store.finish_run(run_id, "done")
"""


def writer(url: str, documents: int, mode: str = "", at: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", WRITER, url, str(documents), mode, str(at)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[2]}"},
    )


def broken_analyses(url: str) -> list[tuple[object, ...]]:
    """Analyses without all their findings, or findings without both their pieces of evidence."""
    return query(
        url,
        "SELECT a.id FROM analyses a WHERE a.requests <> (SELECT count(*) FROM findings f WHERE f.analysis_id = a.id)"
        " UNION SELECT f.id FROM findings f WHERE 2 <> (SELECT count(*) FROM evidence e WHERE e.finding_id = f.id)",
    )


def test_kill_9_leaves_whole_analyses_and_a_rerun_completes_them(url: str) -> None:
    writer(url, 0).communicate()
    chance = random.Random(7)
    acknowledged: set[str] = set()
    for _ in range(5):
        process = writer(url, 100_000)
        assert process.stdout is not None
        for _ in range(chance.randrange(20, 60)):
            acknowledged.add(process.stdout.readline().strip())
        time.sleep(chance.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert broken_analyses(url) == []
    stored = {str(row[0]) for row in query(url, "SELECT id FROM analyses")}
    assert acknowledged <= stored
    rerun = writer(url, 80)
    rerun.communicate()
    assert rerun.returncode == 0
    assert broken_analyses(url) == []
    assert query(url, "SELECT fingerprint FROM analyses GROUP BY fingerprint HAVING count(*) <> 1") == []
    assert query(url, "SELECT count(*) FROM completions WHERE substr(key, 1, 4) = 'k79-'") == [(10,)]
    statuses = dict(query(url, "SELECT status, count(*) FROM runs GROUP BY status"))
    assert statuses == {"done": 2, "interrupted": 5}


@pytest.mark.parametrize("mode", ["", "supersede"])
def test_processes_that_save_the_same_keep_one_in_force(url: str, mode: str) -> None:
    writer(url, 0).communicate()
    at = time.time() + 1.0
    processes = [writer(url, 25, mode, at) for _ in range(4)]
    printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    in_force = query(url, "SELECT fingerprint, count(*) FROM analyses WHERE current GROUP BY fingerprint")
    assert dict(in_force) == {f"f{n}": 1 for n in range(25)}
    assert broken_analyses(url) == []
    if mode:
        assert query(url, "SELECT count(*) FROM analyses") == [(100,)]
    else:
        assert all(ids == printed[0] for ids in printed)  # everyone learns who won
        assert query(url, "SELECT count(*) FROM analyses") == [(25,)]
