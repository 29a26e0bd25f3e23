"""What a reading process does about itself: its pipes, its limits, its end. Runs in the child."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pipeline.pdf import wire

_PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """This request can't be answered; ``code`` is a key of ``failures.TEXTS``, ``facts`` fill its text."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def serve(answer: Callable[[wire.Message], wire.Message]) -> None:
    """Answer requests from stdin until it ends. A Python error in ``answer`` is that request's failure."""
    source, sink = _take_pipes()
    _die_with_parent()
    gc.set_threshold(50_000, 20, 100)  # a page is thousands of small objects and no cycles: a tenth of the time
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


def limit(memory_bytes: int, cpu_s: float) -> None:
    """Bound the address space and the CPU time *from here on*; past them the process dies or gets MemoryError."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + cpu_s) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))


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
    """Have the kernel kill us when the parent ends, however it ends (Linux; elsewhere stdin's end must do)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if len(sys.argv) > 1 and str(os.getppid()) != sys.argv[1]:  # it died before we asked
        raise SystemExit


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
