"""The table process: ``python -m pipeline.pdf.tables_finder``. Looks for the grids of tables on the pages that the
reading process names; it may take too long or too much, and then the page keeps its text as lines.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from pipeline.pdf import wire
from pipeline.pdf.pdfium import OpenError, open_pdf  # before pdfplumber: it would start PDFium without our fonts
from pipeline.pdf.process import Failure, limit, serve

from pipeline.pdf.tables_grids import grids_of  # isort: skip

_MAX_STROKES = 20_000


def answer(request: wire.Message) -> wire.Message:
    """The grids of the pages asked for, by page number."""
    path = Path(str(request["path"]))
    limit((int(cast(int, request["memory_mib"])) << 20) + path.stat().st_size, float(cast(float, request["timeout_s"])))
    passwords = [str(password) for password in cast("list[object]", request["passwords"])]
    grids: dict[str, object] = {}
    try:
        with open_pdf(path, passwords) as pdf:
            for number in cast("list[int]", request["pages"]):
                with pdf.page(number - 1) as page:
                    if page is not None:
                        page.chars()  # turns the page as the reading process turns it
                    grids[str(number)] = grids_of(page.rulings(_MAX_STROKES)) if page else []
    except OpenError as error:
        raise Failure(error.code) from None
    return {"grids": grids}


if __name__ == "__main__":
    serve(answer)
