"""Runs in vLLM's own processes, as its plugin: they end when the process that loaded the model has ended.

vLLM leaves them running when that is killed, busy and with the card's memory taken: the next run could not load.
"""

from __future__ import annotations

import os
import select
import signal
import threading

HOLDER = "_LONGDOC_PID"
"""Names the process that loads the model to the processes that vLLM starts for it."""


def hold() -> None:
    """Have this process die with the one that ``HOLDER`` names; nothing where none is named, or it is this one."""
    pid = int(os.environ.get(HOLDER, "0"))
    if pid not in (0, os.getpid()):
        threading.Thread(target=_end_with, args=(pid,), daemon=True).start()


def _end_with(pid: int) -> None:
    try:
        ended = select.poll()
        ended.register(os.pidfd_open(pid), select.POLLIN)
        ended.poll()
    except ProcessLookupError:
        pass  # it is gone already
    os.kill(os.getpid(), signal.SIGKILL)
