"""The watched folder: documents go in, findings come out, the files move on. ``inbox`` says how it lies on disk."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import watchfiles

from pipeline.errors import EngineError, SettingsError
from pipeline.inbox import DONE, FAILED, STRUCK, WORKING
from pipeline.inbox.arrivals import PATIENCE, Patience, Sightings
from pipeline.inbox.claims import KILLER, TOKEN, Claim, apart, return_stale, strike_of
from pipeline.inbox.moves import error_note, move
from pipeline.lang import Text
from pipeline.outcome import Batch, Event, Result
from pipeline.run import open_session
from pipeline.settings import Settings

SLOTS = 4
"""Reviews at once: a long document does not hold up the next arrivals."""
BATCH = 16
"""Most files of one review."""
TICK_S = 0.25
"""Between two looks while some file has yet to stand still."""
POLL_S = 1.0
"""Between two looks where the file system tells nothing (NFS, SMB)."""


Listener = Callable[[Event], None]


class Reviewer(Protocol):
    """What the watcher needs of ``run.Session``."""

    async def review(self, paths: Sequence[Path], on_event: Listener) -> Batch: ...


class OpenReviewer(Protocol):
    def __call__(self, settings: Settings, /) -> AbstractAsyncContextManager[Reviewer]: ...


def _ignore(event: Event) -> None:
    """The listener of those who don't listen."""


async def watch(
    inbox: Path,
    settings: Settings,
    *,
    once: bool = False,
    on_event: Listener = _ignore,
    open_session: OpenReviewer = open_session,
    patience: Patience = PATIENCE,
) -> int:
    """Analyse what lies in ``inbox`` and what arrives there, with one engine, until told to stop.

    ``once`` returns when nothing is left to take. SIGINT, SIGTERM and cancelling end it within seconds: what was in
    work goes back to the inbox. Several watchers may share a folder. Symbolic links are left where they are.

    Returns the exit code: 0, or 1 when ``once`` ended with failed documents; 130 after SIGINT, 0 after SIGTERM (the
    orderly end of a service). Raises SettingsError for a folder that can't be used, EngineError when the engine dies,
    and whatever opening or using the session raises; the files in work are then back in the inbox.
    """
    folder = _prepare(inbox)
    with _cancelled_by_signals() as received:
        try:
            async with open_session(settings) as session:
                with Claim(folder) as claim:
                    watcher = _Watcher(folder, session, claim, on_event, patience)
                    return 1 if await watcher.run(once=once) else 0
        except asyncio.CancelledError:
            if not received:
                raise
            for _ in received:
                _current_task().uncancel()
            return 130 if received[0] == signal.SIGINT else 0


def _prepare(inbox: Path) -> Path:
    """The inbox with its subfolders, made where missing; proved to be writable."""
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        folder = inbox.resolve(strict=True)
        for name in (DONE, FAILED):
            (folder / name).mkdir(exist_ok=True)
        (folder / WORKING).mkdir(mode=0o700, exist_ok=True)
        probe = folder / WORKING / f"probe-{TOKEN}"
        for name in (DONE, FAILED):
            probe.touch()
            probe.replace(folder / name / f".{probe.name}").unlink()
    except OSError as error:
        raise SettingsError(
            Text(
                f"不能使用监视文件夹 {inbox}：{error.strerror}",
                f"can't use the watched folder {inbox}: {error.strerror}",
            ),
            Text(
                "请给出一个本用户可写的文件夹；其中的 done、failed、.working 须在同一文件系统上",
                "name a folder that this user may write to; its done, failed and .working must be on one file system",
            ),
        ) from None
    return folder


def _current_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


@contextmanager
def _cancelled_by_signals() -> Generator[list[int]]:
    """Cancel the current task at SIGINT and SIGTERM; yields the list of those that came. Only in the main thread."""
    task, loop = _current_task(), asyncio.get_running_loop()
    received: list[int] = []
    previous: dict[int, object] = {}

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        with suppress(ValueError, RuntimeError):  # not the main thread: whoever runs us there cancels instead
            loop.add_signal_handler(number, stop, number)
            previous[number] = before
    try:
        yield received
    finally:
        for number, before in previous.items():
            loop.remove_signal_handler(number)
            signal.signal(number, before)  # pyright: ignore[reportArgumentType]


