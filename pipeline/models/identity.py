"""What of a model and its settings decides answers, short enough for every key of the journal and read in a moment.

Of the model's folder: its configuration, tokenizer, chat template and code whole; of each weight file name, size, its
beginning (names, types and shapes of its tensors) and a hundred samples, spread evenly. Not its path or its times: a
copy answers the same. So new weights under the old name are seen, unless they differ in a few places only that no
sample hits. Of ``vllm_args`` everything but what is known to change speed and memory alone.

Not seen: what a card, a driver or a version of vLLM rounds otherwise, and ``VLLM_...`` variables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.models.profile import ModelProfile

_WHOLE = frozenset({".json", ".jinja", ".model", ".py", ".tiktoken", ".txt", ".yaml"})
_WEIGHTS = frozenset({".bin", ".gguf", ".pt", ".pth", ".safetensors"})
_HEAD_BYTES = 1 << 20
_SAMPLES, _SAMPLE_BYTES = 128, 512

_SPEED_ONLY = frozenset({
    "async_scheduling", "block_size", "compilation_config", "cpu_offload_gb", "disable_custom_all_reduce",
    "disable_log_stats", "distributed_executor_backend", "download_dir", "enable_chunked_prefill",
    "enable_log_requests", "enable_prefix_caching", "enforce_eager", "gpu_memory_utilization", "kv_cache_memory_bytes",
    "kv_offloading_size", "max_model_len", "max_num_batched_tokens", "max_num_seqs", "max_parallel_loading_workers",
    "num_gpu_blocks_override", "pipeline_parallel_size", "scheduling_policy", "shutdown_timeout",
    "speculative_config", "swap_space", "tensor_parallel_size",
})  # fmt: skip
"""Arguments of vLLM's AsyncEngineArgs. One that is not here counts as deciding: at worst a question is asked again."""


def identity_of(profile: ModelProfile, vllm_args: Mapping[str, object]) -> str:
    """What decides the answers of a model on this machine, as 32 hex digits. Raises SettingsError for files that can't
    be read."""
    try:
        decides = {name: _told(value) for name, value in vllm_args.items() if name not in _SPEED_ONLY}
        model = _contents(profile.folder) if profile.folder else profile.model
    except OSError as error:
        raise SettingsError(
            Text(
                f"模型 {profile.model} 的文件读不了：{error}", f"a file of model {profile.model} can't be read: {error}"
            ),
            Text(
                "请检查文件与权限，或重新下载这个模型", "check the files and permissions, or download the model again"
            ),
        ) from error
    told = json.dumps([model, decides, str(profile.behaviour)], sort_keys=True, default=str)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:32]


def _told(value: object) -> object:
    """An argument; of a folder (``tokenizer``) what is in it."""
    if isinstance(value, str) and Path(value).is_dir():
        return _contents(Path(value))
    return value


def _contents(folder: Path) -> str:
    """sha256 of what decides in a model's folder."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in _WHOLE | _WEIGHTS and file.is_file():
            pieces = [file.read_bytes()] if file.suffix in _WHOLE else _samples(file)
            digest.update(f"{file.name} {file.stat().st_size} ".encode(errors="surrogatepass"))
            for piece in pieces:
                digest.update(piece)
    return digest.hexdigest()


def _samples(file: Path) -> Iterable[bytes]:
    rest = file.stat().st_size - _HEAD_BYTES
    with file.open("rb", buffering=0) as stream:
        yield stream.read(_HEAD_BYTES)
        for number in range(_SAMPLES if rest > 0 else 0):
            stream.seek(_HEAD_BYTES + rest * number // _SAMPLES)
            yield stream.read(_SAMPLE_BYTES)
