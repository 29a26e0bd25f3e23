"""What is answered once is never asked again, and what is under way stays within its bounds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engines.base import Generate
from pipeline.engines.journal import Journal, key_of
from pipeline.engines.scheduler import Scheduler, tokens_of
from pipeline.errors import RequestError
from pipeline.lang import Text
from pipeline.types import Completion, JournalEntry, Message, Request, Sampling

REQUEST = Request("d", "p@1", "sha", (Message("user", "问"),), {"type": "object"}, 10, Sampling(), False, 5)
ANSWER = Completion("{}", "", "stop", 1, 0, 1)


class MemoryStore:
    """The store's calls, in memory; counts commits."""

    def __init__(self) -> None:
        self.kept: dict[str, Completion] = {}
        self.commits: list[int] = []
        self.leases: dict[str, str] = {}

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]:
        return {key: replace(self.kept[key], reused=True, key=key) for key in keys if key in self.kept}

    def claim(self, keys: Sequence[str], owner: str) -> tuple[dict[str, Completion], set[str]]:
        known = self.completions(keys)
        free = {key for key in keys if key not in known and self.leases.setdefault(key, owner) == owner}
        return known, free

    def renew_leases(self, keys: Sequence[str], owner: str) -> None: ...

    def release_leases(self, keys: Sequence[str], owner: str) -> None:
        for key in keys:
            self.leases.pop(key, None)

    def save_completions(self, entries: Sequence[JournalEntry]) -> None:
        self.commits.append(len(entries))
        self.kept |= {entry.key: entry.completion for entry in entries}
        self.release_leases([entry.key for entry in entries], "")

    def reject_completions(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.kept.pop(key, None)

    def reject_unfinished(self, document_id: str) -> None:
        self.kept = {key: kept for key, kept in self.kept.items() if kept.finish_reason == "stop"}


class Engine:
    def __init__(self, delay_s: float = 0.0) -> None:
        self.asked: list[Request] = []
        self.delay_s = delay_s
        self.error: Exception | None = None
        self.now = self.most = 0

    async def generate(self, request: Request) -> Completion:
        self.asked.append(request)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.delay_s)
        self.now -= 1
        if self.error:
            raise self.error
        return ANSWER


def journal_of(store: MemoryStore, generate: Generate) -> Journal:
    return Journal(store, "m", "m", generate, Scheduler(max_tokens=10_000, max_requests=99).admitted)


async def through(scheduler: Scheduler, engine: Engine, request: Request) -> None:
    async with scheduler.admitted(request):
        await engine.generate(request)


def test_the_second_asking_is_served_from_the_journal_even_by_another_process() -> None:
    async def run() -> None:
        first = await journal_of(store, engine.generate).generate(REQUEST)
        again = await journal_of(store, engine.generate).generate(REQUEST)
        assert (first.reused, again.reused, len(engine.asked)) == (False, True, 1)

    store, engine = MemoryStore(), Engine()
    asyncio.run(run())


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (Message("user", "另问"),)},
        {"schema": {"type": "string"}},
        {"max_tokens": 11},
        {"sampling": Sampling(top_k=1)},
        {"thinking": True},
        {"attempt": 1},
    ],
)
def test_everything_that_decides_the_answer_is_in_the_key(change: dict) -> None:
    assert key_of(replace(REQUEST, **change), "m") != key_of(REQUEST, "m")
    assert key_of(REQUEST, "other") != key_of(REQUEST, "m")
    assert key_of(replace(REQUEST, document_id="e", priority=3), "m") == key_of(REQUEST, "m")


def test_equal_requests_under_way_are_generated_once() -> None:
    async def run() -> list[Completion]:
        journal = journal_of(store, engine.generate)
        return await asyncio.gather(*(journal.generate(REQUEST) for _ in range(5)))

    store, engine = MemoryStore(), Engine(0.01)
    answers = asyncio.run(run())
    assert len(engine.asked) == 1 and sum(answer.reused for answer in answers) == 4


