"""The report of one document as Markdown, for notes, mail and chat; and what any Markdown of ours needs."""

from __future__ import annotations

import re

from pipeline.report.clock import DEFAULT_ZONE, zone_of
from pipeline.report.page import render
from pipeline.report.text import visible
from pipeline.report.view import arrange, settled, verdict_of
from pipeline.types import StoredAnalysis

_MARKUP = re.compile(r"[\\`*_\[\]#|~]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render_analysis_markdown(stored: StoredAnalysis, *, timezone: str = DEFAULT_ZONE) -> str:
    """The report of one document, done or failed."""
    text = render(
        "analysis.md.j2",
        clean=_clean,
        stored=stored,
        analysis=stored.analysis,
        view=arrange(stored),
        verdict=verdict_of(settled(stored)),
        zone=zone_of(timezone),
    )
    return without_gaps(text)


def in_markdown(text: str) -> str:
    """One line of plain text in Markdown: nothing in it is markup."""
    escaped = _MARKUP.sub(r"\\\g<0>", re.sub(r"\s+", " ", text))
    return re.sub("[&<>]", lambda match: _ENTITIES[match[0]], escaped)


def without_gaps(text: str) -> str:
    """At most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _clean(text: str) -> str:
    return in_markdown(visible(text))
