"""A worker process as the parent holds it: started when first asked, asked again and again, killed when in doubt."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from pipeline.pdf import wire

_MAX_REQUESTS = 400
"""A process is replaced after so many files: PDFium's caches and a fragmented heap grow."""
_START_S = 60.0
"""A tenth of a second is usual; a machine under load takes longer, and no file is to blame for it."""
_ROOT = str(Path(__file__).parents[2])


class Child:
    """One worker process, at most; one request at a time.

    Any way out of :meth:`ask` other than a whole answer (timeout, cancellation, a bad frame) kills the process: its
    state is unknown.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: Process | None = None
        self._requests = 0
        self.acknowledged = False
        """Whether the process is at work on the request: only then its death is the request's doing."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process's id; None where none runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def ask(self, request: wire.Message, timeout_s: float) -> wire.Message:
        """Send a request, wait for its answer; the clock starts when the process has taken the request.

        Raises ChildProcessError(returncode) if the process dies over it, TimeoutError, and WireError if what it says
        is no frame.
        """
        for last_try in (False, True):
            process = await self._started()
            self._requests += 1
            self.acknowledged = False
            try:
                async with asyncio.timeout(_START_S):
                    await _send(process, request)
                    if await _next_frame(process):
                        raise wire.WireError("no acknowledgement")
                self.acknowledged = True
                async with asyncio.timeout(timeout_s):
                    return wire.decode(await _next_frame(process))
            except (asyncio.IncompleteReadError, ConnectionError):
                returncode = await self._end()
                if self.acknowledged or last_try:
                    raise ChildProcessError(returncode) from None
            except BaseException:
                await self._end()
                raise
        raise AssertionError("unreachable")

    async def start(self) -> None:
        """Start the process, so that it is ready when it is first asked."""
        await self._started()

    async def close(self) -> None:
        """End the process, if there is one."""
        await self._end()

    async def _started(self) -> Process:
        if self._requests >= _MAX_REQUESTS or not self.running:
            await self._end()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working directory may be full of foreign files; none of them is a module of ours
                "-m",
                self._module,
                str(os.getpid()),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
                env=_environment(),
            )
            self._requests = 0
        assert self._process
        return self._process

    async def _end(self) -> int:
        """Kill and reap; returns how the process ended (0 if there was none)."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            try:
                # a process that ended by itself is to be reaped, not killed: its status tells why
                await asyncio.wait_for(process.wait(), 0.05)
            except TimeoutError:
                process.kill()
        # asyncio tells of the end only when the pipes are closed, and it stops reading one that nobody empties: a
        # process that was killed in the middle of a long answer would be waited for for ever
        assert process.stdout  # a pipe
        while await process.stdout.read(1 << 16):
            pass
        return await process.wait()


async def _send(process: Process, request: wire.Message) -> None:
    assert process.stdin  # a pipe
    process.stdin.write(wire.encode(request))
    await process.stdin.drain()


async def _next_frame(process: Process) -> bytes:
    assert process.stdout  # a pipe
    length = wire.body_length(await process.stdout.readexactly(wire.HEADER_BYTES))
    return await process.stdout.readexactly(length) if length else b""


def _environment() -> dict[str, str]:
    """The child's environment: our package first on its path, no secrets, and heaps for few threads (each thread's own
    takes 64 MiB of the address space that is limited)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LONGDOC_", "PREFECT_", "AWS_"))}
    path = os.environ.get("PYTHONPATH")
    return kept | {
        "PYTHONPATH": _ROOT + (os.pathsep + path if path else ""),
        "PYTHONWARNINGS": "ignore",
        "MALLOC_ARENA_MAX": "2",
    }
