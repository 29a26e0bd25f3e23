"""What a reading process does about itself: its pipes, its limits, its end. Runs in the child."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

from pipeline.pdf import wire

_PR_SET_PDEATHSIG = 1
_LENGTH = struct.Struct(">Q")

Outcome = TypeVar("Outcome")


class Failure(Exception):
    """This request can't be answered; ``code`` is a key of ``failures.TEXTS``, ``facts`` fill its text."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def serve(answer: Callable[[wire.Message], wire.Message]) -> None:
    """Answer requests from stdin until it ends. A Python error in ``answer`` is that request's failure.

    Where the parent gave us a socket for one, a twin of this process answers on that, from the first answer on: by then
    all is loaded that answers need.
    """
    source, sink = _take_pipes()
    _die_with_parent()
    twinned = False
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)  # a page is thousands of small objects and hardly a cycle
    while (request := wire.receive(source)) is not None:
        sink.write(wire.ACKNOWLEDGED)
        sink.flush()
        reply: wire.Message
        try:
            reply = answer(request)
        except Failure as failure:
            reply = {"error": failure.code, "facts": failure.facts}
        except MemoryError:
            reply = {"error": "memory", "facts": {}}
        except OSError as error:
            reply = {"error": "os", "facts": {"reason": error.strerror or type(error).__name__}}
        except Exception as error:  # what a hostile file makes our own code raise is that file's failure, by name
            reply = {"error": "internal", "facts": {"where": _where(error), "type": type(error).__name__}}
        wire.send(sink, reply)
        if len(sys.argv) > 2 and not twinned:
            twinned = True
            source, sink = _twinned(int(sys.argv[2]), source, sink)


def _twinned(line: int, source: BinaryIO, sink: BinaryIO) -> tuple[BinaryIO, BinaryIO]:
    """Become two; where each gets its requests, and answers them."""
    original = os.getpid()
    if _forked() == 0:
        _die_with(original)
        source.close()
        sink.close()
        source, sink = os.fdopen(os.dup(line), "rb"), os.fdopen(os.dup(line), "wb")
    os.close(line)
    return source, sink


def limit(memory_bytes: int, cpu_s: float) -> None:
    """Bound the address space and the CPU time *from here on*; past them the process dies or gets MemoryError."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + cpu_s) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))


@contextmanager
def beside(work: Callable[[], Outcome]) -> Generator[Callable[[], Outcome | None]]:
    """Do ``work`` in a copy of this process while this one goes on. What is yielded waits for the outcome; it is None
    where the copy came to none, whatever ended it: who then does the work here meets the same, under the same limits.

    The copy shares the limits, not what was used of them; it ends with the block, and with this process. What it says
    is pickled: it is as much to be trusted as the process that it is a copy of, and reads the same file.
    """
    source, sink = os.pipe()
    original = os.getpid()
    copy = _forked()
    if copy == 0:
        os.close(source)
        _answer_beside(work, sink, original)
    os.close(sink)
    with os.fdopen(source, "rb") as told:
        try:
            yield lambda: _outcome(told.read())
        finally:
            if copy:
                os.kill(copy, signal.SIGKILL)
                os.waitpid(copy, 0)


def _forked() -> int | None:
    """The copy's process id, 0 in the copy; None where the system allows of no further process."""
    try:
        return os.fork()
    except OSError:
        return None


def _answer_beside(work: Callable[[], object], sink: int, original: int) -> NoReturn:
    """The life of the copy. Nobody hears of its errors: they come again where the work is done once more."""
    try:
        _die_with(original)
        outcome = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(sink, "wb") as told:
            told.write(_LENGTH.pack(len(outcome)) + outcome)
    finally:
        os._exit(0)


def _outcome(told: bytes) -> Any:
    whole = len(told) >= _LENGTH.size and _LENGTH.unpack_from(told) == (len(told) - _LENGTH.size,)
    return pickle.loads(told[_LENGTH.size :]) if whole else None


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: what a C library prints to stdout must not reach the protocol."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the document
    return source, sink


def _die_with_parent() -> None:
    """As the name says, where the parent told who it is."""
    if len(sys.argv) > 1:
        _die_with(int(sys.argv[1]))


def _die_with(parent: int) -> None:
    """Have the kernel kill us when our parent ends, however it ends (Linux; elsewhere stdin's end must do)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
