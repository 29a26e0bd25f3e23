"""The examining processes: what they answer, and what becomes of one that dies, hangs or is asked for too much."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline import examiners as module
from pipeline.errors import InternalError, SettingsError
from pipeline.examination import examine, examine_alone
from pipeline.examiners import Examiners
from pipeline.settings import Settings, load_settings
from pipeline.types import Document, Page, Span

TEXT = (
    "采购合同\n甲方：杭州某某有限公司\n乙方：武汉某某有限公司\n第一条 价款\n"
    "合同总价为人民币5,000元（大写：陆仟元整）。\n"
)


def settings(**options: object) -> Settings:
    return load_settings({"engine": "rules", **options}, environ={})


def document(text: str = TEXT) -> Document:
    page = Page(1, Span(0, len(text)), None, 595.0, 842.0, "text", "pdfium")
    return Document(id="d", filename="a.pdf", title="", text=text, pages=(page,))


def test_the_answer_is_that_of_this_process() -> None:
    async def both() -> None:
        async with Examiners(settings()) as examiners:
            assert await examiners.examine(document(), alone=False) == examine(document(), settings())
            alone = await examiners.examine(document(), alone=True)
            assert alone == examine_alone(document(), settings())
            assert "大小写金额不一致" in [finding.item for finding in alone.findings] and alone.notes

    asyncio.run(both())


def test_a_pack_that_there_is_not_is_a_wrong_setting() -> None:
    async def ask() -> None:
        async with Examiners(settings(pack="没有这个清单")) as examiners:
            await examiners.examine(document(), alone=True)

    with pytest.raises(SettingsError, match="没有这个清单"):
        asyncio.run(ask())


def test_a_process_that_is_killed_fails_its_document_and_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with Examiners(settings()) as examiners:
            (child,) = examiners._children  # pyright: ignore[reportPrivateUsage]
            asked = asyncio.create_task(examiners.examine(document(TEXT * 20_000), alone=True))
            while not child.acknowledged:
                await asyncio.sleep(0.01)
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)
            with pytest.raises(InternalError, match="SIGKILL"):
                await asked
            assert (await examiners.examine(document(), alone=False)).kind == "contract"

    asyncio.run(ask())


def test_a_text_that_keeps_the_rules_busy_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with Examiners(settings()) as examiners:
            await examiners.examine(document(), alone=True)  # it is ready
            monkeypatch.setattr(module, "_TIMEOUT_S", 0.2)
            with pytest.raises(InternalError, match="0 秒"):
                await examiners.examine(document(TEXT * 50_000), alone=True)

    asyncio.run(ask())


def test_no_process_is_left(tmp_path: Path) -> None:
    async def pids() -> list[int | None]:
        async with Examiners(settings(workers=4)) as examiners:
            return [child.pid for child in examiners._children]  # pyright: ignore[reportPrivateUsage]

    found = asyncio.run(pids())
    assert len(found) == 2
    for pid in found:
        assert pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def twin_of(examiners: Examiners) -> int:
    """The process id of the only twin, once it is there."""
    await examiners.examine(document(), alone=True)
    (child,) = examiners._children  # pyright: ignore[reportPrivateUsage]
    children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    async with asyncio.timeout(30):
        while not (found := children.read_text().split()):
            await asyncio.sleep(0.01)
    return int(found[0])


def test_two_documents_are_examined_at_once_and_alike() -> None:
    async def both() -> None:
        async with Examiners(settings(workers=2)) as examiners:
            await twin_of(examiners)
            long = document(TEXT * 300)
            first, second = await asyncio.gather(*(examiners.examine(long, alone=True) for _ in range(2)))
            assert first == second == examine_alone(long, settings())

    asyncio.run(both())


def test_what_a_twin_leaves_is_done_by_the_original() -> None:
    async def ask() -> None:
        async with Examiners(settings(workers=2)) as examiners:
            os.kill(await twin_of(examiners), signal.SIGKILL)
            for _ in range(2):
                found = await asyncio.gather(*(examiners.examine(document(), alone=False) for _ in range(3)))
                assert [one.kind for one in found] == ["contract"] * 3

    asyncio.run(ask())


def test_a_twin_ends_with_its_original() -> None:
    async def ask() -> int:
        async with Examiners(settings(workers=2)) as examiners:
            return await twin_of(examiners)

    twin = asyncio.run(ask())
    stat, deadline = Path(f"/proc/{twin}/stat"), time.monotonic() + 5
    with suppress(FileNotFoundError, ProcessLookupError):
        while stat.read_text().rsplit(")", 1)[1].split()[0] != "Z":  # dead, and nobody left to reap it
            assert time.monotonic() < deadline
            time.sleep(0.02)
