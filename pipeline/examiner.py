"""The examining process: ``python -m pipeline.examiner``. Says of a document all that code alone can say.

What travels is pickled, other than with reading processes: here nothing but our own Python touches the document.
"""

from __future__ import annotations

from typing import cast

from pipeline.errors import LongdocError
from pipeline.examination import examine, examine_alone
from pipeline.lang import Lang, set_language
from pipeline.pdf import wire
from pipeline.pdf.process import limit, serve
from pipeline.pickling import pickled, unpickled
from pipeline.settings import Settings
from pipeline.types import Document, Examined

_MEMORY_BYTES = 4 << 30


def answer(request: wire.Message) -> wire.Message:
    """Answer one request of ``examiners``."""
    set_language(cast(Lang, request["lang"]))
    limit(_MEMORY_BYTES, float(cast(float, request["timeout_s"])))
    document, settings = cast("tuple[Document, Settings]", unpickled(wire.raw(request, request["pickled"])))
    found: Examined | LongdocError
    try:
        found = (examine_alone if request["alone"] else examine)(document, settings)
    except LongdocError as error:  # a pack that can't be used: the parent is to raise it
        found = error
    return {"pickled": pickled(found)}


if __name__ == "__main__":
    serve(answer)
