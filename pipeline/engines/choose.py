"""Which engine, and why: decided without loading anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.engines.base import INSTALL_VLLM, Engine
from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.models.profile import ModelProfile, load_profile
from pipeline.settings import Settings, without_password


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine by name, why it was chosen, and the model's profile where there is one."""

    name: Literal["vllm", "http", "rules"]
    reason: Text
    profile: ModelProfile | None = None


def choose(settings: Settings) -> EngineChoice:
    """Follow the setting, or take the best that is there: a server that is named, a model that can be loaded, or the
    rules alone.

    Raises SettingsError if the engine asked for lacks what it needs.
    """
    match settings.engine:
        case "vllm":
            return _vllm(settings, Text("按设置使用 vLLM", "vLLM, as set"))
        case "http":
            server = without_password(settings.base_url)
            if not settings.base_url:
                raise SettingsError(
                    Text("http 引擎需要服务器地址", "the http engine needs a server"),
                    Text("请用 --base-url http://主机:端口/v1", "give --base-url http://host:port/v1"),
                )
            return EngineChoice(
                "http",
                Text(
                    f"按设置使用服务器 {server}",
                    f"server {server}, as set",
                ),
            )
        case "rules":
            return EngineChoice("rules", Text("按设置只用规则，没有模型", "rules alone, as set: no model"))
        case "auto":
            return _best(settings)


async def load(choice: EngineChoice, settings: Settings) -> Engine:
    """Load or connect what was chosen. Raises SettingsError or EngineError."""
    if choice.name == "http":
        from pipeline.engines.http import HttpEngine

        return await HttpEngine.connect(settings)
    from pipeline.engines.vllm import VllmEngine

    assert choice.profile, "the rules engine loads nothing"
    return await VllmEngine.load(settings, choice.profile)


def _best(settings: Settings) -> EngineChoice:
    if server := without_password(settings.base_url):
        return EngineChoice(
            "http",
            Text(
                f"设置了服务器 {server}",
                f"a server is set: {server}",
            ),
        )
    if not settings.model:
        return EngineChoice(
            "rules",
            Text("没有设置模型或服务器，只用规则：不含模型的判断", "no model and no server is set: rules alone"),
        )
    if not vllm_is_installed():
        return EngineChoice(
            "rules",
            Text(
                f"设置了模型 {settings.model}，但没有安装 vllm（longdoc[gpu] 或 longdoc[cpu]），只用规则",
                f"model {settings.model} is set but vllm is not installed (longdoc[gpu] or longdoc[cpu]): rules alone",
            ),
        )
    return _vllm(settings, Text(f"设置了模型 {settings.model}，用 vLLM 载入", f"model {settings.model} is set: vLLM"))


def _vllm(settings: Settings, reason: Text) -> EngineChoice:
    if not settings.model:
        raise SettingsError(
            Text("vllm 引擎需要模型", "the vllm engine needs a model"),
            Text("请用 --model 给出模型文件夹，或 Qwen/Qwen3-14B", "give --model FOLDER, or Qwen/Qwen3-14B"),
        )
    if not vllm_is_installed():
        raise SettingsError(
            Text("没有安装 vllm", "vllm is not installed"),
            INSTALL_VLLM,
        )  # fmt: skip
    profile = load_profile(settings.model)
    told = [reason, *profile.notices, *_of_thinking(settings, profile)]
    reason = Text("；".join(text.zh for text in told), "; ".join(text.en for text in told))
    return EngineChoice("vllm", reason, profile)


def _of_thinking(settings: Settings, profile: ModelProfile) -> list[Text]:
    """Where the model can't do as the settings ask."""
    match settings.thinking, profile.behaviour.switch:
        case "on", "none":
            return [
                Text("这个模型不会思考，--thinking on 不起作用", "this model never thinks: --thinking on does nothing")
            ]
        case "off", "always":
            return [
                Text(
                    "这个模型总会思考，--thinking off 不起作用", "this model always thinks: --thinking off does nothing"
                )
            ]
        case _:
            return []


def vllm_is_installed() -> bool:
    """Whether vLLM (either build) is there, without importing it."""
    from importlib.util import find_spec

    return find_spec("vllm") is not None
