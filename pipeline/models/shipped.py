"""The models that are known by name, and the families that others belong to: ``profiles.yaml``, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipeline.types import Behaviour, Sampling, ThinkingSwitch

Quantization = Literal["bf16", "fp8", "awq"]
QUANTIZATIONS: tuple[Quantization, ...] = ("bf16", "fp8", "awq")
_BYTES = {"bf16": 2.0, "fp8": 1.0, "awq": 0.5 + 2.5 / 128}
"""Bytes a weight by quantisation; AWQ: 4 bits, and a 16-bit scale and a 4-bit zero for each 128."""


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Sampling(_Given):
    temperature: float
    top_p: float
    top_k: int
    min_p: float


class Family(_Given):
    """What models of one make have in common beside their size."""

    model_types: tuple[str, ...]
    reasoning_parser: str
    tool_parser: str
    switch: ThinkingSwitch
    thinking: _Sampling
    plain: _Sampling
    native_context: int
    yarn: float

    @property
    def behaviour(self) -> Behaviour:
        return Behaviour(
            self.switch, Sampling(**self.thinking.model_dump()), Sampling(**self.plain.model_dump()),
            self.reasoning_parser, self.tool_parser,
        )  # fmt: skip


class Shape(_Given):
    """What decides the memory that a model takes, and how it bears length."""

    family: str
    kv_layers: int
    kv_heads: int
    head_dim: int
    parameters: float
    embedding_parameters: float
    """Embedding and output layer, which stay in 16 bit."""
    yarn: float | None = None
    """Where it is not the family's."""
    ruler: Mapping[int, float] = Field(default_factory=dict[int, float])

    @property
    def kv_bytes_per_token(self) -> int:
        """In 16 bit; half of it with an fp8 cache."""
        return 2 * 2 * self.kv_layers * self.kv_heads * self.head_dim

    def weight_bytes(self, quantization: Quantization) -> float:
        linear = self.parameters - self.embedding_parameters
        return linear * _BYTES[quantization] + 2 * self.embedding_parameters


class _File(_Given):
    families: dict[str, Family]
    models: dict[str, Shape]


@cache
def _file() -> _File:
    text = (Path(__file__).parent / "profiles.yaml").read_text(encoding="utf-8")
    return _File.model_validate(yaml.safe_load(text))


def shipped() -> Mapping[str, Shape]:
    """The models that are known by name."""
    return _file().models


def known(model: str) -> tuple[Shape, Quantization] | None:
    """Shape and quantisation of a model by its name or its folder's, in any case, such as ``Qwen/Qwen3-14B-FP8``."""
    name = Path(model).name.lower()
    shapes = {name.lower(): shape for name, shape in shipped().items()}
    suffixes: dict[str, Quantization] = {"-fp8": "fp8", "-awq": "awq", "": "bf16"}
    for suffix, quantization in suffixes.items():
        if name.endswith(suffix) and (shape := shapes.get(name.removesuffix(suffix))):
            return shape, quantization
    return None


def family_of(model: str, model_type: str = "") -> Family | None:
    """The family of a model by its name, else by the ``model_type`` of its config.json."""
    if shape := known(model):
        return _file().families[shape[0].family]
    return next((family for family in _file().families.values() if model_type in family.model_types), None)
