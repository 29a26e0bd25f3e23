"""Does a model fit a card, and how much text fits beside it: told before anything loads.

Run as ``python -m pipeline.models.capacity`` it prints the tables of docs/capacity.md.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lang import Text
from pipeline.models.shipped import QUANTIZATIONS, Quantization, Shape, shipped

CARDS = {"RTX 3090/4090": 23.5, "L40S 48": 44.4, "A100 40": 39.4, "A100 80": 79.1, "H100 80": 79.1, "H200 141": 139.8}
"""GiB by card that a program can have, as CUDA tells it: the driver keeps 0.4 to 0.9 of what nvidia-smi shows (24,564;
46,068; 40,960; 81,920; 81,559; 143,771 MiB), an L40S a sixteenth for error correction before that."""

GIB = 2**30
WORKING_GIB = 1.2
"""What vLLM takes beside weights and cache on each card: activations of a prefill step, graphs, the CUDA context."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on one card, or split over several alike."""

    card_gib: float
    weights_gib: float
    utilisation: float
    kv_bytes_per_token: int
    cards: int = 1

    @property
    def kv_gib(self) -> float:
        """Left for the KV cache; negative where not even the weights fit."""
        return self.cards * (self.card_gib * self.utilisation - WORKING_GIB) - self.weights_gib

    def tokens(self, *, fp8: bool = False) -> int:
        """Tokens that the KV cache holds, over all requests at once."""
        return max(0, int(self.kv_gib * GIB / (self.kv_bytes_per_token / (2 if fp8 else 1))))

    def documents(self, tokens: int, *, fp8: bool = False) -> int:
        """Documents (or parts) of ``tokens`` each that are held at once."""
        return self.tokens(fp8=fp8) // tokens

    def told(self, name: str, part_tokens: int, context: int) -> Text:
        """As doctor and plan say it, of a model with that native ``context``."""
        card = f"{self.cards} × {self.card_gib:.0f}" if self.cards > 1 else f"{self.card_gib:.0f}"
        working = f"{self.cards * WORKING_GIB:.1f}"
        if self.kv_gib <= 0:
            return Text(
                f"{name} 放不下：权重 {self.weights_gib:.1f} GiB 加工作内存 {working}，超过 {card} GiB 的 "
                f"{self.utilisation:.0%}；请用量化版（FP8、AWQ）、更小的模型或更多显卡",
                f"{name} does not fit: {self.weights_gib:.1f} GiB of weights + {working} working memory are over "
                f"{self.utilisation:.0%} of {card} GiB; use a quantised one (FP8, AWQ), a smaller model, or more cards",
            )
        tokens, fp8 = f"{self.tokens():,}", f"{self.tokens(fp8=True):,}"
        parts = f"{self.documents(part_tokens):,}"
        context = max(1, min(context, self.tokens()))
        whole = f"{self.documents(context):,}"
        smaller = Text("", "") if "AWQ" in name.upper() else Text("，或改用 AWQ", ", or use AWQ")
        return Text(
            f"{name} 在 {card} GiB 上：权重 {self.weights_gib:.1f} GiB 加工作内存 {working}，"
            f"按 {self.utilisation} 的占用率留给 KV {self.kv_gib:.1f} GiB = 16 位 {tokens} 个 token，"
            f"fp8 {fp8} 个（vllm_args 的 kv_cache_dtype）："
            f"更长的文件分段处理{smaller.zh}；"
            f"上下文 {context:,}，同时放得下 {whole} 份这么长的文件，或 {parts} 段 {part_tokens:,} 的分段",
            f"{name} on {card} GiB: {self.weights_gib:.1f} GiB of weights + {working} working memory leave "
            f"{self.kv_gib:.1f} GiB of KV at {self.utilisation} utilisation = {tokens} tokens in 16 bit, {fp8} in fp8 "
            f"(kv_cache_dtype in vllm_args): documents over that are map-reduced{smaller.en}; context "
            f"{context:,}, {whole} of that length at once, or {parts} parts of {part_tokens:,}",
        )


def fit(shape: Shape, quantization: Quantization, card_gib: float, utilisation: float = 0.9, cards: int = 1) -> Fit:
    """Put a model on a card, or on several."""
    return Fit(card_gib, shape.weight_bytes(quantization) / GIB, utilisation, shape.kv_bytes_per_token, cards)


def cards_here() -> list[tuple[str, float]]:
    """Name and GiB of each card of this machine, less what its driver keeps, by nvidia-smi; none where it is not there
    or does not answer."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    for fields in ("name,memory.total,memory.reserved", "name,memory.total"):  # older drivers don't know the third
        query = [tool, f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
        try:
            lines = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
            return [_card(line) for line in lines]
        except (subprocess.SubprocessError, OSError, ValueError):
            continue  # doctor's own look at the card says what is wrong
    return []


def _card(line: str) -> tuple[str, float]:
    name, total, *reserved = (field.strip() for field in line.split(","))
    return name, (float(total) - sum(float(mib) for mib in reserved if mib.isdecimal())) / 1024


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
