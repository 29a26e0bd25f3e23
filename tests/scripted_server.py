"""An OpenAI-compatible server that knows planted facts: it answers any schema with the facts that stand in the prompt.

It knows nothing of our schemas but that items have a ``quote``. ``behave`` may answer a request its own way, to be
slow, broken or rude.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """An answer outside the ordinary. ``raw`` is sent as it stands; ``declared`` lies about its length."""

    status: int = 200
    raw: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    drip_s: float = 0.0
    """Pause before each byte."""


@dataclass
class ScriptedServer:
    facts: Sequence[str] = ()
    context: int | None = 32_768
    behave: Callable[[dict, int], Reply | None] | None = None
    model: str = "scripted"
    models: Reply | None = None
    """What GET /models answers, instead of the truth."""
    delay_s: float = 0.0
    requests: list[dict] = field(default_factory=list)
    most_at_once: int = 0
    base_url: str = ""
    connected: set[tuple[str, int]] = field(default_factory=set)
    """Whence requests came."""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prompts(self) -> list[str]:
        return [request["messages"][-1]["content"] for request in self.requests]

    def answer(self, body: dict) -> Reply:
        with self._lock:
            self.requests.append(body)
            number = len(self.requests)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            time.sleep(self.delay_s)
            if self.behave and (reply := self.behave(body, number)):
                return reply
            schema = body["response_format"]["json_schema"]["schema"]
            prompt = body["messages"][-1]["content"]
            found = [fact for fact in self.facts if fact in prompt]
            return chat(json.dumps(fill(schema, found), ensure_ascii=False), prompt)
        finally:
            with self._lock:
                self._now -= 1


def fill(schema: dict, facts: Sequence[str]) -> object:
    """An instance of ``schema`` that holds ``facts`` as quotes, as many as its lists take."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {name: fill(inner, facts) for name, inner in schema["properties"].items()}
        case "array":
            return [
                {
                    name: fact if name == "quote" else fill(inner, ())
                    for name, inner in schema["items"]["properties"].items()
                }
                for fact in facts[: schema["maxItems"]]
            ]
        case _:
            return "x"


def chat(text: str, prompt: str = "", finish_reason: str = "stop") -> Reply:
    """An ordinary chat completion."""
    body = {
        "id": "chat-1", "object": "chat.completion", "model": "scripted",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": len(prompt), "completion_tokens": len(text),
                  "prompt_tokens_details": {"cached_tokens": len(prompt) // 2}},
    }  # fmt: skip
    return Reply(raw=json.dumps(body, ensure_ascii=False).encode())


@contextmanager
def serving(server: ScriptedServer) -> Iterator[ScriptedServer]:
    """Serve on a free local port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None: ...

        def do_GET(self) -> None:
            row = {"id": server.model, "object": "model"}
            if server.context:
                row["max_model_len"] = server.context
            self._send(server.models or Reply(raw=json.dumps({"object": "list", "data": [row]}).encode()))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.connected.add(self.client_address)
            body["_authorization"] = self.headers.get("authorization", "")
            self._send(server.answer(body))

        def _send(self, reply: Reply) -> None:
            try:
                self.send_response(reply.status)
                self.send_header("content-type", reply.content_type)
                self.send_header("content-length", str(reply.declared or len(reply.raw)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for at in range(len(reply.raw) if reply.drip_s else 0):
                    time.sleep(reply.drip_s)
                    self.wfile.write(reply.raw[at : at + 1])
                self.wfile.write(b"" if reply.drip_s else reply.raw)
                if reply.declared:
                    self.close_connection = True
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *args: object) -> None: ...

    httpd = Server(("127.0.0.1", 0), Handler)
    server.base_url = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
