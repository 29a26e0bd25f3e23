"""Optional content: which layers of a file are neither shown nor printed as it is opened. Read with pypdf, for PDFium
tells of each object the layer's name, but not whether it is shown; imported only for files that have layers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pypdf import PdfReader


def hidden_layers(path: Path, passwords: Sequence[str]) -> frozenset[str]:
    """The names of hidden layers that no shown one has, too; none where pypdf can't read them (it raises nearly
    anything on broken files)."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not any(reader.decrypt(password) for password in ("", *passwords)):
            return frozenset()
        content = cast("Any", reader.trailer["/Root"])["/OCProperties"]
        default = content["/D"]
        listed = default.get("/ON" if default.get("/BaseState") == "/OFF" else "/OFF", [])
        numbers = {layer.idnum for layer in listed}
        off = default.get("/BaseState") == "/OFF"
        hidden = {str(x.get_object()["/Name"]) for x in content["/OCGs"] if (x.idnum in numbers) != off}
        shown = {str(x.get_object()["/Name"]) for x in content["/OCGs"] if (x.idnum in numbers) == off}
    except MemoryError:
        raise
    except Exception:
        return frozenset()
    return frozenset(hidden - shown)
