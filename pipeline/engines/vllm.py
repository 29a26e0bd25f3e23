"""vLLM in this process's charge: offline, batched, with structured outputs and a shared prefix cache.

The only module that knows vLLM, which is imported when an engine is loaded and not before. AsyncLLM rather than
``LLM.generate``: there one request that is too long costs the whole batch, here it fails alone (FACTS section 2).
"""

# vLLM has no stable types and is often absent where types are checked.
# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import gc
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any

from pipeline.engines.base import INSTALL_VLLM, EngineState, Nature
from pipeline.engines.leash import HOLDER
from pipeline.errors import EngineDiedError, PromptTooLongError, RequestError, SettingsError
from pipeline.lang import Text
from pipeline.models.identity import identity_of
from pipeline.models.profile import ModelProfile
from pipeline.settings import Settings
from pipeline.types import Completion, FinishReason, Request

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_CONFIGURE_LOGGING": "1",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",  # its processes' own: deprecations that are no user's business
}
_GRACE_S = 2.0
"""For vLLM's processes to end by themselves."""
_REPETITION = {"min_pattern_size": 8, "max_pattern_size": 128, "min_count": 6}
"""What counts as a loop: so many tokens, so often in a row. Shorter patterns are blanks and dots of the document, which
a quote may hold; a schema bounds those."""


def nature_of(settings: Settings, profile: ModelProfile) -> Nature:
    """What follows from a model, before it is loaded; reads its files."""
    context = settings.context_tokens or profile.context_tokens
    factor = context / profile.yarn.native_tokens if profile.yarn else 1.0
    # YaRN decides the answer too: the journal must not serve one factor's for another's
    yarn = f" yarn={factor:g}" if factor > 1 else ""
    return Nature(
        model=settings.model + yarn,
        decides=identity_of(profile, settings.vllm_args) + yarn,
        context_tokens=context,
        # without a parser the grammar binds from the first token on, and there is no room for thoughts
        thinks=bool(profile.behaviour.reasoning_parser),
        behaviour=profile.behaviour,
        parallel=1024,  # vLLM queues by itself; what bounds us is tokens in flight
    )


