"""kill -9 at random moments, Ctrl-C, and two processes at once: counted on the server's side.

    python tests/bench/kills.py [KILLS] [SEED]

Goal: no more requests asked twice than were in flight at the kills, every row once, Ctrl-C within 10 s, and two
processes on one database ask nothing twice.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]
from papers import contract  # noqa: E402
from scripted_server import ScriptedServer, serving  # noqa: E402

DOCUMENTS = 12
IN_FLIGHT = 16
"""``concurrency`` as it is by default: what has come back but is not yet committed counts too."""


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
    with serving(ScriptedServer(delay_s=0.4)) as server:
        done = 0
        while done < kills:
            before = len(server.requests)
            process = start(paths, folder, server)
            wait_for_more(server, process, before)
            time.sleep(random.uniform(0.0, 0.6))
            if process.poll() is not None:
                break  # all was done before the last kill
            process.kill()
            process.wait()
            done += 1
            time.sleep(0.5)  # the server finishes what it has
        assert start(paths, folder, server).wait() == 0
        again = sum(count - 1 for count in asked(server).values())
        print(f"{done} kills: {again} requests asked again, at most {done * IN_FLIGHT} were in flight; "
              f"{len(asked(server))} distinct; rows once: {rows_once(folder, len(paths))}")  # fmt: skip
        assert again <= done * IN_FLIGHT and rows_once(folder, len(paths))


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
        paths = [contract(folder / f"{n}.pdf", n, pages=2)[0] for n in range(DOCUMENTS)]
        for name, measure in {"two": two_at_once, "interrupt": interrupted}.items():
            (folder / name).mkdir()
            measure(paths, folder / name)
        (folder / "kill").mkdir()
        killed_at_random(paths, folder / "kill", int(sys.argv[1]) if len(sys.argv) > 1 else 20)


if __name__ == "__main__":
    main()
