from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.store import Store
from pipeline.types import Completion, JournalEntry


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/longdoc.db"
    with Store.open(url) as store:
        answer = Completion("{}", "", "stop", 100, 50, 20)
        store.save_completions([JournalEntry("k", "d", "p@1", "s", "m", "x", "{}", answer)])
    return url


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["journal", *words])
    return result.exit_code, result.output


def test_stats_and_prune(database: str) -> None:
    code, told = run("stats", "--database", database, "--json")
    stats = json.loads(told)
    assert code == 0 and (stats["completions"], stats["prompt_tokens"], stats["hit_rate"]) == (1, 100, 0)
    assert "1" in run("--database", database)[1]
    assert run("prune", "--database", database)[0] == 2, "how old must be said"
    assert json.loads(run("prune", "--older-than", "1", "--database", database, "--json")[1]) == {"deleted": 0}
    assert json.loads(run("prune", "--older-than", "0", "--database", database, "--json")[1]) == {"deleted": 1}