class _Watcher:
    """The loop: look, take, review, move."""

    def __init__(self, inbox: Path, session: Reviewer, claim: Claim, on_event: Listener, patience: Patience) -> None:
        self._inbox = inbox
        self._session = session
        self._claim = claim
        self._on_event = on_event
        self._patience = patience
        self._sightings = Sightings(inbox, patience)
        self._struck = inbox / WORKING / STRUCK
        self._alone = False
        """Whether a struck file is in work."""
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._announced = _announces(inbox)
        self._failed = 0

    async def run(self, *, once: bool) -> int:
        """Returns how many documents failed; only ``once`` gets there: it waits for no copy that has stalled."""
        if once:
            patience = replace(self._patience, stall_s=min(self._patience.stall_s, self._patience.quiet_s))
            self._sightings = Sightings(self._inbox, patience)
        listener = asyncio.create_task(self._listen()) if self._announced and not once else None
        next_recovery = 0.0
        try:
            while True:
                self._wake.clear()
                if time.monotonic() >= next_recovery:
                    for path in (await asyncio.to_thread(return_stale, self._inbox)).failed:
                        self._failed += 1
                        self._on_event(Event("failed", path, str(KILLER.cause), 0, 0))
                    next_recovery = time.monotonic() + self._patience.rescan_s
                await self._take()
                if once and not self._running and not self._sightings.waiting:
                    return self._failed
                await self._pause()
                self._collect()
        finally:
            if listener is not None:
                listener.cancel()
                await asyncio.wait([listener])
            await self._wind_down()

    async def _take(self) -> None:
        """Claim what is ready and start its review, if a slot is free; else leave it to other watchers."""
        if len(self._running) >= SLOTS or self._alone:
            return
        ready = await asyncio.to_thread(self._sightings.ready, time.monotonic(), BATCH)
        ready, struck = apart(ready, self._inbox, self._struck)
        if not ready and struck and not self._running:
            ready, self._alone = struck[:1], True
        taken = [path for path in map(self._claimed, ready) if path is not None]
        if taken:
            task = asyncio.create_task(self._review(taken))
            task.add_done_callback(lambda _: self._wake.set())
            self._running.add(task)
        else:
            self._alone = False

    def _claimed(self, relative: Path) -> Path | None:
        """The file's path in the claim; None where it went elsewhere, or can't be moved, which is told once."""
        try:
            return self._claim.take(relative)
        except OSError as error:  # somebody else's file in a folder with the sticky bit
            self._sightings.refuse(relative)
            self._failed += 1
            text = Text(
                f"不能移动（{error.strerror}），留在原处；请检查该文件与所在文件夹的权限",
                f"can't be moved ({error.strerror}) and is left there: check permissions of the file and its folder",
            )
            self._on_event(Event("failed", self._inbox / relative, str(text), 0, 0))
            return None

    async def _pause(self) -> None:
        if self._sightings.waiting and len(self._running) < SLOTS:
            timeout = TICK_S
        else:
            timeout = self._patience.rescan_s if self._announced else min(POLL_S, self._patience.rescan_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):  # 3.11's wait_for can lose a cancellation
                await self._wake.wait()

    async def _review(self, paths: Sequence[Path]) -> None:
        batch = await self._session.review(paths, self._on_event)
        dead = [result for result in batch.results if result.exit_code == EngineError.exit_code]
        for result in batch.results:
            if result not in dead:
                self._move_on(result)
                self._claim.tidy(result.path)
        if dead:
            raise EngineError(
                Text(dead[0].error, dead[0].error),
                Text(
                    "文件已放回监视文件夹，引擎恢复后重新启动即可",
                    "the files are back in the folder: start again once it is up",
                ),
            )

    def _move_on(self, result: Result) -> None:
        """Move a reviewed file to where its outcome says."""
        relative = self._claim.origin(result.path)
        strike_of(self._struck, result.path).unlink(missing_ok=True)
        try:
            if result.status == "failed":
                self._failed += 1
                move(
                    result.path,
                    self._inbox / FAILED / relative,
                    note=error_note(result.path.name, result.error_type, result.error),
                )
            else:
                move(result.path, self._inbox / DONE / relative)
        except FileNotFoundError:  # taken away by hand while it was in work: its findings are in the database
            text = Text(f"{relative} 在分析时被移走", f"{relative} was taken away during its analysis")
            self._on_event(Event("failed", result.path, str(text), 0, 0))

    def _collect(self) -> None:
        """Forget the reviews that have ended; raises what one of them raised."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            self._alone = False
            task.result()

    async def _wind_down(self) -> None:
        """Let reviews end by themselves for a moment, then cancel them. The claim gives their files back."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._patience.grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _listen(self) -> None:
        """Wake the loop when the file system tells of a change. Where it can't (no more inotify watches), poll."""
        held = tuple(f"{self._inbox / name}{os.sep}" for name in (DONE, FAILED, WORKING))
        try:
            async for _ in watchfiles.awatch(  # pyright: ignore[reportUnknownMemberType]  (trio's event type)
                self._inbox,
                watch_filter=lambda _, path: not path.startswith(held),
                debounce=200,
                force_polling=False,
                ignore_permission_denied=True,
            ):
                self._wake.set()
        except (OSError, RuntimeError):
            self._announced = False
            self._wake.set()


_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs"}
)


def _announces(inbox: Path) -> bool:
    """Whether the file system tells of changes that others make: a local one, and no WATCHFILES_FORCE_POLLING."""
    if os.environ.get("WATCHFILES_FORCE_POLLING", "").lower() not in ("", "0", "false", "disable"):
        return False
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return True
    found = ("", "")
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), fields.split()[4])
        if len(point) >= len(found[0]) and inbox.is_relative_to(point):
            found = (point, rest.split()[0])
    return found[1] not in _NETWORK_FILE_SYSTEMS
