"""Servers that read a part of a prompt and answer as if it were all."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from papers import contract
from scripted_server import Reply, ScriptedServer, chat, fill, serving

from pipeline.engines.reach import Reach
from pipeline.errors import CutPromptError, PromptTooLongError
from pipeline.lang import Text
from pipeline.outcome import Batch
from pipeline.run import review
from pipeline.settings import load_settings
from pipeline.types import Completion, Message, Request, Sampling

TOKENS_PER_CHAR = 0.65
Kept = Callable[[str], tuple[str, int]]
"""What a server reads of a user's message, and how many tokens it says that the prompt took."""


def tokens(text: str) -> int:
    return int(len(text) * TOKENS_PER_CHAR)


def first(limit: int) -> Kept:
    """Ollama: the beginning, as far as it goes."""
    return lambda text: (text[: int(limit / TOKENS_PER_CHAR)], min(tokens(text), limit))


def last_chars(limit: int) -> Kept:
    """A proxy: the end, by characters."""
    return lambda text: (text[-limit:], tokens(text[-limit:]))


def all_of_it(text: str) -> tuple[str, int]:
    return text, tokens(text)


class Caching:
    """Reads all, and counts what it had not read before."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, text: str) -> tuple[str, int]:
        shared = max((len(one) for one in self.seen if text.startswith(one)), default=0)
        self.seen.append(text[: len(text) - 200])
        return text, tokens(text[shared:])


def server(kept: Kept, facts: list[str], context: int | None) -> ScriptedServer:
    def behave(body: dict, number: int) -> Reply:
        text, counted = kept(body["messages"][-1]["content"])
        schema = body["response_format"]["json_schema"]["schema"]
        told = json.loads(chat(json.dumps(fill(schema, [fact for fact in facts if fact in text]))).raw)
        told["usage"] = {"prompt_tokens": counted, "completion_tokens": 20}
        return Reply(raw=json.dumps(told, ensure_ascii=False).encode())

    return ScriptedServer(context=context, behave=behave)


def through(
    folder: Path, kept: Kept, *, pages: int = 12, context: int | None = None, **settings: object
) -> tuple[Batch, set[str], str, int, int]:
    """One contract with a fact a page: the batch, the facts that are in the database at their page and those that were
    planted, its notes, and how many requests came."""
    path, facts = contract(folder / "a.pdf", 1, pages=pages, filler=24)
    with serving(server(kept, list(facts), context)) as serves:
        values = {"engine": "http", "base_url": serves.base_url, "database": f"sqlite:///{folder}/db.sqlite",
                  "out": folder / "out", "images": "off", "context_tokens": 32_768}  # fmt: skip
        batch = asyncio.run(review([path], load_settings(values | settings, environ={}, directory=folder)))
    with sqlite3.connect(folder / "db.sqlite") as database:
        rows = database.execute("select quote, page from evidence where match = 'exact'").fetchall()
        [[notes]] = database.execute("select notes from analyses").fetchall()
    database.close()
    found = {quote for quote, page in rows if facts.get(quote) == page}
    return batch, set(facts) - found, notes, len(facts), len(serves.requests)


@pytest.mark.parametrize("strategy", ["whole", "map-reduce"])
@pytest.mark.parametrize("kept", [first(4096), first(2048), last_chars(6000)], ids=["4096", "2048", "6000 chars"])
def test_what_a_server_has_cut_is_asked_again_in_smaller_parts_and_told(
    tmp_path: Path, kept: Kept, strategy: str
) -> None:
    batch, missing, notes, _, _ = through(tmp_path, kept, strategy=strategy)
    assert batch.exit_code == 0 and not missing
    assert "悄悄截断" in notes


@pytest.mark.parametrize(
    "kept",
    [all_of_it, Caching(), lambda text: (text, 100), lambda text: (text, 0)],
    ids=["honest", "counts what it had not cached", "a constant", "no usage"],
)
def test_counts_that_differ_from_ours_cost_a_handful_of_requests_and_nothing_else(tmp_path: Path, kept: Kept) -> None:
    batch, missing, notes, _, requests = through(tmp_path, kept)
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        [[asked]] = database.execute("select count(*) from completions")
    database.close()
    assert batch.exit_code == 0 and not missing and "截断" not in notes
    assert asked <= requests <= asked + 4


def test_a_server_that_tells_its_context_is_asked_what_there_is_to_ask_and_nothing_else(tmp_path: Path) -> None:
    batch, missing, _, _, requests = through(tmp_path, all_of_it, context=32_768)
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        [[asked]] = database.execute("select count(*) from completions")
    database.close()
    assert batch.exit_code == 0 and not missing and requests == asked


def asked_of(reach: Reach, counted: int, prompt_tokens: int = 9000, answer: int = 50) -> None:
    request = Request("d", "p@1", "s", (Message("user", "文" * 9000),), None, 500, Sampling(), False, prompt_tokens)
    asyncio.run(reach.check(request, Completion("{}", "", "stop", counted, 0, answer)))


def test_once_it_is_known_to_cut_no_answer_near_the_limit_counts() -> None:
    async def count(request: Request) -> int:
        return 4096

    reach = Reach(count, 32_768)
    with pytest.raises(CutPromptError):
        asked_of(reach, 4096)
    asked_of(reach, 3000)
    with pytest.raises(CutPromptError):
        asked_of(reach, 3000, answer=1200)
    asked_of(reach, 4090, prompt_tokens=4100)
    with pytest.raises(CutPromptError):
        reach.refuse(Request("d", "p@1", "s", (), None, 500, Sampling(), False, 30_000))


def test_a_server_that_refuses_what_is_too_long_is_asked_once() -> None:
    asked: list[Request] = []

    async def count(request: Request) -> int:
        asked.append(request)
        raise PromptTooLongError(Text("太长", "too long"), Text("", ""))

    reach = Reach(count, 9600)
    for counted in (4000, 5000, 6000):
        asked_of(reach, counted)
    assert len(asked) == 1
