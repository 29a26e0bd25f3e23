"""Seeded mutations of documents, read under limits: ``python tests/bench/mutations.py --seed 1 --count 5000 FILE...``

Each mutated file must end in a document or in a typed error within its time, the workers must stay within their memory,
and the reader must go on. Without files: the samples and, where ../shared is there, the nasty and hostile corpora.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import re
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import NoTextError, ReadError
from pipeline.pdf.read import Reader, ReadLimits

ROOT = Path(__file__).parents[2]
SUFFIXES = (".pdf", ".docx", ".txt", ".png", ".jpg", ".tiff")
_NUMBER = re.compile(rb"(?<![\w.])-?\d{1,10}(?![\w.])")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_MAX_UNPACKED = 1 << 24
"""A bomb among the files is not for the bench to set off."""
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"65536",
    b"2147483647",
    b"-2147483648",
    b"4294967296",
    b"99999999999999999999",
    b"0.0001",
)


def flip(random: random.Random, data: bytes) -> bytes:
    """Flip a few bits."""
    damaged = bytearray(data)
    for _ in range(random.choice((1, 3, 10, 100))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut(random: random.Random, data: bytes) -> bytes:
    """Truncate, or cut a piece out of the middle."""
    start = random.randrange(len(data))
    return data[:start] + (data[start + random.randrange(1, 5000) :] if random.random() < 0.5 else b"")


def splice(random: random.Random, data: bytes) -> bytes:
    """Copy a piece over another place, or into it."""
    start, target = random.randrange(len(data)), random.randrange(len(data))
    piece = data[start : start + random.choice((8, 100, 4000))]
    return data[:target] + piece * random.choice((1, 1, 1, 50)) + data[target + random.choice((0, len(piece))) :]


def tamper(random: random.Random, data: bytes) -> bytes:
    """Put extreme values in the place of numbers."""
    places = [match.span() for match in _NUMBER.finditer(data)]
    for start, end in sorted(random.sample(places, min(len(places), random.choice((1, 2, 8)))), reverse=True):
        data = data[:start] + random.choice(_NUMBERS) + data[end:]
    return data


def damage_stream(random: random.Random, data: bytes) -> bytes:
    """Damage the contents of a stream: unpacked and packed again where that can be done."""
    streams = [match.span(1) for match in _STREAM.finditer(data)]
    if not streams:
        return flip(random, data)
    start, end = random.choice(streams)
    body = data[start:end]
    try:
        unpacked = zlib.decompressobj().decompress(body, _MAX_UNPACKED)
    except zlib.error:
        unpacked = b""
    if not 0 < len(unpacked) < _MAX_UNPACKED:
        return data[:start] + random.choice((flip, cut, splice))(random, body or b"x") + data[end:]
    changed = random.choice((flip, cut, splice, tamper))(random, unpacked or b"x")
    return data[:start] + zlib.compress(changed) + b"\n" + data[end:]


def loop(random: random.Random, data: bytes) -> bytes:
    """Lead references elsewhere: to themselves, in circles, to nothing."""
    references = list(_REFERENCE.finditer(data))
    if not references:
        return splice(random, data)
    numbers = [match[1] for match in references]
    for match in sorted(random.sample(references, min(len(references), 4)), key=lambda m: -m.start()):
        data = data[: match.start(1)] + random.choice(numbers) + data[match.end(1) :]
    return data


def in_zip(random: random.Random, data: bytes) -> bytes:
    """Damage one part of an Office file inside its zip."""
    source = zipfile.ZipFile(io.BytesIO(data))
    names = source.namelist()
    chosen = random.choice([name for name in names if name.endswith((".xml", ".rels"))])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            part = source.read(name)
            if name == chosen and part:
                part = random.choice((flip, cut, splice, tamper, _tangle))(random, part)
            target.writestr(name, part)
    return out.getvalue()


def _tangle(random: random.Random, part: bytes) -> bytes:
    """Repeat, drop or nest whole elements."""
    tags = list(re.finditer(rb"<(/?)[\w:]+[^>]*>", part))
    if len(tags) < 4:
        return flip(random, part)
    first, last = sorted(random.sample(range(len(tags)), 2))
    piece = part[tags[first].start() : tags[last].end()]
    target = random.choice(tags).start()
    return part[:target] + piece[:20_000] * random.choice((1, 3, 30)) + part[target:]


MUTATIONS: Sequence[Callable[[random.Random, bytes], bytes]] = (flip, cut, splice, tamper, damage_stream, loop)


def mutated(seed: int, number: int, sources: Sequence[Path]) -> tuple[str, bytes]:
    """The mutation with this number: a name that tells how it came about, and the bytes. The same for the same seed."""
    chance = random.Random(f"{seed}-{number}")
    source = chance.choice(sources)
    data = source.read_bytes()
    steps: list[str] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        mutate = (
            in_zip if source.suffix == ".docx" and not steps and chance.random() < 0.7 else chance.choice(MUTATIONS)
        )
        data = mutate(chance, data or b"x")
        steps.append(mutate.__name__)
    return f"{number}-{'-'.join(steps)}{source.suffix}", data


@dataclass
class Outcome:
    """What became of the mutations."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    largest_mib: int = 0
    wrong: list[str] = field(default_factory=list)


