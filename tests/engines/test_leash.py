"""vLLM's processes don't outlive the one that loaded the model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

from pipeline.engines import leash

CHILD = "from pipeline.engines.leash import hold; print('here', flush=True); hold(); import time; time.sleep(60)"


def held(holder: str) -> subprocess.Popen[str]:
    environment = os.environ | {leash.HOLDER: holder}
    child = subprocess.Popen([sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "here\n"
    return child


def test_a_process_ends_with_the_one_that_holds_it_and_not_before() -> None:
    with subprocess.Popen(["sleep", "60"]) as holder, held(str(holder.pid)) as child:
        time.sleep(0.3)
        assert child.poll() is None
        holder.kill()
        assert child.wait(timeout=10) == -signal.SIGKILL


def test_who_comes_too_late_ends_at_once() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with held(str(gone.pid)) as child:
        assert child.wait(timeout=10) == -signal.SIGKILL


def test_nobody_is_held_where_nobody_is_named() -> None:
    with held("0") as child:
        time.sleep(0.3)
        assert child.poll() is None
        child.kill()


def test_vllm_finds_it_among_its_plugins() -> None:
    assert [one.load() for one in entry_points(group="vllm.general_plugins", name="longdoc")] == [leash.hold]
