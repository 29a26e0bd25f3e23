"""The entry point of ``longdoc``, also ``python -m pipeline``: ends quietly at Ctrl-C while the command line loads.

Nothing is at work yet, so the process ends at once: an exception raised amid imports would be shown as a traceback, or
swallowed by what is being imported. :mod:`pipeline.cli` takes over when a command's work begins.
"""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _leave)
    from pipeline import cli

    cli.main()


def _leave(number: int, frame: object) -> None:
    os.write(2, b"interrupted\n" if os.environ.get("LONGDOC_LANG") == "en" else "已中断\n".encode())
    os._exit(130)


if __name__ == "__main__":
    main()