async def read_all(seed: int, numbers: Sequence[int], sources: Sequence[Path], limits: ReadLimits) -> Outcome:
    """Read mutations side by side with one reader."""
    outcome = Outcome()
    turn = asyncio.Semaphore(limits.workers)
    with tempfile.TemporaryDirectory() as folder:
        async with Reader(limits) as reader:

            async def one(number: int) -> None:
                async with turn:
                    name, data = mutated(seed, number, sources)
                    path = Path(folder, name)
                    path.write_bytes(data)
                    started = time.monotonic()
                    try:
                        document = await reader.read(path, "x")
                        document.text.encode()
                        outcome.counts["document"] += 1
                    except ReadError as error:
                        kind = "no text" if isinstance(error, NoTextError) else error.cause.en.partition(": ")[2]
                        outcome.counts[re.sub(r"\d+", "#", kind)[:90]] += 1
                        if "internal error" in error.cause.en or "invalid answer" in error.cause.en:
                            outcome.wrong.append(f"{name}: {error.cause.en}")
                    except Exception as error:  # the promise broken: told, and the bench fails
                        outcome.wrong.append(f"{name}: {error!r}")
                    seconds = time.monotonic() - started
                    if seconds > outcome.slowest_s:
                        outcome.slowest_s, outcome.slowest = seconds, name
                    path.unlink()

            await asyncio.gather(*map(one, numbers))
    outcome.largest_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    return outcome


def sources_of(paths: Sequence[Path]) -> list[Path]:
    """The files to mutate, those in folders included; nothing above 3 MB, which would only take longer."""
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [file for file in files if file.suffix in SUFFIXES and 0 < file.stat().st_size < 3_000_000]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument("--memory", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    shared = ROOT.parent / "shared" / "corpus"
    sources = sources_of(arguments.paths or [ROOT / "data" / "samples", shared / "nasty", shared / "hostile"])
    limits = ReadLimits(workers=arguments.workers, timeout_s=arguments.timeout, memory_mib=arguments.memory, ocr="off")
    started = time.monotonic()
    numbers = range(arguments.first, arguments.first + arguments.count)
    outcome = asyncio.run(read_all(arguments.seed, numbers, sources, limits))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    seconds = time.monotonic() - started
    print(f"{arguments.count} mutations of {len(sources)} files, seed {arguments.seed}: {seconds:.0f} s")
    for kind, count in outcome.counts.most_common():
        print(f"{count:7} {kind}")
    print(f"slowest {outcome.slowest_s:.1f} s ({outcome.slowest})")
    print(f"largest child {outcome.largest_mib} MiB; parent {own} MiB")
    for line in outcome.wrong:
        print("WRONG", line)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
