"""Pieces of Markdown for Prefect's artifacts."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.screen import shown


def plain(text: str) -> str:
    """Text that is nothing but text, in a table too, whatever a file was named."""
    return re.sub(r"([\\`*_\[\]<>|~&#])", r"\\\1", shown(text))


def link(title: str, path: Path) -> str:
    """A link to a file of this machine. Browsers open it from a local page only; the path can always be copied."""
    return f"[{title}]({path.absolute().as_uri()})"
