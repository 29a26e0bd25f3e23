"""What the pipeline adds to vLLM, what a whole document costs, and whether the cache is as large as we said.

    python tests/bench/gpu.py                     # Qwen3-14B in bf16, then in fp8: wants a GPU (bf16: 80 GiB)
    python tests/bench/gpu.py --quantization fp8  # one of them
    python tests/bench/gpu.py --part document     # one of the parts: throughput, document
    python tests/bench/gpu.py --tiny              # a tiny Qwen3: the same from end to end on a CPU

Weights are dummies of the real shape (``load_format="dummy"``), nothing is downloaded.

throughput: the same requests, as token ids, through the code behind ``vllm bench throughput`` in a process of its own,
through the bare engine, all at once, and through the pipeline's journal (SQLite), scheduler and supervision. Each from
an empty prefix cache. Goal: the pipeline's tokens per second are 0.95 of ``vllm bench throughput`` or more.
document: one document that fills 131,072 tokens by YaRN, with 8 questions that share it; the same as 8 prompts that
share nothing; the same in parts of 8,000 tokens in the native context.
cache: after each load, the tokens that vLLM's cache holds against docs/capacity.md's figure. Goal: within 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.engines.journal import Journal
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.supervise import Supervised
from pipeline.engines.vllm import VllmEngine, _engine_args
from pipeline.models.capacity import cards_here
from pipeline.models.memory import kv_tokens
from pipeline.models.profile import load_profile
from pipeline.settings import Settings, load_settings
from pipeline.store import Store
from pipeline.types import Completion, Message, Request, Sampling

QWEN3_14B = {
    "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 40, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936, "max_position_embeddings": 40_960,
    "tie_word_embeddings": False, "dtype": "bfloat16",
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What is asked: documents of so many sentences, questions about each, tokens of an answer."""

    documents: int
    questions: int
    sentences: int
    answer: int
    whole_context: int
    part_tokens: int


REAL = Size(64, 8, 250, 128, 131_072, 8000)
TINY = Size(12, 4, 30, 32, 16_384, 2000)


class FullLength(VllmEngine):
    """Random weights say when to stop at random: here every answer takes all its tokens."""

    def sampling_params(self, request: Request) -> Any:
        params = super().sampling_params(request)
        params.ignore_eos, params.repetition_detection = True, None
        return params


def sentences(document: int, start: int, end: int) -> str:
    return "".join(f"第{document}份合同第{n}条：甲方应当在验收合格后{n}日内付款。" for n in range(start, end))


def question(
    part: str, text: str, number: int, answer: int, tokens: int, system: str = "你是合同审查助手。"
) -> Request:
    return Request(
        document_id=part,
        prompt=f"bench/g{number}@1",
        prompt_sha256="sha",
        messages=(Message("system", system), Message("user", f"{text}\n\n第{number}个问题是什么？")),
        schema=None,
        max_tokens=answer,
        sampling=Sampling(),
        thinking=False,
        prompt_tokens=tokens,
        prefix=part,
        prefix_tokens=tokens - 20,
    )


def requests_of(size: Size) -> list[Request]:
    return [
        replace(question(f"d{d}", sentences(d, 0, size.sentences), q, size.answer, size.sentences * 30), priority=d)
        for d in range(size.documents)
        for q in range(size.questions)
    ]


async def timed(ask: Callable[[Request], Awaitable[Completion]], requests: Sequence[Request]) -> tuple[float, int, int]:
    """Seconds, prompt tokens that were computed, and tokens in all."""
    begun = time.perf_counter()
    answers = await asyncio.gather(*map(ask, requests))
    computed = sum(answer.prompt_tokens - answer.cached_tokens for answer in answers)
    tokens = sum(answer.prompt_tokens + answer.completion_tokens for answer in answers)
    return time.perf_counter() - begun, computed, tokens


def make_model(folder: Path, quantization: str, *, tiny: bool) -> Path:
    """A model folder: the tiny one with its weights, or the real shape without any."""
    from tiny_qwen3 import build

    if tiny:
        return build(folder / "tiny", context=4096)
    model = build(folder / ("Qwen3-14B-FP8" if quantization == "fp8" else "Qwen3-14B"))
    for weights in model.glob("*.safetensors"):
        weights.unlink()
    config = model / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | QWEN3_14B))
    return model


