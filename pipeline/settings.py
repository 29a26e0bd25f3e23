"""Settings: read once, at the edge, into a frozen value that refuses what it does not know.

Order of precedence: what the caller passes (command-line options), ``LONGDOC_...`` in the environment, ``longdoc.toml``
in the working directory (or the file named by ``LONGDOC_CONFIG``), the defaults below.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from pipeline.errors import SettingsError
from pipeline.lang import Lang, Text
from pipeline.types import EngineName, Kind, Side, Strategy, Switch

PREFIX = "LONGDOC_"
CONFIG_FILE = "longdoc.toml"


class Settings(BaseModel):
    """Every setting of longdoc. Each is an option or a ``LONGDOC_NAME`` or a line ``name = value`` of longdoc.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # what to do
    kind: Kind = Field("auto", description="contract, report, or auto: decided per document from its text")
    pack: str = Field("", pattern=r"^[\w-]*$", description="checklist pack; empty: by contract type")
    packs: Path | None = Field(None, description="folder of your own checklist packs (YAML); they win by name")
    side: Side | Literal[""] = Field("", description="whose side the review takes")
    strategy: Strategy = Field("auto", description="whole document or map-reduce; auto: by length and context")
    thinking: Switch = Field("auto", description="model thinking; auto: per question group")
    force: bool = Field(False, description="analyse again even where nothing changed")
    lang: Lang = Field("zh", description="language of messages and reports")
    timezone: str = Field("Asia/Shanghai", description="time zone of dates in digests and reports")

    # where things are
    database: str = Field("sqlite:///.data/longdoc.db", description="SQLAlchemy URL: sqlite:/// or postgresql://")
    out: Path = Field(Path("out"), description="folder of the HTML reports")
    images: Switch = Field("auto", description="pictures of pages beside reports; auto: where a model is used")
    inbox: Path = Field(Path("inbox"), description="watched folder")

    # the engine
    engine: EngineName = Field("auto", description="vllm, http, rules; auto: the best that is there")
    model: str = Field("", description="model folder, hub id, or the served model's name (http)")
    tokenizer: Path | None = Field(None, description="tokenizer.json (or its folder) for exact counts with http")
    base_url: str = Field("", description="OpenAI-compatible server, such as http://127.0.0.1:8000/v1")
    api_key: SecretStr = Field(SecretStr(""), description="API key of that server")
    context_tokens: int | None = Field(
        None,
        ge=1024,
        description="longest context; default: as the model or server says; beyond native: YaRN, for longer documents",
    )
    chunk_tokens: int = Field(8000, ge=200, description="most document tokens in one map-reduce part")
    max_output_tokens: int = Field(4096, ge=256, description="most tokens of one answer")
    max_tokens_in_flight: int = Field(400_000, ge=1024, description="most tokens given to the engine at once")
    concurrency: int = Field(
        64, ge=1, le=1024, description="most requests at once to an http server; how many is found by measuring"
    )
    request_timeout_s: float = Field(600.0, gt=0, description="longest wait for one answer of an http server")
    retries: int = Field(4, ge=0, le=20, description="retries of one http request (429, 5xx, broken answers)")
    engine_silence_s: float = Field(600.0, gt=0, description="vLLM without a token for so long is loaded again")
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1, description="share of GPU memory that vLLM may take")
    cpu_kv_gib: int = Field(2, ge=1, description="KV cache of vLLM on a CPU, in GiB")
    vllm_args: Mapping[str, object] = Field(default_factory=dict, description="further AsyncEngineArgs (TOML table)")

    # reading
    workers: int = Field(2, ge=1, le=64, description="PDF reading processes")
    read_timeout_s: float = Field(60.0, gt=0, description="longest time for the text layer of one PDF")
    read_memory_mib: int = Field(1024, ge=256, description="most address space of one reading process")
    ocr: Switch = Field("auto", description="read scanned pages: auto where the ocr extra is installed")
    ocr_page_timeout_s: float = Field(60.0, gt=0, description="longest time for one scanned page")
    passwords: tuple[str, ...] = Field((), description="passwords to try on encrypted PDFs")

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write it like Asia/Shanghai") from None
        return name


def load_settings(
    overrides: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Read the settings. ``overrides`` win; those that are None count as not given.

    Raises SettingsError for an unknown key or a value that does not fit, naming where it stands.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, object] = {}
    origin: dict[str, str] = {}

    def take(name: str, value: object, where: str) -> None:
        if name not in Settings.model_fields:
            raise _unknown(name, where)
        values[name], origin[name] = value, where

    path = Path(environ.get(PREFIX + "CONFIG") or (directory or Path.cwd()) / CONFIG_FILE)
    if path.is_file():
        for name, value in _parse_toml(path).items():
            take(name, value, str(path))
    elif PREFIX + "CONFIG" in environ:
        raise SettingsError(
            Text(
                f"LONGDOC_CONFIG 指向的文件不存在：{path}", f"LONGDOC_CONFIG names a file that does not exist: {path}"
            ),
            Text("请改正路径或取消该变量", "correct the path or unset the variable"),
        )
    for key, value in environ.items():
        if key.startswith(PREFIX) and key != PREFIX + "CONFIG":
            name = key.removeprefix(PREFIX).lower()
            take(name, _parse_variable(name, value, key), key)
    for name, value in (overrides or {}).items():
        if value is not None:
            take(name, value, "--" + name.replace("_", "-"))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        shown = "***" if name in ("api_key", "passwords") else repr(values.get(name))
        where = origin.get(name, "")
        raise SettingsError(
            Text(
                f"设置 {name}（{where}）的值 {shown} 不合法：{first['msg']}",
                f"setting {name} ({where}) has the unfit value {shown}: {first['msg']}",
            ),
            Text(
                f"{name}：{Settings.model_fields[name].description}",
                f"{name}: {Settings.model_fields[name].description}",
            ),
        ) from None


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, _, user = head.partition("://")
    return f"{scheme}://{user.partition(':')[0]}:***@{tail}"


def _parse_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(
            Text(f"读不了设置文件 {path}：{error}", f"can't read the settings file {path}: {error}"),
            Text("请改正这个文件", "correct that file"),
        ) from None


def _parse_variable(name: str, value: str, key: str) -> object:
    """An environment value: text, but TOML syntax for the settings that are lists or tables."""
    if name not in ("passwords", "vllm_args"):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingsError(
            Text(f"环境变量 {key} 不是合法的 TOML 值", f"environment variable {key} is no valid TOML value"),
            Text('列表写作 ["a", "b"]，表写作 {key = 1}', 'write a list as ["a", "b"], a table as {key = 1}'),
        ) from None


def _unknown(name: str, where: str) -> SettingsError:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    zh, en = (
        (f"是不是 {near[0]}？", f"did you mean {near[0]}?")
        if near
        else ("可用的名字见 README 的设置一节", "README lists the names")
    )
    return SettingsError(Text(f"不认识的设置 {name}（{where}）", f"unknown setting {name} ({where})"), Text(zh, en))
