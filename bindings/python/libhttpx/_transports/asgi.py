"""A transport that calls an ASGI application in this process."""

from __future__ import annotations

import sys
import typing

from .._models import Request, Response
from .._types import AsyncByteStream
from .base import AsyncBaseTransport

__all__ = ["ASGITransport"]

_Message = typing.MutableMapping[str, typing.Any]
_Receive = typing.Callable[[], typing.Awaitable[_Message]]
_Send = typing.Callable[[_Message], typing.Awaitable[None]]
_ASGIApp = typing.Callable[[typing.MutableMapping[str, typing.Any], _Receive, _Send], typing.Awaitable[None]]


def _new_event() -> typing.Any:
    """An event of the running event loop's kind."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None and sniffio.thread_local.name == "trio":
        return sys.modules["trio"].Event()
    import asyncio

    return asyncio.Event()


class ASGIResponseStream(AsyncByteStream):
    """What an application has sent, in one piece."""

    def __init__(self, body: list[bytes]) -> None:
        self._body = body

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        yield b"".join(self._body)


class _Exchange:
    """One request and its response, as the application receives and sends them."""

    def __init__(self, request: Request) -> None:
        assert isinstance(request.stream, AsyncByteStream)
        self._chunks = request.stream.__aiter__()
        self._received = False
        self._wants_body = request.method != "HEAD"
        self.status: int | None = None
        self.headers: typing.Any = None
        self.body: list[bytes] = []
        self.complete = _new_event()

    async def receive(self) -> dict[str, typing.Any]:
        if self._received:
            await self.complete.wait()
            return {"type": "http.disconnect"}
        try:
            body = await self._chunks.__anext__()
        except StopAsyncIteration:
            self._received = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": body, "more_body": True}

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            assert self.status is None, "The response has started before."
            self.status = message["status"]
            self.headers = message.get("headers", [])
        elif message["type"] == "http.response.body":
            assert not self.complete.is_set(), "The response is complete."
            body = message.get("body", b"")
            if body and self._wants_body:
                self.body.append(body)
            if not message.get("more_body", False):
                self.complete.set()


class ASGITransport(AsyncBaseTransport):
    """Sends requests to an ASGI application: `AsyncClient(transport=ASGITransport(app=app))`.

    `raise_app_exceptions`: whether an exception that leaves the application is raised, or a 500 is the response.
    `root_path`: where the application is mounted. `client`: the client's address and port, as the application sees them.
    """

    def __init__(
        self,
        app: _ASGIApp,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
    ) -> None:
        self.app = app
        self.raise_app_exceptions = raise_app_exceptions
        self.root_path = root_path
        self.client = client

    async def handle_async_request(self, request: Request) -> Response:
        exchange = _Exchange(request)
        try:
            await self.app(self._scope(request), exchange.receive, exchange.send)
        except Exception:
            if self.raise_app_exceptions:
                raise
            exchange.complete.set()
            if exchange.status is None:
                exchange.status, exchange.headers = 500, []
        assert exchange.complete.is_set(), "The application has not completed the response."
        assert exchange.status is not None
        return Response(exchange.status, headers=exchange.headers, stream=ASGIResponseStream(exchange.body))

    def _scope(self, request: Request) -> dict[str, typing.Any]:
        url = request.url
        query = url.query
        raw_path = url.raw_path
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": raw_path.partition(b"?")[0],
            "query_string": query,
            "server": (url.host, url.port),
            "client": self.client,
            "root_path": self.root_path,
        }