def settings_for(model: Path, quantization: str, *, tiny: bool, context: int | None = None) -> Settings:
    args: dict[str, object] = {} if tiny else {"load_format": "dummy"}
    if quantization == "fp8":
        args |= {"quantization": "fp8", "kv_cache_dtype": "fp8"}
    values = {"engine": "vllm", "model": str(model), "vllm_args": args, "context_tokens": context, "cpu_kv_gib": 1}
    return load_settings(values, environ={})


async def loaded(settings: Settings) -> FullLength:
    """The engine; says how its cache compares with what was told before it loaded."""
    profile = load_profile(settings.model)
    engine = await FullLength.load(settings, profile)
    cache = engine._llm.vllm_config.cache_config
    holds, told = cache.num_gpu_blocks * cache.block_size, kv_tokens(profile, settings)
    if told:
        print(f"cache: {holds:,} tokens, told {told:,}: {holds / told:.3f}", flush=True)
    return engine


async def throughput(folder: Path, settings: Settings, size: Size, rounds: int) -> None:
    requests = requests_of(size)
    engine = await loaded(settings)
    await timed(engine.generate, requests[:1])  # warm up
    scheduler = Scheduler(max_tokens=settings.max_tokens_in_flight, max_requests=engine.nature.parallel)

    async def load_again() -> FullLength:
        return await FullLength.load(settings, load_profile(settings.model))

    supervised = Supervised(engine, load_again, scheduler.lower, silence_s=600)
    bare_s = through_s = 0.0
    through_tokens = 0
    with Store.open(f"sqlite:///{folder}/db.sqlite") as store:
        for round_ in range(rounds):
            await engine._llm.reset_prefix_cache()
            seconds, _, _ = await timed(engine.generate, requests)
            bare_s += seconds
            await engine._llm.reset_prefix_cache()
            journal = Journal(store, "m", f"round {round_}", supervised.generate, scheduler.admitted)
            seconds, computed, tokens = await timed(journal.generate, requests)
            through_s += seconds
            through_tokens += tokens
            await journal.close()
            again, _, _ = await timed(journal.generate, requests)
            least = sum(r.prefix_tokens for r in {r.prefix: r for r in requests}.values())
            print(
                f"round {round_}: {tokens / seconds:,.0f} tokens/s; computed {computed:,} prompt tokens "
                f"(distinct parts about {least:,}); again from the journal {seconds / again:.0f}x faster",
                flush=True,
            )
    prompts = [{"ids": await engine._prompt(request), "answer": request.max_tokens} for request in requests]
    await supervised.close()
    print(f"pipeline {through_s:.2f} s / bare engine {bare_s:.2f} s = {through_s / bare_s:.3f}", flush=True)
    reference = vllm_bench_throughput(folder, settings, prompts)
    pipeline = through_tokens / through_s
    print(f"pipeline {pipeline:,.0f} / vllm bench throughput {reference:,.0f} tokens/s = {pipeline / reference:.3f}")


def vllm_bench_throughput(folder: Path, settings: Settings, prompts: Sequence[Mapping[str, object]]) -> float:
    """Tokens per second of ``vllm bench throughput``'s own function over these prompts, in a process of its own: its
    command line takes no file of prompts."""
    job = folder / "job.json"
    job.write_text(json.dumps({"settings": settings.model_dump(mode="json"), "prompts": prompts}))
    subprocess.run([sys.executable, __file__, "--reference", str(job)], check=True, stdout=subprocess.DEVNULL)
    return float((folder / "reference.txt").read_text())


