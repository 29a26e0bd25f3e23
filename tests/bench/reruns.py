"""Never paid twice: a rerun of an unchanged batch, and of one in which one clause of one document was edited.

    python tests/bench/reruns.py [DOCUMENTS] [CHUNKS]             a server that takes ``DELAY_S`` for an answer
    python tests/bench/reruns.py [DOCUMENTS] [CHUNKS] --vllm      real vLLM on a CPU, a tiny Qwen3, scripted answers

With a server it is counted there. With vLLM each run is a process of its own, timed from its start to its end: imports,
loading the model (the rerun must not), reading, generating, saving. Goal: the rerun asks nothing and is 50 times faster
or more; after the edit only what changed is asked: the chunk with the clause, once for each question, and the reduces.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from papers import contract, write_pdf
from scripted_server import ScriptedServer, serving
from scripted_vllm import Recorded
from tiny_qwen3 import build

from pipeline.engines.choose import EngineChoice
from pipeline.run import open_session
from pipeline.settings import Settings, load_settings

DELAY_S = 1.0
DOES = ("支付", "交付", "验收", "保管", "运输", "安装", "调试", "返还", "维修", "更换", "检验", "登记", "通知", "赔偿")
WHAT = ("预付款", "设备", "备件", "图纸", "发票", "保证金", "软件", "样品", "质保金", "货物", "资料", "尾款")
WHEN = ("生效之日起十日内", "收到通知后三日内", "每月月底之前", "验收合格之后", "质保期届满时", "双方签字当日")


def sentence(number: int, n: int, m: int) -> str:
    chance = random.Random(number * 1_000_000 + n * 1000 + m)
    who, does, what, when = (chance.choice(words) for words in (("甲方", "乙方"), DOES, WHAT, WHEN))
    rest = "，逾期的应当说明理由" * chance.randrange(3)
    return f"{n}.{m} {who}应当在{when}{does}{what}{rest}。"


def write(folder: Path, number: int, chunks: int, edited: int = 0) -> Path:
    """A contract of so many clauses; in the ``edited`` one a few words are added."""
    pages = [
        [f"第{n}条 第{number}号合同的第{n}项", *(sentence(number, n, m) for m in range(1, 7 + n * 5 % 9))]
        for n in range(1, chunks + 1)
    ]
    if edited:
        pages[edited - 1].insert(4, f"{edited}.4 经双方书面同意并另行通知对方的除外。")
    return write_pdf(folder / f"{number}.pdf", [["采购合同", "甲方：东海公司", "乙方：南山公司"], *pages])


async def review(paths: list[Path], settings: Settings) -> float:
    begun, cpu = time.perf_counter(), time.process_time()
    async with open_session(settings) as session:
        batch = await session.review(paths)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert batch.exit_code == 0, [result.error for result in batch.results if result.error]
    statuses = dict(Counter(result.status for result in batch.results))
    print(f"  {seconds:.2f} s, {cpu:.2f} s of processor time in this process: {statuses}")
    return seconds


def of_a_server(folder: Path, documents: int, chunks: int) -> None:
    with serving(ScriptedServer(delay_s=DELAY_S)) as server:
        paths = [write(folder, number, chunks if not number else 1) for number in range(documents)]
        values = {"engine": "http", "base_url": server.base_url, "chunk_tokens": 800, "strategy": "map-reduce",
                  "images": "off", "database": f"sqlite:///{folder}/db.sqlite", "out": folder / "out"}  # fmt: skip
        settings = load_settings(values, environ={}, directory=folder)
        first_s = asyncio.run(review(paths, settings))
        asked = len(server.requests)
        prompts = set(server.prompts())
        print(f"first run: {asked} requests, {len(prompts)} distinct")
        again_s = asyncio.run(review(paths, settings))
        print(f"rerun: {len(server.requests) - asked} requests, {first_s / again_s:.0f} times faster")
        assert len(server.requests) == asked
        write(folder, 0, chunks, edited=chunks // 2)
        asyncio.run(review(paths, settings))
        told([body["messages"][-1]["content"] for body in server.requests[asked:]], chunks)


def told(prompts: list[str], chunks: int) -> None:
    """What was asked after the edit."""
    parts = {prompt.partition("<<<原文结束>>>")[0] for prompt in prompts}
    looks = [part for part in parts if "最可能与待查项有关" in part]
    maps = [part for part in parts if "<<<原文开始>>>" in part and part not in looks]
    reduces = [prompt for prompt in prompts if "<<<原文结束>>>" not in prompt]
    print(f"one clause of {chunks} edited: {len(prompts)} requests: {len(maps)} chunks of it are new, "
          f"{len(looks)} last look for what was not found, {len(reduces)} reduces")  # fmt: skip


def of_vllm(folder: Path, documents: int, chunks: int) -> None:
    build(folder / "model")
    write(folder, 0, chunks)
    for number in range(1, documents):
        contract(folder / f"{number}.pdf", number, pages=1 + number % 7, filler=24)
    first_s, first = in_a_process(folder)
    again_s, again = in_a_process(folder)
    for name, seconds, run in (("first run", first_s, first), ("rerun", again_s, again)):
        print(f"{name}: {seconds:.2f} s, {len(run['prompts'])} requests, model loaded {run['loads']} times")
    print(f"{first_s / again_s:.0f} times faster")
    assert not again["prompts"] and not again["loads"]
    write(folder, 0, chunks, edited=chunks // 2)
    _, edited = in_a_process(folder)
    told(edited["prompts"], chunks)


def in_a_process(folder: Path) -> tuple[float, dict]:
    begun = time.perf_counter()
    ended = subprocess.run([sys.executable, __file__, "--one", folder], capture_output=True, check=True, text=True)
    return time.perf_counter() - begun, json.loads(ended.stdout.splitlines()[-1])


async def one(folder: Path) -> None:
    """One run over ``folder``, as a process of its own: what was asked, as JSON."""
    engines: list[Recorded] = []

    async def load(choice: EngineChoice, settings: Settings) -> Recorded:
        engines.append(await Recorded.load(settings, choice.profile))
        return engines[-1]

    values = {"engine": "vllm", "model": str(folder / "model"), "cpu_kv_gib": 1, "images": "off", "chunk_tokens": 2000,
              "vllm_args": {"logits_processors": ["scripted_logits:Scripted"]}, "strategy": "map-reduce",
              "database": f"sqlite:///{folder}/db.sqlite", "out": folder / "out"}  # fmt: skip
    settings = load_settings(values, environ={}, directory=folder)
    async with open_session(settings, load) as session:
        batch = await session.review(sorted(folder.glob("*.pdf")))
    assert batch.exit_code == 0, [result.error for result in batch.results if result.error]
    prompts = [request.messages[-1].content for engine in engines for request in engine.asked]
    print(json.dumps({"prompts": prompts, "loads": len(engines)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=int, nargs="?", default=20)
    parser.add_argument("chunks", type=int, nargs="?", default=24)
    parser.add_argument("--vllm", action="store_true")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        asyncio.run(one(chosen.one))
        return
    with tempfile.TemporaryDirectory() as temporary:
        measure = of_vllm if chosen.vllm else of_a_server
        measure(Path(temporary), chosen.documents, chosen.chunks)


if __name__ == "__main__":
    main()
