"""Settings as they may be kept: without passwords, keys and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from pipeline.store.database import masked

_SECRET_NAME = re.compile(r"(?:.*[_-])?(?:api_?key|passwords?|token|secret|authorization)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^/@:\s]*):[^/@\s]*@")


def without_secrets(settings: Mapping[str, object]) -> dict[str, object]:
    """The same settings, at every depth, with ``***`` for secrets and for passwords within URLs."""
    return {name: _masked(name, value) for name, value in settings.items()}


def _masked(name: str, value: object) -> object:
    if value and _SECRET_NAME.fullmatch(name):
        return "***"
    if isinstance(value, Mapping):
        return {str(k): _masked(str(k), v) for k, v in cast("Mapping[object, object]", value).items()}
    if not isinstance(value, str):
        return value
    return masked(value) if name == "database" else _URL_PASSWORD.sub(r"\1:***@", value)
