"""Requests by way of a pool of `libhttpx.httpcore`: for programs that replace how pools handle requests.

Otherwise a transport sends by its handle, and nothing of this is imported.
"""

from __future__ import annotations

import contextlib
import typing

from .. import _exceptions, httpcore
from .._models import Request, Response
from .._types import AsyncByteStream, SyncByteStream

__all__ = ["handle_async_request", "handle_request"]


@contextlib.contextmanager
def _mapped() -> typing.Iterator[None]:
    """What a pool raises, as HTTPX calls it."""
    try:
        yield
    except Exception as error:
        for kind in type(error).__mro__:
            if kind.__module__.startswith(httpcore.__name__):
                mapped = getattr(_exceptions, kind.__name__, None)
                if mapped is not None:
                    raise mapped(str(error)) from error
        raise


def _asked(request: Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _Body(SyncByteStream):
    def __init__(self, stream: typing.Any) -> None:
        self._stream = stream

    def __iter__(self) -> typing.Iterator[bytes]:
        with _mapped():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _AsyncBody(AsyncByteStream):
    def __init__(self, stream: typing.Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        with _mapped():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        aclose = getattr(self._stream, "aclose", None)
        if aclose is not None:
            await aclose()


def handle_request(pool: typing.Any, request: Request) -> Response:
    """Sends a request through a pool."""
    with _mapped():
        answer = pool.handle_request(_asked(request))
    return Response(answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions)


async def handle_async_request(pool: typing.Any, request: Request) -> Response:
    """Sends a request through an async pool."""
    with _mapped():
        answer = await pool.handle_async_request(_asked(request))
    return Response(
        answer.status, headers=answer.headers, stream=_AsyncBody(answer.stream), extensions=answer.extensions
    )
