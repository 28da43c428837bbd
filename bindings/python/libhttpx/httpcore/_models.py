"""Requests, responses and URLs as httpcore has them: bytes throughout, headers as lists of pairs, bodies as streams.

A `URL` is four parts. The library takes it apart, and says what they mean when a request is sent.
"""

from __future__ import annotations

import ssl
import typing

from .._urls import URL as LibraryURL

__all__ = ["URL", "ByteStream", "Origin", "Proxy", "Request", "Response", "default_ssl_context"]

HeadersAsSequence = typing.Sequence[tuple[typing.Union[bytes, str], typing.Union[bytes, str]]]
HeadersAsMapping = typing.Mapping[typing.Union[bytes, str], typing.Union[bytes, str]]
HeaderTypes = typing.Union[HeadersAsSequence, HeadersAsMapping, None]
Extensions = typing.MutableMapping[str, typing.Any]
Content = typing.Union[bytes, typing.Iterable[bytes], typing.AsyncIterable[bytes], None]
Credentials = tuple[typing.Union[bytes, str], typing.Union[bytes, str]]

_PORTS = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443, b"socks5": 1080, b"socks5h": 1080}


def as_bytes(value: bytes | str, *, name: str) -> bytes:
    """ASCII text, or bytes, as bytes. TypeError says which argument, `name`, is neither."""
    if isinstance(value, str):
        try:
            return value.encode("ascii")
        except UnicodeEncodeError:
            raise TypeError(f"{name} strings may not include unicode characters.") from None
    if isinstance(value, bytes):
        return value
    raise TypeError(f"{name} must be bytes or str, but got {type(value).__name__}.")


def as_url(value: URL | bytes | str, *, name: str) -> URL:
    """A URL, parsed if it is text."""
    if isinstance(value, (bytes, str)):
        return URL(value)
    if isinstance(value, URL):
        return value
    raise TypeError(f"{name} must be a URL, bytes, or str, but got {type(value).__name__}.")


def as_headers(value: HeaderTypes, *, name: str) -> list[tuple[bytes, bytes]]:
    """Pairs of bytes."""
    if value is None:
        return []
    if isinstance(value, typing.Mapping):
        value = list(value.items())
    elif not isinstance(value, typing.Sequence):
        raise TypeError(f"{name} must be a mapping or sequence of two-tuples, but got {type(value).__name__}.")
    return [(as_bytes(key, name="header name"), as_bytes(text, name="header value")) for key, text in value]


def as_stream(value: Content, *, name: str) -> typing.Iterable[bytes] | typing.AsyncIterable[bytes]:
    """Bytes as a stream; streams as they are."""
    if value is None:
        return ByteStream(b"")
    if isinstance(value, bytes):
        return ByteStream(value)
    if not hasattr(value, "__iter__") and not hasattr(value, "__aiter__"):
        raise TypeError(f"{name} must be bytes or an iterator, but got {type(value).__name__}.")
    return value


def default_ssl_context() -> ssl.SSLContext:
    """The TLS settings of a pool that is given none."""
    from .._config import create_ssl_context

    return create_ssl_context(trust_env=False)


