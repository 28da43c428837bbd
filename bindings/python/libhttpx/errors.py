"""An exception for each of the library's codes that HTTPX has no exception for.

Each is below the exception that HTTPX raises in its place, so programs that know only HTTPX's catch it all the same.

Generated from src/codes.toml by `cargo run -p httpx-abi -- generate`; don't edit.
"""

from __future__ import annotations

from . import _codes
from ._exceptions import (
    CloseError,
    ConnectError,
    ConnectTimeout,
    CookieConflict,
    DecodingError,
    HTTPError,
    HTTPStatusError,
    InvalidURL,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    StreamClosed,
    StreamConsumed,
    StreamError,
    TimeoutException,
    TooManyRedirects,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)


class DeadlineExceeded(TimeoutException):
    """The request as a whole took longer than its total deadline."""

    code = _codes.DEADLINE_EXCEEDED


class DNSError(ConnectError):
    """The host's name could not be resolved."""

    code = _codes.DNS_ERROR


class ConnectionRefused(ConnectError, ConnectionRefusedError):
    """The host refused the connection: nothing listens there."""

    code = _codes.CONNECTION_REFUSED


class TLSError(ConnectError):
    """The TLS handshake failed."""

    code = _codes.TLS_ERROR


class CertificateError(TLSError):
    """The host's certificate was not accepted."""

    code = _codes.CERTIFICATE_ERROR


class CertificateExpired(CertificateError):
    """The host's certificate has expired."""

    code = _codes.CERTIFICATE_EXPIRED


class CertificateNotYetValid(CertificateError):
    """The host's certificate is not valid yet."""

    code = _codes.CERTIFICATE_NOT_YET_VALID


class CertificateHostnameMismatch(CertificateError):
    """The host's certificate is for another name or address."""

    code = _codes.CERTIFICATE_HOSTNAME_MISMATCH


class CertificateUntrusted(CertificateError):
    """The host's certificate was issued by nobody who is trusted."""

    code = _codes.CERTIFICATE_UNTRUSTED


class CertificateSelfSigned(CertificateError):
    """The host's certificate is signed by itself and not trusted."""

    code = _codes.CERTIFICATE_SELF_SIGNED


class CertificateRevoked(CertificateError):
    """The host's certificate has been revoked by its issuer."""

    code = _codes.CERTIFICATE_REVOKED


class CertificateSignature(CertificateError):
    """The host's certificate has a signature that is wrong, weak or of an unknown kind."""

    code = _codes.CERTIFICATE_SIGNATURE


class TLSAlert(TLSError):
    """The host ended the TLS handshake with an alert."""

    code = _codes.TLS_ALERT


class ClientCertificateRequired(TLSAlert):
    """The host wants a client certificate, and there is none."""

    code = _codes.CLIENT_CERTIFICATE_REQUIRED


class BlockedAddress(ConnectError):
    """The client's rules forbid to connect to the host's address."""

    code = _codes.BLOCKED_ADDRESS


class Unreachable(ConnectError):
    """No route leads to the host or its network."""

    code = _codes.UNREACHABLE


class ServerDisconnected(RemoteProtocolError):
    """The host closed the connection without sending a response."""

    code = _codes.SERVER_DISCONNECTED


class IncompleteBody(RemoteProtocolError):
    """The host closed the connection before the response's body was complete."""

    code = _codes.INCOMPLETE_BODY


class HeadersTooLarge(RemoteProtocolError):
    """The response's headers are larger than the client's limit."""

    code = _codes.HEADERS_TOO_LARGE


class StreamReset(RemoteProtocolError):
    """The host reset the HTTP/2 stream of the request."""

    code = _codes.STREAM_RESET


class ConnectionTerminated(RemoteProtocolError):
    """The host ended the HTTP/2 connection with a GOAWAY."""

    code = _codes.GOAWAY


class DecodedTooLarge(DecodingError):
    """The decoded body is larger than the client's limit."""

    code = _codes.DECODED_TOO_LARGE


class RatioExceeded(DecodingError):
    """The body expands beyond the client's limit when decoded."""

    code = _codes.RATIO_EXCEEDED


class TooManyEncodings(DecodingError):
    """The body has more content encodings on top of each other than are allowed."""

    code = _codes.TOO_MANY_ENCODINGS


class LineTooLong(DecodingError):
    """A line of the response's text is longer than the client's limit."""

    code = _codes.LINE_TOO_LONG


