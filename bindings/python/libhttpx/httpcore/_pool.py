"""What the pools of both kinds have: their options, and the native transport that does the work."""

from __future__ import annotations

import typing

from .. import _patched
from .._config import Limits
from .._config import Proxy as HTTPXProxy
from .._ffi import check, error_slot, ffi, lib, owned
from .._models import Request as HTTPXRequest
from .._models import Response as HTTPXResponse
from .._streams import ByteStream as HTTPXByteStream
from .._types import AsyncByteStream, SyncByteStream
from ._exceptions import UnsupportedProtocol, from_httpx
from ._models import URL, ByteStream, Content, Extensions, HeaderTypes, Proxy, Request, Response, as_headers, as_url

if typing.TYPE_CHECKING:
    import ssl

    from .._transports.default import SOCKET_OPTION

__all__ = ["Connection", "Pool"]

_HANDLERS = ("handle_request", "handle_async_request")


class _Watched(type):
    """A class that tells clients when its `handle_request` is replaced, and when it is put back."""

    _replaced: set[str]

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, typing.Any]) -> None:
        super().__init__(name, bases, namespace)
        type.__setattr__(cls, "_replaced", set())
        type.__setattr__(cls, "_own", {handler: namespace[handler] for handler in _HANDLERS if handler in namespace})

    def __setattr__(cls, name: str, value: typing.Any) -> None:
        super().__setattr__(name, value)
        if name in _HANDLERS:
            cls._note(name, value is not cls._own.get(name))

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name in _HANDLERS:
            cls._note(name, name in cls._own)

    _own: dict[str, typing.Any]

    def _note(cls, name: str, replaced: bool) -> None:
        if replaced and name not in cls._replaced:
            cls._replaced.add(name)
            _patched.pools += 1
        elif not replaced and name in cls._replaced:
            cls._replaced.discard(name)
            _patched.pools -= 1


class Pool(metaclass=_Watched):
    """A pool of connections: the arguments of `ConnectionPool`, and what it has now."""

    # What the names of its connections begin with.
    _prefix = ""
    # The httpx_transport.
    _handle: typing.Any

    def __init__(
        self,
        ssl_context: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
        max_connections: int | None = 10,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        retries: int = 0,
        local_address: str | None = None,
        uds: str | None = None,
        network_backend: typing.Any = None,
        socket_options: typing.Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        from .._transports.default import HTTPTransport

        if network_backend is not None:
            raise TypeError("The library does its input and output itself: there is no network_backend.")
        self._set_proxy(proxy)
        transport = HTTPTransport(
            verify=True if ssl_context is None else ssl_context,
            trust_env=True,
            http1=http1,
            http2=http2,
            limits=Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_keepalive_connections,
                keepalive_expiry=keepalive_expiry,
            ),
            proxy=None if proxy is None else _httpx_proxy(proxy),
            uds=uds,
            local_address=local_address,
            retries=retries,
            socket_options=socket_options,
        )
        self._handle = transport._handle

    @classmethod
    def _of(cls, handle: typing.Any, proxy: Proxy | None) -> Pool:
        """A pool that is there already, in an httpx_transport."""
        pool = cls.__new__(cls)
        pool._handle = handle
        pool._set_proxy(proxy)
        return pool

    def _set_proxy(self, proxy: Proxy | None) -> None:
        self._proxy = proxy
        if proxy is not None:
            self._proxy_url, self._proxy_headers = proxy.url, proxy.headers

    def _close(self) -> None:
        err = error_slot()
        check(lib.httpx_transport_close(self._handle, 0.0, err), err)

    @property
    def connections(self) -> list[Connection]:
        """The connections that the pool has now, those that were made first at the end."""
        with _listed(self._handle) as listed:
            indices = reversed(range(lib.httpx_connections_len(listed)))
            return [Connection(listed, index, self._prefix) for index in indices]

    def __repr__(self) -> str:
        with _listed(self._handle) as listed:
            told = _text(lib.httpx_connections_pool_repr, listed)
        return told.replace("<ConnectionPool ", f"<{type(self).__name__} ", 1)

    # ---- Requests and responses, as HTTPX has them

    def _complete(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        headers: HeaderTypes,
        content: Content,
        extensions: Extensions | None,
    ) -> Request:
        """A request with the headers that it needs: Host, and how long the content is."""
        target = as_url(url, name="url")
        pairs = as_headers(headers, name="headers")
        known = {name.lower() for name, _ in pairs}
        whole = Request(method, target, headers=pairs, content=content, extensions=extensions)
        with from_httpx():
            self._check_scheme(target)
            example = HTTPXRequest(whole.method.decode("ascii"), _text_of(target), content=content)
            added = [(name, value) for name, value in example.headers.raw if name.lower() not in known]
        if known & {b"content-length", b"transfer-encoding"}:
            added = [(name, value) for name, value in added if name.lower() == b"host"]
        host = [pair for pair in added if pair[0].lower() == b"host"]
        whole.headers = [*host, *pairs, *(pair for pair in added if pair not in host)]
        return whole

    def _check_scheme(self, url: URL) -> None:
        if not url.scheme:
            raise UnsupportedProtocol("Request URL is missing an 'http://' or 'https://' protocol.")
        if url.scheme not in (b"http", b"https"):
            raise UnsupportedProtocol(f"Request URL has an unsupported protocol '{url.scheme.decode('ascii')}://'.")

    def _to_httpx(self, request: Request, is_async: bool) -> HTTPXRequest:
        self._check_scheme(request.url)
        stream: typing.Any = request.stream
        if isinstance(stream, ByteStream):
            stream = HTTPXByteStream(stream._content)
        elif is_async and not isinstance(stream, AsyncByteStream):
            stream = _AsyncStream(stream)
        elif not is_async and not isinstance(stream, SyncByteStream):
            stream = _SyncStream(stream)
        known = HTTPXRequest(
            request.method.decode("ascii"),
            _text_of(request.url),
            headers=request.headers,
            stream=stream,
            extensions={**request.extensions, "target": request.url.target},
        )
        if not any(name.lower() == b"host" for name, _ in request.headers):
            del known.headers["Host"]
        return known

    def _from_httpx(self, response: HTTPXResponse, stream: Content) -> Response:
        return Response(
            response.status_code, headers=response.headers.raw, content=stream, extensions=response.extensions
        )

    def _request_of(self, request: HTTPXRequest) -> Request:
        """One of HTTPX's requests, as pools have them."""
        url = request.url
        return Request(
            request.method,
            URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )


class Connection:
    """A connection of a pool, as it was when somebody asked. Its `repr` says all that there is to say."""

    def __init__(self, listed: typing.Any, index: int, prefix: str) -> None:
        self._repr = _text(lib.httpx_connections_repr, listed, index).replace("<", f"<{prefix}", 1)
        self._state = lib.httpx_connections_state(listed, index)
        self._is_http2 = lib.httpx_connections_is_http2(listed, index) == 1
        self._origin = _text(lib.httpx_connections_origin, listed, index)

    def info(self) -> str:
        """What stands in the repr behind the origin: the version, the state, and how many requests it has taken."""
        return self._repr.partition("', ")[2].rpartition("]>")[0]

    def can_handle_request(self, origin: typing.Any) -> bool:
        """Whether it is to this origin."""
        return str(origin) == self._origin

    def is_idle(self) -> bool:
        """Whether it waits for a request."""
        return bool(self._state == lib.HTTPX_CONNECTION_IDLE)

    def is_available(self) -> bool:
        """Whether it may take a request now."""
        return self.is_idle() or self._is_http2

    def has_expired(self) -> bool:
        """False: the library does not list what has expired."""
        return False

    def is_closed(self) -> bool:
        """False: the library does not list what is closed."""
        return False

    def __repr__(self) -> str:
        return self._repr


class _SyncStream(SyncByteStream):
    def __init__(self, stream: typing.Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> typing.Iterator[bytes]:
        return iter(self._stream)


class _AsyncStream(AsyncByteStream):
    def __init__(self, stream: typing.AsyncIterable[bytes]) -> None:
        self._stream = stream

    def __aiter__(self) -> typing.AsyncIterator[bytes]:
        return self._stream.__aiter__()


def _httpx_proxy(proxy: Proxy) -> HTTPXProxy:
    auth = None if proxy.auth is None else (proxy.auth[0].decode("utf-8"), proxy.auth[1].decode("utf-8"))
    # What `auth` has become is in the headers, too: once is enough.
    headers = proxy.headers[1:] if proxy.auth is not None and proxy.url.scheme in (b"http", b"https") else proxy.headers
    return HTTPXProxy(_text_of(proxy.url), auth=auth, headers=headers, ssl_context=proxy.ssl_context)


def _text_of(url: URL) -> str:
    return bytes(url).decode("utf-8", "surrogateescape")


class _listed:
    """The list of a transport's connections, freed at the end of the block."""

    def __init__(self, handle: typing.Any) -> None:
        slot, err = ffi.new("httpx_connections **"), error_slot()
        check(lib.httpx_transport_connection_list(handle, slot, err), err)
        self._list = owned(slot[0], lib.httpx_connections_free)

    def __enter__(self) -> typing.Any:
        return self._list

    def __exit__(self, *exc_info: object) -> None:
        ffi.release(self._list)


def _text(get: typing.Any, listed: typing.Any, *index: int) -> str:
    length = ffi.new("size_t *")
    said = get(listed, *index, length)
    return ffi.unpack(said, length[0]).decode("utf-8") if length[0] else ""
