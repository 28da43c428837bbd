"""HTTPX's exceptions, and how the library's errors become them.

    HTTPError
      RequestError
        TransportError
          TimeoutException: ConnectTimeout, ReadTimeout, WriteTimeout, PoolTimeout
          NetworkError: ConnectError, ReadError, WriteError, CloseError
          ProtocolError: LocalProtocolError, RemoteProtocolError
          ProxyError
          UnsupportedProtocol
        DecodingError
        TooManyRedirects
      HTTPStatusError
    InvalidURL
    CookieConflict
    StreamError: StreamConsumed, StreamClosed, ResponseNotRead, RequestNotRead

The library tells more: `libhttpx.errors` has a class for each of its codes, below these (`ConnectionRefused` is a
`ConnectError`). Each exception has the `code` of its kind.
"""

from __future__ import annotations

import contextlib
import typing

from . import _codes

if typing.TYPE_CHECKING:
    from ._models import Request, Response

__all__ = [
    "CloseError",
    "ConnectError",
    "ConnectTimeout",
    "CookieConflict",
    "DecodingError",
    "HTTPError",
    "HTTPStatusError",
    "InvalidURL",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "RequestError",
    "RequestNotRead",
    "ResponseNotRead",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "TimeoutException",
    "TooManyRedirects",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
]


def _restored(
    kind: type[BaseException], arguments: tuple[typing.Any, ...], state: dict[str, typing.Any]
) -> BaseException:
    """A pickled exception whose `__init__` takes other arguments than its message."""
    exception = kind.__new__(kind, *arguments)
    exception.__dict__.update(state)
    return exception


class HTTPError(Exception):
    """A request failed, or its response has an error status. `request` is the one that was sent last."""

    code: int = _codes.HTTP_ERROR

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._request: Request | None = None

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)

    @property
    def request(self) -> Request:
        """The request that failed. RuntimeError if the exception was raised without one."""
        if self._request is None:
            raise RuntimeError("The .request property has not been set.")
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request


class RequestError(HTTPError):
    """The request could not be sent, or its response could not be received."""

    code = _codes.REQUEST_ERROR

    def __init__(self, message: str, *, request: Request | None = None) -> None:
        super().__init__(message)
        self._request = request


class TransportError(RequestError):
    """What happened between this program and the server."""

    code = _codes.TRANSPORT_ERROR


class TimeoutException(TransportError):
    """Something took longer than its timeout."""

    code = _codes.TIMEOUT


class ConnectTimeout(TimeoutException):
    """No connection in time."""

    code = _codes.CONNECT_TIMEOUT


class ReadTimeout(TimeoutException):
    """Nothing came from the server in time."""

    code = _codes.READ_TIMEOUT


class WriteTimeout(TimeoutException):
    """The server took nothing of the request in time."""

    code = _codes.WRITE_TIMEOUT


class PoolTimeout(TimeoutException):
    """No connection of the pool became free in time."""

    code = _codes.POOL_TIMEOUT


class NetworkError(TransportError):
    """The network failed."""

    code = _codes.NETWORK_ERROR


class ConnectError(NetworkError):
    """No connection could be made."""

    code = _codes.CONNECT_ERROR


class ReadError(NetworkError):
    """The connection broke while the response was read."""

    code = _codes.READ_ERROR


class WriteError(NetworkError):
    """The connection broke while the request was written."""

    code = _codes.WRITE_ERROR


class CloseError(NetworkError):
    """A connection could not be closed."""

    code = _codes.CLOSE_ERROR


class ProxyError(TransportError):
    """The proxy refused, or could not be understood."""

    code = _codes.PROXY_ERROR


class UnsupportedProtocol(TransportError):
    """The URL's scheme is none that can be spoken, such as "ftp://", or it has none."""

    code = _codes.UNSUPPORTED_PROTOCOL


class ProtocolError(TransportError):
    """The protocol was broken."""

    code = _codes.PROTOCOL_ERROR


class LocalProtocolError(ProtocolError):
    """What this side was about to send would have broken the protocol."""

    code = _codes.LOCAL_PROTOCOL_ERROR


class RemoteProtocolError(ProtocolError):
    """What the server sent broke the protocol."""

    code = _codes.REMOTE_PROTOCOL_ERROR


class DecodingError(RequestError):
    """The response's body is not what its Content-Encoding says."""

    code = _codes.DECODING_ERROR


class TooManyRedirects(RequestError):
    """More redirects than `max_redirects`."""

    code = _codes.TOO_MANY_REDIRECTS


