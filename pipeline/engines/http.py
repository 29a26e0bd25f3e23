"""Any OpenAI-compatible server: vLLM serve, SGLang, Ollama and their kin.

Failures are told apart by what can be done: a passing one (429, 5xx, a broken connection, a body that is no chat
completion) is retried with back-off and jitter, all within a budget; a refused request fails alone; one that refuses
everyone (no connection, wrong key, model unknown) ends the run.

HTTP/1.1 with connections kept alive: what serves models (uvicorn, Go) speaks no HTTP/2 without TLS.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Annotated, Literal, NamedTuple, TypeVar, cast

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.engines.base import EngineState, Nature
from pipeline.engines.pacing import Pace, RetryBudget, work_of
from pipeline.engines.reach import Reach
from pipeline.engines.transport import KeptAlive
from pipeline.errors import EngineError, PromptTooLongError, RequestError, SettingsError
from pipeline.lang import Text
from pipeline.models.profile import behaviour_of
from pipeline.models.shipped import family_of
from pipeline.settings import Settings, without_password
from pipeline.types import Behaviour, Completion, FinishReason, Request

_PASSING = frozenset({408, 409, 425, 429})
"""And all from 500 on but 501 (not implemented): proxies have codes of their own there."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
"""But for what a server asks for by Retry-After, which is honoured unless it is over the longest wait for an answer."""
_LONGEST_OUTAGE_S = 60.0
"""A server that has answered, and then can't be reached or says that it is out (502, 503), may be starting anew."""
_MOST_PUSHES = 50
"""Refusals for want of room (429, 503) that one request takes while others are answered; they count as no failure."""
_MOST_BYTES = 8 << 20
"""Of an answer, unpacked: a hundred times the longest that was ever asked for."""
_KEPT_S = 4.0
"""Idle connections are kept so long: uvicorn closes its own after 5 s, and a request may not meet that."""
_DEAD_AFTER = 8
"""Requests given up in a row, without one success between, after which the server counts as dead."""
_LEAST_CONTEXT = 1024
_LIST_MODELS = "GET /models"
_LONGEST_ID = 300
_OF_WEIGHTS = ("root", "parent", "quantization", "digest", "meta")
"""Of a model's entry in that list, what stays the same as long as the weights do."""
_MOST_SAID = 2000
"""Characters of a server's complaint that are looked at."""
_TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|max_model_len|max_new_tokens|max(?:imum)?.(?:context|model|sequence|input).?len"
    r"|too (?:long|many.{0,10} tokens)|longer than the m",
    re.IGNORECASE,
)
"""An over-long prompt in the words of vLLM, OpenAI, SGLang, llama.cpp, TGI and LM Studio."""

_DISPENSABLE = ("thinking_token_budget", "chat_template_kwargs", "top_k", "min_p")
"""Beyond OpenAI's own fields: a server that refuses one by name is asked without it from then on (vLLM itself refuses
a thinking budget where it was started without a reasoning parser)."""

T = TypeVar("T")


class _Message(BaseModel):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


_Count = Annotated[int, Field(ge=0, lt=2**31)]


class _PromptDetails(BaseModel):
    cached_tokens: _Count | None = None


class _Usage(BaseModel):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    prompt_tokens_details: _PromptDetails | None = None

    @property
    def cached_tokens(self) -> int | None:
        told = self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens
        return None if told is None else min(told, self.prompt_tokens)


class _ChatCompletion(BaseModel):
    model_config = ConfigDict(extra="ignore")

    choices: list[_Choice]
    usage: object = None


class _Reply(NamedTuple):
    """A response that has arrived whole."""

    status_code: int
    headers: httpx.Headers
    content: bytes


_Sign = Literal["unreachable", "out", "crowded", "pushed"]
"""No answer came at all; nobody is there to give one; fewer at once would help; and the server said so itself."""


_SIGNS: Mapping[int, tuple[_Sign, ...]] = {
    429: ("crowded", "pushed"),
    502: ("out",),
    503: ("out", "crowded", "pushed"),
    529: ("crowded", "pushed"),
}


class _Passing(Exception):
    """A failure that may be gone at the next try; ``pause_s`` is what the server asked for."""

    def __init__(self, what: Text, *signs: _Sign, pause_s: float = 0.0, most_retries: int = 20) -> None:
        super().__init__(what)
        self.what = what
        self.signs = signs
        self.pause_s = pause_s
        self.most_retries = most_retries


class _Served(NamedTuple):
    """What a server tells of a model."""

    context_tokens: int | None
    weights: str = ""
    """JSON of what tells its weights from others of that name; empty for nothing."""


