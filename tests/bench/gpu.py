"""What journal, scheduler and supervision add to bare vLLM, and what prefix sharing saves.

    python tests/bench/gpu.py            # Qwen3-14B's shape, dummy weights: wants a GPU
    python tests/bench/gpu.py --fp8      # the same in fp8
    python tests/bench/gpu.py --tiny     # a tiny Qwen3: runs on a CPU

The same requests twice, from an empty prefix cache: all given to the engine at once, and through the pipeline's
journal (SQLite), scheduler and supervision. Goal: 1.05 times the bare engine's time or less. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.engines.journal import Journal
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.supervise import Supervised
from pipeline.engines.vllm import VllmEngine
from pipeline.models.capacity import cards_here
from pipeline.models.profile import load_profile
from pipeline.settings import load_settings
from pipeline.store import Store
from pipeline.types import Completion, Message, Request, Sampling

QWEN3_14B = {
    "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 40, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936, "max_position_embeddings": 40_960,
    "tie_word_embeddings": False, "dtype": "bfloat16",
}  # fmt: skip


class FullLength(VllmEngine):
    """Random weights say when to stop at random: here every answer takes all its tokens."""

    def sampling_params(self, request: Request) -> Any:
        params = super().sampling_params(request)
        params.ignore_eos = True
        return params


def requests_of(parts: int, groups: int, sentences: int, answer: int) -> list[Request]:
    found: list[Request] = []
    for part in range(parts):
        text = "".join(f"第{part}份合同第{n}条：甲方应当在验收合格后{n}日内付款。" for n in range(sentences))
        for group in range(groups):
            messages = (Message("system", "你是合同审查助手。"), Message("user", f"{text}\n\n第{group}个问题是什么？"))
            found.append(
                Request(
                    document_id=f"d{part}",
                    prompt=f"bench/g{group}@1",
                    prompt_sha256="sha",
                    messages=messages,
                    schema=None,
                    max_tokens=answer,
                    sampling=Sampling(),
                    thinking=False,
                    prompt_tokens=sentences * 30,
                    priority=part,
                    prefix=f"d{part}",
                    prefix_tokens=sentences * 29,
                )
            )
    return found


async def timed(ask: Callable[[Request], Awaitable[Completion]], requests: Sequence[Request]) -> tuple[float, int, int]:
    """Seconds, prompt tokens that were computed, and tokens in all."""
    begun = time.perf_counter()
    answers = await asyncio.gather(*map(ask, requests))
    computed = sum(answer.prompt_tokens - answer.cached_tokens for answer in answers)
    tokens = sum(answer.prompt_tokens + answer.completion_tokens for answer in answers)
    return time.perf_counter() - begun, computed, tokens


async def measure(folder: Path, options: argparse.Namespace) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))
    from tiny_qwen3 import build

    model = build(folder / "model")
    extra: dict[str, object] = {}
    if not options.tiny:
        config = model / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | QWEN3_14B))
        extra = {"load_format": "dummy", **({"quantization": "fp8", "kv_cache_dtype": "fp8"} if options.fp8 else {})}
    settings = load_settings({"engine": "vllm", "model": str(model), "vllm_args": extra}, environ={})
    size = (options.parts or 12, 4, 30, 32) if options.tiny else (options.parts or 64, 8, 250, 128)
    requests = requests_of(*size)
    engine = await FullLength.load(settings, load_profile(str(model)))
    await timed(engine.generate, requests_of(1, 1, 5, 8))  # warm up
    scheduler = Scheduler(max_tokens=settings.max_tokens_in_flight, max_requests=engine.parallel)

    async def load_again() -> FullLength:
        return await FullLength.load(settings, load_profile(str(model)))

    supervised = Supervised(engine, load_again, scheduler.lower, silence_s=600)
    bare_s = through_s = 0.0
    with Store.open(f"sqlite:///{folder}/db.sqlite") as store:
        for round_ in range(options.rounds):
            await engine._llm.reset_prefix_cache()
            seconds, _, tokens = await timed(engine.generate, requests)
            bare_s += seconds
            await engine._llm.reset_prefix_cache()
            journal = Journal(store, f"round {round_}", supervised.generate, scheduler.admitted)
            seconds, computed, _ = await timed(journal.generate, requests)
            through_s += seconds
            await journal.close()
            again, _, _ = await timed(journal.generate, requests)
            least = sum(r.prefix_tokens for r in {r.prefix: r for r in requests}.values())
            print(
                f"round {round_}: {tokens / seconds:,.0f} tokens/s; computed {computed:,} prompt tokens "
                f"(distinct parts about {least:,}); again from the journal {seconds / again:.0f}x faster",
                flush=True,
            )
    print(f"pipeline {through_s:.2f} s / bare engine {bare_s:.2f} s = {through_s / bare_s:.3f}")
    await supervised.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--fp8", action="store_true")
    parser.add_argument("--parts", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if not chosen.tiny and not cards_here():
        print("not measured: no GPU here (--tiny runs on a CPU)")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(measure(Path(temporary), chosen))
