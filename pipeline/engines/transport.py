"""Connections to one server, kept alive, the last used first.

httpx's own pool looks at every idle connection, by a system call each, whenever a request begins or ends: with 64 of
them that takes as long as all the rest of a request. Here each has a pool of its own, of one.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable

import httpx


class KeptAlive(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once."""

    def __init__(self, *, tls: bool, expiry_s: float) -> None:
        """``tls``: whether the server is asked by https."""
        # once for all of them: it reads hundreds of certificates; without TLS it is never used
        self._tls = httpx.create_ssl_context(trust_env=False) if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._expiry_s = expiry_s
        self._idle: list[httpx.AsyncHTTPTransport] = []
        self._all: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection = self._idle.pop() if self._idle else self._another()
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            self._idle.append(connection)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Lent(response.stream, lambda: self._idle.append(connection))
        return response

    async def aclose(self) -> None:
        for connection in self._all:
            await connection.aclose()

    def _another(self) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._expiry_s)
        made = httpx.AsyncHTTPTransport(verify=self._tls, limits=limits, trust_env=False)
        self._all.append(made)
        return made


class _Lent(httpx.AsyncByteStream):
    """A response's body; its connection is given back when it is closed."""

    def __init__(self, body: httpx.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._body = body
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._give_back()
