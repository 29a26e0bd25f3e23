"""Runs inside vLLM: forces the token ids in ``SamplingParams(extra_args={"script": [...]})``, then lets go."""

from __future__ import annotations

from typing import Any

from vllm.v1.sample.logits_processor import AdapterLogitsProcessor


class Scripted(AdapterLogitsProcessor):
    def is_argmax_invariant(self) -> bool:
        return False

    def new_req_logits_processor(self, params: Any) -> Any:
        script = (params.extra_args or {}).get("script")
        if script is None:
            return None

        def force(output_ids: list[int], logits: Any) -> Any:
            if len(output_ids) < len(script):
                logits[:] = float("-inf")
                logits[script[len(output_ids)]] = 0.0
            return logits

        return force
