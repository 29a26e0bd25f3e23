"""Does a model fit a card, and how much text fits beside it: told before anything loads.

Run as ``python -m pipeline.models.capacity`` it prints the tables of docs/capacity.md.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from pipeline.lang import Text

Quantization = Literal["bf16", "fp8", "awq"]
QUANTIZATIONS: tuple[Quantization, ...] = ("bf16", "fp8", "awq")
CARDS = {"RTX 3090/4090": 24, "L40S": 48, "A100 40": 40, "A100 80": 80, "H100": 80, "H200": 141}
"""GiB by card (an H200's 141 GB are what its maker calls GB; the driver shows about 140 GiB)."""

GIB = 2**30
WORKING_GIB = 1.2
"""What vLLM takes beside weights and cache on one card: activations of a prefill step, graphs, the CUDA context."""
_BYTES = {"bf16": 2.0, "fp8": 1.0, "awq": 0.5 + 2.5 / 128}
"""Bytes a weight by quantisation; AWQ: 4 bits, and a 16-bit scale and a 4-bit zero for each 128."""


class Shape(BaseModel):
    """What decides the memory that a model takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kv_layers: int
    kv_heads: int
    head_dim: int
    parameters: float
    embedding_parameters: float
    """Embedding and output layer, which stay in 16 bit."""
    native_context: int
    yarn: float = 0.0

    @property
    def kv_bytes_per_token(self) -> int:
        """In 16 bit; half of it with an fp8 cache."""
        return 2 * 2 * self.kv_layers * self.kv_heads * self.head_dim

    def weight_bytes(self, quantization: Quantization) -> float:
        linear = self.parameters - self.embedding_parameters
        return linear * _BYTES[quantization] + 2 * self.embedding_parameters


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on cards."""

    card_gib: float
    weights_gib: float
    utilisation: float
    kv_bytes_per_token: int

    @property
    def kv_gib(self) -> float:
        """Left for the KV cache; negative where not even the weights fit."""
        return self.card_gib * self.utilisation - self.weights_gib - WORKING_GIB

    def tokens(self, *, fp8: bool = False) -> int:
        """Tokens that the KV cache holds, over all requests at once."""
        return max(0, int(self.kv_gib * GIB / (self.kv_bytes_per_token / (2 if fp8 else 1))))

    def documents(self, tokens: int, *, fp8: bool = False) -> int:
        """Documents (or parts) of ``tokens`` each that are held at once."""
        return self.tokens(fp8=fp8) // tokens

    def told(self, name: str, part_tokens: int) -> Text:
        """As doctor and plan say it."""
        if self.kv_gib <= 0:
            return Text(
                f"{name} 放不下：权重 {self.weights_gib:.1f} GiB 加工作内存 {WORKING_GIB}，"
                f"超过 {self.card_gib:.0f} GiB 的 {self.utilisation:.0%}；请用量化版（FP8、AWQ）、更小的模型或更多显卡",
                f"{name} does not fit: {self.weights_gib:.1f} GiB of weights + {WORKING_GIB} working memory are over "
                f"{self.utilisation:.0%} of {self.card_gib:.0f} GiB; use a quantised one (FP8, AWQ), a smaller model, "
                "or more cards",
            )
        return Text(
            f"{name} 在 {self.card_gib:.0f} GiB 上：权重 {self.weights_gib:.1f} + 工作内存 {WORKING_GIB}，"
            f"按 {self.utilisation} 的占用率留给 KV {self.kv_gib:.1f} GiB = 16 位 {self.tokens():,} 个 token，"
            f"fp8 {self.tokens(fp8=True):,} 个（vllm_args 的 kv_cache_dtype）；更长的文件分段处理，"
            f"{part_tokens:,} 的分段同时放 {self.documents(part_tokens)} 段",
            f"{name} on {self.card_gib:.0f} GiB: {self.weights_gib:.1f} GiB of weights + {WORKING_GIB} working memory "
            f"leave {self.kv_gib:.1f} GiB of KV at {self.utilisation} utilisation = {self.tokens():,} tokens in 16 "
            f"bit, {self.tokens(fp8=True):,} in fp8 (kv_cache_dtype in vllm_args): documents over that are "
            f"map-reduced, {self.documents(part_tokens)} parts of {part_tokens:,} at once",
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: dict[str, Shape]


@cache
def shipped() -> dict[str, Shape]:
    """The models that are known by name."""
    text = (Path(__file__).parent / "profiles.yaml").read_text(encoding="utf-8")
    return _File.model_validate(yaml.safe_load(text)).models


def known(model: str) -> tuple[Shape, Quantization] | None:
    """Shape and quantisation of a model by its name or its folder's, such as ``Qwen/Qwen3-14B-FP8``."""
    name = Path(model).name
    suffixes: dict[str, Quantization] = {"-FP8": "fp8", "-AWQ": "awq", "": "bf16"}
    for suffix, quantization in suffixes.items():
        if name.upper().endswith(suffix) and (shape := shipped().get(name[: len(name) - len(suffix)])):
            return shape, quantization
    return None


def fit(shape: Shape, quantization: Quantization, card_gib: float, utilisation: float = 0.9) -> Fit:
    """Put a model on a card."""
    return Fit(card_gib, shape.weight_bytes(quantization) / GIB, utilisation, shape.kv_bytes_per_token)


def cards_here() -> list[tuple[str, float]]:
    """Name and GiB of each card of this machine, by nvidia-smi; none where it is not there or does not answer."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        lines = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
        return [(name.strip(), float(mib) / 1024) for name, _, mib in (line.rpartition(",") for line in lines)]
    except (subprocess.SubprocessError, OSError, ValueError):
        return []  # doctor's own look at the card says what is wrong


def table(quantization: Quantization) -> list[str]:
    """Markdown: KV tokens in 16 bit / in fp8 by model and card; a dash where the weights do not fit."""
    rows = [
        f"| {quantization} | weights GiB | KV KiB/token | " + " | ".join(CARDS) + " |",
        "|---" * (len(CARDS) + 3) + "|",
    ]
    for name, shape in shipped().items():
        cells = [_cell(fit(shape, quantization, gib)) for gib in CARDS.values()]
        kv = shape.kv_bytes_per_token / 1024
        rows.append(f"| {name} | {shape.weight_bytes(quantization) / GIB:.1f} | {kv:.0f} | " + " | ".join(cells) + " |")
    return rows


def _cell(fits: Fit) -> str:
    if fits.kv_gib <= 0:
        return "–"
    return f"{fits.tokens() // 1000:,}k / {fits.tokens(fp8=True) // 1000:,}k"


def tables() -> Sequence[str]:
    return [line for quantization in QUANTIZATIONS for line in (*table(quantization), "")]


if __name__ == "__main__":
    print("\n".join(tables()))
