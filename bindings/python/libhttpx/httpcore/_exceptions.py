"""httpcore's exceptions, and those of HTTPX that they stand for: classes of the same name."""

from __future__ import annotations

import contextlib
import typing

from .. import _exceptions as httpx_exceptions

__all__ = [
    "ConnectError",
    "ConnectTimeout",
    "ConnectionNotAvailable",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TimeoutException",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
]

ExceptionMapping = typing.Mapping[type[BaseException], type[BaseException]]


class ConnectionNotAvailable(Exception):
    """The connection cannot take another request now."""


class ProxyError(Exception):
    """The proxy refused, or could not be understood."""


class UnsupportedProtocol(Exception):
    """The URL's scheme is none that can be spoken."""


class ProtocolError(Exception):
    """The protocol was broken."""


class RemoteProtocolError(ProtocolError):
    """What the server sent broke the protocol."""


class LocalProtocolError(ProtocolError):
    """What this side was about to send would have broken the protocol."""


class TimeoutException(Exception):
    """Something took longer than its timeout."""


class PoolTimeout(TimeoutException):
    """No connection of the pool became free in time."""


class ConnectTimeout(TimeoutException):
    """No connection in time."""


class ReadTimeout(TimeoutException):
    """Nothing came from the server in time."""


class WriteTimeout(TimeoutException):
    """The server took nothing of the request in time."""


class NetworkError(Exception):
    """The network failed."""


class ConnectError(NetworkError):
    """No connection could be made."""


class ReadError(NetworkError):
    """The connection broke while the response was read."""


class WriteError(NetworkError):
    """The connection broke while the request was written."""


_OURS: dict[str, type[BaseException]] = {name: globals()[name] for name in __all__ if hasattr(httpx_exceptions, name)}


@contextlib.contextmanager
def map_exceptions(mapping: ExceptionMapping) -> typing.Iterator[None]:
    """Raises, instead of an exception that is a key's, the value's, with that one as its cause."""
    try:
        yield
    except Exception as error:
        for kind, becomes in mapping.items():
            if isinstance(error, kind):
                raise becomes(error) from error
        raise


@contextlib.contextmanager
def from_httpx() -> typing.Iterator[None]:
    """What the library raises in the block comes out as httpcore's exception of that name."""
    try:
        yield
    except (httpx_exceptions.TransportError, httpx_exceptions.InvalidURL) as error:
        kind = _nearest(type(error), _OURS, LocalProtocolError)
        raise kind(str(error)) from error


@contextlib.contextmanager
def to_httpx() -> typing.Iterator[None]:
    """The other way: httpcore's exceptions come out as HTTPX's. One that is about to leave again has been HTTPX's before."""
    try:
        yield
    except tuple(_OURS.values()) as error:
        cause = error.__cause__
        if isinstance(cause, httpx_exceptions.TransportError):
            raise cause from cause.__cause__
        kind = _nearest(type(error), vars(httpx_exceptions), httpx_exceptions.TransportError)
        raise kind(str(error)) from error


def _nearest(
    kind: type[BaseException], known: typing.Mapping[str, typing.Any], otherwise: type[BaseException]
) -> type[BaseException]:
    for each in kind.__mro__:
        found = known.get(each.__name__)
        if found is not None and issubclass(found, Exception) and found is not Exception:
            return typing.cast("type[BaseException]", found)
    return otherwise
