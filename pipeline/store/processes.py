"""Which process a run belongs to, and whether it is still there."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path


def this_process() -> dict[str, object]:
    """What tells this process from any other: ``host``, ``pid``, and the moment of its start (a pid is used again)."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "process_started": _started(os.getpid())}


def is_dead(process: Mapping[str, object]) -> bool:
    """Whether a process told by :func:`this_process` ran on this host and has ended. False where it can't be known."""
    pid = process.get("pid")
    if process.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it is there, and someone else's
    started = _started(pid)
    return started is not None and started != process.get("process_started")


def _started(pid: int) -> str | None:
    """Start of a process in clock ticks since boot (Linux; None elsewhere); ``zombie`` for one that only waits to be
    reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "zombie" if fields[0] in "ZX" else fields[19]
