"""The table process: ``python -m pipeline.pdf.tables_finder``. Looks for the grids of tables in the strokes of pages.
It may take too long or too much, and then the page keeps its text as lines.
"""

from __future__ import annotations

from typing import cast

from pipeline.pdf import wire
from pipeline.pdf.process import limit, serve
from pipeline.pdf.tables_grids import grids_of


def answer(request: wire.Message) -> wire.Message:
    """The grids of the pages whose strokes are given, by page number."""
    limit(int(cast(int, request["memory_mib"])) << 20, float(cast(float, request["timeout_s"])))
    grids: dict[str, object] = {}
    for number, ends in cast("dict[str, object]", request["strokes"]).items():
        edges = wire.floats(request, ends)
        grids[number] = grids_of(zip(edges[0::4], edges[1::4], edges[2::4], edges[3::4], strict=True))
    return {"grids": grids}


if __name__ == "__main__":
    serve(answer)