class VllmEngine:
    """A model loaded into vLLM."""

    def __init__(self, llm: Any, nature: Nature, gauges: _Gauges, processes: Collection[BaseProcess]) -> None:
        """``processes``: vLLM's own."""
        self.nature = nature
        self.heard_at = time.monotonic()
        self._llm = llm
        self._gauges = gauges
        self._processes = processes
        self._ids = itertools.count()

    @classmethod
    async def load(cls, settings: Settings, profile: ModelProfile) -> VllmEngine:
        """Load the model: seconds for a tiny one, minutes for 14 B parameters.

        Raises SettingsError if the model or its settings can't be used here.
        """
        nature = nature_of(settings, profile)
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(settings.cpu_kv_gib))
        os.environ[HOLDER] = str(os.getpid())
        gc.collect()  # what is left of an engine before; at its end this would hold up Ctrl-C for seconds
        before = set(multiprocessing.active_children())

        def build() -> VllmEngine:
            try:
                from vllm import AsyncEngineArgs
                from vllm.v1.engine.async_llm import AsyncLLM
            except ImportError as error:
                raise SettingsError(
                    Text(f"vllm 导入失败：{error}", f"importing vllm failed: {error}"), INSTALL_VLLM
                ) from error
            try:
                args = AsyncEngineArgs(**_engine_args(settings, profile, nature.context_tokens))
                gauges = _Gauges()
                llm = AsyncLLM.from_engine_args(args, stat_loggers=[gauges.logger()])
            except (ValueError, OSError, RuntimeError, TypeError) as error:
                raise _unloadable(settings.model, error) from error
            return cls(llm, nature, gauges, set(multiprocessing.active_children()) - before)

        try:
            return await _aside(build)
        except asyncio.CancelledError:  # nobody waits for the minutes that it still takes
            _kill(_families(set(multiprocessing.active_children()) - before))
            raise

    async def generate(self, request: Request) -> Completion:
        """Generate one completion. Raises PromptTooLongError or RequestError for this request alone,
        EngineDiedError when the engine has died under it."""
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = await self._prompt(request)
        if len(prompt) + request.max_tokens > self.nature.context_tokens:
            needs = len(prompt) + request.max_tokens
            raise PromptTooLongError(
                Text(
                    f"请求 {request.prompt} 连同回答要 {needs} 个 token，超过上下文 {self.nature.context_tokens}",
                    f"request {request.prompt} takes {needs} tokens with its answer, over {self.nature.context_tokens}",
                ),
                Text("请调小 LONGDOC_CHUNK_TOKENS", "lower LONGDOC_CHUNK_TOKENS"),
            )
        try:
            output = await self._last_output(prompt, request)
        except EngineDeadError as error:
            raise _dead(Text("vLLM 引擎进程已退出", "the vLLM engine process has died")) from error
        except ValueError as error:
            raise RequestError(
                Text(f"vLLM 拒绝了请求 {request.prompt}", f"vLLM refused request {request.prompt}"),
                Text("请用 LONGDOC_VLLM_ARGS 检查设置", "check the settings in LONGDOC_VLLM_ARGS"),
            ) from error
        answer = output.outputs[0]
        text, thoughts = _without_thoughts(answer.text, thinking=request.thinking)
        return Completion(
            text=text,
            thoughts=thoughts,
            finish_reason=_finish_reason(answer.finish_reason),
            prompt_tokens=len(output.prompt_token_ids or ()),
            cached_tokens=output.num_cached_tokens or 0,
            completion_tokens=len(answer.token_ids),
        )

    def state(self) -> EngineState:
        """As vLLM's scheduler told it last; of the KV cache the most since the last asking."""
        return self._gauges.read()

    async def close(self) -> None:
        """Give the memory back. vLLM's processes get a moment and no more, as what they were doing is lost; one that
        hangs would outlive vLLM's own signals, with its memory."""
        families = _families(self._processes)
        self._llm.shutdown(timeout=_GRACE_S)
        _kill(families)
        self._llm.shutdown = lambda: None  # its __del__ would do it again at exit, when its imports are gone
        del self._llm

    def sampling_params(self, request: Request) -> Any:
        """vLLM's own parameters for a request (a seam for tests, which add a scripted answer)."""
        from vllm import SamplingParams
        from vllm.sampling_params import RepetitionDetectionParams, StructuredOutputsParams

        extra: dict[str, Any] = {}
        if request.schema is not None:
            extra["structured_outputs"] = StructuredOutputsParams(json=dict(request.schema))
        if request.thinking and self.nature.behaviour.reasoning_parser:
            extra["thinking_token_budget"] = request.thinking_tokens
        sampling = request.sampling
        return SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            max_tokens=request.max_tokens,
            repetition_detection=RepetitionDetectionParams(**_REPETITION),
            **extra,
        )

    async def _prompt(self, request: Request) -> list[int]:
        """Token ids by the model's own chat template."""
        tokenizer = self._llm.get_tokenizer()
        if asyncio.iscoroutine(tokenizer):
            tokenizer = await tokenizer
        ids = tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in request.messages],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=False,
            enable_thinking=request.thinking,
        )
        return list(ids)

    async def _last_output(self, prompt: list[int], request: Request) -> Any:
        from vllm.inputs import TokensPrompt

        stream = self._llm.generate(
            TokensPrompt(prompt_token_ids=prompt),
            self.sampling_params(request),
            f"{request.prompt}-{next(self._ids)}",
            priority=request.priority,
        )
        last: Any = None
        async for output in stream:  # each holds all tokens so far
            self.heard_at = time.monotonic()
            last = output
        return last


class _Gauges:
    """What vLLM's scheduler tells after each step, kept in this process: nothing is sent anywhere."""

    def __init__(self) -> None:
        self._waiting: int | None = None
        self._kv_use: float | None = None
        self._most_kv_use: float | None = None
        self._gpus: int | None = None

    def logger(self) -> Any:
        """The class that vLLM wants of those who listen."""
        from vllm.v1.metrics.loggers import StatLoggerBase

        gauges = self

        class Listener(StatLoggerBase):
            def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
                parallel = vllm_config.parallel_config
                if vllm_config.device_config.device_type == "cuda":
                    gauges._gpus = parallel.world_size * parallel.data_parallel_size

            def record(self, scheduler_stats: Any, iteration_stats: Any, *_: Any, **__: Any) -> None:
                if scheduler_stats is not None:
                    gauges._step(scheduler_stats)

            def log_engine_initialized(self) -> None: ...

        return Listener

    def read(self) -> EngineState:
        most, self._most_kv_use = self._most_kv_use, self._kv_use
        return EngineState(waiting=self._waiting, kv_use=most, gpus=self._gpus)

    def _step(self, told: Any) -> None:
        self._waiting = told.num_waiting_reqs + told.num_skipped_waiting_reqs
        self._kv_use = told.kv_cache_usage
        self._most_kv_use = max(self._most_kv_use or 0.0, told.kv_cache_usage)