def reference(job: Path) -> None:
    """What the process of :func:`vllm_bench_throughput` does."""
    given = json.loads(job.read_text())
    given["settings"].pop("api_key")
    settings = load_settings(given["settings"], environ={})
    args = dict(_engine_args(settings, load_profile(settings.model), settings.context_tokens or 32_768))
    for ours in ("structured_outputs_config", "scheduling_policy", "enable_log_requests", "reasoning_parser"):
        args.pop(ours, None)  # `vllm bench throughput` as it comes
    import os

    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(settings.cpu_kv_gib))
    from vllm import EngineArgs
    from vllm.benchmarks.datasets import SampleRequest
    from vllm.benchmarks.throughput import run_vllm

    requests = [
        SampleRequest(
            prompt={"prompt_token_ids": one["ids"]}, prompt_len=len(one["ids"]), expected_output_len=one["answer"]
        )
        for one in given["prompts"]
    ]
    seconds, _ = run_vllm(requests, 1, EngineArgs(**args), do_profile=False, warmup_requests=requests[:1])
    tokens = sum(one.prompt_len + one.expected_output_len for one in requests)
    (job.parent / "reference.txt").write_text(str(tokens / seconds))


async def document(whole: Settings, native: Settings, size: Size) -> None:
    """One document that fills the long context: whole, whole without sharing, in parts."""
    engine = await loaded(whole)
    await timed(engine.generate, [question("w", sentences(0, 0, 5), 0, 8, 200)])
    sample = len(await engine._prompt(question("s", sentences(0, 1000, 1100), 0, 1, 0)))
    count = int((size.whole_context - size.answer - 300) / sample * 100)
    text = sentences(0, 1000, 1000 + count)
    shared = [question("d", text, q, size.answer, size.whole_context) for q in range(size.questions)]
    apart = [
        question(f"d{q}", text, q, size.answer, size.whole_context, f"第{q}位合同审查助手。")
        for q in range(size.questions)
    ]
    print(f"document: {len(await engine._prompt(shared[0])):,} tokens, {size.questions} questions")
    whole_s, whole_computed, _ = await timed(engine.generate, shared)
    print(f"whole: {whole_s:.1f} s, {whole_computed:,} prompt tokens computed", flush=True)
    await engine._llm.reset_prefix_cache()
    apart_s, apart_computed, _ = await timed(engine.generate, apart)
    print(f"separate prompts: {apart_s:.1f} s ({apart_s / whole_s:.2f}x), {apart_computed:,} computed", flush=True)
    await engine.close()
    engine = await loaded(native)
    await timed(engine.generate, [question("w", sentences(0, 0, 5), 0, 8, 200)])
    step = int(size.part_tokens / sample * 100)
    parts = [sentences(0, start, min(start + step, 1000 + count)) for start in range(1000, 1000 + count, step)]
    mapped = [
        question(f"p{n}", part, q, size.answer, size.part_tokens)
        for n, part in enumerate(parts)
        for q in range(size.questions)
    ]
    parts_s, parts_computed, _ = await timed(engine.generate, mapped)
    print(f"{len(parts)} parts: {parts_s:.1f} s (whole {whole_s / parts_s:.2f}x), {parts_computed:,} computed")
    await engine.close()


async def measure(options: argparse.Namespace) -> None:
    size = TINY if options.tiny else REAL
    size = replace(size, documents=options.documents or size.documents)
    for quantization in ["bf16"] if options.tiny else options.quantization or ["bf16", "fp8"]:
        print(f"--- {'tiny, on this machine' if options.tiny else quantization}", flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            model = make_model(folder, quantization, tiny=options.tiny)
            native_context = load_profile(str(model)).context_tokens
            native = settings_for(model, quantization, tiny=options.tiny, context=native_context)
            if options.part != "document":
                await throughput(folder, native, size, options.rounds)
            if options.part != "throughput":
                whole = settings_for(model, quantization, tiny=options.tiny, context=size.whole_context)
                await document(whole, native, size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--quantization", action="append", choices=["bf16", "fp8"])
    parser.add_argument("--part", choices=["all", "throughput", "document"], default="all")
    parser.add_argument("--documents", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reference", type=Path)
    chosen = parser.parse_args()
    if chosen.reference:
        reference(chosen.reference)
    elif not chosen.tiny and not cards_here():
        print("not measured: no GPU here (--tiny runs the same on a CPU)")
    else:
        asyncio.run(measure(chosen))