class BodyTooLarge(RequestError):
    """The response's body is larger than the client's limit."""

    code = _codes.BODY_TOO_LARGE


class IOError(OSError):
    """A file that the caller named could not be used."""

    code: int = _codes.IO_ERROR


class FileNotFound(IOError, FileNotFoundError):
    """A file that the caller named does not exist."""

    code = _codes.FILE_NOT_FOUND


class PermissionDenied(IOError, PermissionError):
    """The caller may not use a file that it named."""

    code = _codes.PERMISSION_DENIED


class Misuse(RuntimeError):
    """The library was called in a way that it does not allow."""

    code: int = _codes.MISUSE


class NullPointer(Misuse, ValueError):
    """A pointer that must not be NULL is NULL."""

    code = _codes.NULL_POINTER


class InvalidArgument(Misuse, ValueError):
    """An argument has a value that is not allowed."""

    code = _codes.INVALID_ARGUMENT


class InvalidUTF8(InvalidArgument):
    """A string is not valid UTF-8."""

    code = _codes.INVALID_UTF8


class TooLong(InvalidArgument):
    """A length is larger than allowed."""

    code = _codes.TOO_LONG


class InvalidConfig(InvalidArgument):
    """The client's settings are not valid, or not valid together."""

    code = _codes.INVALID_CONFIG


class KeyPassword(InvalidConfig):
    """A private key is encrypted, and its password is wrong or missing."""

    code = _codes.KEY_PASSWORD


class KeyMismatch(InvalidConfig):
    """A private key does not belong to its certificate."""

    code = _codes.KEY_MISMATCH


class InvalidJSON(InvalidArgument):
    """A text is not valid JSON."""

    code = _codes.INVALID_JSON


class InvalidState(Misuse):
    """The handle's state does not allow this call."""

    code = _codes.INVALID_STATE


class ClientClosed(InvalidState):
    """Cannot send a request, as the client has been closed."""

    code = _codes.CLIENT_CLOSED


class Poisoned(InvalidState):
    """The handle was in use when a panic happened, so it can only be freed."""

    code = _codes.POISONED


class ConcurrentUse(Misuse):
    """The handle is in use by another thread at this moment."""

    code = _codes.CONCURRENT_USE


class Reentrant(Misuse):
    """The call was made from within itself, by a callback."""

    code = _codes.REENTRANT


class NestedRuntime(Misuse):
    """A blocking call was made inside an async runtime."""

    code = _codes.NESTED_RUNTIME


class WrongThread(Misuse):
    """The call must be made on another thread."""

    code = _codes.WRONG_THREAD


class NotFound(Misuse, KeyError):
    """There is no entry with this key."""

    code = _codes.NOT_FOUND


class Unsupported(Misuse, NotImplementedError):
    """This build or platform does not have the feature."""

    code = _codes.UNSUPPORTED


class RuntimeFailure(RuntimeError):
    """The library could not go on with the operation."""

    code: int = _codes.RUNTIME


class Panic(RuntimeFailure):
    """A bug in the library was caught; please report it."""

    code = _codes.PANIC


class Cancelled(RuntimeFailure):
    """The operation was cancelled."""

    code = _codes.CANCELLED


class Interrupted(RuntimeFailure):
    """The interrupt function asked to end the blocking call."""

    code = _codes.INTERRUPTED


class Forked(RuntimeFailure):
    """The handle belongs to the process that this one was forked from."""

    code = _codes.FORKED


class OutOfResources(RuntimeFailure, OSError):
    """The system has no more memory, threads or file descriptors to give."""

    code = _codes.RESOURCES


class InternalError(RuntimeFailure):
    """The library met a state that should not exist; please report it."""

    code = _codes.INTERNAL


