"""Read a file as the reading process does, in this process: quick, and a failure is a Failure."""

from __future__ import annotations

from pathlib import Path

from pipeline.pdf import reply, wire, worker
from pipeline.types import Document


def read_here(path: Path) -> Document:
    """Read a file without the limits of a process of its own."""
    request: wire.Message = {"op": "read", "path": str(path), "memory_mib": 1 << 20, "timeout_s": 1e6, "passwords": []}
    answer = worker.answer(request)
    return reply.document(wire.decode(wire.encode(answer)[wire.HEADER_BYTES :]), "x", path)
