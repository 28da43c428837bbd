"""The `network_stream` extension of responses: the connection below, in httpcore's words.

After a 101 or a CONNECT it can be read and written. For every other response it tells who is at its ends, and how TLS is
spoken.
"""

from __future__ import annotations

import typing

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned

if typing.TYPE_CHECKING:
    import ssl

    from ._async import Mailbox
    from ._response import Response

__all__ = ["AsyncNetworkStream", "NetworkStream"]

_FOREVER = float("inf")


def _seconds(timeout: float | None) -> float:
    return _FOREVER if timeout is None else timeout


def _said(get: typing.Callable[..., typing.Any], handle: typing.Any) -> str:
    length = ffi.new("size_t *")
    pointer = get(handle, length)
    return ffi.unpack(pointer, length[0]).decode("utf-8") if length[0] else ""


def _address(said: str) -> tuple[str, int] | None:
    host, _, port = said.rpartition(":")
    return (host.strip("[]"), int(port)) if port else None


class TLSInfo:
    """What is known of a connection's TLS, with the names of `ssl.SSLObject`."""

    def __init__(self, version: str, cipher: str, alpn: str, certificate: bytes | None) -> None:
        self._version, self._cipher, self._alpn, self._certificate = version, cipher, alpn, certificate

    def version(self) -> str:
        """The version: "TLSv1.3"."""
        return self._version

    def cipher(self) -> tuple[str, str, int | None]:
        """The cipher suite by its IANA name, the version, and None."""
        return self._cipher, self._version, None

    def selected_alpn_protocol(self) -> str | None:
        """What ALPN has chosen: "h2"."""
        return self._alpn or None

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        """The server's certificate in DER, and in no other form."""
        if not binary_form:
            raise ValueError("Certificates are not taken apart: ask with binary_form=True.")
        return self._certificate


class _Base:
    """What both kinds have: the handle, once the connection was taken over, and what is known of it."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._handle: typing.Any = None
        self._socket: typing.Any = None

    def _taken(self) -> typing.Any:
        if self._handle is None:
            slot, err = ffi.new("httpx_network_stream **"), error_slot()
            check(lib.httpx_response_network_stream(self._response._any(), slot, err), err)
            self._handle = owned(slot[0], lib.httpx_network_stream_free)
        return self._handle

    def _close(self) -> None:
        err = error_slot()
        if self._handle is not None:
            check(lib.httpx_network_stream_close(self._handle, err), err)

    def get_extra_info(self, info: str) -> typing.Any:
        """`client_addr` and `server_addr` as (host, port), `socket`, `ssl_object`, `is_readable`; None for anything else.

        The socket has a descriptor of its own: for options and for who is at its ends; it is closed with this object.
        """
        taken = self._handle is not None
        kind = "network_stream" if taken else "response"
        handle = self._handle if taken else self._response._any()
        if info == "client_addr":
            return _address(_said(getattr(lib, f"httpx_{kind}_local_address"), handle))
        if info == "server_addr":
            return _address(_said(getattr(lib, f"httpx_{kind}_peer_address"), handle))
        if info == "is_readable":
            return bool(taken and lib.httpx_network_stream_is_readable(handle))
        if info == "socket":
            return self._own_socket(kind, handle)
        if info == "ssl_object":
            version = _said(getattr(lib, f"httpx_{kind}_tls_version"), handle)
            return _tls_info(kind, handle, version) if version else None
        return None

    def _own_socket(self, kind: str, handle: typing.Any) -> typing.Any:
        if self._socket is None:
            slot = ffi.new("intptr_t *")
            if getattr(lib, f"httpx_{kind}_socket")(handle, slot, NULL) != lib.HTTPX_OK:
                return None
            import socket

            self._socket = socket.socket(fileno=slot[0])
        return self._socket

    def __del__(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @staticmethod
    def _tls(ssl_context: ssl.SSLContext) -> typing.Any:
        from ._tls import tls_of_context

        return tls_of_context(ssl_context)

    def _name(self, server_hostname: str | None) -> bytes:
        return as_bytes(self._response.url.host if server_hostname is None else server_hostname)


def _tls_info(kind: str, handle: typing.Any, version: str) -> TLSInfo:
    der, length = ffi.new("const uint8_t **"), ffi.new("size_t *")
    code = getattr(lib, f"httpx_{kind}_tls_certificate")(handle, 0, der, length, NULL)
    certificate = bytes(ffi.buffer(der[0], length[0])) if code == lib.HTTPX_OK else None
    cipher, alpn = getattr(lib, f"httpx_{kind}_tls_cipher"), getattr(lib, f"httpx_{kind}_tls_alpn")
    return TLSInfo(version, _said(cipher, handle), _said(alpn, handle), certificate)


class NetworkStream(_Base):
    """A connection, for sync clients. Timeouts are in seconds; None waits for ever."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What there is, at most `max_bytes`; nothing at the end."""
        data, length, err = ffi.new("const uint8_t **"), ffi.new("size_t *"), error_slot()
        check(lib.httpx_network_stream_read(self._taken(), max_bytes, _seconds(timeout), data, length, err), err)
        return ffi.buffer(data[0], length[0])[:] if data[0] != NULL else b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Writes all of it."""
        err = error_slot()
        check(lib.httpx_network_stream_write(self._taken(), buffer, len(buffer), _seconds(timeout), err), err)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """Speaks TLS from now on; the same stream."""
        name, tls, err = self._name(server_hostname), self._tls(ssl_context), error_slot()
        limit = _seconds(timeout)
        check(lib.httpx_network_stream_start_tls_with(self._taken(), tls, name, len(name), limit, err), err)
        return self

    def close(self) -> None:
        """Closes the connection, or, if it was not taken over, the response."""
        self._close()
        self._response.close()


class AsyncNetworkStream(_Base):
    """A connection, for async clients. Timeouts are in seconds; None waits for ever."""

    @staticmethod
    async def _run(start: typing.Callable[..., int], *arguments: typing.Any) -> bytes:
        from ._async import run

        def submit(queue: typing.Any, mailbox: Mailbox) -> typing.Any:
            op, err = ffi.new("httpx_op **"), error_slot()
            check(start(*arguments, queue, NULL, mailbox.token, NULL, op, err), err)
            return op[0]

        return (await run(submit)).data or b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What there is, at most `max_bytes`; nothing at the end."""
        return await self._run(lib.httpx_network_stream_read_async, self._taken(), max_bytes, _seconds(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Writes all of it."""
        limit = _seconds(timeout)
        await self._run(lib.httpx_network_stream_write_async, self._taken(), buffer, len(buffer), limit)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Speaks TLS from now on; the same stream."""
        name, tls, limit = self._name(server_hostname), self._tls(ssl_context), _seconds(timeout)
        start = lib.httpx_network_stream_start_tls_with_async
        await self._run(start, self._taken(), tls, name, len(name), limit)
        return self

    async def aclose(self) -> None:
        """Closes the connection, or, if it was not taken over, the response."""
        self._close()
        await self._response.aclose()
