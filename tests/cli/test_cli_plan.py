"""``longdoc plan`` for a model on this disk: loads, reasons and capacity before anything loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from papers import contract
from split_made import small_tokenizer_json
from test_cli import longdoc

pytestmark = pytest.mark.vllm

QWEN3 = {
    "model_type": "qwen3", "num_hidden_layers": 40, "hidden_size": 5120, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40_960, "rope_theta": 1_000_000,
}  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "Qwen3-14B-FP8"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(QWEN3))
    (folder / "tokenizer.json").write_text(json.dumps(small_tokenizer_json()), encoding="utf-8")
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 81559'\n")
    tool.chmod(0o755)
    return folder


def plan(tmp_path: Path, model: Path, *options: object, **environment: str) -> dict:
    (tmp_path / "in").mkdir()
    contract(tmp_path / "in/short.pdf", pages=2)
    for number in (1, 2):
        contract(tmp_path / f"in/long{number}.pdf", number, pages=13 + number, filler=20)
    path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    done = longdoc("plan", tmp_path / "in", "--model", model, "--json", *options, cwd=tmp_path, **path, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_asked_for_is_grouped_natively_first_and_one_load_each(tmp_path: Path, model: Path) -> None:
    told = plan(tmp_path, model, "--strategy", "whole")
    native, stretched = told["loads"]
    assert native == {"context": 32_768, "factor": 1.0, "documents": 1}
    assert stretched["documents"] == 2 and 1 < stretched["factor"] < 4
    assert stretched["context"] == stretched["factor"] * 32_768
    assert "15.2 GiB" in told["reason"] and "KV" in told["reason"]


def test_auto_weighs_and_says_so(tmp_path: Path, model: Path) -> None:
    told = plan(tmp_path, model, LONGDOC_LANG="en")
    reasons = {document["file"].rpartition("/")[2]: document["reason"] for document in told["documents"]}
    assert len(told["loads"]) == 1, "two documents are not worth another load"
    assert "RULER" in reasons["long1.pdf"] and "not worth" in reasons["long1.pdf"]
    assert "RULER" not in reasons["short.pdf"]
    assert "15.2 GiB of weights + 1.2 working memory leave" in told["reason"]
