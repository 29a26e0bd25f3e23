"""A model is data: by its name, by its family, or by its own files alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.models.profile import behaviour_of, load_profile, named_profile
from pipeline.types import Sampling

QWEN3 = {
    "model_type": "qwen3", "num_hidden_layers": 40, "hidden_size": 5120, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40_960, "rope_theta": 1_000_000,
}  # fmt: skip


def folder(path: Path, config: dict, template: str = "", generation: dict | None = None) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    if template:
        (path / "chat_template.jinja").write_text(template)
    if generation:
        (path / "generation_config.json").write_text(json.dumps(generation))
    return path


def test_every_model_of_the_issue_ships_with_parsers_sampling_and_switch() -> None:
    sizes = ("0.6B", "1.7B", "4B", "8B", "14B", "32B")
    wanted = [f"Qwen/Qwen3-{size}{form}" for size in sizes for form in ("", "-FP8", "-AWQ")]
    wanted += ["Qwen/Qwen3.6-27B", "Qwen/Qwen3.8-27B-FP8", "Qwen/Qwen3.5-35B-A3B"]
    for model in wanted:
        profile = named_profile(model)
        assert profile and profile.weight_bytes and profile.kv_bytes_per_token, model
        behaviour = profile.behaviour
        assert behaviour.reasoning_parser and behaviour.tool_parser and behaviour.switch == "enable_thinking"
    qwen3, newer = behaviour_of("Qwen/Qwen3-14B-AWQ"), behaviour_of("/models/Qwen3.6-27B-FP8")
    assert qwen3 and qwen3.thinking == Sampling(0.6, 0.95, 20) and qwen3.plain == Sampling(0.7, 0.8, 20)
    assert newer and newer.thinking.temperature == 1.0 and newer.tool_parser == "qwen3_coder"
    assert named_profile("/srv/models/qwen3-14b-fp8") == replace(
        named_profile("Qwen/Qwen3-14B-FP8"), model="/srv/models/qwen3-14b-fp8"
    ), "folders and served names are often in lower case"
    assert named_profile("Qwen/Qwen3-15B") is None and behaviour_of("gpt-4") is None


def test_the_native_context_is_what_the_model_was_trained_for(tmp_path: Path) -> None:
    assert load_profile(str(folder(tmp_path / "Qwen3-14B", QWEN3))).context_tokens == 32_768
    mine = load_profile(str(folder(tmp_path / "mine", QWEN3 | {"max_position_embeddings": 8192})))
    assert mine.context_tokens == 8192
    newer = load_profile(
        str(folder(tmp_path / "Qwen3.6-27B", {"text_config": QWEN3 | {
            "model_type": "qwen3_5_text", "max_position_embeddings": 262_144, "num_hidden_layers": 64,
            "full_attention_interval": 4, "num_key_value_heads": 4, "head_dim": 256,
        }}))
    )  # fmt: skip
    assert newer.context_tokens == 262_144 and newer.kv_bytes_per_token == 64 * 1024 and newer.yarn is None


def test_rope_is_overridden_in_the_form_that_vllm_takes_and_only_as_far_as_the_authors_vouch(tmp_path: Path) -> None:
    profile = load_profile(str(folder(tmp_path / "Qwen3-14B", QWEN3)))
    assert profile.rope_overrides(32_768) is None
    assert profile.rope_overrides(131_072) == {
        "max_position_embeddings": 131_072,
        "rope_parameters": {
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32_768, "rope_theta": 1e6,
        },
    }  # fmt: skip
    with pytest.raises(SettingsError, match="131"):
        profile.rope_overrides(131_073)
    small = load_profile(str(folder(tmp_path / "Qwen3-0.6B", QWEN3)))
    with pytest.raises(SettingsError):
        small.rope_overrides(40_960)


def test_a_config_with_yarn_on_keeps_its_context_and_is_said_to_cost(tmp_path: Path) -> None:
    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32_768}
    stretched = QWEN3 | {"max_position_embeddings": 131_072, "rope_scaling": rope}
    profile = load_profile(str(folder(tmp_path / "Qwen3-14B", stretched)))
    assert profile.context_tokens == 131_072 and profile.yarn is None and "YaRN" in profile.notices[0].en


OPENS = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}"
SWITCHES = "{%- if add_generation_prompt %}{%- if enable_thinking is false %}<think></think>{%- endif %}{%- endif %}"
PLAIN = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"


@pytest.mark.parametrize(("template", "switch"), [(OPENS, "always"), (SWITCHES, "enable_thinking"), (PLAIN, "none")])
def test_the_chat_template_of_an_unknown_model_says_how_it_thinks(tmp_path: Path, template: str, switch: str) -> None:
    """Instruct and thinking variants have the model_type of the one that can do both."""
    profile = load_profile(str(folder(tmp_path / "Qwen3-4B-Instruct-2507", QWEN3, template)))
    assert profile.behaviour.switch == switch and "config.json" in profile.notices[0].zh
    assert bool(profile.behaviour.reasoning_parser) == (switch != "none")


def test_a_model_of_no_family_works_from_its_own_files(tmp_path: Path) -> None:
    config = {
        "model_type": "mystery", "num_hidden_layers": 10, "hidden_size": 512, "num_attention_heads": 8,
        "max_position_embeddings": 16_384,
    }  # fmt: skip
    profile = load_profile(str(folder(tmp_path / "m", config, PLAIN, {"temperature": 0.3, "top_p": 0.5})))
    assert profile.context_tokens == 16_384 and profile.kv_bytes_per_token == 4 * 10 * 8 * 64
    assert profile.behaviour.switch == "none" and profile.behaviour.reasoning_parser == ""
    assert (profile.behaviour.plain.temperature, profile.behaviour.plain.top_p) == (0.3, 0.5)
    assert profile.yarn is None and len(profile.notices) == 1
