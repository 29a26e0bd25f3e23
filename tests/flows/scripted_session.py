"""A session without PDF reading or model, for tests of what stands around it; and a watcher process that uses it.

A file that holds ``FAIL`` fails, one that holds ``SLOW`` takes long, one that holds ``KILL`` kills the
process, at one that holds ``ENGINE`` the engine dies.
As a script: ``scripted_session.py INBOX LOG`` runs a watcher and appends one line per reviewed file to LOG.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from pipeline.inbox.arrivals import Patience
from pipeline.outcome import Batch, Event, Result
from pipeline.settings import Settings, load_settings
from pipeline.watch import watch

WHOLE = b"%PDF-1.7\n" + b"x" * 500 + b"\n%%EOF\n"
HASTE = Patience(settle_s=0.15, quiet_s=0.4, stall_s=1.0, rescan_s=0.5, grace_s=0.3)


class ScriptedSession:
    """Stands in for ``run.Session``; remembers which files came together."""

    def __init__(self, *, slow_s: float = 30.0, error: Exception | None = None, log: Path | None = None) -> None:
        self.batches: list[list[str]] = []
        self._slow_s = slow_s
        self._error = error
        self._log = log

    async def review(self, paths: Sequence[Path], on_event: Callable[[Event], None]) -> Batch:
        self.batches.append([path.name for path in paths])
        if self._error is not None:
            raise self._error
        results = [await self._review_one(path) for path in paths]
        for result in results:
            on_event(Event("failed" if result.status == "failed" else "saved", result.path, result.error, 1, 1))
        return Batch("run", "rules", "scripted", "", tuple(results), None)

    async def _review_one(self, path: Path) -> Result:
        content = path.read_bytes()
        if b"KILL" in content:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"SLOW" in content:
            await asyncio.sleep(self._slow_s)
        if self._log is not None:
            with self._log.open("a") as log:
                log.write(f"{path.name}\n")
        document_id = hashlib.sha256(content).hexdigest()
        if b"FAIL" in content or not content.startswith(b"%PDF-"):
            return Result(path, document_id, 1, "failed", "ReadError", "不是 PDF。请导出为 PDF", exit_code=1)
        if b"ENGINE" in content:
            return Result(path, document_id, 1, "failed", "EngineError", "模型服务没有响应", exit_code=4)
        return Result(path, document_id, 1, "done", pages=3, findings=7, high=1)

    @contextlib.asynccontextmanager
    async def open(self, _: Settings) -> AsyncIterator[ScriptedSession]:
        yield self


def main() -> int:
    inbox, log = map(Path, sys.argv[1:3])
    session = ScriptedSession(slow_s=5.0, log=log)
    settings = load_settings({"engine": "rules"}, environ={}, directory=inbox)
    return asyncio.run(watch(inbox, settings, open_session=session.open, patience=HASTE))


if __name__ == "__main__":
    sys.exit(main())