class HTTPStatusError(HTTPError):
    """The response has an error status; raised by `Response.raise_for_status`. `response` is that response."""

    code = _codes.HTTP_STATUS_ERROR

    def __init__(self, message: str, *, request: Request, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response


class InvalidURL(Exception):
    """Not a URL."""

    code: int = _codes.INVALID_URL

    def __init__(self, message: str) -> None:
        super().__init__(message)


class CookieConflict(Exception):
    """There is more than one cookie of that name: say its domain or path, too."""

    code: int = _codes.COOKIE_CONFLICT

    def __init__(self, message: str) -> None:
        super().__init__(message)


class StreamError(RuntimeError):
    """A stream was used in a way in which it can't be: a mistake of the program's."""

    code: int = _codes.STREAM_ERROR

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class StreamConsumed(StreamError):
    """The stream has been read before."""

    code = _codes.STREAM_CONSUMED

    def __init__(self) -> None:
        super().__init__(
            "Attempted to read or stream some content, but the content has already been streamed. For requests, this "
            "could be due to passing a generator as request content, and then receiving a redirect response or a "
            "secondary request as part of an authentication flow.For responses, this could be due to attempting to "
            "stream the response content more than once."
        )


class StreamClosed(StreamError):
    """The response was closed."""

    code = _codes.STREAM_CLOSED

    def __init__(self) -> None:
        super().__init__("Attempted to read or stream content, but the stream has been closed.")


class ResponseNotRead(StreamError):
    """The content of a streaming response was asked for before `read()`."""

    code = _codes.RESPONSE_NOT_READ

    def __init__(self) -> None:
        super().__init__("Attempted to access streaming response content, without having called `read()`.")


class RequestNotRead(StreamError):
    """The content of a streaming request was asked for before `read()`."""

    code = _codes.REQUEST_NOT_READ

    def __init__(self) -> None:
        super().__init__("Attempted to access streaming request content, without having called `read()`.")


@contextlib.contextmanager
def request_context(request: Request | None = None) -> typing.Iterator[None]:
    """Gives every RequestError that leaves the block this request."""
    try:
        yield
    except RequestError as error:
        if request is not None:
            error.request = request
        raise


def class_of(code: int) -> type[BaseException]:
    """The exception for one of the library's codes: its own class, or the nearest one above it that is known."""
    from ._ffi import lib
    from .errors import CLASSES

    while code not in CLASSES:
        code = lib.httpx_code_parent(code)
        if code <= _codes.AGAIN:
            return RuntimeError
    return CLASSES[code]


def code_of(error: BaseException) -> int:
    """The library's code for an exception, for callbacks that end with one; READ_ERROR's for one it doesn't know."""
    code = getattr(error, "code", None)
    if isinstance(code, int) and code in _codes.NAMES:
        return code
    return _codes.READ_ERROR


def exception_of(code: int, error: typing.Any) -> BaseException:
    """The exception for an error of the library, which is freed; `error` may be NULL.

    It has the error's message, `code`, and where there are any its request, its response, its `errno`, and as
    `__cause__` the errors that led to it.
    """
    from ._ffi import NULL, lib

    try:
        return _exception_of(code, error)
    finally:
        if error != NULL:
            lib.httpx_error_free(error)


def _exception_of(code: int, error: typing.Any) -> BaseException:
    from ._ffi import NULL, ffi, lib

    kind = class_of(code)
    if error == NULL:
        message = ffi.string(lib.httpx_code_description(code)).decode()
    else:
        length = ffi.new("size_t *")
        said = lib.httpx_error_message(error, length)
        message = ffi.unpack(said, length[0]).decode("utf-8", "replace") if length[0] else ""
    if kind in (StreamConsumed, StreamClosed, ResponseNotRead, RequestNotRead):
        exception: BaseException = kind()
    elif issubclass(kind, HTTPStatusError):
        exception = kind.__new__(kind, message)
        HTTPError.__init__(typing.cast(HTTPError, exception), message)
    else:
        exception = kind(message)
    exception.code = code  # type: ignore[attr-defined]
    if error == NULL:
        return exception
    if isinstance(exception, OSError):
        exception.errno = lib.httpx_error_os_errno(error) or None
    if isinstance(exception, HTTPError) and lib.httpx_error_request_method(error, NULL) != NULL:
        _attach(exception, error)
    cause = lib.httpx_error_cause(error)
    if cause != NULL:
        exception.__cause__ = _exception_of(lib.httpx_error_code(cause), cause)
    return exception


def _attach(exception: HTTPError, error: typing.Any) -> None:
    """Gives an exception the request, and the response, that its error has."""
    from ._ffi import check, error_slot, ffi, lib
    from ._models import Request, Response

    err = error_slot()
    request = ffi.new("httpx_request **")
    check(lib.httpx_error_request(error, request, err), err)
    if request[0]:
        exception._request = Request._from_native(request[0])
    response = ffi.new("httpx_response **")
    check(lib.httpx_error_response(error, response, err), err)
    if response[0]:
        exception.response = Response._from_native(response[0])  # type: ignore[attr-defined]
