"""Reading speed: ``python tests/bench/reading.py FILE...`` (CPU milliseconds a page, in this process)."""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path

from pipeline.pdf import reply, wire, worker
from pipeline.pdf.pdfium import open_pdf


def main(paths: list[str]) -> None:
    print(f"{'pages':>6} {'PDFium':>7} {'worker':>7} {'frame':>7} {'parent':>7}  file")
    for path in map(Path, paths):
        request: wire.Message = {"op": "read", "path": str(path), "memory_mib": 4096, "timeout_s": 600, "passwords": []}
        started = time.process_time()
        with open_pdf(path) as pdf:
            pages = pdf.page_count
            for index in range(pages):
                with pdf.page(index) as page:
                    if page:
                        page.chars()
        raw = time.process_time()
        answer = worker.answer(request)
        read = time.process_time()
        frame = wire.encode(answer)
        framed = time.process_time()
        reply.document(wire.decode(frame[wire.HEADER_BYTES :]), "x", path)
        times = [started, raw, read, framed, time.process_time()]
        shown = " ".join(f"{(b - a) / pages * 1000:7.3f}" for a, b in pairwise(times))
        print(f"{pages:6} {shown}  {path.name[:50]}")


if __name__ == "__main__":
    main(sys.argv[1:])
