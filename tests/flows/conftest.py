"""A checkout of its own with a real Prefect server: what README's section on Prefect has people type, typed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from papers import contract

REPOSITORY = Path(__file__).parents[2]
os.environ.setdefault("DO_NOT_TRACK", "1")  # before any test imports Prefect


@dataclass(frozen=True)
class Checkout:
    """A repository root with two sample contracts, and a server that its settings name."""

    root: Path
    api_url: str

    def prefect(self, *arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run the ``prefect`` command from the root, as typed."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("prefect")), *arguments],
            cwd=self.root, env=environment(), capture_output=True, text=True, timeout=timeout_s,
        )  # fmt: skip


def environment() -> dict[str, str]:
    """The environment without settings of Prefect or longdoc: those come from files, as on a fresh machine."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "LONGDOC_"))}
    return kept | {"COLUMNS": "200"}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(REPOSITORY / "flows", root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "prefect.yaml"):
        shutil.copy(REPOSITORY / name, root)
    (root / "data/samples").mkdir(parents=True)
    for number in (1, 2):
        contract(root / f"data/samples/合同{number}.pdf", number)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Checkout(root, f"http://127.0.0.1:{port}/api")
    with (
        (root / "server.log").open("w") as log,
        running(root, log, "server", "start", "--no-ui", "--port", str(port)) as process,
    ):
        wait_until_healthy(made, process)
        done = made.prefect("config", "set", f"PREFECT_API_URL={made.api_url}")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


class running:
    """A long-lived ``prefect`` command, ended with its children."""

    def __init__(self, root: Path, log: object, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("prefect")), *arguments],
            cwd=root, env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._process

    def __exit__(self, *_: object) -> None:
        group = os.getpgid(self._process.pid)
        os.killpg(group, 15)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(group, 9)
            self._process.wait()


def wait_until_healthy(made: Checkout, process: subprocess.Popen[bytes], timeout_s: float = 180.0) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(f"{made.api_url}/health", timeout=2):
                return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, (made.root / "server.log").read_text()
            time.sleep(0.3)
