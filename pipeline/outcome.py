"""What a run tells while it goes, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.types import Usage


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person who waits would like to know. Never holds document text."""

    kind: Literal["engine", "read", "planned", "saved", "failed", "reused", "usage"]
    path: Path | None
    text: str
    done: int
    total: int
    now: Usage | None = None
    """Of ``usage``: how the engine goes, see ``meter.WINDOW_S``."""
    so_far: Usage | None = None
    """Of ``usage``: what the run took up to now."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one path."""

    path: Path
    document_id: str | None
    analysis_id: int | None
    status: Literal["done", "failed", "reused"]
    error_type: str = ""
    error: str = ""
    exit_code: int = 0
    pages: int = 0
    findings: int = 0
    high: int = 0
    report: Path | None = None
    engine_seconds: float | None = None
    """Its share of the engine's time; None where nothing was generated for it, or that is not known."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of all paths of one run, in their order."""

    run_id: str
    engine: str
    engine_reason: str
    model: str
    results: tuple[Result, ...]
    index: Path | None
    usage: Usage | None = None
    """What the run took of its engine; None without one."""

    @property
    def exit_code(self) -> int:
        """0, or the gravest of the results': 1 some documents failed, 3 settings, 4 engine."""
        return max((result.exit_code for result in self.results), default=0)


Listener = Callable[[Event], None]
