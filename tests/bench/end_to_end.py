"""The whole path without a model: pages per second over data/samples, start-up, memory, and how quick --help is.

``make bench`` or ``python tests/bench/end_to_end.py``. Start-up is everything before the first document is asked for:
interpreter, imports, database (created fresh), first reading process. Rates are of what follows.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
RUNS = 5
PROBE = """
import asyncio, gc, resource, sys, time
from pathlib import Path
from pipeline.run import open_session
from pipeline.settings import load_settings

async def main(folder, paths):
    settings = load_settings({"engine": "rules", "database": f"sqlite:///{folder}/db", "out": Path(folder) / "out"},
                             environ={})
    async with open_session(settings) as session:
        await session.review(paths[:1])
        print(time.time())
        started = time.perf_counter()
        batch = await session.review(paths[1:])
        seconds = time.perf_counter() - started
    print(sum(result.pages for result in batch.results), seconds,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, {result.status for result in batch.results} == {"done"})

gc.set_threshold(50_000, 20, 100)  # as the command line does
asyncio.run(main(sys.argv[1], [Path(path) for path in sys.argv[2:]]))
"""


def main() -> None:
    samples = [path for path in sorted((ROOT / "data/samples").glob("*.pdf")) if "扫描" not in path.name]
    first, rest = samples[0], samples[1:]
    rates, startups, memory = [], [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.time()
            arguments = [sys.executable, "-c", PROBE, folder, *map(str, (first, *rest))]
            ready, figures = subprocess.check_output(arguments, text=True, cwd=ROOT).splitlines()
            pages, seconds, rss, complete = figures.split()
            assert complete == "True"
            startups.append(float(ready) - begun)
            rates.append(int(pages) / float(seconds))
            memory.append(int(rss) / 1024)
    print(
        f"rules, end to end: {median(rates):.0f} pages/s (best {max(rates):.0f}, worst {min(rates):.0f}; {pages} pages)"
    )
    print(f"start-up with the first document: {median(startups):.2f} s; parent memory {max(memory):.0f} MB")
    command = [str(Path(sys.executable).with_name("longdoc")), "--help"]
    helps = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        helps.append(time.perf_counter() - begun)
    print(f"longdoc --help: {median(helps):.2f} s")
    print(f"(children's peak: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB)")


if __name__ == "__main__":
    main()
