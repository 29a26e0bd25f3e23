"""A run whose documents want two contexts: natively first, one load each, whatever happens."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted_server import fill
from split_made import small_tokenizer_json

from pipeline.engines.base import Engine, EngineState, Nature
from pipeline.engines.choose import EngineChoice
from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.outcome import Batch
from pipeline.run import open_session
from pipeline.settings import Settings, load_settings
from pipeline.types import Behaviour, Completion, Request

from test_profiles import QWEN3, folder  # isort: skip

pytestmark = pytest.mark.vllm


class Scripted:
    """An engine without a model; ``loads`` are the contexts that it was loaded with."""

    def __init__(self, context_tokens: int) -> None:
        self.nature = Nature("m", "m", context_tokens, False, Behaviour(), 1000)
        self.heard_at = time.monotonic()
        self.closed = False
        self.asked = 0

    async def generate(self, request: Request) -> Completion:
        assert not self.closed and request.prompt_tokens + request.max_tokens <= self.nature.context_tokens
        self.asked += 1
        await asyncio.sleep(0.001)
        return Completion(json.dumps(fill(dict(request.schema or {}), [])), "", "stop", 1, 0, 1)

    def state(self) -> EngineState:
        return EngineState()

    async def close(self) -> None:
        self.closed = True


def texts(path: Path, *characters: int) -> list[Path]:
    """Contracts of so many characters; with the small tokenizer a character takes one to two tokens."""
    made = []
    for number, length in enumerate(characters):
        clauses = (
            f"第{n}条 第{number}份合同的第{n}项义务由甲方在收到通知后{n}日内履行完毕。\n" for n in range(1, length)
        )
        text, file = "设备采购合同\n甲方：甲公司\n乙方：乙公司\n", path / f"{number}.txt"
        while len(text) < length:
            text += next(clauses)
        file.write_text(text, encoding="utf-8")
        made.append(file)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    model = folder(tmp_path / "Qwen3-14B", QWEN3)
    (model / "tokenizer.json").write_text(json.dumps(small_tokenizer_json()), encoding="utf-8")
    values = {
        "engine": "vllm", "model": str(model), "database": f"sqlite:///{tmp_path}/db.sqlite", "out": tmp_path / "out",
        "cpu_kv_gib": 100, "images": "off", "kind": "contract",
    }  # fmt: skip
    return load_settings(values, environ={}, directory=tmp_path)


def run(batches: Sequence[Sequence[Path]], settings: Settings, *, most: int = 200_000) -> tuple[list[Batch], list[int]]:
    """Review the batches at the same time in one session; a context over ``most`` does not load."""
    loads: list[int] = []

    async def load(choice: EngineChoice, settings: Settings) -> Engine:
        context = settings.context_tokens or 0
        loads.append(context)
        if context > most:
            raise SettingsError(Text("放不下", "does not fit"), Text("", ""))
        return Scripted(context)

    async def all_of_them() -> list[Batch]:
        async with open_session(settings, load) as session:
            return list(await asyncio.gather(*map(session.review, batches)))

    return asyncio.run(all_of_them()), loads


def reasons(settings: Settings) -> dict[str, str]:
    with sqlite3.connect(settings.database.removeprefix("sqlite:///")) as database:
        query = "select d.filename, a.strategy_reason from analyses a join documents d on a.document_id = d.id"
        found = dict(database.execute(query))
    database.close()
    return found


def test_natively_first_then_one_load_for_all_that_are_longer(tmp_path: Path, settings: Settings) -> None:
    paths = texts(tmp_path, 22_000, 600, 20_000, 900)
    paths.append(tmp_path / "again.txt")
    paths[-1].write_bytes(paths[0].read_bytes())
    [batch], loads = run([paths], settings.model_copy(update={"strategy": "whole"}))
    assert [result.status for result in batch.results[1:4]] == ["done"] * 3, batch.results
    assert {batch.results[0].status, batch.results[4].status} == {"done", "reused"}, "the same bytes, asked once"
    assert loads[0] == 32_768 and len(loads) == 2 and 32_768 < loads[1] <= 73_728
    told = reasons(settings)
    told["0.txt"] = told.get("0.txt") or told["again.txt"]
    assert "YaRN" in told["0.txt"] and "YaRN" in told["2.txt"] and "YaRN" not in told["1.txt"]


def test_only_long_documents_load_nothing_natively(tmp_path: Path, settings: Settings) -> None:
    [batch], loads = run([texts(tmp_path, 22_000)], settings.model_copy(update={"strategy": "whole"}))
    assert batch.exit_code == 0 and len(loads) == 1 and loads[0] > 32_768


def test_batches_at_the_same_time_take_turns(tmp_path: Path, settings: Settings) -> None:
    folders = [tmp_path / name for name in "ab"]
    for one in folders:
        one.mkdir()
    batches = [texts(folders[0], 22_000, 700), texts(folders[1], 600, 20_500, 500)]
    done, loads = run(batches, settings.model_copy(update={"strategy": "whole"}))
    assert [batch.exit_code for batch in done] == [0, 0] and len(loads) <= 4


def test_what_does_not_load_with_yarn_is_read_in_parts_unless_it_was_asked_for(
    tmp_path: Path, settings: Settings
) -> None:
    paths = texts(tmp_path, *[22_000] * 7, 500)
    [batch], loads = run([paths], settings, most=40_000)
    assert batch.exit_code == 0 and loads[0] == 32_768 and loads[1] > 40_000 and len(loads) == 3
    assert "放不下" in reasons(settings)["0.txt"] and "分段" in reasons(settings)["0.txt"]
    with pytest.raises(SettingsError):
        run([paths], settings.model_copy(update={"strategy": "whole", "force": True}), most=40_000)
