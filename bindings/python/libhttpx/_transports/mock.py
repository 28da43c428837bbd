"""A transport that answers by calling a function."""

from __future__ import annotations

import typing

from .._models import Request, Response
from .base import AsyncBaseTransport, BaseTransport

__all__ = ["MockTransport"]

SyncHandler = typing.Callable[[Request], Response]
AsyncHandler = typing.Callable[[Request], typing.Coroutine[None, None, Response]]


class MockTransport(AsyncBaseTransport, BaseTransport):
    """Answers each request with what `handler(request)` returns; for `AsyncClient`, it may be a coroutine function."""

    def __init__(self, handler: SyncHandler | AsyncHandler) -> None:
        self.handler = handler

    def handle_request(self, request: Request) -> Response:
        request.read()
        answer = self.handler(request)
        if not isinstance(answer, Response):
            raise TypeError("Cannot use an async handler in a sync Client")
        return answer

    async def handle_async_request(self, request: Request) -> Response:
        await request.aread()
        answer = self.handler(request)
        return answer if isinstance(answer, Response) else await answer