class HttpEngine:
    """One model of one server. Open it with :meth:`connect`."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self.nature = _nature(settings.model, settings, _Served(settings.context_tokens))
        self._reach: Reach | None = None
        """Watched where the server does not tell its context: those that do refuse what is longer."""
        self._unwanted: set[str] = set()
        """Fields of the request that this server refuses."""
        self._client = client
        self._pace = Pace(settings.concurrency)
        self._budget = RetryBudget(settings.concurrency)
        self._timeout_s = settings.request_timeout_s
        self._retries = settings.retries
        self._successes = self._answers = 0
        self._counts_tokens = self._counts_cached = False
        self._given_up_in_a_row = 0

    @classmethod
    async def connect(cls, settings: Settings) -> HttpEngine:
        """Ask the server which models it serves and how long their context is.

        Raises EngineError if it can't be reached, SettingsError if the context length is not to be known.
        """
        key = settings.api_key.get_secret_value()
        _check(settings.base_url, key)
        try:
            client = httpx.AsyncClient(
                base_url=settings.base_url.rstrip("/") + "/",
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=httpx.Timeout(settings.request_timeout_s, connect=10.0),
                transport=KeptAlive(tls=settings.base_url.startswith("https:"), expiry_s=_KEPT_S),
                trust_env=False,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _bad_url(settings.base_url) from error
        engine = cls(settings, client)
        try:
            engine.nature = await engine._learned(settings)
        except BaseException:
            await client.aclose()
            raise
        return engine

    async def generate(self, request: Request) -> Completion:
        """Ask, with bounded retries. Raises RequestError, PromptTooLongError (CutPromptError where the server reads no
        more than a part of the prompt) or EngineError."""
        if self._reach:
            self._reach.refuse(request)
        completion = await self._asked(request)
        if self._reach:
            await self._reach.check(request, completion)
        return completion

    def state(self) -> EngineState:
        return EngineState(
            waiting=self._pace.waiting, counts_tokens=self._counts_tokens, counts_cached=self._counts_cached
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def _asked(self, request: Request) -> Completion:
        return await self._retried(lambda again: self._paced(request, again=again), request.prompt)

    async def _counted(self, request: Request) -> int:
        return (await self._asked(request)).prompt_tokens

    def _body(self, request: Request) -> Mapping[str, object]:
        sampling = request.sampling
        body: dict[str, object] = {
            "model": self.nature.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
            "stream": False,
        }
        if self.nature.behaviour.switch == "enable_thinking":
            body["chat_template_kwargs"] = {"enable_thinking": request.thinking}
        if request.thinking:
            body["thinking_token_budget"] = request.thinking_tokens
        if request.schema is not None:
            name = request.prompt.partition("@")[0].replace("/", "_")
            schema = {"name": name, "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if name not in self._unwanted}

    async def _learned(self, settings: Settings) -> Nature:
        """What the server tells of its model. Raises SettingsError where that is not enough."""
        model = settings.model
        models = await self._retried(lambda _: self._get_models(), _LIST_MODELS)
        if not model:
            if not models:
                raise SettingsError(
                    Text("服务器没有说明它有哪些模型", "the server does not tell which models it has"),
                    Text("请用 --model 指定模型名", "name the model with --model"),
                )
            if len(models) != 1:
                raise SettingsError(
                    Text(f"服务器有 {len(models)} 个模型：{'、'.join(models)[:300]}",
                         f"the server has {len(models)} models: {', '.join(models)[:300]}"),
                    Text("请用 --model 指定一个", "name one with --model"),
                )  # fmt: skip
            model = next(iter(models))
        served = models.get(model) or (next(iter(models.values())) if len(models) == 1 else _Served(None))
        if not (settings.context_tokens or served.context_tokens):
            raise SettingsError(
                Text(f"服务器没有说明模型 {model} 的上下文长度（max_model_len）",
                     f"the server does not tell the context length (max_model_len) of model {model}"),
                Text("请设置 LONGDOC_CONTEXT_TOKENS 为它实际的长度",
                     "set LONGDOC_CONTEXT_TOKENS to what it really is"),
            )  # fmt: skip
        nature = _nature(model, settings, served)
        if not served.context_tokens:
            self._reach = Reach(self._counted, nature.context_tokens)
        return nature

    async def _get_models(self) -> dict[str, _Served]:
        """What is told of each model, of those whose id can be shown; nothing where the server has no such list."""
        reply = await self._send("GET", "models", None)
        if reply.status_code in (404, 405, 501):
            return {}
        _raise_for_everyone(reply, self.nature.model)
        if reply.status_code != 200:
            raise _Passing(_status(reply))
        try:
            rows = cast(list[dict[str, object]], json.loads(reply.content)["data"])
            served = {str(row["id"]): _Served(_context(row), _weights(row)) for row in rows}
            return {id_: told for id_, told in served.items() if id_.isprintable() and len(id_) <= _LONGEST_ID}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _Passing(
                Text("/models 的回答不是 JSON 模型列表", "/models answered with no JSON list of models")
            ) from error

    async def _paced(self, request: Request, *, again: bool) -> Completion:
        async with self._pace.place(first=again) as place:
            try:
                data = await self._post(request)
            except _Passing as failure:
                if "crowded" in failure.signs:
                    self._pace.pushed_back(failure.pause_s)
                raise
            completion = self._completion(data)
            self._answers += 1
            self._pace.answered(place, work_of(completion))
            return completion

    def _completion(self, data: _ChatCompletion) -> Completion:
        choice, usage = data.choices[0], _usage(data.usage)
        answer, thoughts = _without_thoughts(choice.message)
        self._counts_tokens |= usage.prompt_tokens > 0
        self._counts_cached |= usage.cached_tokens is not None
        return Completion(
            text=answer,
            thoughts=thoughts,
            finish_reason=_finish_reason(choice.finish_reason),
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens or 0,
            completion_tokens=usage.completion_tokens,
        )

    async def _post(self, request: Request) -> _ChatCompletion:
        body = self._body(request)
        reply = await self._send("POST", "chat/completions", body)
        if reply.status_code != 200:
            _raise_for_everyone(reply, self.nature.model)
            said = _error_message(reply)
            if refused := {field for field in _DISPENSABLE if field in body and field in said}:
                self._unwanted |= refused
                return await self._post(request)
            raise _refusal(reply, request)
        try:
            data = _ChatCompletion.model_validate_json(reply.content)
        except ValidationError as error:
            raise _Passing(Text("回答不是 chat completion", "the body is no chat completion")) from error
        if not data.choices:
            raise _Passing(Text("回答里没有 choices", "the answer has no choices"))
        return data

    async def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> _Reply:
        try:
            async with asyncio.timeout(self._timeout_s):  # of the whole: a server may drip its bytes
                reply = await self._received(method, path, body)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise _Passing(Text("超时", "timed out"), "unreachable", "crowded", most_retries=1) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise _bad_url(str(self._client.base_url)) from error
        except httpx.DecodingError as error:
            raise _Passing(Text("回答解压失败", "the answer can't be unpacked")) from error
        except httpx.HTTPError as error:
            kind = type(error).__name__
            signs: tuple[_Sign, ...] = (
                ("unreachable", "out") if isinstance(error, httpx.ConnectError) else ("unreachable",)
            )
            raise _Passing(Text(f"连接失败（{kind}）", f"no connection ({kind})"), *signs) from error
        if reply.status_code in _PASSING or (reply.status_code >= 500 and reply.status_code != 501):
            raise self._pushed_back(reply)
        return reply

    def _pushed_back(self, reply: _Reply) -> _Passing:
        what, pause_s = _status(reply), _retry_after(reply)
        if pause_s > self._timeout_s:
            what = Text(f"{what.zh}，要求等 {pause_s:.0f} 秒", f"{what.en}, asks to wait {pause_s:.0f} s")
            pause_s = 0.0
        return _Passing(what, *_SIGNS.get(reply.status_code, ()), pause_s=pause_s)

    async def _received(self, method: str, path: str, body: Mapping[str, object] | None) -> _Reply:
        content = bytearray()
        async with self._client.stream(method, path, json=body) as reply:
            async for piece in reply.aiter_bytes(65_536):
                content += piece
                if len(content) > _MOST_BYTES:
                    size = f"{_MOST_BYTES >> 20} MiB"
                    raise _Passing(Text(f"回答超过 {size}", f"the answer is over {size}"), most_retries=1)
        return _Reply(reply.status_code, reply.headers, bytes(content).removeprefix(codecs.BOM_UTF8))

    async def _retried(self, attempt: Callable[[bool], Awaitable[T]], what: str) -> T:
        """Run ``attempt`` until it succeeds, at most ``retries`` times more; then say who is to blame. It is told
        whether it is a retry."""
        successes_before = successes = self._successes
        tries = pushes = waits = 0
        failing_since = 0.0
        while True:
            try:
                result = await attempt(tries + pushes + waits > 0)
            except _Passing as failure:
                if successes < self._successes or not failing_since:
                    failing_since = time.monotonic()
                if "pushed" in failure.signs and successes < self._successes and pushes < _MOST_PUSHES:
                    pushes += 1  # others are answered: it has no room just now
                elif "out" in failure.signs and self._answers and time.monotonic() - failing_since < _LONGEST_OUTAGE_S:
                    waits += 1  # nobody is answered: it may be starting anew
                else:
                    tries += 1
                successes = self._successes
                if tries > min(self._retries, failure.most_retries):
                    raise self._given_up(what, tries + waits, failure, successes_before) from failure
                await self._budget.take()
                await asyncio.sleep(self._pause_s(failure, max(tries + waits, 1)))
            else:
                self._successes += 1
                self._given_up_in_a_row = 0
                self._budget.earn()
                return result

    def _pause_s(self, failure: _Passing, tries: int) -> float:
        """Never less than the server asks for; not the same for all, or they would come back together."""
        backoff = min(_FIRST_PAUSE_S * 2 ** (tries - 1), _LONGEST_PAUSE_S) * random.uniform(0.5, 1.5)
        return max(backoff, failure.pause_s * random.uniform(1.0, 1.1))

    def _given_up(self, what: str, tries: int, failure: _Passing, successes_before: int) -> RequestError | EngineError:
        self._given_up_in_a_row += 1
        url = without_password(str(self._client.base_url))
        cause = Text(
            f"模型服务器 {url} 对 {what} 试了 {tries} 次都失败：{failure.what.zh}",
            f"model server {url} failed {what} {tries} times: {failure.what.en}",
        )
        unreachable = "unreachable" in failure.signs and self._successes == successes_before
        if unreachable or what == _LIST_MODELS or self._given_up_in_a_row >= _DEAD_AFTER:
            return EngineError(
                cause,
                Text(
                    "请检查服务器是否在运行、--base-url 是否正确，然后重跑：已完成的不会重做",
                    "check that the server runs and --base-url is right, then run again: what is done is kept",
                ),
            )
        return RequestError(
            cause,
            Text(
                "请查看服务器日志，然后重跑：已完成的不会重做",
                "see the server's log, then run again: what is done is kept",
            ),
        )


def _without_thoughts(message: _Message) -> tuple[str, str]:
    """The answer and the thoughts, wherever the server put them. Thoughts that never end leave no answer."""
    thoughts = message.reasoning_content or message.reasoning or ""
    answer = message.content or ""
    inline, end, rest = answer.partition("</think>")
    if end or answer.lstrip().startswith("<think>"):
        thoughts += inline.replace("<think>", "", 1)
        answer = rest
    return answer.strip(), thoughts.strip()


def _usage(told: object) -> _Usage:
    """Token counts as far as the server tells them: bookkeeping, never a reason to throw an answer away."""
    try:
        return _Usage.model_validate(told or {})
    except ValidationError:
        return _Usage()


def _finish_reason(reason: str | None) -> FinishReason:
    """vLLM's own word. None counts as ``stop``: some servers leave it out, and a cut answer is no valid JSON."""
    known: dict[str | None, FinishReason] = {
        None: "stop",
        "stop": "stop",
        "length": "length",
        "abort": "abort",
        "repetition": "repetition",
    }
    return known.get(reason, "error")


