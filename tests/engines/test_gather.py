"""Many callers of one blocking call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pipeline.engines.gather import Gathered
from pipeline.errors import SettingsError
from pipeline.lang import Text


async def outcomes(work: Gathered[int, int], items: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*(work(item) for item in items), return_exceptions=True)


def test_what_waits_goes_together_and_comes_back_in_order() -> None:
    calls: list[list[int]] = []

    def double(items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        return [2 * item for item in items]

    assert asyncio.run(outcomes(Gathered(double), [1, 2, 3])) == [2, 4, 6]
    assert calls == [[1, 2, 3]]


def test_one_items_bug_is_not_the_others() -> None:
    def invert(items: Sequence[int]) -> list[int]:
        return [6 // item for item in items]

    one, bug, three = asyncio.run(outcomes(Gathered(invert), [1, 0, 3]))
    assert (one, three) == (6, 2) and isinstance(bug, ZeroDivisionError)


def test_without_a_database_nobody_tries_alone() -> None:
    calls: list[int] = []

    def fail(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        raise SettingsError(Text("没有数据库", "no database"), Text("请检查", "look"))

    assert all(isinstance(one, SettingsError) for one in asyncio.run(outcomes(Gathered(fail), [1, 2, 3])))
    assert calls == [3]
