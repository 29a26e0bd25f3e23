"""An engine that dies, hangs or runs out of memory costs the request that is to blame, and no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pipeline.engines.base import EngineState, Nature
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.supervise import Supervised
from pipeline.errors import EngineDiedError, EngineError, RequestError, SettingsError
from pipeline.lang import Text
from pipeline.types import Behaviour, Completion, Message, Request, Sampling

REQUEST = Request("d", "p@1", "sha", (Message("user", "问"),), None, 10, Sampling(), False, 90)


class Machine:
    """What the engines run on: remembers every load, and kills an engine that is given what it can't bear."""

    def __init__(self, poison: Sequence[int] = (), hangs: Sequence[int] = (), most: int = 1000) -> None:
        self.poison, self.hangs, self.most = poison, hangs, most
        self.loads = 0
        self.answered: list[int] = []
        self.loadable = True

    async def load(self) -> Engine:
        await asyncio.sleep(0.001)
        if not self.loadable:
            raise SettingsError(Text("显存不足", "no memory"), Text("腾出", "free some"))
        self.loads += 1
        return Engine(self)


class Engine:
    nature = Nature("m", "m", 1000, True, Behaviour(), 1000)

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.heard_at = time.monotonic()
        self.dead = asyncio.Event()
        self.now = 0

    async def generate(self, request: Request) -> Completion:
        number = request.attempt
        self.now += 1
        try:
            if self.now > self.machine.most or number in self.machine.poison:
                self.dead.set()
            if number in self.machine.hangs:
                await asyncio.sleep(1000)
            await asyncio.wait([asyncio.ensure_future(self.dead.wait())], timeout=0.01)
            if self.dead.is_set():
                raise EngineDiedError(Text("死了", "it died"), Text("修", "mend"))
        finally:
            self.now -= 1
        self.heard_at = time.monotonic()
        self.machine.answered.append(number)
        return Completion(str(number), "", "stop", 1, 0, 1)

    def state(self) -> EngineState:
        return EngineState()

    async def close(self) -> None:
        self.dead.set()


def ask(machine: Machine, count: int, lowered: list[int] | None = None) -> list[Completion | BaseException]:
    async def run() -> list[Completion | BaseException]:
        told: list[int] = [] if lowered is None else lowered

        def overloaded(tokens: int) -> Callable[[], None]:
            told.append(tokens)
            return told.clear

        engine = Supervised(await machine.load(), machine.load, overloaded, silence_s=0.2)
        asked = (engine.generate(replace(REQUEST, attempt=n)) for n in range(count))
        try:
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await engine.close()

    return asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.parametrize("poison", [(0,), (16,), (31,), (3, 17)])
def test_a_request_that_kills_the_engine_is_found_and_the_rest_goes_on(poison: tuple[int, ...]) -> None:
    machine = Machine(poison)
    answers = ask(machine, 32)
    for number, answer in enumerate(answers):
        if number in poison:
            assert isinstance(answer, RequestError) and "p@1" in str(answer)
        else:
            assert isinstance(answer, Completion) and answer.text == str(number)
    assert sorted(machine.answered) == [n for n in range(32) if n not in poison]
    assert machine.loads <= 2 + 6 * len(poison)


def test_one_to_blame_lowers_nothing() -> None:
    lowered: list[int] = []
    ask(Machine([3]), 8, lowered)
    assert not lowered


def test_a_silent_engine_is_replaced_and_who_silenced_it_is_named() -> None:
    machine = Machine(hangs=[5])
    answers = ask(machine, 8)
    assert isinstance(answers[5], RequestError)
    assert [str(n) for n in range(8) if n != 5] == [a.text for a in answers if isinstance(a, Completion)]


def test_when_nobody_dies_alone_less_is_given_at_once() -> None:
    lowered: list[int] = []
    answers = ask(Machine(most=20), 24, lowered)
    assert all(isinstance(answer, Completion) for answer in answers)
    assert lowered == [24 * 91], "as admission counts them"


def test_after_an_engine_ran_out_of_memory_less_is_under_way_and_all_is_answered() -> None:
    machine = Machine(most=20)

    async def run() -> list[Completion]:
        scheduler = Scheduler(max_tokens=24 * 91, max_requests=99)
        engine = Supervised(await machine.load(), machine.load, scheduler.lower, silence_s=5.0)

        async def one(number: int) -> Completion:
            request = replace(REQUEST, attempt=number)
            async with scheduler.admitted(request):
                return await engine.generate(request)

        answers = await asyncio.gather(*map(one, range(200)))
        await engine.close()
        return answers

    assert [int(answer.text) for answer in asyncio.run(run())] == list(range(200))
    assert machine.loads == 2, "it died once"


def test_an_engine_that_dies_of_everything_ends_the_run() -> None:
    machine = Machine(poison=range(100))
    answers = ask(machine, 40)
    assert sum(isinstance(answer, RequestError) for answer in answers) == 2
    assert all(isinstance(answer, RequestError | EngineError) for answer in answers)
    assert machine.loads < 15


def test_an_engine_that_does_not_load_again_is_everyones_error() -> None:
    async def run() -> list[Completion | BaseException]:
        engine = Supervised(await machine.load(), machine.load, lambda tokens: lambda: None, silence_s=1)
        machine.loadable = False
        asked = (engine.generate(replace(REQUEST, attempt=n)) for n in range(4))
        return await asyncio.gather(*asked, return_exceptions=True)

    machine = Machine(poison=[1])
    assert all(isinstance(answer, SettingsError) for answer in asyncio.run(run()))


def test_askers_that_leave_during_the_recovery_do_not_hold_it_up() -> None:
    async def run() -> Completion:
        engine = Supervised(await machine.load(), machine.load, lambda tokens: lambda: None, silence_s=1)
        asked = [asyncio.create_task(engine.generate(replace(REQUEST, attempt=n))) for n in range(6)]
        while machine.loads < 2:
            await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        return await engine.generate(replace(REQUEST, attempt=9))

    machine = Machine(poison=[1])
    assert asyncio.run(asyncio.wait_for(run(), 10)).text == "9"


def test_a_lowered_bound_holds_for_what_comes() -> None:
    async def run() -> None:
        scheduler = Scheduler(max_tokens=1000, max_requests=99)
        async with scheduler.admitted(REQUEST), scheduler.admitted(REQUEST):
            scheduler.lower(250)
            third = asyncio.create_task(enter(scheduler))
            await asyncio.sleep(0.01)
            assert scheduler.admitted_tokens == 182 and not third.done()
        await third
        async with scheduler.admitted(replace(REQUEST, max_tokens=10**6)):
            assert scheduler.admitted_tokens == 10**6 // 8 + 90, "alone, anything may run"

    async def enter(scheduler: Scheduler) -> None:
        async with scheduler.admitted(REQUEST):
            pass

    asyncio.run(run())
