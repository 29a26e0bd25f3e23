"""Whole or in parts, natively or by YaRN: decided before anything loads, and said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import PromptTooLongError, SettingsError
from pipeline.models import memory
from pipeline.models.memory import kv_tokens
from pipeline.models.plan import Capacity, Group, Plan, Stretch, plan, weigh
from pipeline.models.profile import ModelProfile, load_profile, named_profile
from pipeline.settings import load_settings
from pipeline.steps import sizing_of
from pipeline.tokens import estimator
from pipeline.types import Strategy

from test_profiles import QWEN3, folder  # isort: skip

NATIVE = Capacity(32_768, 3000, 4096)


@pytest.fixture
def qwen(tmp_path: Path) -> ModelProfile:
    path = folder(tmp_path / "Qwen3-14B", QWEN3)
    with (path / "model.safetensors").open("wb") as weights:
        weights.truncate(int(27.5 * 2**30))  # sparse
    return load_profile(str(path))


def stretch(profile: ModelProfile, limit: int = 131_072, *, asked: bool = False) -> Stretch:
    return Stretch(profile, limit, 4096, asked)


def planned(tokens: int, by: Stretch, strategy: Strategy = "auto", group: Group | None = None) -> Plan:
    return plan(tokens, NATIVE, strategy=strategy, chunk_tokens=8000, exact=True, stretch=by, group=group)


def grouped(sizes: Sequence[int], by: Stretch, strategy: Strategy = "auto") -> Group:
    return weigh([(tokens, planned(tokens, by, strategy)) for tokens in sizes], by, strategy=strategy)


def test_only_documents_beyond_the_native_context_are_candidates(qwen: ModelProfile) -> None:
    by = stretch(qwen)
    assert planned(NATIVE.room, by).context == 0 and planned(NATIVE.room, by).strategy == "whole"
    just_over = planned(NATIVE.room + 1, by)
    assert just_over.strategy == "whole" and just_over.context == 36_864
    assert planned(NATIVE.room + 1, by, "map-reduce") == planned(NATIVE.room + 1, stretch(qwen), "map-reduce")


@pytest.mark.parametrize("tokens", [26_000, 30_000, 45_000, 60_000, 100_000, 123_900])
def test_the_factor_is_the_smallest_that_serves(qwen: ModelProfile, tokens: int) -> None:
    context = planned(tokens, stretch(qwen), "whole").context
    needs = tokens + 3000 + 4096 + 16
    assert needs <= context < needs + 4096 and context % 4096 == 0
    rope = qwen.rope_overrides(context)
    assert rope and rope["rope_parameters"]["factor"] == context / 32_768


def test_quality_decides_against_a_factor_and_says_so(qwen: ModelProfile) -> None:
    made = planned(110_000, stretch(qwen))
    assert made.strategy == "map-reduce" and made.context == 0
    for words in (made.reason.zh, made.reason.en):
        assert "RULER" in words and "96.1" in words and "8,000" in words and "2." in words
    unknown = load_profile(str(folder(qwen.folder.parent / "Qwen3-14B-mine", QWEN3)))
    assert planned(40_000, stretch(unknown)).strategy == "map-reduce", "nobody measured it"
    assert planned(40_000, stretch(unknown), "whole").context == 49_152, "unless it is asked for"


def test_the_reload_is_weighed_against_the_group(qwen: ModelProfile) -> None:
    by = stretch(qwen)
    lonely, many = grouped([50_000], by), grouped([50_000] * 10, by)
    assert lonely.context == 0 and "58" in lonely.reason.zh, "30 s and a second for each of 27.5 GiB"
    assert many.context == 57_344
    one = planned(50_000, by, group=lonely)
    assert one.strategy == "map-reduce" and "不值得" in one.reason.zh and "not worth" in one.reason.en
    other = planned(40_000, by, group=many)
    assert other.strategy == "whole" and other.context == 57_344 and "×1.75" in other.reason.zh
    assert "worth it" in other.reason.en and "x1.75" in other.reason.en


def test_what_is_asked_for_is_not_weighed(qwen: ModelProfile) -> None:
    assert grouped([120_000], stretch(qwen), "whole").context == 131_072
    assert grouped([60_000], stretch(qwen, 81_920, asked=True)).context == 69_632
    with pytest.raises(PromptTooLongError, match="123,"):
        planned(130_000, stretch(qwen), "whole")


def test_memory_bounds_what_can_be_stretched(qwen: ModelProfile) -> None:
    by = stretch(qwen, limit=50_000)
    assert planned(48_000, by).strategy == "map-reduce"
    assert planned(42_800, by).context == 50_000


def test_prefill_is_as_facts_has_it(qwen: ModelProfile) -> None:
    """At 131,072 tokens attention is two thirds of the work, and whole costs 2.7 times parts of 8K."""
    whole = qwen.prefill_flops(131_072)
    parts = 16 * qwen.prefill_flops(8192)
    assert whole / parts == pytest.approx(2.7, rel=0.1)


def test_settings_and_memory_decide_the_contexts(qwen: ModelProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(**settings: object) -> tuple[int, int]:
        made = sizing_of(qwen, estimator(), load_settings({"model": str(qwen.folder), **settings}, environ={}))
        return made.capacities["contract"].context, made.stretch.limit if made.stretch else 0

    monkeypatch.setattr(memory, "cards_here", lambda: [("H100", 79.6)])
    assert sizes() == (32_768, 131_072)
    assert sizes(context_tokens=65_536) == (32_768, 65_536), "a longer context is for longer documents alone"
    assert sizes(context_tokens=16_384) == (16_384, 0)
    with pytest.raises(SettingsError, match="131,072"):
        sizes(context_tokens=200_000)
    monkeypatch.setattr(memory, "cards_here", lambda: [("A100 40", 40.0)])
    native, limit = sizes()
    assert native == 32_768 and 45_000 < limit < 50_000, "what the cache of that card holds"
    assert sizes(vllm_args={"kv_cache_dtype": "fp8"})[1] == pytest.approx(2 * limit, abs=512)
    assert sizes(vllm_args={"tensor_parallel_size": 2})[1] == 131_072
    monkeypatch.setattr(memory, "cards_here", lambda: [])
    monkeypatch.setattr(memory, "_is_cpu_build", lambda: True)
    assert sizes(cpu_kv_gib=2) == (13_056, 13_056), "13,107 in whole blocks"


def test_a_model_is_told_to_fit_before_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "cards_here", lambda: [("RTX 4090", 24.0)])
    settings = load_settings({"model": "Qwen/Qwen3-14B-FP8"}, environ={})
    profile = named_profile("Qwen/Qwen3-14B-FP8")
    assert profile
    [(_, fit, words)] = memory.told(profile, settings)
    assert "15.2 GiB of weights + 1.2 working memory leave 5.2 GiB of KV at 0.9 utilisation = 34," in words.en
    assert "map-reduced, or use AWQ" in words.en and "5.2 GiB" in words.zh
    assert kv_tokens(profile, settings) == fit.tokens()
