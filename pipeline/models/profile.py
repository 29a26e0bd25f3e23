"""A model is data: what its config.json and chat template say, and the few facts that they do not say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.models.capacity import GIB, Fit
from pipeline.models.shipped import Family, family_of, known
from pipeline.types import Behaviour, Sampling, ThinkingSwitch


@dataclass(frozen=True, slots=True)
class Yarn:
    """How far a model's context can be stretched, and what that costs (FACTS of the model's authors)."""

    native_tokens: int
    most: float
    """The largest factor that its authors vouch for."""
    ruler: Mapping[int, float]
    """Retrieval in % by length; empty where it was never published."""

    def quality(self, tokens: int) -> float | None:
        """RULER at a length, between the lengths that were measured; None where it is not known."""
        points = sorted(self.ruler.items())
        if not points or tokens > points[-1][0]:
            return None
        low = max((p for p in points if p[0] <= tokens), default=points[0])
        high = min((p for p in points if p[0] >= tokens), default=points[-1])
        share = (tokens - low[0]) / (high[0] - low[0]) if high[0] > low[0] else 0.0
        return low[1] + share * (high[1] - low[1])


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What planning and loading need to know of a model."""

    model: str
    folder: Path | None
    """Where its files are; None for a hub id that is not on this disk."""
    model_type: str
    context_tokens: int
    """Native: without YaRN."""
    kv_bytes_per_token: int
    """In 16 bit, over all layers with full attention."""
    weight_bytes: int
    """Of the files in its folder; by its shape where they are not there and the model is known by name; else 0."""
    parameters: float
    """By its shape; for an unknown model by its files, as if they were in 16 bit; 0 where neither is there."""
    attention_width: int
    """Layers with full attention times heads times head size: what a token's attention to each other costs."""
    rope_theta: float
    behaviour: Behaviour
    small: bool
    """Small enough to run in 32 bit on a CPU."""
    yarn: Yarn | None = None
    """None where the context can't be stretched, or need not be."""
    notices: tuple[Text, ...] = ()
    """What the user should know of how it is read."""

    def on_card(self, card_gib: float, utilisation: float, cards: int = 1) -> Fit:
        """This model on a card, or split over several."""
        return Fit(card_gib, self.weight_bytes / GIB, utilisation, self.kv_bytes_per_token, cards)

    def prefill_flops(self, tokens: int) -> float:
        """Of reading so many tokens in one prompt: linear layers, and attention to half of the others on average."""
        return tokens * (2 * self.parameters + 2 * tokens * self.attention_width)

    def rope_overrides(self, context_tokens: int) -> Mapping[str, object] | None:
        """``hf_overrides`` for a context beyond the native one, in the form that vLLM 0.30 and later take; None where
        the native context is enough. Raises SettingsError where the model can't be stretched so far."""
        if context_tokens <= self.context_tokens:
            return None
        if self.yarn is None or context_tokens > self.yarn.native_tokens * self.yarn.most:
            most = int(self.yarn.native_tokens * self.yarn.most) if self.yarn else self.context_tokens
            raise SettingsError(
                Text(
                    f"上下文 {context_tokens:,} 超过模型 {self.model} 能用的 {most:,}",
                    f"a context of {context_tokens:,} is over the {most:,} that model {self.model} can use",
                ),
                Text(f"请把 LONGDOC_CONTEXT_TOKENS 设为不超过 {most}", f"set LONGDOC_CONTEXT_TOKENS to {most} or less"),
            )
        return {
            "max_position_embeddings": context_tokens,
            "rope_parameters": {
                "rope_type": "yarn",
                "factor": context_tokens / self.yarn.native_tokens,
                "original_max_position_embeddings": self.yarn.native_tokens,
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
        config = _json(path)
        return _profile(model, folder, cast(Mapping[str, object], config.get("text_config") or config))
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


def named_profile(model: str) -> ModelProfile | None:
    """What is known of a model by its name alone, before it is downloaded; None for an unknown one."""
    named, family = known(model), family_of(model)
    if not named or not family:
        return None
    shape, quantization = named
    most = family.yarn if shape.yarn is None else shape.yarn
    return ModelProfile(
        model=model,
        folder=None,
        model_type=family.model_types[0],
        context_tokens=family.native_context,
        kv_bytes_per_token=shape.kv_bytes_per_token,
        weight_bytes=int(shape.weight_bytes(quantization)),
        parameters=shape.parameters,
        attention_width=0,
        rope_theta=1e6,
        behaviour=family.behaviour,
        small=False,
        yarn=Yarn(family.native_context, most, shape.ruler) if most > 1 else None,
    )


def behaviour_of(model: str) -> Behaviour | None:
    """How a model that is known by name alone (a server's) is to be spoken to; None for an unknown one."""
    family = family_of(model)
    return family.behaviour if family else None


def _json(path: Path) -> Mapping[str, object]:
    return cast(Mapping[str, object], json.loads(path.read_text(encoding="utf-8")))


def _profile(model: str, folder: Path, config: Mapping[str, object]) -> ModelProfile:
    def number(name: str) -> int:
        return int(cast(int, config[name]))

    layers, hidden = number("num_hidden_layers"), number("hidden_size")
    heads = number("num_attention_heads")
    kv_heads = int(cast(int, config.get("num_key_value_heads") or heads))
    head_dim = int(cast(int, config.get("head_dim") or hidden // heads))
    full = _full_attention_layers(config, layers)
    rope = cast(Mapping[str, object], config.get("rope_parameters") or config.get("rope_scaling") or {})
    model_type = str(config.get("model_type", ""))
    shape, family = known(model), family_of(model, model_type)
    files = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    context = number("max_position_embeddings")
    stretched = "yarn" in (rope.get("rope_type"), rope.get("type"))
    if family and not stretched:
        context = min(context, family.native_context)
    most = (shape[0].yarn if shape and shape[0].yarn is not None else family.yarn) if family else 0.0
    yarn = Yarn(context, most, shape[0].ruler if shape else {}) if most > 1 and not stretched else None
    return ModelProfile(
        model=model,
        folder=folder,
        model_type=model_type,
        context_tokens=context,
        kv_bytes_per_token=2 * 2 * full * kv_heads * head_dim,
        weight_bytes=files or (int(shape[0].weight_bytes(shape[1])) if shape else 0),
        parameters=shape[0].parameters if shape else files / 2,
        attention_width=full * heads * head_dim,
        rope_theta=float(cast(float, config.get("rope_theta") or rope.get("rope_theta") or 1e6)),
        behaviour=_behaviour(folder, family, named=shape is not None),
        small=layers * hidden * hidden < 50_000_000,
        yarn=yarn,
        notices=(() if shape else (_unknown(model, family),)) + ((_stretched(model),) if stretched else ()),
    )


def _full_attention_layers(config: Mapping[str, object], layers: int) -> int:
    """The layers whose cache grows with the text: all, unless the config names linear or windowed ones."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list):
        return sum(kind == "full_attention" for kind in cast(list[object], kinds)) or layers
    every = config.get("full_attention_interval")
    return layers // every if isinstance(every, int) and every > 0 else layers


def _behaviour(folder: Path, family: Family | None, *, named: bool) -> Behaviour:
    """What the family says; for a model that is not known by name, its own chat template and generation_config.json
    win: instruct-only and always-thinking variants have the same model_type."""
    usual = family.behaviour if family else Behaviour(switch="none")
    if named:
        return usual
    switch = _switch(folder) or usual.switch
    plain = usual.plain if family else _own_sampling(folder, usual.plain)
    return Behaviour(
        switch, usual.thinking if family else plain, plain,
        usual.reasoning_parser if switch != "none" else "", usual.tool_parser,
    )  # fmt: skip


def _switch(folder: Path) -> ThinkingSwitch | None:
    """By the chat template: None where there is none to read."""
    try:
        if (file := folder / "chat_template.jinja").is_file():
            template = file.read_text(encoding="utf-8")
        else:
            template = json.dumps(_json(folder / "tokenizer_config.json")["chat_template"])
    except (OSError, ValueError, KeyError):
        return None
    if "enable_thinking" in template:
        return "enable_thinking"
    opening = template.rpartition("add_generation_prompt")[2]
    return "always" if re.search(r"<think>(?!.*</think>)", opening, re.DOTALL) else "none"


def _own_sampling(folder: Path, usual: Sampling) -> Sampling:
    """What the model's own generation_config.json asks for."""
    try:
        own = _json(folder / "generation_config.json")
        return Sampling(
            temperature=float(cast(float, own.get("temperature", usual.temperature))),
            top_p=float(cast(float, own.get("top_p", usual.top_p))),
            top_k=int(cast(int, own.get("top_k", usual.top_k))),
            min_p=float(cast(float, own.get("min_p", usual.min_p))),
        )
    except (OSError, ValueError, TypeError):
        return usual


def _unknown(model: str, family: Family | None) -> Text:
    zh, en = ("，采样与思考按同族的", ", sampling and thinking are its family's") if family else ("", "")
    return Text(
        f"模型 {model} 不在随附的清单里：上下文与显存按它的 config.json 计算{zh}",
        f"model {model} is not among those shipped: context and memory are read from its config.json{en}",
    )


def _stretched(model: str) -> Text:
    return Text(
        f"模型 {model} 的 config.json 已打开 YaRN：短文件的质量会下降，建议去掉，由 longdoc 按需打开",
        f"the config.json of model {model} has YaRN on already: short documents lose quality; better leave it out, "
        "longdoc switches it on where it is needed",
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
