"""The transports of the library itself: a connection pool each, over an `httpx_transport`."""

from __future__ import annotations

import math
import typing
from types import TracebackType

from .. import _async, _patched
from .._callbacks import Trace, keep
from .._config import DEFAULT_LIMITS, Limits, Proxy, _native_tls
from .._ffi import NULL, as_bytes, check, error_slot, ffi, lib, new_handle_slot, owned
from .._models import Request, Response
from .._types import AsyncByteStream, CertTypes, ProxyTypes, SyncByteStream
from .._urls import URL
from .base import AsyncBaseTransport, BaseTransport

if typing.TYPE_CHECKING:
    import ssl

    from typing_extensions import Self

__all__ = ["AsyncHTTPTransport", "HTTPTransport"]


SOCKET_OPTION = typing.Union[
    tuple[int, int, int],
    tuple[int, int, typing.Union[bytes, bytearray]],
    tuple[int, int, None, int],
]


def new_builder() -> typing.Any:
    """A client's builder, freed with its owner; threads that are blocked in calls look for signals."""
    slot, err = new_handle_slot("httpx_client_builder"), error_slot()
    check(lib.httpx_client_builder_new(slot, err), err)
    builder = owned(slot[0], lib.httpx_client_builder_free)
    check(lib.httpx_client_builder_interrupt(builder, lib._interrupt, NULL, NULL, err), err)
    return builder


def set_tls(builder: typing.Any, verify: ssl.SSLContext | str | bool, cert: CertTypes | None, trust_env: bool) -> None:
    """Tells a builder whom to trust and who to be."""
    err = error_slot()
    check(lib.httpx_client_builder_trust_env(builder, trust_env, err), err)
    if verify is not True or cert is not None:
        check(lib.httpx_client_builder_tls(builder, _native_tls(verify, cert, trust_env), err), err)


def _set_socket_options(builder: typing.Any, options: typing.Iterable[SOCKET_OPTION]) -> None:
    err = error_slot()
    for option in options:
        level, name, value = option[:3]
        if isinstance(value, int):
            raw = bytes(ffi.buffer(ffi.new("int *", value)))
        else:
            raw = bytes(option[3]) if value is None else bytes(value)  # type: ignore[misc]
        check(lib.httpx_client_builder_socket_option(builder, level, name, raw, len(raw), err), err)


def apply_extensions(
    handle: typing.Any, extensions: typing.Mapping[str, typing.Any], mailbox: _async.Mailbox | None = None
) -> None:
    """Tells a native request what its extensions say: timeout, sni_hostname, target, trace."""
    err = error_slot()
    timeout = extensions.get("timeout")
    if timeout is not None:
        limits = [math.inf if timeout.get(name) is None else timeout[name] for name in _TIMEOUTS]
        check(lib.httpx_request_timeout(handle, *limits, err), err)
    if len(extensions) == (timeout is not None):
        return
    name = extensions.get("sni_hostname")
    if name is not None:
        text = as_bytes(name)
        check(lib.httpx_request_server_name(handle, text, len(text), err), err)
    target = extensions.get("target")
    if target is not None:
        text = as_bytes(target)
        check(lib.httpx_request_target(handle, text, len(text), err), err)
    function = extensions.get("trace")
    if function is not None:
        trace = Trace(function)
        trace.mailbox = mailbox
        check(lib.httpx_request_trace(handle, lib._trace, keep(trace), lib._destroy, err), err)


_TIMEOUTS = ("connect", "read", "write", "pool")


