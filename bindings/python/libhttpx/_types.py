"""The types that arguments may have, and the base classes of streams."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import (
    IO,
    Any,
    Callable,
    Optional,
    Union,
)

if typing.TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from ._auth import Auth
    from ._config import Proxy, Timeout
    from ._cookies import Cookies
    from ._headers import Headers
    from ._models import Request
    from ._urls import URL, QueryParams

__all__ = ["AsyncByteStream", "SyncByteStream"]

PrimitiveData = Optional[Union[str, int, float, bool]]

URLTypes = Union["URL", str]

QueryParamTypes = Union[
    "QueryParams",
    Mapping[str, Union[PrimitiveData, Sequence[PrimitiveData]]],
    list[tuple[str, PrimitiveData]],
    tuple[tuple[str, PrimitiveData], ...],
    str,
    bytes,
]

HeaderTypes = Union[
    "Headers",
    Mapping[str, str],
    Mapping[bytes, bytes],
    Sequence[tuple[str, str]],
    Sequence[tuple[bytes, bytes]],
]

CookieTypes = Union["Cookies", "CookieJar", dict[str, str], list[tuple[str, str]]]

# Seconds: one number for all of connect, read, write and pool, or four; None is no limit.
TimeoutTypes = Union[
    Optional[float],
    tuple[Optional[float], Optional[float], Optional[float], Optional[float]],
    "Timeout",
]

ProxyTypes = Union["URL", str, "Proxy"]

# A file with certificate and key, or certificate and key, or these and the key's password.
CertTypes = Union[str, tuple[str, str], tuple[str, str, str]]

AuthTypes = Union[
    tuple[Union[str, bytes], Union[str, bytes]],
    Callable[["Request"], "Request"],
    "Auth",
]

RequestContent = Union[str, bytes, Iterable[bytes], AsyncIterable[bytes]]
ResponseContent = Union[str, bytes, Iterable[bytes], AsyncIterable[bytes]]
RequestData = Mapping[str, Any]
RequestExtensions = Mapping[str, Any]
ResponseExtensions = Mapping[str, Any]

FileContent = Union[IO[bytes], bytes, str]

# A file's content, alone or as (filename, content), (filename, content, content type), or these and headers.
FileTypes = Union[
    FileContent,
    tuple[Optional[str], FileContent],
    tuple[Optional[str], FileContent, Optional[str]],
    tuple[Optional[str], FileContent, Optional[str], Mapping[str, str]],
]
RequestFiles = Union[Mapping[str, FileTypes], Sequence[tuple[str, FileTypes]]]


class SyncByteStream:
    """A body that is read by iterating. Subclasses implement `__iter__`, and `close` if they hold anything."""

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError("The '__iter__' method must be implemented.")
        yield b""

    def close(self) -> None:
        """Gives back what the stream holds. It is called once the body is read or given up."""


class AsyncByteStream:
    """A body that is read by asynchronous iterating. Subclasses implement `__aiter__`, and `aclose` if they must."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise NotImplementedError("The '__aiter__' method must be implemented.")
        yield b""

    async def aclose(self) -> None:
        """Gives back what the stream holds. It is called once the body is read or given up."""
