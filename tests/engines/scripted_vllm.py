"""Real vLLM, a tiny Qwen3, scripted answers, for benches: it knows what ``papers.contract`` plants, and counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from papers import FACT
from scripted_server import fill

from pipeline.engines.vllm import VllmEngine
from pipeline.settings import Settings, load_settings
from pipeline.types import Completion, Request


class Recorded(VllmEngine):
    """The real engine with scripted answers. Remembers what it was asked."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: list[Request] = []
        self._parts: set[str] = set()
        self.computed = self.distinct = 0
        """Prompt tokens: those that were computed, and those that are not a part which was there before."""

    async def generate(self, request: Request) -> Completion:
        if request.prefix not in self._parts:
            self._parts.add(request.prefix)
            self.distinct += request.prefix_tokens
        self.asked.append(request)
        completion = await super().generate(request)
        self.computed += completion.prompt_tokens - completion.cached_tokens
        self.distinct += completion.prompt_tokens - request.prefix_tokens
        return completion

    def forget(self) -> None:
        """Count from here."""
        self.asked, self._parts, self.computed, self.distinct = [], set(), 0, 0

    def sampling_params(self, request: Request) -> Any:
        params = super().sampling_params(request)
        shape = fill(dict(request.schema), FACT.findall(request.messages[-1].content)[:2]) if request.schema else "好"
        answer = json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
        answer = f"<think>想。</think>{answer}" if request.thinking else answer
        params.extra_args = {"script": self._llm.get_tokenizer().encode(answer, add_special_tokens=False)}
        return params


def settings_for(model: Path, folder: Path, name: str = "run") -> Settings:
    """For the model that ``tiny_qwen3`` builds; each ``name`` has a database and reports of its own."""
    values = {"engine": "vllm", "model": str(model), "cpu_kv_gib": 1, "images": "off",
              "vllm_args": {"logits_processors": ["scripted_logits:Scripted"]},
              "database": f"sqlite:///{folder}/{name}.sqlite", "out": folder / name}  # fmt: skip
    return load_settings(values, environ={}, directory=folder)