class _Native:
    """What both transports have: the handle, and how it is made."""

    _handle: typing.Any
    _proxy: Proxy | None

    def __init__(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyTypes | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: typing.Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        self._proxy = Proxy(url=proxy) if isinstance(proxy, (str, URL)) else proxy
        self._wrapped_pool: typing.Any = None
        builder, err = new_builder(), error_slot()
        set_tls(builder, verify, cert, trust_env)
        if not http1:
            check(lib.httpx_client_builder_http1(builder, 0, err), err)
        if http2:
            check(lib.httpx_client_builder_http2(builder, 1, err), err)
        check(lib.httpx_client_builder_limits(builder, *limits._numbers(), err), err)
        # Only what a request says itself limits its time.
        check(lib.httpx_client_builder_timeout(builder, math.inf, math.inf, math.inf, math.inf, err), err)
        if self._proxy is not None:
            check(lib.httpx_client_builder_proxy(builder, self._proxy._native(), err), err)
        if uds is not None:
            path = as_bytes(uds)
            check(lib.httpx_client_builder_unix_socket(builder, path, len(path), err), err)
        if local_address is not None:
            address = as_bytes(local_address)
            check(lib.httpx_client_builder_local_address(builder, address, len(address), err), err)
        if retries:
            check(lib.httpx_client_builder_retries(builder, retries, err), err)
        if socket_options is not None:
            _set_socket_options(builder, socket_options)
        slot = new_handle_slot("httpx_transport")
        check(lib.httpx_transport_new(builder, slot, err), err)
        self._handle = owned(slot[0], lib.httpx_transport_free)

    def _close(self) -> None:
        err = error_slot()
        check(lib.httpx_transport_close(self._handle, 0.0, err), err)


class HTTPTransport(_Native, BaseTransport):
    """A connection pool for `Client`.

    `verify` (True, False, an `ssl.SSLContext`) and `cert` are about TLS; `trust_env` says whether SSL_CERT_FILE and
    SSL_CERT_DIR count. `http1`, `http2`: which versions are spoken. `limits`: of the pool. `proxy`: what to go through.
    `uds`: a unix socket instead of the URL's address. `local_address`: the address at this end. `retries`: of connecting.
    `socket_options`: arguments of `setsockopt`.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._close()

    @property
    def _pool(self) -> typing.Any:
        """The pool in the shape of httpcore's."""
        if self._wrapped_pool is None:
            from ..httpcore import pool_of

            self._wrapped_pool = pool_of(self._handle, self._proxy, is_async=False)
        return self._wrapped_pool

    def handle_request(self, request: Request) -> Response:
        assert isinstance(request.stream, SyncByteStream)
        if _patched.pools:
            answer: Response = self._pool._handle_httpx(request)
            return answer
        handle = request._native()
        apply_extensions(handle, request.extensions)
        slot, err = new_handle_slot("httpx_response"), error_slot()
        check(lib.httpx_transport_send(self._handle, handle, slot, err), err)
        return Response._from_native(slot[0], None, False)

    def close(self) -> None:
        self._close()


class AsyncHTTPTransport(_Native, AsyncBaseTransport):
    """A connection pool for `AsyncClient`; the arguments are those of `HTTPTransport`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._close()

    @property
    def _pool(self) -> typing.Any:
        """The pool in the shape of httpcore's."""
        if self._wrapped_pool is None:
            from ..httpcore import pool_of

            self._wrapped_pool = pool_of(self._handle, self._proxy, is_async=True)
        return self._wrapped_pool

    async def handle_async_request(self, request: Request) -> Response:
        assert isinstance(request.stream, AsyncByteStream)
        if _patched.pools:
            answer: Response = await self._pool._handle_httpx(request)
            return answer
        handle = request._native()

        def submit(queue: typing.Any, mailbox: _async.Mailbox) -> typing.Any:
            if request._body is not None:
                request._body.mailbox = mailbox
            apply_extensions(handle, request.extensions, mailbox)
            slot, err = new_handle_slot("httpx_op"), error_slot()
            check(
                lib.httpx_transport_send_async(self._handle, handle, queue, NULL, mailbox.token, NULL, slot, err), err
            )
            return slot[0]

        mailbox = await _async.run(submit)
        return Response._from_native(mailbox.response, None, True)

    async def aclose(self) -> None:
        self._close()
