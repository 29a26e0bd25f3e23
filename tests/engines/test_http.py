"""The http engine against a real server on this machine that misbehaves in every way we know."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from scripted_server import Reply, ScriptedServer, chat, serving

from pipeline.engines.choose import choose
from pipeline.engines.http import HttpEngine
from pipeline.engines.pacing import Pace
from pipeline.errors import EngineError, PromptTooLongError, RequestError, SettingsError
from pipeline.settings import load_settings
from pipeline.types import Completion, Message, Request, Sampling

SCHEMA = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "maxItems": 3,
            "items": {"type": "object", "properties": {"quote": {"type": "string"}}},
        }
    },
}


def request(text: str = "甲方应当付款。", **changes: object) -> Request:
    usual = Request(
        document_id="d",
        prompt="contract/money@1",
        prompt_sha256="p",
        messages=(Message("system", "规则"), Message("user", text)),
        schema=SCHEMA,
        max_tokens=64,
        sampling=Sampling(top_k=7),
        thinking=False,
        prompt_tokens=20,
    )
    return replace(usual, **changes)


def ask(server: ScriptedServer, *requests: Request, **settings: object) -> list[Completion | BaseException]:
    async def run() -> list[Completion | BaseException]:
        values = {"engine": "http", "base_url": server.base_url, "retries": 2} | settings
        engine = await HttpEngine.connect(load_settings(values, environ={}))
        try:
            return await asyncio.gather(*(engine.generate(one) for one in requests), return_exceptions=True)
        finally:
            await engine.close()

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.http._FIRST_PAUSE_S", 0.01)


def test_the_request_is_as_vllm_and_openai_document_it() -> None:
    with serving(ScriptedServer(facts=["甲方应当付款。"])) as server:
        [completion] = ask(server, request(), api_key="secret")
        [body] = server.requests
    assert json.loads(completion.text) == {"items": [{"quote": "甲方应当付款。"}]}
    assert completion.finish_reason == "stop" and completion.cached_tokens > 0
    assert body["model"] == "scripted" and body["max_tokens"] == 64 and body["top_k"] == 7
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "contract_money", "schema": SCHEMA, "strict": True},
    }
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["_authorization"] == "Bearer secret"


def test_context_length_comes_from_the_server_and_a_setting_goes_before() -> None:
    async def context(**settings: object) -> int:
        engine = await HttpEngine.connect(load_settings({"base_url": server.base_url} | settings, environ={}))
        await engine.close()
        return engine.nature.context_tokens

    with serving(ScriptedServer(context=12_345)) as server:
        assert asyncio.run(context()) == 12_345
        assert asyncio.run(context(context_tokens=4096)) == 4096
    with serving(ScriptedServer(context=None)) as server, pytest.raises(SettingsError, match="CONTEXT_TOKENS"):
        asyncio.run(context())


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=500),
        Reply(status=503),
        Reply(status=429, headers={"retry-after": "0"}),
        Reply(raw=b"<html>gateway</html>", content_type="text/html"),
        Reply(raw=b'{"choices": [{"mess', declared=400),
        Reply(raw=b'{"choices": []}'),
        Reply(raw=b"[1, 2"),
    ],
    ids=["500", "503", "429", "html", "cut body", "no choices", "broken JSON"],
)
def test_a_passing_failure_is_retried_and_a_lasting_one_ends_after_bounded_tries(failure: Reply) -> None:
    with serving(ScriptedServer(behave=lambda body, number: failure if number == 1 else None)) as server:
        [completion] = ask(server, request())
        assert isinstance(completion, Completion) and len(server.requests) == 2
    with serving(ScriptedServer(behave=lambda body, number: failure)) as server:
        [error] = ask(server, request())
        assert isinstance(error, RequestError | EngineError) and len(server.requests) == 3


@contextmanager
def speaking(raw: bytes) -> Iterator[ScriptedServer]:
    """A server that lists its model, answers everything else with these bytes, and hangs up after each."""
    server = ScriptedServer()
    models = b'HTTP/1.1 200 OK\r\n\r\n{"data": [{"id": "raw", "max_model_len": 9000}]}'

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            first, *head = iter(self.rfile.readline, b"\r\n")
            lengths = [int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length:")]
            body = self.rfile.read(sum(lengths))
            server.requests += [json.loads(body)] if body else []
            self.wfile.write(models if first.startswith(b"GET") else raw)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        server.base_url = f"http://127.0.0.1:{listening.server_address[1]}/v1"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        listening.shutdown()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        OK,
        OK + b"transfer-encoding: chunked\r\n\r\nZZ\r\nxx\r\n",
        OK + b'transfer-encoding: chunked\r\n\r\n5\r\n{"cho',
        OK + b"content-length: -1\r\n\r\n{}",
        OK + b"content-encoding: gzip\r\n\r\nnot gzip",
        OK + b"x: " + b"y" * 2_000_000 + b"\r\n\r\n{}",
        OK + b"content-type: text/event-stream\r\n\r\ndata: [DONE]\n\n",
        OK + b"\r\n" + '{"choices": [{"message": {"content": "甲"}, "finish_reason": "stop"}]}'.encode("gb18030"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:60]),
)
def test_what_is_no_answer_on_the_wire_ends_after_bounded_tries(raw: bytes) -> None:
    with speaking(raw) as server:
        [error] = ask(server, request())
    assert isinstance(error, RequestError | EngineError) and 1 <= len(server.requests) <= 3


def test_a_server_that_hangs_up_after_each_answer_is_a_server() -> None:
    with speaking(OK + b"\r\n" + chat("{}").raw) as server:
        answers = ask(server, *(request(str(n)) for n in range(20)))
    assert all(isinstance(answer, Completion) for answer in answers) and len(server.requests) == 20


def test_one_refused_request_costs_no_other() -> None:
    def behave(body: dict, number: int) -> Reply | None:
        return Reply(status=400, raw=b'{"error": {"message": "bad"}}') if "poison" in str(body["messages"]) else None

    with serving(ScriptedServer(behave=behave)) as server:
        good, bad, other = ask(server, request("a"), request("poison"), request("b"))
    assert isinstance(bad, RequestError)
    assert isinstance(good, Completion) and isinstance(other, Completion)


def test_an_over_long_prompt_is_told_as_such_and_document_text_is_not_repeated() -> None:
    message = b'{"error": {"message": "maximum context length is 10"}}'
    with serving(ScriptedServer(behave=lambda body, number: Reply(status=400, raw=message))) as server:
        [error] = ask(server, request())
    assert isinstance(error, PromptTooLongError)
    secret = "绝密条款一二三四五六七八九十"
    echo = json.dumps({"error": {"message": f"cannot parse {secret}"}}).encode()
    with serving(ScriptedServer(behave=lambda body, number: Reply(status=400, raw=echo))) as server:
        [error] = ask(server, request(f"合同约定{secret}。"))
    assert isinstance(error, RequestError) and secret not in str(error)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            400,
            {"error": {"message": "This model's maximum context length is 4096 tokens. However, you requested 5000"}},
        ),
        (400, {"error": {"message": "The decoder prompt (length 40000) is longer than the maximum model length of 9"}}),
        (400, {"error": {"message": "Your input exceeds the context window of this model."}}),
        (400, {"error": {"message": "no", "code": "context_length_exceeded"}}),
        (400, {"error": {"message": "the request exceeds the available context size, try increasing it"}}),
        (400, {"message": "The input (5000 tokens) is longer than the model's context length (4096 tokens)."}),
        (422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096"}),
        (413, "<html>Payload Too Large"),
    ],
)
def test_an_over_long_prompt_is_known_by_the_words_of_many_servers(status: int, said: object) -> None:
    reply = Reply(status=status, raw=json.dumps(said).encode())
    with serving(ScriptedServer(behave=lambda body, number: reply)) as server:
        [error] = ask(server, request())
    assert isinstance(error, PromptTooLongError)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_that_everyone_meets_ends_the_engine(status: int) -> None:
    with serving(ScriptedServer(behave=lambda body, number: Reply(status=status))) as server:
        [error] = ask(server, request())
    assert isinstance(error, EngineError) and len(server.requests) == 1


def test_a_server_that_is_down_is_an_engine_error_with_a_remedy() -> None:
    with pytest.raises(EngineError, match=r"http://127\.0\.0\.1:9"):
        ask(ScriptedServer(base_url="http://127.0.0.1:9/v1"), request())


def test_a_slow_server_times_out_and_is_retried_once() -> None:
    with serving(ScriptedServer(delay_s=0.6)) as server:
        [error] = ask(server, request(), request_timeout_s=0.15)
        assert isinstance(error, EngineError) and len(server.requests) == 2


def test_cut_answers_and_thoughts_are_told_apart_from_the_answer() -> None:
    replies = {1: chat("[", finish_reason="length"), 2: chat("<think>hm</think>\n{}")}
    with serving(ScriptedServer(behave=lambda body, number: replies[number])) as server:
        [cut] = ask(server, request())
        [thought] = ask(server, request())
    assert cut.finish_reason == "length"
    assert (thought.text, thought.thoughts) == ("{}", "hm")


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": None}, {"prompt_tokens": 1.5}, "free"])
def test_a_strange_usage_costs_no_answer(usage: object) -> None:
    body = json.loads(chat("{}").raw) | {"usage": usage}
    body["choices"][0]["finish_reason"] = None
    with serving(ScriptedServer(behave=lambda _, number: Reply(raw=json.dumps(body).encode()))) as server:
        [completion] = ask(server, request())
    assert (completion.text, completion.finish_reason, completion.prompt_tokens) == ("{}", "stop", 0)


def test_connections_are_used_again_the_last_one_first() -> None:
    with serving(ScriptedServer(delay_s=0.02)) as server:
        ask(server, *(request(str(n)) for n in range(60)), concurrency=4)
    assert 1 <= len(server.connected) <= 8, "four, and more only where one was idle for too long"


def test_concurrency_is_bounded() -> None:
    with serving(ScriptedServer(delay_s=0.05)) as server:
        answers = ask(server, *(request(str(n)) for n in range(12)), concurrency=3)
        assert all(isinstance(answer, Completion) for answer in answers)
        assert server.most_at_once <= 3


def test_a_server_that_bears_it_gets_more_at_once_and_one_that_does_not_gets_less() -> None:
    with serving(ScriptedServer(delay_s=0.15)) as server:
        ask(server, *(request(str(n)) for n in range(300)), concurrency=40)
        assert 20 < server.most_at_once <= 40

    async def limit_after(failure: Reply) -> float:
        replies = {1: failure, 2: failure}
        with serving(ScriptedServer(behave=lambda body, number: replies.get(number))) as server:
            engine = await HttpEngine.connect(load_settings({"base_url": server.base_url}, environ={}))
            await engine.generate(request())
            await engine.close()
            return engine._pace.limit

    assert asyncio.run(limit_after(Reply(status=429, headers={"retry-after": "0"}))) == 8, "once for one crowd"
    assert asyncio.run(limit_after(Reply(status=500))) == 16


def test_places_are_given_in_order_and_a_cancelled_one_is_passed_on() -> None:
    async def run() -> list[int]:
        pace, order = Pace(1), []

        async def enter(number: int) -> None:
            async with pace.place():
                await asyncio.sleep(0.001)
                order.append(number)

        tasks = [asyncio.create_task(enter(n)) for n in range(5)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return order

    assert asyncio.run(run()) == [1, 2, 4]


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "http://127.0.0.1:99999/v1", "http://[::1", "ftp://h/v1", "http://h:x/v1"]
)
def test_a_url_that_is_none_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        ask(ScriptedServer(base_url=url), request())


@pytest.mark.parametrize("key", ["機密", "a\nb", "a b", "\x7f"])
def test_a_key_that_no_header_holds_is_a_settings_error_that_does_not_tell_it(key: str) -> None:
    with pytest.raises(SettingsError, match="LONGDOC_API_KEY") as raised:
        ask(ScriptedServer(base_url="http://127.0.0.1:9"), request(), api_key=key)
    assert key not in str(raised.value)


def test_a_password_in_the_url_is_not_told() -> None:
    with pytest.raises(EngineError) as raised:
        ask(ScriptedServer(base_url="http://user:geheim@127.0.0.1:9/v1"), request(), retries=0)
    assert "geheim" not in str(raised.value) and "127.0.0.1:9" in str(raised.value)
    chosen = choose(load_settings({"base_url": "http://user:geheim@h/v1"}, environ={}))
    assert "geheim" not in str(chosen.reason)


def thought(content: str, **fields: str) -> Reply:
    message = {"role": "assistant", "content": content, **fields}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": None}
    return Reply(raw=json.dumps(body).encode())


@pytest.mark.parametrize(
    "reply",
    [
        thought("{}", reasoning_content="想一想"),
        thought("{}", reasoning="想一想"),
        thought("<think>\n想一想\n</think>\n\n{}"),
        thought("想一想</think>{}"),  # the template opened them
    ],
    ids=["reasoning_content", "reasoning", "in the content", "opened by the template"],
)
def test_thoughts_are_kept_apart_wherever_the_server_puts_them(reply: Reply) -> None:
    with serving(ScriptedServer(behave=lambda body, number: reply)) as server:
        [completion] = ask(server, request(thinking=True))
    assert (completion.text, completion.thoughts) == ("{}", "想一想")
    assert server.requests[0]["chat_template_kwargs"] == {"enable_thinking": True}
    assert server.requests[0]["thinking_token_budget"] == 32


def test_thoughts_that_never_end_leave_no_answer() -> None:
    with serving(ScriptedServer(behave=lambda body, number: chat("<think>想啊想", finish_reason="length"))) as server:
        [completion] = ask(server, request(thinking=True))
    assert completion.text == "" and completion.thoughts == "想啊想" and completion.finish_reason == "length"


def test_the_served_model_s_name_says_how_it_is_spoken_to() -> None:
    async def engine(model: str) -> HttpEngine:
        with serving(ScriptedServer(model=model)) as server:
            made = await HttpEngine.connect(load_settings({"engine": "http", "base_url": server.base_url}, environ={}))
            await made.close()
            return made

    known, unknown = asyncio.run(engine("Qwen/Qwen3.6-27B")), asyncio.run(engine("llama"))
    assert known.nature.thinks and known.nature.behaviour.thinking.temperature == 1.0
    assert not unknown.nature.thinks


def test_a_field_that_the_server_refuses_is_left_out_from_then_on() -> None:
    def behave(body: dict, number: int) -> Reply | None:
        refused = [field for field in ("thinking_token_budget", "min_p") if field in body]
        said = json.dumps({"error": {"message": f"unknown field {refused[0]}"}}) if refused else ""
        return Reply(status=400, raw=said.encode()) if refused else None

    with serving(ScriptedServer(facts=["甲方应当付款。"], behave=behave)) as server:
        answers = ask(server, request(thinking=True))
        assert isinstance(answers[0], Completion) and len(server.requests) == 3
    assert "min_p" not in server.requests[-1] and server.requests[-1]["top_k"] == 7


def test_a_field_that_fastapi_refuses_is_left_out_from_then_on() -> None:
    def behave(body: dict, number: int) -> Reply | None:
        detail = [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted", "input": body}]
        return Reply(status=422, raw=json.dumps({"detail": detail}).encode()) if "top_k" in body else None

    with serving(ScriptedServer(behave=behave)) as server:
        answers = ask(server, request(), request("b"), concurrency=1)
    assert all(isinstance(answer, Completion) for answer in answers) and len(server.requests) == 3
    assert "min_p" in server.requests[-1], "only what it names, not all that it repeats"


@pytest.mark.parametrize("status", [502, 503])
def test_a_server_that_is_starting_anew_is_waited_for(status: int) -> None:
    gone_at: list[float] = []

    def behave(body: dict, number: int) -> Reply | None:
        if number == 3:
            gone_at.append(time.monotonic())
        return Reply(status=status) if gone_at and time.monotonic() < gone_at[0] + 0.5 else None

    with serving(ScriptedServer(behave=behave)) as server:
        answers = ask(server, *(request(str(n)) for n in range(8)), concurrency=2, retries=1)
    assert all(isinstance(answer, Completion) for answer in answers)


def test_a_server_that_stays_away_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.http._LONGEST_OUTAGE_S", 0.5)
    gone = Reply(status=502)
    with serving(ScriptedServer(behave=lambda body, number: gone if number > 1 else None)) as server:
        started = time.monotonic()
        answered, error = ask(server, request("a"), request("b"), concurrency=1, retries=1)
    assert isinstance(answered, Completion) and isinstance(error, RequestError) and "502" in str(error)
    assert 0.5 <= time.monotonic() - started < 50


def test_who_asks_to_wait_longer_than_for_an_answer_is_asked_again_and_then_quoted() -> None:
    refusal = Reply(status=429, headers={"retry-after": "86400"})
    with serving(ScriptedServer(behave=lambda body, number: refusal if number <= 2 else None)) as server:
        [answer] = ask(server, request())
        assert isinstance(answer, Completion)
    with serving(ScriptedServer(behave=lambda body, number: refusal)) as server:
        [error] = ask(server, request())
    assert isinstance(error, RequestError) and "86400" in str(error) and len(server.requests) == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured_by_all(as_date: bool) -> None:
    asked: list[float] = []

    def behave(body: dict, number: int) -> Reply | None:
        asked.append(time.time())
        until = formatdate(time.time() + 2, usegmt=True) if as_date else "1"
        return Reply(status=429, headers={"retry-after": until}) if number == 1 else None

    with serving(ScriptedServer(behave=behave)) as server:
        answers = ask(server, request("a"), *(request(str(n)) for n in range(4)), concurrency=1)
    assert all(isinstance(answer, Completion) for answer in answers)
    assert asked[1] - asked[0] >= 1.0, "a date has whole seconds"


def test_being_refused_for_want_of_room_is_no_failure_while_others_are_answered() -> None:
    refused: list[int] = []

    def behave(body: dict, number: int) -> Reply | None:
        if "unlucky" not in str(body["messages"]) or len(refused) == 12:
            return None
        refused.append(number)
        time.sleep(0.05)
        return Reply(status=429)

    with serving(ScriptedServer(behave=behave)) as server:
        answers = ask(server, request("unlucky"), *(request(str(n)) for n in range(300)), retries=4)
    assert len(refused) == 12
    assert all(isinstance(answer, Completion) for answer in answers)


def test_a_server_that_drips_its_answer_times_out() -> None:
    drip = Reply(raw=chat("{}").raw, drip_s=0.05)
    with serving(ScriptedServer(behave=lambda body, number: drip)) as server:
        started = time.monotonic()
        [error] = ask(server, request(), request_timeout_s=0.4)
    assert isinstance(error, EngineError) and "超时" in str(error)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_end_is_cut_off_and_fails_by_name(packed: bool) -> None:
    raw = chat("x" * (20 << 20)).raw
    endless = Reply(
        raw=gzip.compress(raw, 1) if packed else raw, headers={"content-encoding": "gzip"} if packed else {}
    )
    with serving(ScriptedServer(behave=lambda body, number: endless)) as server:
        [error] = ask(server, request())
    assert isinstance(error, RequestError) and "8 MiB" in str(error)


def test_a_redirect_is_told_with_its_target() -> None:
    moved = Reply(status=308, headers={"location": "https://elsewhere.example/v1/chat/completions"})
    with (
        serving(ScriptedServer(behave=lambda body, number: moved)) as server,
        pytest.raises(EngineError, match=r"转到别处（308）：https://elsewhere\.example。"),
    ):
        raise ask(server, request())[0]


@pytest.mark.parametrize("told", ["true", "-1", "0", "12.5", '"4096"', "Infinity", "[1]", "1e400", "10"])
def test_a_context_length_that_can_not_be_true_counts_as_not_told(told: str) -> None:
    models = Reply(raw=f'{{"data": [{{"id": "scripted", "max_model_len": {told}}}]}}'.encode())
    with serving(ScriptedServer(models=models)) as server, pytest.raises(SettingsError, match="CONTEXT_TOKENS"):
        ask(server)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"data": [1]}', b'{"data": {"a": 1}}', b"[" * 99_999, b"<html>"])
def test_a_list_of_models_that_is_none_is_an_engine_error(raw: bytes) -> None:
    with serving(ScriptedServer(models=Reply(raw=raw))) as server, pytest.raises(EngineError, match="/models"):
        ask(server, retries=0)


@pytest.mark.parametrize("name", ["\\ud800", "\\u001b[31m", "a\\nb", "x" * 301])
def test_a_model_whose_name_can_not_be_shown_has_to_be_named(name: str) -> None:
    models = Reply(raw=f'{{"data": [{{"id": "{name}", "max_model_len": 9000}}]}}'.encode())
    with serving(ScriptedServer(models=models)) as server, pytest.raises(SettingsError, match="--model"):
        ask(server)


@pytest.mark.parametrize("tokens", [-5, 2**31, 2**70, 10**400])
def test_token_counts_that_can_not_be_true_count_as_not_told(tokens: int) -> None:
    body = json.loads(chat("{}").raw) | {"usage": {"prompt_tokens": tokens, "completion_tokens": tokens}}
    with serving(ScriptedServer(behave=lambda _, number: Reply(raw=json.dumps(body).encode()))) as server:
        [completion] = ask(server, request())
    assert (completion.prompt_tokens, completion.completion_tokens) == (0, 0)


def test_more_cached_than_sent_is_no_more_than_sent() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 99}}
    body = json.loads(chat("{}").raw) | {"usage": usage}
    with serving(ScriptedServer(behave=lambda _, number: Reply(raw=json.dumps(body).encode()))) as server:
        [completion] = ask(server, request())
    assert completion.cached_tokens == 10