def test_a_cancelled_asker_does_not_take_the_others_along() -> None:
    async def run() -> Completion:
        journal = journal_of(store, engine.generate)
        first = asyncio.create_task(journal.generate(REQUEST))
        while not engine.asked:
            await asyncio.sleep(0.001)
        second = asyncio.create_task(journal.generate(REQUEST))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    store, engine = MemoryStore(), Engine(0.5)
    assert asyncio.run(run()).text == "{}"
    assert len(engine.asked) == 2


def test_a_completion_is_durable_before_it_is_handed_on_and_commits_are_shared() -> None:
    async def run() -> None:
        journal = journal_of(store, engine.generate)

        async def one(n: int) -> None:
            completion = await journal.generate(replace(REQUEST, attempt=n))
            assert store.completions([completion.key])

        await asyncio.gather(*(one(n) for n in range(50)))
        await journal.close()

    store, engine = MemoryStore(), Engine()
    asyncio.run(run())
    assert sum(store.commits) == 50 and len(store.commits) < 50


def test_a_failure_is_not_kept_and_a_rejected_completion_is_asked_again() -> None:
    async def run() -> None:
        journal = journal_of(store, engine.generate)
        engine.error = RequestError(Text("坏", "bad"), Text("修", "mend"))
        with pytest.raises(RequestError):
            await journal.generate(REQUEST)
        engine.error = None
        completion = await journal.generate(REQUEST)
        await journal.reject([completion.key], "d")
        assert not (await journal.generate(REQUEST)).reused

    store, engine = MemoryStore(), Engine()
    asyncio.run(run())
    assert len(engine.asked) == 3


def test_a_store_that_fails_is_not_swallowed() -> None:
    class Full(MemoryStore):
        def save_completions(self, entries: Sequence[JournalEntry]) -> None:
            raise OSError("disk full")

    async def run() -> None:
        await journal_of(Full(), Engine().generate).generate(REQUEST)

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(run())


