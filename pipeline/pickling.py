"""Our own values between two of our own processes. Never for what another program wrote: see ``pdf.wire``."""

from __future__ import annotations

import copyreg
import pickle
from array import array
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

from pipeline import types


def pickled(value: object) -> array[int]:
    """A value as an array for ``pdf.wire``."""
    return array("B", pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def unpickled(data: bytes) -> Any:
    """What ``pickled`` was given."""
    return pickle.loads(data)


def _take_apart_at_once(cls: type) -> None:
    """Have a frozen dataclass with slots pickled by its constructor: the way of Python 3.11 looks up the fields of
    each value, and takes twice as long on both sides."""
    values = attrgetter(*(field.name for field in fields(cls)))
    copyreg.pickle(cls, lambda value: (cls, values(value)))


for _cls in vars(types).values():
    if isinstance(_cls, type) and is_dataclass(_cls) and len(fields(_cls)) > 1:
        _take_apart_at_once(_cls)
