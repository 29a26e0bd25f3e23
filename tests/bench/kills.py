"""kill -9 at random moments, Ctrl-C, and two processes at once: counted on the server's side.

    python tests/bench/kills.py [KILLS] [SEED]     (20 kills take two minutes on two quiet cores)

Goal: after a kill no more is asked again than was in flight, which is ``concurrency`` at most (told beforehand; the
server counts it); every row once; Ctrl-C within 10 s; and two processes on one database ask nothing twice.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from papers import contract
from scripted_server import Reply, ScriptedServer, serving

IN_FLIGHT = 16
"""``concurrency`` as it is by default: a request holds its place until its answer is committed."""


@dataclass
class Asking:
    """One request as the server saw it."""

    body: str
    came: float
    answered: float = math.inf


@dataclass
class CountingServer(ScriptedServer):
    askings: list[Asking] = field(default_factory=list)

    def answer(self, body: dict) -> Reply:
        asking = Asking(json.dumps(body, sort_keys=True), time.monotonic())
        self.askings.append(asking)
        reply = super().answer(body)
        asking.answered = time.monotonic()
        return reply


def start(paths: list[Path], folder: Path, server: ScriptedServer) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipeline.cli", "review", *map(str, paths), "--engine", "http"]
    command += ["--base-url", server.base_url, "--database", f"sqlite:///{folder}/db.sqlite", "--out", f"{folder}/out"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def asked(server: ScriptedServer) -> Counter[str]:
    return Counter(json.dumps(body, sort_keys=True) for body in server.requests)


def wait_for_more(server: ScriptedServer, process: subprocess.Popen[bytes], before: int) -> None:
    while len(server.requests) == before and process.poll() is None:
        time.sleep(0.01)


def rows_once(folder: Path, documents: int) -> bool:
    with sqlite3.connect(folder / "db.sqlite") as database:
        done, distinct = database.execute(
            "select count(*), count(distinct document_id) from analyses where current and status = 'done'"
        ).fetchone()
        completions = database.execute("select count(*), count(distinct key) from completions").fetchone()
    database.close()
    return done == distinct == documents and completions[0] == completions[1]


def killed_at_random(paths: list[Path], folder: Path, kills: int) -> None:
    with serving(CountingServer(delay_s=0.4)) as server:
        moments: list[float] = []
        while len(moments) < kills:
            before = len(server.requests)
            process = start(paths, folder, server)
            wait_for_more(server, process, before)
            time.sleep(random.uniform(0.0, 0.6))
            if process.poll() is not None:
                break  # all was done before the last kill
            process.kill()
            moments.append(time.monotonic())
            process.wait()
            time.sleep(0.5)  # the server finishes what it has
        assert start(paths, folder, server).wait() == 0
        judge(server, moments)
        assert rows_once(folder, len(paths))


def judge(server: CountingServer, moments: list[float]) -> None:
    """A request that is asked again was given to a process that was killed; and no more of one process's than it may
    have under way."""
    by_body: dict[str, list[Asking]] = {}
    for one in server.askings:
        by_body.setdefault(one.body, []).append(one)
    lost: Counter[float] = Counter()
    waited_s: list[float] = []
    for first, second in (pair for askings in by_body.values() for pair in itertools.pairwise(askings)):
        kill = next(moment for moment in (*moments, math.inf) if first.came <= moment)
        assert kill < second.came, "the same process asked twice"
        lost[kill] += 1
        waited_s += [kill - first.answered] if first.answered <= kill else []
    unanswered = sum(one.came <= moment < one.answered for moment in moments for one in server.askings)
    print(
        f"{len(moments)} kills, {len(server.askings)} requests, {len(by_body)} distinct: {lost.total()} asked again, "
        f"{max(lost.values(), default=0)} after one kill at most; {unanswered} were unanswered at the kills; "
        f"{len(waited_s)} had been answered, {max(waited_s, default=0) * 1000:.0f} ms before at most"
    )
    assert max(lost.values(), default=0) <= IN_FLIGHT


def two_at_once(paths: list[Path], folder: Path) -> None:
    with serving(ScriptedServer(delay_s=0.2)) as server:
        processes = [start(paths, folder, server) for _ in range(2)]
        codes = [process.wait() for process in processes]
        again = sum(count - 1 for count in asked(server).values())
        print(f"two processes: exit codes {codes}, {len(server.requests)} requests, {again} asked twice")
        assert codes == [0, 0] and not again and rows_once(folder, len(paths))


def interrupted(paths: list[Path], folder: Path) -> None:
    with serving(ScriptedServer(delay_s=30)) as server:
        process = start(paths, folder, server)
        wait_for_more(server, process, 0)
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        code = process.wait()
        print(
            f"Ctrl-C with {server._now} requests of 30 s under way: ended in {time.monotonic() - begun:.1f} s, {code}"
        )
        assert code == 130 and time.monotonic() - begun < 10


def main() -> None:
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
        # a process that is killed at once gets little done; one document is twelve requests
        paths = [contract(folder / f"{n}.pdf", n, pages=2)[0] for n in range(3 * kills)]
        for name, measure in {"two": two_at_once, "interrupt": interrupted}.items():
            (folder / name).mkdir()
            measure(paths[:24], folder / name)
        (folder / "kill").mkdir()
        killed_at_random(paths, folder / "kill", kills)


if __name__ == "__main__":
    main()
