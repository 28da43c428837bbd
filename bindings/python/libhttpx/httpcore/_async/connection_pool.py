"""Pools for asynchronous programs."""

from __future__ import annotations

import contextlib
import typing
from types import TracebackType

from ... import _async
from ..._ffi import NULL, check, error_slot, ffi, lib
from ..._models import Request as HTTPXRequest
from ..._models import Response as HTTPXResponse
from ..._types import AsyncByteStream
from .._exceptions import from_httpx, to_httpx
from .._models import URL, Content, Extensions, HeaderTypes, Request, Response
from .._pool import Pool

if typing.TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AsyncConnectionPool"]


class AsyncConnectionPool(Pool):
    """A pool of connections; the arguments are those of `ConnectionPool`."""

    _prefix = "Async"

    async def handle_async_request(self, request: Request) -> Response:
        """Sends a request that has all its headers; the response's body is unread."""
        from ..._transports.default import apply_extensions

        def submit(queue: typing.Any, mailbox: _async.Mailbox) -> typing.Any:
            if known._body is not None:
                known._body.mailbox = mailbox
            apply_extensions(handle, known.extensions, mailbox)
            slot, err = ffi.new("httpx_op **"), error_slot()
            transport = self._handle
            check(lib.httpx_transport_send_async(transport, handle, queue, NULL, mailbox.token, NULL, slot, err), err)
            return slot[0]

        with from_httpx():
            known = self._to_httpx(request, is_async=True)
            handle = known._native()
            mailbox = await _async.run(submit)
            response = HTTPXResponse._from_native(mailbox.response, None, True)
        return self._from_httpx(response, PoolByteStream(response))

    async def request(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: bytes | typing.AsyncIterator[bytes] | None = None,
        extensions: Extensions | None = None,
    ) -> Response:
        """Sends a request, with Host and how long the content is, and reads the response."""
        response = await self.handle_async_request(self._complete(method, url, headers, content, extensions))
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: bytes | typing.AsyncIterator[bytes] | None = None,
        extensions: Extensions | None = None,
    ) -> typing.AsyncIterator[Response]:
        """The same; the body is for the block to read, at the end of which the response is closed."""
        response = await self.handle_async_request(self._complete(method, url, headers, content, extensions))
        try:
            yield response
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def _handle_httpx(self, request: HTTPXRequest) -> HTTPXResponse:
        """The way of a transport's request through this pool, when somebody has replaced `handle_async_request`."""
        with to_httpx():
            response = await self.handle_async_request(self._request_of(request))
        return HTTPXResponse(
            response.status,
            headers=response.headers,
            stream=_Mapped(response.stream),
            extensions=dict(response.extensions),
        )


class PoolByteStream(AsyncByteStream):
    """A response's body on its connection."""

    def __init__(self, response: HTTPXResponse) -> None:
        self._response = response

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        with from_httpx():
            async for piece in self._response.aiter_raw():
                yield piece

    async def aclose(self) -> None:
        """Gives the connection back."""
        with from_httpx():
            await self._response.aclose()


class _Mapped(AsyncByteStream):
    """A response's body, with HTTPX's exceptions."""

    def __init__(self, stream: Content) -> None:
        self._stream = typing.cast("typing.AsyncIterable[bytes]", stream)

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        with to_httpx():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            with to_httpx():
                await self._stream.aclose()