def _engine_args(settings: Settings, profile: ModelProfile, context: int) -> Mapping[str, Any]:
    from vllm.config import StructuredOutputsConfig

    args: dict[str, Any] = {
        "model": settings.model,
        "max_model_len": context,
        "enable_prefix_caching": True,
        "scheduling_policy": "priority",
        "gpu_memory_utilization": settings.gpu_memory_utilization,
        "structured_outputs_config": StructuredOutputsConfig(backend="guidance", disable_any_whitespace=True),
        "enable_log_requests": False,
    }
    if profile.behaviour.reasoning_parser:
        args["reasoning_parser"] = profile.behaviour.reasoning_parser
    if overrides := profile.rope_overrides(context):
        args["hf_overrides"] = overrides
    if not _has_gpu():
        args |= {"dtype": "float32" if profile.small else "bfloat16", "enforce_eager": True, "block_size": 32}
        del args["gpu_memory_utilization"]
    return args | dict(settings.vllm_args)


def _has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


async def _aside(build: Callable[[], VllmEngine]) -> VllmEngine:
    """``build`` in a thread: it takes minutes, and documents are read meanwhile. A daemon, other than the event loop's:
    the end of the program does not wait for it."""
    loop = asyncio.get_running_loop()
    built: asyncio.Future[VllmEngine] = loop.create_future()

    def settle(engine: VllmEngine | None, error: BaseException | None) -> None:
        if built.done():
            return  # cancelled
        if engine:
            built.set_result(engine)
        else:
            built.set_exception(error or RuntimeError())

    def run() -> None:
        try:
            outcome: tuple[VllmEngine | None, BaseException | None] = build(), None
        except BaseException as error:
            outcome = None, error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="vllm-load", daemon=True).start()
    return await built


def _families(processes: Iterable[BaseProcess]) -> list[Any]:
    """These processes and all that they have started, as psutil has them (which vLLM brings along)."""
    import psutil

    families: list[Any] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(process.pid)
            families += [parent, *parent.children(recursive=True)]
    return families


def _kill(processes: list[Any]) -> None:
    """End them now; what has ended by itself is left alone."""
    import psutil

    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + _GRACE_S
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    multiprocessing.active_children()  # asks for those that are ours, so that no zombie is left


def _lives(process: Any) -> bool:
    """Not gone, nor waiting for a parent that never asks (in a container)."""
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _unloadable(model: str, error: Exception) -> SettingsError:
    reason = str(error).strip().splitlines()[-1][:300] if str(error).strip() else type(error).__name__
    return SettingsError(
        Text(f"模型 {model} 载入失败：{reason}", f"model {model} did not load: {reason}"),
        Text("longdoc doctor 会检查模型、显存与设置", "longdoc doctor checks model, memory and settings"),
    )


def _without_thoughts(text: str, *, thinking: bool) -> tuple[str, str]:
    """The answer, and what was thought before it. Thoughts that never end leave no answer."""
    if "</think>" in text:
        thoughts, _, answer = text.partition("</think>")
        return answer.strip(), thoughts.replace("<think>", "", 1).strip()
    if thinking or text.lstrip().startswith("<think>"):
        return "", text.replace("<think>", "", 1).strip()
    return text.strip(), ""


def _finish_reason(reason: str | None) -> FinishReason:
    match reason:
        case "stop" | "length" | "abort" | "repetition":
            return reason
        case _:
            return "error"


def _dead(cause: Text) -> EngineDiedError:
    return EngineDiedError(
        cause,
        Text("请查看显存与日志后重跑：已完成的不会重做", "see memory and logs, then run again: what is done is kept"),
    )