# The class for each code.
CLASSES: dict[int, type[Exception]] = {
    _codes.HTTP_ERROR: HTTPError,
    _codes.REQUEST_ERROR: RequestError,
    _codes.TRANSPORT_ERROR: TransportError,
    _codes.TIMEOUT: TimeoutException,
    _codes.CONNECT_TIMEOUT: ConnectTimeout,
    _codes.READ_TIMEOUT: ReadTimeout,
    _codes.WRITE_TIMEOUT: WriteTimeout,
    _codes.POOL_TIMEOUT: PoolTimeout,
    _codes.DEADLINE_EXCEEDED: DeadlineExceeded,
    _codes.NETWORK_ERROR: NetworkError,
    _codes.CONNECT_ERROR: ConnectError,
    _codes.DNS_ERROR: DNSError,
    _codes.CONNECTION_REFUSED: ConnectionRefused,
    _codes.TLS_ERROR: TLSError,
    _codes.CERTIFICATE_ERROR: CertificateError,
    _codes.CERTIFICATE_EXPIRED: CertificateExpired,
    _codes.CERTIFICATE_NOT_YET_VALID: CertificateNotYetValid,
    _codes.CERTIFICATE_HOSTNAME_MISMATCH: CertificateHostnameMismatch,
    _codes.CERTIFICATE_UNTRUSTED: CertificateUntrusted,
    _codes.CERTIFICATE_SELF_SIGNED: CertificateSelfSigned,
    _codes.CERTIFICATE_REVOKED: CertificateRevoked,
    _codes.CERTIFICATE_SIGNATURE: CertificateSignature,
    _codes.TLS_ALERT: TLSAlert,
    _codes.CLIENT_CERTIFICATE_REQUIRED: ClientCertificateRequired,
    _codes.BLOCKED_ADDRESS: BlockedAddress,
    _codes.UNREACHABLE: Unreachable,
    _codes.READ_ERROR: ReadError,
    _codes.WRITE_ERROR: WriteError,
    _codes.CLOSE_ERROR: CloseError,
    _codes.PROTOCOL_ERROR: ProtocolError,
    _codes.LOCAL_PROTOCOL_ERROR: LocalProtocolError,
    _codes.REMOTE_PROTOCOL_ERROR: RemoteProtocolError,
    _codes.SERVER_DISCONNECTED: ServerDisconnected,
    _codes.INCOMPLETE_BODY: IncompleteBody,
    _codes.HEADERS_TOO_LARGE: HeadersTooLarge,
    _codes.STREAM_RESET: StreamReset,
    _codes.GOAWAY: ConnectionTerminated,
    _codes.PROXY_ERROR: ProxyError,
    _codes.UNSUPPORTED_PROTOCOL: UnsupportedProtocol,
    _codes.DECODING_ERROR: DecodingError,
    _codes.DECODED_TOO_LARGE: DecodedTooLarge,
    _codes.RATIO_EXCEEDED: RatioExceeded,
    _codes.TOO_MANY_ENCODINGS: TooManyEncodings,
    _codes.LINE_TOO_LONG: LineTooLong,
    _codes.TOO_MANY_REDIRECTS: TooManyRedirects,
    _codes.BODY_TOO_LARGE: BodyTooLarge,
    _codes.HTTP_STATUS_ERROR: HTTPStatusError,
    _codes.INVALID_URL: InvalidURL,
    _codes.COOKIE_CONFLICT: CookieConflict,
    _codes.STREAM_ERROR: StreamError,
    _codes.STREAM_CONSUMED: StreamConsumed,
    _codes.STREAM_CLOSED: StreamClosed,
    _codes.RESPONSE_NOT_READ: ResponseNotRead,
    _codes.REQUEST_NOT_READ: RequestNotRead,
    _codes.IO_ERROR: IOError,
    _codes.FILE_NOT_FOUND: FileNotFound,
    _codes.PERMISSION_DENIED: PermissionDenied,
    _codes.MISUSE: Misuse,
    _codes.NULL_POINTER: NullPointer,
    _codes.INVALID_ARGUMENT: InvalidArgument,
    _codes.INVALID_UTF8: InvalidUTF8,
    _codes.TOO_LONG: TooLong,
    _codes.INVALID_CONFIG: InvalidConfig,
    _codes.KEY_PASSWORD: KeyPassword,
    _codes.KEY_MISMATCH: KeyMismatch,
    _codes.INVALID_JSON: InvalidJSON,
    _codes.INVALID_STATE: InvalidState,
    _codes.CLIENT_CLOSED: ClientClosed,
    _codes.POISONED: Poisoned,
    _codes.CONCURRENT_USE: ConcurrentUse,
    _codes.REENTRANT: Reentrant,
    _codes.NESTED_RUNTIME: NestedRuntime,
    _codes.WRONG_THREAD: WrongThread,
    _codes.NOT_FOUND: NotFound,
    _codes.UNSUPPORTED: Unsupported,
    _codes.RUNTIME: RuntimeFailure,
    _codes.PANIC: Panic,
    _codes.CANCELLED: Cancelled,
    _codes.INTERRUPTED: Interrupted,
    _codes.FORKED: Forked,
    _codes.RESOURCES: OutOfResources,
    _codes.INTERNAL: InternalError,
}
