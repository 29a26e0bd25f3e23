"""One batch from end to end: paths in, rows and reports out.

Light to import: the processes start before the rest is imported, which takes as long as they do.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.examiners import Examiners
from pipeline.inputs import read_limits
from pipeline.outcome import Batch, Listener
from pipeline.pdf.copies import painter
from pipeline.pdf.read import Reader
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.generation import Load
    from pipeline.session import Session


async def review(paths: Sequence[Path], settings: Settings, on_event: Listener = lambda event: None) -> Batch:
    """Review ``paths`` (PDF files, or folders of them) in a session of their own.

    Raises SettingsError if the settings, the model or the database can't be used, UsageError if there is no path.
    """
    async with open_session(settings) as session:
        return await session.review(paths, on_event)


@asynccontextmanager
async def open_session(settings: Settings, load: Load | None = None) -> AsyncGenerator[Session]:
    """Open database and processes; the engine follows, by ``load``, when it is needed. Closes all of them."""
    limits = read_limits(settings)
    async with Examiners(settings) as examiners, Reader(limits) as reader, painter(limits) as painting:
        from pipeline.session import opened

        async with opened(settings, reader, examiners, painting, load) as session:
            yield session
