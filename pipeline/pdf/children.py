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

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def ask(self, request: wire.Message) -> wire.Message:
        """Send a request, wait for its answer. Raises ChildProcessError(returncode) if the process dies over it,
        WireError if what it says is no frame."""
        process = await self._started()
        self._requests += 1
        try:
            assert process.stdin and process.stdout  # both are pipes
            process.stdin.write(wire.encode(request))
            await process.stdin.drain()
            header = await process.stdout.readexactly(wire.HEADER_BYTES)
            return wire.decode(await process.stdout.readexactly(wire.body_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ChildProcessError(await self._end()) from None
        except BaseException:
            await self._end()
            raise

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
        return await process.wait()


def _environment() -> dict[str, str]:
    """The child's environment: our package first on its path, no secrets, threads bounded."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LONGDOC_", "PREFECT_", "AWS_"))}
    path = os.environ.get("PYTHONPATH")
    return kept | {"PYTHONPATH": _ROOT + (os.pathsep + path if path else ""), "PYTHONWARNINGS": "ignore"}
