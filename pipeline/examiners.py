"""Examination as the batch sees it: documents in, what code says of them out. Asynchronous; examines nothing itself.

In processes of their own, because Python computes on one core at a time and the batch's own process has answers to
read, findings to save and reports to write. And because a rule that some hostile text sends in circles ends there, by
the clock, as that one document's failure.
"""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import replace
from typing import Self, cast

from pydantic import SecretStr

from pipeline.errors import InternalError, LongdocError
from pipeline.kinds.recognised import unsure
from pipeline.lang import Text, language
from pipeline.pdf import wire
from pipeline.pdf.children import Child, Twin
from pipeline.pdf.failures import signal_name
from pipeline.pdf.places import with_boxes
from pipeline.pickling import pickled, unpickled
from pipeline.settings import Settings
from pipeline.types import Document, Examined

_MODULE = "pipeline.examiner"
_TIMEOUT_S = 120.0
"""A 500-page document takes a second."""


class Examiners:
    """Examining processes: one for every two that read, and its twin. Use as an async context manager; leaving it ends
    them.

    Any number of calls may run at once: each waits for a free process. Cancelling a call kills its process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_copy(update={"api_key": SecretStr(""), "passwords": ()})
        self._children = [Child(_MODULE, has_twin=settings.workers > 1) for _ in range(max(1, settings.workers // 2))]
        self._twins: list[Twin] = []
        self._idle: asyncio.LifoQueue[Child | Twin] = asyncio.LifoQueue()

    async def __aenter__(self) -> Self:
        for child in self._children:
            await child.start()  # its imports take half a second: meanwhile others open the database
            self._idle.put_nowait(child)
        return self

    async def __aexit__(self, *_: object) -> None:
        for twin in self._twins:
            twin.close()
        await asyncio.gather(*(child.close() for child in self._children))

    async def examine(self, document: Document, *, alone: bool) -> Examined:
        """What code says of a document, see ``examination``; ``alone``: and no model will be asked.

        Raises InternalError if the process dies of it or takes too long, and what ``examination`` raises.
        """
        request = self._request(document, alone=alone)
        answer = None
        while answer is None:
            free = await self._idle.get()
            answer = await (self._ask_twin(free, request) if isinstance(free, Twin) else self._ask(free, request))
        if "error" in answer:
            facts = cast("dict[str, object]", answer["facts"])
            raise _failure(Text(*[" @ ".join(str(facts.get(key, "")) for key in ("type", "where"))] * 2))
        found = cast("Examined | LongdocError", unpickled(wire.raw(answer, answer["pickled"])))
        if isinstance(found, LongdocError):
            raise found
        return replace(found, findings=with_boxes(document, unsure(document, found.findings))) if alone else found

    async def _ask(self, child: Child, request: wire.Message) -> wire.Message:
        try:
            return await child.ask(request, _TIMEOUT_S)
        except TimeoutError:
            raise _failure(Text(f"超过 {_TIMEOUT_S:.0f} 秒", f"more than {_TIMEOUT_S:.0f} s")) from None
        except ChildProcessError as death:
            raise _failure(Text(*[f"{signal_name(death.args[0])}"] * 2)) from None
        finally:
            self._idle.put_nowait(child)
            if twin := child.take_twin():
                self._twins.append(twin)
                self._idle.put_nowait(twin)

    async def _ask_twin(self, twin: Twin, request: wire.Message) -> wire.Message | None:
        """The answer; None where the twin is of no more use: an original is to be asked."""
        answer = await twin.ask(request, _TIMEOUT_S)
        if answer is not None:
            self._idle.put_nowait(twin)
        return answer

    def _request(self, document: Document, *, alone: bool) -> wire.Message:
        # where characters stand is nine tenths of a document, and no rule asks for it
        light = replace(document, origins=array("i"), places=())
        told = pickled((light, self._settings))
        return {"pickled": told, "lang": language(), "alone": alone, "timeout_s": _TIMEOUT_S}


def _failure(what: Text) -> InternalError:
    return InternalError(
        Text(f"规则核对中断：{what.zh}", f"the rules broke off: {what.en}"),
        Text("这是 longdoc 的缺陷，请把这一行报告给维护者", "a bug of longdoc: report this line to its maintainers"),
    )
