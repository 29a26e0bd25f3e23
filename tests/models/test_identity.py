"""Answers are kept for the weights and settings that they came from, and a rerun that they answer loads nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from split_made import small_tokenizer_json

from pipeline.engines.base import Engine
from pipeline.engines.choose import EngineChoice
from pipeline.engines.http import HttpEngine
from pipeline.models.identity import identity_of
from pipeline.models.profile import load_profile
from pipeline.run import open_session
from pipeline.settings import Settings, load_settings

from test_groups_run import Scripted, texts  # isort: skip
from test_profiles import QWEN3, folder  # isort: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    made = folder(tmp_path / "Qwen3-14B", QWEN3)
    (made / "tokenizer.json").write_text(json.dumps(small_tokenizer_json()), encoding="utf-8")
    (made / "model.safetensors").write_bytes(os.urandom(3 << 20))
    return made


def identity(model: Path, **args: object) -> str:
    return identity_of(load_profile(str(model)), args)


@pytest.mark.parametrize(
    ("file", "contents"),
    [
        ("config.json", json.dumps(QWEN3 | {"rope_theta": 2_000_000})),
        ("tokenizer.json", "{}"),
        ("chat_template.jinja", "{{ messages }}"),
        ("generation_config.json", '{"temperature": 0.1}'),
        ("model-00002.safetensors", "more"),
    ],
)
def test_each_file_that_decides_answers_is_part_of_a_model_s_identity(model: Path, file: str, contents: str) -> None:
    before = identity(model)
    (model / file).write_text(contents, encoding="utf-8")
    assert identity(model) != before


def test_new_weights_of_the_same_size_are_another_model_and_a_copy_elsewhere_is_the_same(model: Path) -> None:
    before = identity(model)
    (model / "README.md").write_text("read me", encoding="utf-8")
    copy = Path(shutil.copytree(model, model.parent / "copies" / model.name, copy_function=shutil.copy))
    assert identity(copy) == before
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[2 << 20 :] = os.urandom(1 << 20)
    (copy / "model.safetensors").write_bytes(weights)
    assert identity(copy) != before, "a third of it is new"


@pytest.mark.parametrize(
    ("args", "decides"),
    [
        ({"quantization": "fp8"}, True),
        ({"kv_cache_dtype": "fp8"}, True),
        ({"dtype": "float16"}, True),
        ({"hf_overrides": {"rope_parameters": {"factor": 2.0}}}, True),
        ({"an_argument_of_next_year": 1}, True),
        ({"max_num_seqs": 8, "gpu_memory_utilization": 0.5, "enforce_eager": True}, False),
    ],
)
def test_arguments_of_vllm_decide_unless_they_change_nothing_but_speed(
    model: Path, args: Mapping[str, object], decides: bool
) -> None:
    assert (identity(model, **args) != identity(model)) is decides


def test_what_an_argument_names_counts_by_what_is_in_it(model: Path) -> None:
    other = folder(model.parent / "tokenizer", QWEN3)
    before = identity(model, tokenizer=str(other))
    (other / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert identity(model, tokenizer=str(other)) != before


def settings_for(model: Path, **changes: object) -> Settings:
    values = {"engine": "vllm", "model": str(model), "database": f"sqlite:///{model.parent}/db.sqlite",
              "out": model.parent / "out", "cpu_kv_gib": 100, "images": "off", "kind": "contract"}  # fmt: skip
    return load_settings(values | changes, environ={}, directory=model.parent)


def asked(paths: list[Path], settings: Settings) -> tuple[int, int]:
    """Loads and requests of one run."""
    engines: list[Scripted] = []

    async def load(choice: EngineChoice, settings: Settings) -> Engine:
        engines.append(Scripted(settings.context_tokens or 0))
        return engines[-1]

    async def run() -> None:
        async with open_session(settings, load) as session:
            batch = await session.review(paths)
        assert batch.exit_code == 0, batch.results

    asyncio.run(run())
    return len(engines), sum(engine.asked for engine in engines)


@pytest.mark.vllm
def test_a_run_that_the_journal_answers_loads_nothing_and_new_weights_are_asked_anew(
    model: Path, tmp_path: Path
) -> None:
    paths = texts(tmp_path, 600, 900)
    loads, first = asked(paths, settings_for(model))
    assert loads == 1 and first > 10
    assert asked(paths, settings_for(model, force=True)) == (0, 0)
    assert asked(paths, settings_for(model, force=True, vllm_args={"max_num_seqs": 4})) == (0, 0)
    assert asked(paths, settings_for(model, force=True, vllm_args={"kv_cache_dtype": "fp8"})) == (1, first)
    (model / "model.safetensors").write_bytes(os.urandom(3 << 20))
    assert asked(paths, settings_for(model)) == (1, first), "without --force: the analyses were another model's"


AGAIN = """
import asyncio, json, sys
from pathlib import Path
from pipeline import run
from pipeline.settings import load_settings
settings = load_settings(json.loads(sys.argv[1]), environ={})
batch = asyncio.run(run.review([Path(path) for path in sys.argv[2:]], settings))
print(batch.exit_code, sorted({"torch", "vllm", "transformers"} & sys.modules.keys()))
"""


@pytest.mark.vllm
def test_such_a_run_does_not_even_import_vllm(model: Path, tmp_path: Path) -> None:
    paths = texts(tmp_path, 600)
    asked(paths, settings_for(model))
    again = settings_for(model, force=True).model_dump_json(exclude={"api_key"})
    told = subprocess.run([sys.executable, "-c", AGAIN, again, *paths], capture_output=True, text=True)
    assert told.stdout == "0 []\n", told.stderr


def test_of_a_server_counts_what_it_says_of_its_weights() -> None:
    from scripted_server import Reply, ScriptedServer, serving

    def decides(**row: object) -> str:
        rows = [{"id": "Qwen3-14B", "object": "model", "created": os.urandom(4).hex(), "max_model_len": 32768} | row]
        with serving(ScriptedServer(models=Reply(raw=json.dumps({"data": rows}).encode()))) as server:
            settings = load_settings({"engine": "http", "base_url": server.base_url}, environ={})

            async def connected() -> str:
                engine = await HttpEngine.connect(settings)
                await engine.close()
                return engine.nature.decides

            return asyncio.run(connected())

    assert decides() == decides() == decides(root="Qwen3-14B") == "Qwen3-14B"
    told = {decides(), decides(root="Qwen/Qwen3-14B-AWQ"), decides(meta={"size": 9}), decides(max_model_len=131_072)}
    assert len(told) == 4