def _raise_for_everyone(reply: _Reply, model: str) -> None:
    """Refusals that every request would meet."""
    if 300 <= reply.status_code < 400:
        found = re.match(r"https?://[^/?#\s]{1,200}", str(reply.headers.get("location", "")))
        target = found[0] if found else ""
        raise EngineError(
            Text(
                f"模型服务器转到别处（{reply.status_code}）：{target}",
                f"the model server redirects ({reply.status_code}): {target}",
            ),
            Text("请把 --base-url 设为最终的地址", "set --base-url to where it really is"),
        )
    if reply.status_code in (401, 403):
        raise EngineError(
            Text(
                f"模型服务器拒绝访问（{reply.status_code}）", f"the model server refuses access ({reply.status_code})"
            ),
            Text("请设置 LONGDOC_API_KEY", "set LONGDOC_API_KEY"),
        )
    if reply.status_code == 404:
        raise EngineError(
            Text(
                f"模型服务器没有模型 {model} 或没有这个接口（404）",
                f"the server has no model {model} or no such path (404)",
            ),
            Text(
                "请检查 --model，以及 --base-url 是否以 /v1 结尾",
                "check --model, and that --base-url ends in /v1",
            ),
        )


def _refusal(reply: _Reply, request: Request) -> RequestError | PromptTooLongError:
    """Why this one request was refused. The server's words are passed on only if they don't repeat the document."""
    said = _error_message(reply)
    if reply.status_code == 413 or _TOO_LONG.search(said):
        return PromptTooLongError(
            Text(
                f"请求 {request.prompt} 超出模型上下文（约 {request.prompt_tokens} 个 token）",
                f"request {request.prompt} is over the model's context (about {request.prompt_tokens} tokens)",
            ),
            Text("请设置 LONGDOC_CONTEXT_TOKENS 或 --tokenizer", "set LONGDOC_CONTEXT_TOKENS or LONGDOC_TOKENIZER"),
        )
    prompt = "".join(message.content for message in request.messages)
    if any(said[at : at + 12] in prompt for at in range(0, max(len(said) - 11, 0))):
        said = ""
    said = said[:200]
    return RequestError(
        Text(
            f"模型服务器拒绝了请求 {request.prompt}（{reply.status_code}）{said}",
            f"the model server refused request {request.prompt} ({reply.status_code}) {said}",
        ),
        Text("请查看服务器日志", "see the server's log"),
    )