class ByteStream:
    """Bytes in memory, as one piece."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> typing.Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        yield self._content

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{len(self._content)} bytes]>"


class Origin:
    """Scheme, host and port: what a connection is to."""

    def __init__(self, scheme: bytes, host: bytes, port: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and (self.scheme, self.host, self.port) == (
            other.scheme,
            other.host,
            other.port,
        )

    def __hash__(self) -> int:
        return hash((self.scheme, self.host, self.port))

    def __str__(self) -> str:
        return f"{self.scheme.decode('ascii')}://{self.host.decode('ascii')}:{self.port}"


class URL:
    """`URL("https://www.example.com/")`, or its parts: `URL(scheme=…, host=…, port=…, target=…)`.

    `port` is None where the URL has none; `target` is what stands in the request line.
    """

    def __init__(
        self,
        url: bytes | str = "",
        *,
        scheme: bytes | str = b"",
        host: bytes | str = b"",
        port: int | None = None,
        target: bytes | str = b"",
    ) -> None:
        if url:
            text = as_bytes(url, name="url").decode("ascii")
            parts = LibraryURL(text)
            self.scheme: bytes = parts.raw_scheme
            self.host: bytes = parts.raw_host
            # The library drops the port that a scheme implies; of a scheme that it does not know it keeps it.
            self.port: int | None = LibraryURL(f"x+{text}").port if parts.scheme else parts.port
            self.target: bytes = parts.raw_path
        else:
            self.scheme = as_bytes(scheme, name="scheme")
            self.host = as_bytes(host, name="host")
            self.port = port
            self.target = as_bytes(target, name="target")

    @property
    def origin(self) -> Origin:
        """What to connect to. KeyError for a scheme without a port of its own."""
        return Origin(self.scheme, self.host, self.port or _PORTS[self.scheme])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]

    def __bytes__(self) -> bytes:
        port = b"" if self.port is None else b":%d" % self.port
        host = b"[%b]" % self.host if b":" in self.host else self.host
        return b"%b://%b%b%b" % (self.scheme, host, port, self.target)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(scheme={self.scheme!r}, host={self.host!r}, port={self.port!r}, "
            f"target={self.target!r})"
        )


class Request:
    """What a pool is given. `extensions` may have `timeout`, `trace`, `sni_hostname` and `target`."""

    def __init__(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> None:
        self.method: bytes = as_bytes(method, name="method")
        self.url: URL = as_url(url, name="url")
        self.headers: list[tuple[bytes, bytes]] = as_headers(headers, name="headers")
        self.stream = as_stream(content, name="content")
        self.extensions: Extensions = {} if extensions is None else extensions
        if "target" in self.extensions:
            self.url = URL(
                scheme=self.url.scheme,
                host=self.url.host,
                port=self.url.port,
                target=self.extensions["target"],
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.method!r}]>"


class Response:
    """What a pool gives back; the body is read by `read`, `iter_stream`, or their asynchronous twins, and not decoded."""

    def __init__(
        self,
        status: int,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> None:
        self.status: int = status
        self.headers: list[tuple[bytes, bytes]] = as_headers(headers, name="headers")
        self.stream = as_stream(content, name="content")
        self.extensions: Extensions = {} if extensions is None else extensions
        self._content: bytes | None = None
        self._stream_consumed = False

    @property
    def content(self) -> bytes:
        """The whole body. RuntimeError before `read()`."""
        if self._content is None:
            call = "response.read()" if isinstance(self.stream, typing.Iterable) else "await response.aread()"
            raise RuntimeError(f"Attempted to access 'response.content' on a streaming response. Call '{call}' first.")
        return self._content

    def read(self) -> bytes:
        """Reads the whole body."""
        self._must_be(typing.Iterable, "read", "await response.aread()")
        if self._content is None:
            self._content = b"".join(self.iter_stream())
        return self._content

    def iter_stream(self) -> typing.Iterator[bytes]:
        """Reads the body piece by piece, once."""
        self._must_be(typing.Iterable, "stream", "async for ... in response.aiter_stream()")
        self._consume("iter_stream()")
        yield from typing.cast("typing.Iterable[bytes]", self.stream)

    def close(self) -> None:
        """Gives the connection back, whether or not the body was read."""
        self._must_be(typing.Iterable, "close", "await response.aclose()")
        if hasattr(self.stream, "close"):
            self.stream.close()

    async def aread(self) -> bytes:
        """Reads the whole body."""
        self._must_be(typing.AsyncIterable, "read", "response.read()")
        if self._content is None:
            self._content = b"".join([piece async for piece in self.aiter_stream()])
        return self._content

    async def aiter_stream(self) -> typing.AsyncIterator[bytes]:
        """Reads the body piece by piece, once."""
        self._must_be(typing.AsyncIterable, "stream", "for ... in response.iter_stream()")
        self._consume("aiter_stream()")
        async for piece in typing.cast("typing.AsyncIterable[bytes]", self.stream):
            yield piece

    async def aclose(self) -> None:
        """Gives the connection back, whether or not the body was read."""
        self._must_be(typing.AsyncIterable, "close", "response.close()")
        if hasattr(self.stream, "aclose"):
            await self.stream.aclose()

    def _must_be(self, kind: typing.Any, what: str, instead: str) -> None:
        if not isinstance(self.stream, kind):
            been = "a synchronous" if isinstance(self.stream, typing.Iterable) else "an asynchronous"
            raise RuntimeError(  # noqa: TRY004
                f"Attempted to {what} {been} response. You should use '{instead}' instead."
            )

    def _consume(self, call: str) -> None:
        if self._stream_consumed:
            raise RuntimeError(f"Attempted to call '{call}' more than once.")
        self._stream_consumed = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status}]>"


def _basic(name: bytes, password: bytes) -> bytes:
    """The credentials as the library shows them to a server."""
    from .._auth import BasicAuth
    from .._request import Request as LibraryRequest

    shown = next(BasicAuth(name, password).sync_auth_flow(LibraryRequest("GET", "http://proxy/")))
    return shown.headers["Authorization"].encode("ascii")


class Proxy:
    """A proxy of a pool: its URL, credentials for it, header fields for it, and TLS settings towards it."""

    def __init__(
        self,
        url: URL | bytes | str,
        auth: Credentials | None = None,
        headers: HeadersAsMapping | HeadersAsSequence | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.url = as_url(url, name="url")
        self.headers = as_headers(headers, name="headers")
        self.ssl_context = ssl_context
        self.auth: tuple[bytes, bytes] | None = None
        if auth is not None:
            name, password = (as_bytes(part, name="auth") for part in auth)
            self.auth = (name, password)
            if self.url.scheme in (b"http", b"https"):
                self.headers = [(b"Proxy-Authorization", _basic(name, password)), *self.headers]
