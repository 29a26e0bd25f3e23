"""The articles that packs cite, with what each is about.

Only shipped packs must cite what stands in the table; a user's own pack may cite any law, in the same form.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline.kinds.packs.schema import citation

_TABLE = Path(__file__).with_name("laws.toml")


@cache
def articles() -> Mapping[tuple[str, int], str]:
    """Headings by law with its version (``民法典（2020）``) and number of the article."""
    laws: Mapping[str, Mapping[str, str]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {(law, int(number)): heading for law, rows in laws.items() for number, heading in rows.items()}


@cache
def with_heading(text: str) -> str:
    """A citation with the heading of its article, as far as the table has it."""
    law, version, article = citation(text)
    heading = articles().get((f"{law}（{version}）", article), "")
    return f"{text} {heading}".rstrip()