def test_tokens_and_requests_in_flight_are_bounded_and_an_oversized_request_runs_alone() -> None:
    async def run(tokens: int, count: int, cost: int) -> int:
        engine = Engine(0.01)
        scheduler = Scheduler(max_tokens=tokens, max_requests=count)
        heavy = replace(REQUEST, prompt_tokens=cost - REQUEST.max_tokens // 8)
        await asyncio.gather(*(through(scheduler, engine, heavy) for _ in range(12)))
        return engine.most

    assert asyncio.run(run(tokens=100, count=99, cost=25)) == 4
    assert asyncio.run(run(tokens=10_000, count=3, cost=25)) == 3
    assert asyncio.run(run(tokens=100, count=99, cost=5_000)) == 1


def test_lower_priority_numbers_go_first_and_a_cancelled_waiter_frees_its_place() -> None:
    async def run() -> None:
        scheduler = Scheduler(max_tokens=1000, max_requests=1)
        running = asyncio.create_task(through(scheduler, engine, replace(REQUEST, attempt=0)))
        await asyncio.sleep(0)
        gone = asyncio.create_task(through(scheduler, engine, replace(REQUEST, attempt=9, priority=0)))
        late = asyncio.create_task(through(scheduler, engine, replace(REQUEST, attempt=2, priority=2)))
        soon = asyncio.create_task(through(scheduler, engine, replace(REQUEST, attempt=1, priority=1)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(running, late, soon)

    engine = Engine(0.01)
    asyncio.run(run())
    assert [request.attempt for request in engine.asked] == [0, 1, 2]


def test_a_shared_prefix_weighs_once_and_until_its_last_request_ends() -> None:
    async def run() -> None:
        scheduler = Scheduler(max_tokens=1000, max_requests=99)
        part = replace(REQUEST, prompt_tokens=600, prefix="d:0", prefix_tokens=500)
        first, second = scheduler.admitted(part), scheduler.admitted(replace(part, attempt=1))
        await first.__aenter__()
        await second.__aenter__()
        assert scheduler.admitted_tokens == 601 + 101
        await first.__aexit__(None, None, None)
        assert scheduler.admitted_tokens == 601
        await second.__aexit__(None, None, None)
        assert scheduler.admitted_tokens == 0

    asyncio.run(run())


requests = st.builds(
    lambda own, answer, prefix, priority: replace(
        REQUEST, prompt_tokens=own + (50 if prefix else 0), max_tokens=answer, prefix=prefix, priority=priority,
        prefix_tokens=50 if prefix else 0,
    ),
    st.integers(1, 400), st.integers(8, 800), st.sampled_from(["", "a", "b"]), st.integers(-1, 2),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(requests, min_size=1, max_size=25), st.integers(50, 900), st.integers(1, 8), st.randoms())
def test_whatever_comes_is_let_in_by_rank_within_the_bounds_and_ends(
    coming: list[Request], max_tokens: int, max_requests: int, chance: random.Random
) -> None:
    under_way: dict[int, Request] = {}
    order: list[int] = []

    async def one(scheduler: Scheduler, number: int, request: Request) -> None:
        async with scheduler.admitted(request):
            under_way[number] = request
            order.append(number)
            if len(under_way) > 1:
                assert tokens_of(under_way.values()) <= scheduler.admitted_tokens <= max_tokens
            assert len(under_way) <= max_requests
            for _ in range(chance.randrange(1, 9)):
                await asyncio.sleep(0)
            del under_way[number]

    async def run() -> int:
        scheduler = Scheduler(max_tokens=max_tokens, max_requests=max_requests)
        async with scheduler.admitted(replace(REQUEST, prompt_tokens=max_tokens)):  # until all have come
            tasks = [asyncio.create_task(one(scheduler, *numbered)) for numbered in enumerate(coming)]
            await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return scheduler.admitted_tokens

    assert asyncio.run(run()) == 0
    assert order == sorted(range(len(coming)), key=lambda number: (coming[number].priority, number))


def test_a_long_prompt_neither_waits_for_ever_nor_keeps_short_ones_out_when_it_is_in() -> None:
    async def run() -> list[str]:
        order: list[str] = []

        async def one(name: str, request: Request, turns: int) -> None:
            async with scheduler.admitted(request):
                order.append(name)
                for _ in range(turns):
                    await asyncio.sleep(0)

        scheduler = Scheduler(max_tokens=1000, max_requests=99)
        short, long = replace(REQUEST, prompt_tokens=99), replace(REQUEST, prompt_tokens=899)
        tasks = [asyncio.create_task(one(f"s{n}", short, 5)) for n in range(10)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(one("long", long, 50)))
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(one(f"t{n}", short, 1)) for n in range(20)]
        await asyncio.gather(*tasks)
        return order

    order = asyncio.run(run())
    assert order[:11] == [*(f"s{n}" for n in range(10)), "long"], "not overtaken by what came later"
    assert order[11:] == [f"t{n}" for n in range(20)]


def test_two_journals_on_one_store_generate_each_request_once() -> None:
    async def run() -> None:
        journals = [journal_of(store, engine.generate) for _ in range(2)]
        requests = [replace(REQUEST, attempt=n) for n in range(20)]
        answers = await asyncio.gather(*(journal.generate(r) for r in requests for journal in journals))
        assert len(answers) == 40 and sum(answer.reused for answer in answers) == 20
        await asyncio.gather(*(journal.close() for journal in journals))

    store, engine = MemoryStore(), Engine(0.02)
    asyncio.run(run())
    assert len(engine.asked) == 20 and not store.leases


def test_a_request_that_failed_elsewhere_is_taken_over() -> None:
    async def run() -> Completion:
        broken, whole = Engine(0.05), Engine()
        broken.error = RequestError(Text("坏", "bad"), Text("修", "mend"))
        first = asyncio.create_task(journal_of(store, broken.generate).generate(REQUEST))
        await asyncio.sleep(0.02)
        second = await journal_of(store, whole.generate).generate(REQUEST)
        with pytest.raises(RequestError):
            await first
        return second

    store = MemoryStore()
    assert not asyncio.run(run()).reused
