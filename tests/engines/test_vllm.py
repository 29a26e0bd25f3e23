"""Real vLLM (CPU build) with a tiny Qwen3, alone and under the whole pipeline."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from papers import contract
from scripted_server import fill

from pipeline.engines.choose import EngineChoice
from pipeline.errors import PromptTooLongError, SettingsError
from pipeline.kinds.contract.groups import GROUPS
from pipeline.kinds.packs.checklist import Checklist
from pipeline.kinds.packs.load import load_packs
from pipeline.models.profile import behaviour_of, load_profile
from pipeline.models.shipped import shipped
from pipeline.outcome import Batch
from pipeline.run import open_session
from pipeline.settings import Settings, load_settings
from pipeline.types import Completion, Message, Request, Sampling

pytest.importorskip("vllm", reason="vLLM is not installed: make test-vllm")
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.filterwarnings("ignore"),  # vLLM, torch and transformers warn of themselves
]

DOCUMENTS = int(os.environ.get("DOCUMENTS", "64"))

Answer = Callable[[Request], str]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_qwen3 import build

    return build(tmp_path_factory.mktemp("model") / "tiny-qwen3")


def scripted_engine(answer: Answer) -> type:
    """The real engine; only what the model says is ours."""
    from pipeline.engines.vllm import VllmEngine

    class ScriptedVllm(VllmEngine):
        def sampling_params(self, request: Request) -> Any:
            params = super().sampling_params(request)
            ids = self._llm.get_tokenizer().encode(answer(request), add_special_tokens=False)
            params.extra_args = {"script": ids}
            return params

    return ScriptedVllm


def settings_for(model: Path, folder: Path, **changes: object) -> Settings:
    values = {
        "engine": "vllm",
        "model": str(model),
        "database": f"sqlite:///{folder}/db.sqlite",
        "out": folder / "out",
        "vllm_args": {"logits_processors": ["scripted_logits:Scripted"]},
        "cpu_kv_gib": 1,
    }
    return load_settings(values | changes, environ={}, directory=folder)


def facts_in(facts: list[str]) -> Answer:
    def answer(request: Request) -> str:
        found = [fact for fact in facts if fact in request.messages[-1].content]
        answer = json.dumps(fill(dict(request.schema), found), ensure_ascii=False, separators=(",", ":"))
        return f"<think>想。</think>{answer}" if request.thinking else answer

    return answer


def review(paths: list[Path], settings: Settings, answer: Answer) -> Batch:
    async def load(choice: EngineChoice, settings: Settings) -> Any:
        return await scripted_engine(answer).load(settings, choice.profile)

    async def run() -> Batch:
        async with open_session(settings, load) as session:
            return await session.review(paths)

    return asyncio.run(run())


def test_documents_through_the_whole_path_share_their_prefixes(tiny: Path, tmp_path: Path) -> None:
    made = [contract(tmp_path / f"{n}.pdf", n, pages=2, filler=36) for n in range(DOCUMENTS)]
    facts = {fact: page for _, planted in made for fact, page in planted.items()}
    batch = review([path for path, _ in made], settings_for(tiny, tmp_path), facts_in(list(facts)))
    assert batch.exit_code == 0, [result.error for result in batch.results]
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        rows = database.execute("select quote, page from evidence where quote like '第%批设备%'").fetchall()
        prompt, cached, requests = database.execute(
            "select sum(prompt_tokens), sum(cached_tokens), sum(requests) from analyses"
        ).fetchone()
        took = database.execute(
            "select prompt_tokens, cached_tokens, engine_seconds, gpu_minutes, kv_use_peak, queue_peak from runs"
        ).fetchone()
        shares = database.execute("select sum(engine_seconds), count(engine_seconds) from analyses").fetchone()
    database.close()
    assert took[:2] == (prompt, cached)
    assert took[2] > 0 and shares == (pytest.approx(took[2]), DOCUMENTS)
    assert took[3] is None, "a CPU is no GPU"
    assert 0 < took[4] <= 1 and took[5] >= 0
    assert {quote: page for quote, page in rows if quote in facts} == facts
    checks = len(Checklist(load_packs()["采购"].pack).groups)
    assert requests == DOCUMENTS * (len(GROUPS) + checks + 2), "and a second look, and the summary"
    print(f"cached {cached / prompt:.1%} of {prompt:,} prompt tokens in {requests} requests")
    assert cached / prompt >= 0.6
    again = review([path for path, _ in made], settings_for(tiny, tmp_path, force=True), lambda request: "[]")
    assert again.exit_code == 0, "everything came from the journal"


def test_documents_beyond_the_native_context_share_one_more_load(tiny: Path, tmp_path: Path) -> None:
    """Natively first, then YaRN with the smallest factor that serves both long ones."""
    pages = {"short": 2, "long": 13, "longest": 15, "other": 1}
    made = [contract(tmp_path / f"{name}.pdf", n, count, filler=30) for n, (name, count) in enumerate(pages.items())]
    facts = {fact: page for _, planted in made for fact, page in planted.items()}
    settings = settings_for(tiny, tmp_path, strategy="whole")
    loads: list[int | None] = []
    answer = facts_in(list(facts))

    async def load(choice: EngineChoice, settings: Settings) -> Any:
        loads.append(settings.context_tokens)
        return await scripted_engine(answer).load(settings, choice.profile)

    async def run() -> Batch:
        async with open_session(settings, load) as session:
            return await session.review([path for path, _ in made])

    batch = asyncio.run(run())
    assert batch.exit_code == 0, [result.error for result in batch.results]
    assert loads[0] == 16_384 and len(loads) == 2
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        rows = database.execute("select quote, page from evidence where quote like '第%批设备%'").fetchall()
        plans = dict(
            database.execute(
                "select d.filename, a.strategy_reason from analyses a join documents d on a.document_id = d.id"
            )
        )
        models = {model for (model,) in database.execute("select distinct model from completions")}
        tokens = dict(database.execute("select filename, tokens from documents"))
    database.close()
    assert {quote: page for quote, page in rows if quote in facts} == facts
    factor = f"{loads[1] / 16_384:g}"
    assert models == {str(tiny), f"{tiny} yarn={factor}"}, "the journal tells the factors apart"
    for name, reason in plans.items():
        assert (f"YaRN ×{factor}" in reason) == name.startswith("long"), reason
    assert tokens["longest.pdf"] < loads[1] < tokens["longest.pdf"] + 16_384, "no more than the longest one needs"


def test_loops_end_thoughts_are_budgeted_and_json_has_no_free_white_space(tiny: Path, tmp_path: Path) -> None:
    def request(prompt: str, **changes: object) -> Request:
        usual = Request(
            "d", prompt, "p", (Message("user", "甲方付款。" * 20),), GROUPS[0].schema, 2000, Sampling(), False, 99
        )
        return replace(usual, **changes)

    def answer(asked: Request) -> str:
        return {"loop": "甲方应当在验收合格后向乙方支付全部价款。" * 60, "think": "<think>嗯", "plain": ""}[
            asked.prompt
        ]

    async def run() -> list[Completion]:
        engine = await scripted_engine(answer).load(settings_for(tiny, tmp_path), load_profile(str(tiny)))
        asked = [request("loop", schema=None), request("think", thinking=True, max_tokens=200), *[request("plain")] * 6]
        answers = await asyncio.gather(*map(engine.generate, asked))
        await engine.close()
        return answers

    loop, thought, *plain = asyncio.run(run())
    assert loop.finish_reason == "repetition" and loop.completion_tokens < 600
    assert thought.thoughts and thought.text.startswith("{"), "it would have thought to the end of its 200 tokens"
    assert "<think>" not in thought.text
    for completion in (thought, *plain):
        assert not re.search(r"\s", re.sub(r'"(\\.|[^"\\])*("|$)', "", completion.text))


def test_requests_fail_alone_answers_fit_the_schema_and_thoughts_stay_apart(tiny: Path, tmp_path: Path) -> None:
    from pipeline.engines.vllm import VllmEngine

    def request(text: str, number: int, **changes: object) -> Request:
        usual = Request(
            "d",
            f"contract/x@{number}",
            "p",
            (Message("user", text),),
            GROUPS[number % 6].schema,
            6000,
            Sampling(),
            False,
            9,
        )
        return replace(usual, **changes)

    thinking = scripted_engine(lambda r: '<think>想一想</think>{"parties":[],"basics":[]}')

    async def run() -> tuple[list[Completion | BaseException], Completion]:
        engine = await VllmEngine.load(settings_for(tiny, tmp_path, vllm_args={}), load_profile(str(tiny)))
        asked = [engine.generate(request("甲方付款。" * 20, n)) for n in range(12)]
        long = engine.generate(request("7" * 20_000, 0))
        answers = await asyncio.gather(*asked, long, return_exceptions=True)
        await engine.close()
        engine = await thinking.load(settings_for(tiny, tmp_path), load_profile(str(tiny)))
        thought = await engine.generate(request("甲方付款。", 0, thinking=True))
        await engine.close()
        return answers, thought

    answers, thought = asyncio.run(run())
    assert isinstance(answers[-1], PromptTooLongError)
    for number, answer in enumerate(answers[:-1]):
        assert isinstance(answer, Completion)
        if answer.finish_reason == "stop":
            GROUPS[number % 6].answer.model_validate_json(answer.text)
    assert any(answer.finish_reason == "stop" for answer in answers[:-1])
    assert thought.thoughts == "想一想" and json.loads(thought.text) == {"parties": [], "basics": []}


HOLDER = """
import asyncio, sys, time
from pipeline.engines.vllm import VllmEngine
from pipeline.models.profile import load_profile
from pipeline.settings import load_settings
settings = load_settings({"engine": "vllm", "model": sys.argv[1], "cpu_kv_gib": 1}, environ={})
engine = asyncio.run(VllmEngine.load(settings, load_profile(sys.argv[1])))
print("loaded", flush=True)
time.sleep(600)
"""


def children_of(pid: int) -> list[int]:
    own = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return own + [inner for child in own for inner in children_of(child)]


def test_vllm_s_processes_end_with_the_one_that_is_killed(tiny: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tiny)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        while holder.stdout.readline() not in ("loaded\n", ""):
            pass
        started = children_of(holder.pid)
        assert holder.poll() is None and started
        holder.kill()
    deadline = time.monotonic() + 20
    while left := [pid for pid in started if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, f"{left} hold the card's memory"
        time.sleep(0.2)


def test_a_model_that_does_not_load_is_a_settings_error(tiny: Path, tmp_path: Path) -> None:
    from pipeline.engines.vllm import VllmEngine

    settings = settings_for(tiny, tmp_path, vllm_args={"quantization": "nonsense"})
    with pytest.raises(SettingsError, match=str(tiny)):
        asyncio.run(VllmEngine.load(settings, load_profile(str(tiny))))


def test_parsers_are_those_that_vllm_knows() -> None:
    from vllm.reasoning import ReasoningParserManager
    from vllm.tool_parsers import ToolParserManager

    for model in shipped():
        behaviour = behaviour_of(model)
        assert behaviour
        assert behaviour.reasoning_parser in ReasoningParserManager.list_registered()
        assert behaviour.tool_parser in ToolParserManager.list_registered()
