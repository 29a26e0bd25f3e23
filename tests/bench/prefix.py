"""Question groups over one prefix, against one prompt per question that shares nothing: real vLLM, a tiny Qwen3.

    python tests/bench/prefix.py [PARTS] [GROUPS]

Goal: with long parts and short questions, the prompt tokens computed with sharing are those computed without it divided
by the number of groups, within 10 %.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pipeline.engines.journal import Journal
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.vllm import VllmEngine
from pipeline.models.profile import load_profile
from pipeline.settings import load_settings
from pipeline.store import Store
from pipeline.types import Message, Request, Sampling

SENTENCES = 220


def question(part: int, group: int) -> Request:
    text = "".join(f"第{part}份合同第{n}条：甲方应当在验收合格后{n}日内付款。" for n in range(SENTENCES))
    messages = (Message("system", "你是合同审查助手。"), Message("user", f"{text}\n\n第{group}个问题是什么？"))
    return Request(f"d{part}", f"bench/g{group}@1", "sha", messages, None, 8, Sampling(), False, SENTENCES * 30,
                   priority=part, prefix=f"d{part}", prefix_tokens=SENTENCES * 29)  # fmt: skip


def alone(number: int, request: Request) -> Request:
    """The same question behind a beginning that no other has."""
    system, user = request.messages
    return replace(
        request, messages=(Message("system", f"{number}号。{system.content}"), user), prefix="", prefix_tokens=0
    )


async def computed(engine: VllmEngine, store: Store, requests: list[Request]) -> int:
    await engine._llm.reset_prefix_cache()
    journal = Journal(store, "m", "m", engine.generate, Scheduler(max_tokens=400_000, max_requests=1024).admitted)
    answers = await asyncio.gather(*map(journal.generate, requests))
    await journal.close()
    return sum(answer.prompt_tokens - answer.cached_tokens for answer in answers)


async def measure(folder: Path, parts: int, groups: int) -> None:
    from tiny_qwen3 import build

    model = str(build(folder / "model"))
    settings = load_settings({"engine": "vllm", "model": model, "cpu_kv_gib": 1}, environ={}, directory=folder)
    engine = await VllmEngine.load(settings, load_profile(model))
    asked = [question(part, group) for part in range(parts) for group in range(groups)]
    with Store.open(f"sqlite:///{folder}/db.sqlite") as store:
        shared = await computed(engine, store, asked)
        unshared = await computed(engine, store, [alone(*numbered) for numbered in enumerate(asked)])
    print(f"{parts} parts, {groups} groups: {shared:,} prompt tokens computed, {unshared:,} without sharing; "
          f"shared / (unshared / groups) = {shared / (unshared / groups):.3f}")  # fmt: skip
    await engine.close()


if __name__ == "__main__":
    sizes = [int(size) for size in sys.argv[1:3]]
    if find_spec("vllm") is None:
        print("not measured: vLLM is not installed (make setup-cpu)")
    else:
        with tempfile.TemporaryDirectory() as temporary:
            asyncio.run(measure(Path(temporary), *(sizes or (6, 8))))
