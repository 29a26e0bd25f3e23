"""A model is data: what its config.json says, and the few facts that it does not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.models.capacity import GIB, Fit, known

_YARN_NATIVE = 32_768
"""Qwen3's native context: config.json says 40,960, which is 32,768 of prompt and 8,192 of answer (model card)."""


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What planning and loading need to know of a model."""

    model: str
    folder: Path | None
    """Where its files are; None for a hub id that is not on this disk."""
    model_type: str
    context_tokens: int
    kv_bytes_per_token: int
    """In 16 bit, over all layers with full attention."""
    weight_bytes: int
    """Of the files in its folder; by its shape where they are not there and the model is known by name; else 0."""
    rope_theta: float
    reasoning_parser: str
    small: bool
    """Small enough to run in 32 bit on a CPU."""
    notices: tuple[str, ...] = ()

    def on_card(self, card_gib: float, utilisation: float) -> Fit:
        """This model on a card."""
        return Fit(card_gib, self.weight_bytes / GIB, utilisation, self.kv_bytes_per_token)

    def rope_overrides(self, context_tokens: int) -> Mapping[str, object] | None:
        """``hf_overrides`` for a context beyond the native one: YaRN with the smallest factor that serves it.

        The form that vLLM 0.30 and later take; None if the native context is enough.
        """
        if context_tokens <= self.context_tokens:
            return None
        factor = context_tokens / _YARN_NATIVE
        return {
            "max_position_embeddings": context_tokens,
            "rope_parameters": {
                "rope_type": "yarn",
                "factor": factor,
                "original_max_position_embeddings": _YARN_NATIVE,
                "rope_theta": self.rope_theta,
            },
        }


def load_profile(model: str) -> ModelProfile:
    """Read a model's config.json from its folder, or from the local hub cache for a hub id.

    Raises SettingsError for a folder without one, and for an id that is not on this disk.
    """
    folder = _folder_of(model)
    path = folder / "config.json"
    try:
        config = cast(Mapping[str, object], json.loads(path.read_text(encoding="utf-8")))
        text = cast(Mapping[str, object], config.get("text_config") or config)
        return _profile(model, folder, text)
    except FileNotFoundError:
        raise SettingsError(
            Text(f"模型文件夹 {folder} 里没有 config.json", f"model folder {folder} has no config.json"),
            Text("请指向完整的模型文件夹（含 config.json、tokenizer.json 与权重）",
                 "point to a whole model folder (config.json, tokenizer.json and weights)"),
        ) from None  # fmt: skip
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise SettingsError(
            Text(f"读不懂 {path}：{error!r}", f"can't make sense of {path}: {error!r}"),
            Text("请重新下载这个模型", "download the model again"),
        ) from error


def _profile(model: str, folder: Path, config: Mapping[str, object]) -> ModelProfile:
    def number(name: str) -> int:
        return int(cast(int, config[name]))

    layers, hidden = number("num_hidden_layers"), number("hidden_size")
    heads = number("num_attention_heads")
    kv_heads = int(cast(int, config.get("num_key_value_heads") or heads))
    head_dim = int(cast(int, config.get("head_dim") or hidden // heads))
    kinds = config.get("layer_types")
    if isinstance(kinds, list):
        layers = sum(kind == "full_attention" for kind in cast(list[object], kinds)) or layers
    rope = cast(Mapping[str, object], config.get("rope_parameters") or {})
    model_type = str(config.get("model_type", ""))
    shipped = known(model)
    files = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    notices = () if shipped else (_unknown(model),)
    return ModelProfile(
        model=model,
        folder=folder,
        model_type=model_type,
        context_tokens=number("max_position_embeddings"),
        kv_bytes_per_token=2 * 2 * layers * kv_heads * head_dim,
        weight_bytes=files or (int(shipped[0].weight_bytes(shipped[1])) if shipped else 0),
        rope_theta=float(cast(float, config.get("rope_theta") or rope.get("rope_theta") or 1e6)),
        reasoning_parser="qwen3" if model_type.startswith("qwen3") else "",
        small=layers * hidden * hidden < 50_000_000,
        notices=notices,
    )


def _unknown(model: str) -> str:
    return str(
        Text(
            f"模型 {model} 不在随附的清单里：上下文与显存按它的 config.json 计算",
            f"model {model} is not among those shipped: context and memory are read from its config.json",
        )
    )


def _folder_of(model: str) -> Path:
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith(".") or model.count("/") != 1:
        raise SettingsError(
            Text(f"模型文件夹不存在：{model}", f"no such model folder: {model}"),
            Text("--model 是本机的模型文件夹，或 Qwen/Qwen3-14B 这样的名字",
                 "--model is a folder on this machine, or a name such as Qwen/Qwen3-14B"),
        )  # fmt: skip
    try:
        from huggingface_hub import snapshot_download  # pyright: ignore

        return Path(str(snapshot_download(model, local_files_only=True)))  # pyright: ignore
    except Exception as error:  # the hub client has no common base for "not here"
        raise SettingsError(
            Text(f"模型 {model} 不在本机的缓存里", f"model {model} is not in this machine's hub cache"),
            Text(f"先在能上网时运行：hf download {model}，或给出本机的模型文件夹",
                 f"first run, where there is network: hf download {model}; or give a local folder"),
        ) from error  # fmt: skip
