"""The examining processes: what they answer, and what becomes of one that dies, hangs or is asked for too much."""

from __future__ import annotations

import asyncio
import os
import signal
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
