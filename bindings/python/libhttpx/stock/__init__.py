"""The engine under an unchanged httpx: `httpx.Client(transport=libhttpx.stock.HTTPTransport())`.

httpx builds the requests, follows redirects and decodes; connections, TLS, HTTP/1.1, HTTP/2 and proxies are the library's.
Exceptions are httpx's own. The transports take the arguments of httpx's, and httpx's `Limits`, `Proxy` and `SSLContext`.
"""

from __future__ import annotations

import contextlib
import typing

import httpx

from .. import httpcore
from .._config import Limits as _Limits
from .._config import Proxy as _Proxy
from .._transports.default import AsyncHTTPTransport as _AsyncHTTPTransport
from .._transports.default import HTTPTransport as _HTTPTransport
from ..httpcore import URL as _URL
from ..httpcore import Request as _Request
from ..httpcore import Response as _Response

if typing.TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["AsyncHTTPTransport", "HTTPTransport"]


def _options(
    verify: ssl.SSLContext | str | bool = True,
    cert: typing.Any = None,
    trust_env: bool = True,
    http1: bool = True,
    http2: bool = False,
    limits: httpx.Limits | None = None,
    proxy: httpx.Proxy | httpx.URL | str | None = None,
    uds: str | None = None,
    local_address: str | None = None,
    retries: int = 0,
    socket_options: typing.Any = None,
) -> dict[str, typing.Any]:
    """The arguments of httpx's transports, as those of the library's."""
    options: dict[str, typing.Any] = {
        "verify": verify,
        "cert": cert,
        "trust_env": trust_env,
        "http1": http1,
        "http2": http2,
        "uds": uds,
        "local_address": local_address,
        "retries": retries,
        "socket_options": socket_options,
    }
    if limits is not None:
        options["limits"] = _Limits(
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
        )
    if proxy is not None:
        given = proxy if isinstance(proxy, httpx.Proxy) else httpx.Proxy(proxy)
        options["proxy"] = _Proxy(
            str(given.url), auth=given.auth, headers=given.headers.raw, ssl_context=given.ssl_context
        )
    return options


def _to_pool(request: httpx.Request) -> _Request:
    """A request as pools have them; content that is in memory stays one piece."""
    url = request.url
    try:
        content: typing.Any = request.content
    except httpx.RequestNotRead:
        content = request.stream
    return _Request(
        request.method,
        _URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=content,
        extensions=request.extensions,
    )


def _from_pool(response: _Response, stream: typing.Any) -> httpx.Response:
    return httpx.Response(
        response.status, headers=response.headers, stream=stream, extensions=dict(response.extensions)
    )


@contextlib.contextmanager
def _exceptions() -> typing.Iterator[None]:
    """What a pool raises comes out as httpx's exception of the same name."""
    try:
        yield
    except tuple(kind for kind, _ in _MAPPING) as error:
        becomes = next(becomes for kind, becomes in _MAPPING if isinstance(error, kind))
        raise becomes(str(error)) from error


# Those that derive from others first.
_MAPPING: list[tuple[type[Exception], type[httpx.TransportError]]] = sorted(
    (
        (getattr(httpcore, name), getattr(httpx, name))
        for name in httpcore.__all__
        if isinstance(getattr(httpx, name, None), type) and issubclass(getattr(httpx, name), httpx.TransportError)
    ),
    key=lambda pair: -len(pair[0].__mro__),
)


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: typing.Any) -> None:
        self._stream = stream

    def __iter__(self) -> typing.Iterator[bytes]:
        with _exceptions():
            yield from self._stream

    def close(self) -> None:
        with _exceptions():
            self._stream.close()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, stream: typing.Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        with _exceptions():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        with _exceptions():
            await self._stream.aclose()


class HTTPTransport(httpx.BaseTransport):
    """For `httpx.Client`; the arguments are those of `httpx.HTTPTransport`."""

    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        self._pool = _HTTPTransport(**_options(*args, **kwargs))._pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request as it is; the response's body is unread."""
        with _exceptions():
            response = self._pool.handle_request(_to_pool(request))
        return _from_pool(response, _Stream(response.stream))

    def close(self) -> None:
        """Closes the connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class AsyncHTTPTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`, on asyncio and trio; the arguments are those of `httpx.AsyncHTTPTransport`."""

    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        self._pool = _AsyncHTTPTransport(**_options(*args, **kwargs))._pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request as it is; the response's body is unread."""
        with _exceptions():
            response = await self._pool.handle_async_request(_to_pool(request))
        return _from_pool(response, _AsyncStream(response.stream))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