def _error_message(reply: _Reply) -> str:
    """What the server says is wrong: in OpenAI's form, in FastAPI's (which repeats the request: left out), or any."""
    try:
        data = cast(Mapping[str, object], json.loads(reply.content))
        error = data.get("error", data)
        if not isinstance(error, Mapping):
            return str(error)[:_MOST_SAID]
        fields = cast(Mapping[str, object], error)
        if isinstance(details := fields.get("detail"), list):
            rows = cast(list[Mapping[str, object]], details)
            return "; ".join(f"{row.get('loc')} {row.get('msg')}" for row in rows)[:_MOST_SAID]
        told = [fields[name] for name in ("message", "detail", "code", "type") if fields.get(name)]
        return " ".join(map(str, told))[:_MOST_SAID]
    except (ValueError, AttributeError, RecursionError):
        return ""


def _retry_after(reply: _Reply) -> float:
    """Seconds that the server asks for: told as such, or as a date (RFC 9110, 10.2.3); 0 where it asks for none."""
    told = reply.headers.get("retry-after", "0")
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0


def _context(row: Mapping[str, object]) -> int | None:
    """What a model's entry says of its context; None where that can't be true."""
    told = row.get("max_model_len")
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= _LEAST_CONTEXT else None


def _weights(row: Mapping[str, object]) -> str:
    """What a model's entry says of its weights (vLLM and SGLang: their path; llama.cpp: their size), as JSON."""
    told = {name: row[name] for name in _OF_WEIGHTS if row.get(name) and row[name] != row.get("id")}
    return json.dumps(told, sort_keys=True) if told else ""


