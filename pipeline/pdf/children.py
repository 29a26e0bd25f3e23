"""A worker process as the parent holds it: started when first asked, asked again and again, killed when in doubt."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
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

    def __init__(self, module: str, *, has_twin: bool = False) -> None:
        self._module = module
        self._process: Process | None = None
        self._has_twin = has_twin
        self._line: socket.socket | None = None
        """To the twin, until that is there."""
        self._twin: Twin | None = None
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
                assert process.stdin and process.stdout  # pipes
                async with asyncio.timeout(_START_S):
                    await _send(process.stdin, request)
                    if await _next_frame(process.stdout):
                        raise wire.WireError("no acknowledgement")
                self.acknowledged = True
                async with asyncio.timeout(timeout_s):
                    answer = wire.decode(await _next_frame(process.stdout))
                if self._line:
                    line, self._line = self._line, None
                    self._twin = Twin(*await asyncio.open_connection(sock=line))
                return answer
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

    def take_twin(self) -> Twin | None:
        """The twin of the process, once, after its first answer: for the caller to ask, and to close."""
        twin, self._twin = self._twin, None
        return twin

    async def close(self) -> None:
        """End the process, if there is one."""
        await self._end()

    async def _started(self) -> Process:
        if self._requests >= _MAX_REQUESTS or not self.running:
            await self._end()
            lines: list[socket.socket] = []
            if self._has_twin:
                self._line, *lines = socket.socketpair()
            numbers = [line.fileno() for line in lines]
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working directory may be full of foreign files; none of them is a module of ours
                "-m",
                self._module,
                *map(str, (os.getpid(), *numbers)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
                env=_environment(),
                pass_fds=numbers,
            )
            for line in lines:
                line.close()
            self._requests = 0
        assert self._process
        return self._process

    async def _end(self) -> int:
        """Kill and reap; returns how the process ended (0 if there was none)."""
        process, self._process = self._process, None
        for line in (self._line, self._twin):
            if line:
                line.close()
        self._line = self._twin = None
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


class Twin:
    """A copy that a process makes of itself when all is loaded that it needs: a second process, half a second earlier.

    It is not replaced: what goes wrong with it is to be asked of the original once more, and goes wrong there by name.
    It ends with the original.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: wire.Message, timeout_s: float) -> wire.Message | None:
        """The answer; None where there is none, and then there will be none to any other request."""
        answer: wire.Message | None = None
        with suppress(TimeoutError, asyncio.IncompleteReadError, ConnectionError, wire.WireError):
            async with asyncio.timeout(timeout_s):
                await _send(self._writer, request)
                await _next_frame(self._reader)
                answer = wire.decode(await _next_frame(self._reader))
        return answer

    def close(self) -> None:
        """Ask no more."""
        self._writer.close()


async def _send(writer: asyncio.StreamWriter, request: wire.Message) -> None:
    writer.write(wire.encode(request))
    await writer.drain()


async def _next_frame(reader: asyncio.StreamReader) -> bytes:
    length = wire.body_length(await reader.readexactly(wire.HEADER_BYTES))
    return await reader.readexactly(length) if length else b""


def _environment() -> dict[str, str]:
    """The child's environment: our package first on its path, no secrets, heaps for few threads (each thread's own
    takes 64 MiB of the address space that is limited), and silence."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LONGDOC_", "PREFECT_", "AWS_"))}
    path = os.environ.get("PYTHONPATH")
    return kept | {
        "PYTHONPATH": _ROOT + (os.pathsep + path if path else ""),
        "PYTHONWARNINGS": "ignore",
        "MALLOC_ARENA_MAX": "2",
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.31 reports to its maker as soon as it is imported
    }
