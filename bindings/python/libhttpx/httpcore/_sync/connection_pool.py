"""Pools for synchronous programs."""

from __future__ import annotations

import contextlib
import typing
from types import TracebackType

from ..._ffi import check, error_slot, ffi, lib
from ..._models import Request as HTTPXRequest
from ..._models import Response as HTTPXResponse
from ..._types import SyncByteStream
from .._exceptions import from_httpx, to_httpx
from .._models import URL, Content, Extensions, HeaderTypes, Request, Response
from .._pool import Pool

if typing.TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ConnectionPool"]


class ConnectionPool(Pool):
    """A pool of connections.

    `ssl_context`: TLS settings, `default_ssl_context()` unless given. `proxy`: what to go through. `max_connections`: at
    once; `max_keepalive_connections`: of those that are idle; None is no limit. `keepalive_expiry`: after how many seconds an
    idle connection is closed, None: never. `http1`, `http2`: which versions are spoken. `retries`: of connecting.
    `local_address`: the address at this end. `uds`: a unix socket instead of the URL's address. `socket_options`:
    arguments of `setsockopt`. There is no `network_backend`.
    """

    def handle_request(self, request: Request) -> Response:
        """Sends a request that has all its headers; the response's body is unread."""
        from ..._transports.default import apply_extensions

        with from_httpx():
            known = self._to_httpx(request, is_async=False)
            handle = known._native()
            apply_extensions(handle, known.extensions)
            slot, err = ffi.new("httpx_response **"), error_slot()
            check(lib.httpx_transport_send(self._handle, handle, slot, err), err)
            response = HTTPXResponse._from_native(slot[0], None, False)
        return self._from_httpx(response, PoolByteStream(response))

    def request(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: bytes | typing.Iterator[bytes] | None = None,
        extensions: Extensions | None = None,
    ) -> Response:
        """Sends a request, with Host and how long the content is, and reads the response."""
        response = self.handle_request(self._complete(method, url, headers, content, extensions))
        try:
            response.read()
        finally:
            response.close()
        return response

    @contextlib.contextmanager
    def stream(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: bytes | typing.Iterator[bytes] | None = None,
        extensions: Extensions | None = None,
    ) -> typing.Iterator[Response]:
        """The same; the body is for the block to read, at the end of which the response is closed."""
        response = self.handle_request(self._complete(method, url, headers, content, extensions))
        try:
            yield response
        finally:
            response.close()

    def close(self) -> None:
        """Closes the connections."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def _handle_httpx(self, request: HTTPXRequest) -> HTTPXResponse:
        """The way of a transport's request through this pool, when somebody has replaced `handle_request`."""
        with to_httpx():
            response = self.handle_request(self._request_of(request))
        return HTTPXResponse(
            response.status,
            headers=response.headers,
            stream=_Mapped(response.stream),
            extensions=dict(response.extensions),
        )


class PoolByteStream(SyncByteStream):
    """A response's body on its connection."""

    def __init__(self, response: HTTPXResponse) -> None:
        self._response = response

    def __iter__(self) -> typing.Iterator[bytes]:
        with from_httpx():
            yield from self._response.iter_raw()

    def close(self) -> None:
        """Gives the connection back."""
        with from_httpx():
            self._response.close()


class _Mapped(SyncByteStream):
    """A response's body, with HTTPX's exceptions."""

    def __init__(self, stream: Content) -> None:
        self._stream = typing.cast("typing.Iterable[bytes]", stream)

    def __iter__(self) -> typing.Iterator[bytes]:
        with to_httpx():
            yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            with to_httpx():
                self._stream.close()