def _nature(model: str, settings: Settings, served: _Served) -> Nature:
    known, family = behaviour_of(model), family_of(model)
    decides = f"{model} {served.weights}".strip()
    if family and (served.context_tokens or 0) > family.native_context:
        decides += f" context={served.context_tokens}"  # stretched, which decides its answers
    return Nature(
        model=model,
        decides=decides,
        context_tokens=settings.context_tokens or served.context_tokens or 0,
        # Only a model that is known by its name: of another it is not known whether its thoughts end, or where they
        # land, and only ``--thinking on`` asks for them.
        thinks=known is not None and known.switch == "enable_thinking",
        behaviour=known or Behaviour(),
        parallel=settings.concurrency,
    )


def _status(reply: _Reply) -> Text:
    return Text(f"状态码 {reply.status_code}", f"status {reply.status_code}")


def _check(url: str, key: str) -> None:
    """Raise SettingsError for what no request could be made with."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise _bad_url(url) from error
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 80) > 65_535:
        raise _bad_url(url)
    if not re.fullmatch(r"[!-~]*", key):
        raise SettingsError(
            Text("API 密钥含有空白、换行或非 ASCII 字符", "the API key holds white space, a line break or non-ASCII"),
            Text("请改正 LONGDOC_API_KEY", "correct LONGDOC_API_KEY"),
        )


def _bad_url(url: str) -> SettingsError:
    shown = repr(without_password(url))
    return SettingsError(
        Text(f"base_url 不是合法的网址：{shown}", f"base_url is no valid URL: {shown}"),
        Text("写作 http://主机:端口/v1", "write it as http://host:port/v1"),
    )
