"""What is told of an engine adds up, is left out where it is not known, and fits a line."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from rich.cells import cell_len

from pipeline.engines.base import EngineState
from pipeline.engines.meter import Counts, Meter, RunMeter
from pipeline.lang import set_language
from pipeline.outcome import Event
from pipeline.screen import progress, usage_line
from pipeline.types import Completion, Message, Request, Sampling, Usage

REQUEST = Request("a", "p@1", "sha", (Message("user", "问"),), None, 10, Sampling(), False, 90)
STATE = EngineState(waiting=3, kv_use=0.25, gpus=2)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answer(meter: Meter, clock: Clock, *requests: tuple[str, float, float, Completion | None]) -> None:
    """Requests of documents, from when to when; None: it fails."""

    async def run() -> None:
        gates = {event: asyncio.Event() for request in requests for event in [*request[1:3], request[2] + 1e-9]}

        async def one(document: str, start: float, end: float, completion: Completion | None) -> None:
            async def generate(request: Request) -> Completion:
                await gates[end].wait()
                if completion is None:
                    raise ValueError
                return completion

            await gates[start].wait()
            await meter.before(generate)(replace(REQUEST, document_id=document))

        tasks = [asyncio.create_task(one(*request)) for request in requests]
        for at in sorted(gates):
            clock.now = at
            gates[at].set()
            for _ in range(5):
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


def completion(prompt: int, cached: int, generated: int) -> Completion:
    return Completion("{}", "", "stop", prompt, cached, generated)


def test_engine_time_counts_once_however_many_requests_and_stops_between() -> None:
    clock = Clock()
    meter = Meter(clock)
    whole = completion(100, 40, 20)
    answer(meter, clock, ("a", 100, 104, whole), ("b", 102, 107, whole), ("c", 110, 111, None))
    assert meter.total().engine_s == pytest.approx(7 + 1)
    assert replace(meter.total(), engine_s=0.0) == Counts(0.0, 200, 80, 40, 2)
    assert meter.take("a") == Counts(0.0, 100, 40, 20, 1)
    assert meter.take("a") == Counts()


def test_the_shares_of_documents_add_up_to_the_engine_time() -> None:
    clock = Clock()
    meter = Meter(clock)
    run = RunMeter(meter, lambda: STATE)
    answer(meter, clock, ("a", 100, 110, completion(1000, 900, 100)), ("b", 100, 112, completion(300, 0, 300)))
    computed = [run.ended(name).computed_tokens for name in "ab"]
    usage = run.so_far()
    assert usage.engine_s == pytest.approx(12) and usage.engine_s_per_token
    assert [tokens * usage.engine_s_per_token for tokens in computed] == pytest.approx([3.0, 9.0])
    assert usage.gpu_minutes == pytest.approx(12 * 2 / 60)
    assert usage.minutes_per_document == pytest.approx(12 * 2 / 60 / 2)
    assert usage.cached_share == pytest.approx(900 / 1300)
    assert (usage.prompt_tokens_per_s, usage.completion_tokens_per_s) == pytest.approx((1300 / 12, 400 / 12))
    assert (usage.kv_use, usage.queue) == (0.25, 3)


def test_runs_side_by_side_share_the_engine_time_by_their_tokens() -> None:
    clock = Clock()
    meter = Meter(clock)
    runs = {name: RunMeter(meter, lambda: STATE) for name in "ab"}
    answer(meter, clock, ("a", 100, 110, completion(100, 0, 0)), ("b", 100, 110, completion(300, 0, 0)))
    for name, run in runs.items():
        run.ended(name)
    assert [run.so_far().engine_s for run in runs.values()] == pytest.approx([2.5, 7.5])


def test_now_is_the_last_half_minute() -> None:
    clock = Clock()
    meter = Meter(clock)
    run = RunMeter(meter, lambda: STATE)
    run.now()
    answer(meter, clock, ("a", 100, 101, completion(5000, 0, 0)))
    for clock.now in (102.0, 121.0, 132.0):
        run.now()
    answer(meter, clock, ("a", 133, 135, completion(100, 50, 10)))
    now = run.now()
    assert now and (now.prompt_tokens, now.cached_tokens, now.completion_tokens) == (100, 50, 10)
    assert now.prompt_tokens_per_s == pytest.approx(50)


def test_peaks_are_kept_and_what_is_not_known_is_absent() -> None:
    clock = Clock()
    states = iter([None, EngineState(waiting=7), EngineState(waiting=2, counts_tokens=False, counts_cached=False)])
    meter = Meter(clock)
    run = RunMeter(meter, lambda: next(states))
    assert run.now() is None, "nothing is loaded yet"
    run.now()
    answer(meter, clock, ("a", 100, 110, completion(0, 0, 0)))
    run.ended("a")
    usage = run.so_far()
    assert (usage.queue, usage.kv_use, usage.gpus) == (7, None, None)
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (None, None, None)
    assert (usage.prompt_tokens_per_s, usage.cached_share, usage.engine_s_per_token) == (None, None, None)
    set_language("en")
    try:
        assert usage_line(usage, usage) == "queue 7 · 10 s/doc"
    finally:
        set_language("zh")


NUMBERS = [0, 1, 9, 1234, 99_949, 99_951, 999_499, 12_345_678]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_line_fits_80_columns(language: str) -> None:
    set_language(language)
    try:
        for tokens, engine_s, gpus in product(NUMBERS, [0.03, 1.0, 60.0, 59_000.0], [None, 8]):
            usage = Usage(engine_s, tokens, tokens, tokens, 1, kv_use=1.0, queue=tokens, gpus=gpus)
            line = usage_line(usage, usage)
            assert cell_len(line) <= 80, line
            assert "None" not in line and "nan" not in line
    finally:
        set_language("zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_progress_on_a_terminal_of_80_columns_breaks_no_line(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "80", "LINES": "24", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    set_language(language)
    try:
        usage = Usage(59_000.0, 10**10, 10**10, 10**10, 1, kv_use=1.0, queue=99_949, gpus=8)
        with progress() as show:
            show(Event("read", Path("采" * 80 + ".pdf"), "3", 3, 10_000))
            show(Event("usage", None, "", 3, 10_000, usage, usage))
            time.sleep(0.3)
    finally:
        set_language("zh")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    lines = re.split(r"[\r\n]+", shown)
    assert any("GPU" in line and "KV 100%" in line for line in lines), lines
    assert max(map(cell_len, lines)) <= 80
    assert any("采采" in line and "3/10000" in line for line in lines), "the name leaves room for the count"
