"""Capacity is told before anything loads, and agrees with what was published."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline.doctor import _capacity
from pipeline.models.capacity import CARDS, cards_here, fit, tables
from pipeline.models.profile import load_profile
from pipeline.models.shipped import known, shipped
from pipeline.settings import load_settings


@pytest.mark.parametrize(
    ("model", "gigabytes"),
    [
        ("Qwen3-14B", 28.4),  # Qwen, with Transformers
        ("Qwen3-14B-FP8", 16.0),
        ("Qwen3-14B-AWQ", 10.0),
        ("Qwen3.8-27B", 53.8),  # the files on the hub
        ("Qwen3.8-27B-FP8", 29.5),
    ],
)
def test_weights_are_within_five_per_cent_of_what_was_published(model: str, gigabytes: float) -> None:
    shape, quantization = known(f"Qwen/{model}")
    assert shape.weight_bytes(quantization) / 1e9 == pytest.approx(gigabytes, rel=0.05)


@pytest.mark.parametrize(
    ("model", "kib"), [("Qwen3-14B", 160), ("Qwen3.6-27B", 64), ("Qwen3.8-27B-FP8", 64), ("Qwen3.5-35B-A3B", 20)]
)
def test_kv_bytes_per_token_are_as_published(model: str, kib: int) -> None:
    assert known(model)[0].kv_bytes_per_token == kib * 1024


@pytest.mark.parametrize(
    ("tokens", "fp8", "gib"), [(131_072, False, 20.0), (131_072, True, 10.0), (32_768, False, 5.0)]
)
def test_the_cache_of_a_document_is_as_published(tokens: int, fp8: bool, gib: float) -> None:
    fits = fit(*known("Qwen3-14B"), 80)
    per_document = fits.kv_gib / fits.tokens(fp8=fp8) * tokens
    assert per_document == pytest.approx(gib, rel=0.001)


@pytest.mark.parametrize(
    ("model", "usable_gib", "utilisation", "tokens"),
    [
        ("Qwen3-14B", CARDS["L40S 48"], 0.9, 72_064),  # O'Reilly, chapter 9: 27.5185 GiB of weights, 11.00 of KV
        ("Qwen3-14B", CARDS["L40S 48"], 0.9, 72_496),  # the same repeated by others, newer vLLM: 11.06 GiB
        ("Qwen3-14B", CARDS["L40S 48"], 0.9, 75_824),  # vLLM 0.28: 11.57 GiB
        ("Qwen3-14B-AWQ", CARDS["L40S 48"], 0.9, 191_056),  # 9.3619 GiB, 29.15 GiB of KV
        ("Qwen3-8B", CARDS["L40S 48"], 0.9, 170_944),  # 15.2683 GiB
        ("Qwen3-8B", 31.4, 0.92, 89_040),  # RTX 5090, vLLM 0.24
    ],
)
def test_the_cache_is_within_five_per_cent_of_what_vllm_told_others(
    model: str, usable_gib: float, utilisation: float, tokens: int
) -> None:
    """``GPU KV cache size`` in start-up logs that were published; docs/capacity.md names them."""
    assert fit(*known(model), usable_gib, utilisation).tokens() == pytest.approx(tokens, rel=0.05)


def test_two_cards_hold_the_weights_once_and_work_each() -> None:
    one, two = fit(*known("Qwen3-32B"), 80), fit(*known("Qwen3-32B"), 80, cards=2)
    assert two.kv_gib == pytest.approx(2 * (80 * 0.9 - 1.2) - one.weights_gib)
    assert "2 × 80 GiB" in two.told("m", 8000, 32_768).zh


def test_the_example_of_a_24_gib_card() -> None:
    fits = fit(*known("Qwen/Qwen3-14B-FP8"), 24)
    assert round(fits.weights_gib, 1) == 15.2 and round(fits.kv_gib, 1) == 5.2
    assert fits.tokens() == pytest.approx(34_000, rel=0.02) and fits.tokens(fp8=True) == pytest.approx(68_000, rel=0.02)
    assert fits.documents(8000) == 4
    assert "15.2 GiB" in fits.told("m", 8000, 32_768).en and "34," in fits.told("m", 8000, 32_768).en
    assert "context 32,768, 1 of that length at once, or 4 parts of 8,000" in fits.told("m", 8000, 32_768).en
    assert fit(*known("Qwen3-14B"), 24).kv_gib < 0 and "FP8" in fit(*known("Qwen3-14B"), 24).told("m", 8000, 32_768).zh
    assert known("Qwen3-15B") is None


def test_the_page_is_what_the_code_computes() -> None:
    page = (Path(__file__).parents[2] / "docs/capacity.md").read_text(encoding="utf-8")
    assert "\n".join(tables()).strip() in page
    assert all(card in page for card in CARDS) and all(model in page for model in shipped())


def config(folder: Path, **changes: object) -> Path:
    values = {"model_type": "qwen3", "num_hidden_layers": 40, "hidden_size": 5120, "num_attention_heads": 40}
    values |= {"num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40960, **changes}
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(values))
    return folder


def test_a_model_is_read_from_its_own_config_and_an_unknown_one_is_said_to_be(tmp_path: Path) -> None:
    mine = load_profile(str(config(tmp_path / "Qwen3-14B-FP8")))
    assert mine.kv_bytes_per_token == 163_840 and not mine.notices
    assert mine.weight_bytes / 1e9 == pytest.approx(16.3, rel=0.01)
    hybrid = ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 10
    folder = config(tmp_path / "other", layer_types=hybrid, num_key_value_heads=2, head_dim=256)
    (folder / "model.safetensors").write_bytes(bytes(1000))
    other = load_profile(str(folder))
    assert (other.kv_bytes_per_token, other.weight_bytes) == (20 * 1024, 1000)
    assert "config.json" in other.notices[0].en


def test_doctor_tells_before_the_model_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA GeForce RTX 4090, 24564'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for model, level in (("Qwen/Qwen3-14B-FP8", "ok"), ("Qwen/Qwen3-14B", "broken")):
        told, _ = _capacity(load_settings({"model": model}, environ={}))
        assert told.level == level and "RTX 4090" in told.name.zh
    assert not list(_capacity(load_settings({"engine": "rules"}, environ={})))


@pytest.mark.parametrize(
    ("script", "gib"),
    [
        ("echo 'NVIDIA L40S, 46068, 597'", 44.4),
        ("echo 'NVIDIA L40S, 46068, [N/A]'", 45.0),
        ('case "$1" in *reserved*) echo "not a valid field"; exit 2;; *) echo "NVIDIA L40S, 46068";; esac', 45.0),
        ("echo garbage", None),
    ],
)
def test_what_the_driver_keeps_is_no_memory_for_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, gib: float | None
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert cards_here() == ([("NVIDIA L40S", pytest.approx(gib, abs=0.05))] if gib else [])
