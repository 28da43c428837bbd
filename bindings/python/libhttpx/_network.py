"""The `network_stream` extension: a response's connection, and, once another protocol has it, its bytes."""

from __future__ import annotations

import math
import typing

from ._async import run
from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, new_handle_slot, owned

if typing.TYPE_CHECKING:
    import ssl

    from ._models import Response

__all__ = ["AsyncNetworkStream", "NetworkStream", "TLSInfo"]


def _seconds(timeout: float | None) -> float:
    return math.inf if timeout is None else timeout


def _address(text: str) -> tuple[str, int] | str | None:
    """What sockets call an address, of "127.0.0.1:80" or "[::1]:80"."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return text or None
    return host.strip("[]"), int(port)


class TLSInfo:
    """What is known of a connection's TLS, by the names that `ssl.SSLObject` has."""

    def __init__(self, version: str, cipher: str, alpn: str, certificates: list[bytes]) -> None:
        self._version = version
        self._cipher = cipher
        self._alpn = alpn
        self._certificates = certificates

    def version(self) -> str:
        """"TLSv1.3"."""
        return self._version

    def cipher(self) -> tuple[str, str, None]:
        """The cipher suite's name, and the version."""
        return self._cipher, self._version, None

    def selected_alpn_protocol(self) -> str | None:
        """"h2", "http/1.1", or None."""
        return self._alpn or None

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        """The peer's certificate in DER. Only the binary form is known."""
        if not binary_form:
            raise ValueError("Only getpeercert(binary_form=True) is supported.")
        return self._certificates[0] if self._certificates else None


class _Stream:
    """What both kinds have in common: the handle, taken from the response when it is needed."""

    def __init__(self, response: Response) -> None:
        self._response: Response | None = response
        self._taken: typing.Any = None

    @property
    def _handle(self) -> typing.Any:
        if self._taken is None:
            assert self._response is not None
            slot, err = new_handle_slot("httpx_network_stream"), error_slot()
            check(lib.httpx_response_network_stream(self._response._any(), slot, err), err)
            self._taken = owned(slot[0], lib.httpx_network_stream_free)
            self._response = None
        return self._taken

    def _ask(self, name: str) -> str:
        """A text that the stream knows, or its response, while it has the connection."""
        length = ffi.new("size_t *")
        if self._taken is not None:
            pointer = getattr(lib, f"httpx_network_stream_{name}")(self._taken, length)
        else:
            assert self._response is not None
            pointer = getattr(lib, f"httpx_response_{name}")(self._response._any(), length)
        return "" if pointer == NULL else ffi.unpack(pointer, length[0]).decode()

    def _certificates(self) -> list[bytes]:
        if self._taken is not None:
            get, handle = lib.httpx_network_stream_tls_certificate, self._taken
        else:
            assert self._response is not None
            get, handle = lib.httpx_response_tls_certificate, self._response._any()
        der, length, err = ffi.new("const uint8_t **"), ffi.new("size_t *"), error_slot()
        found: list[bytes] = []
        while get(handle, len(found), der, length, err) == lib.HTTPX_OK:
            found.append(ffi.buffer(der[0], length[0])[:])
        return found

    def get_extra_info(self, info: str) -> typing.Any:
        """"client_addr", "server_addr" (host and port), "ssl_object" (a TLSInfo, or None), "is_readable"; else None."""
        if info == "client_addr":
            return _address(self._ask("local_address"))
        if info == "server_addr":
            return _address(self._ask("peer_address"))
        if info == "ssl_object":
            version = self._ask("tls_version")
            if not version:
                return None
            return TLSInfo(version, self._ask("tls_cipher"), self._ask("tls_alpn"), self._certificates())
        if info == "is_readable":
            return self._taken is not None and bool(lib.httpx_network_stream_is_readable(self._taken))
        return None

    def _close(self) -> None:
        err = error_slot()
        check(lib.httpx_network_stream_close(self._handle, err), err)


class NetworkStream(_Stream):
    """A connection that another protocol has taken over (101, or 2xx to CONNECT). One thread at a time."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most `max_bytes` that have come, waiting up to `timeout` seconds; b"" at the end."""
        data, length, err = ffi.new("const uint8_t **"), ffi.new("size_t *"), error_slot()
        check(lib.httpx_network_stream_read(self._handle, max_bytes, _seconds(timeout), data, length, err), err)
        return ffi.buffer(data[0], length[0])[:] if length[0] else b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Writes all of it, waiting up to `timeout` seconds each time that the peer takes nothing."""
        err = error_slot()
        check(lib.httpx_network_stream_write(self._handle, buffer, len(buffer), _seconds(timeout), err), err)

    def close(self) -> None:
        """Closes the connection."""
        self._close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """Speaks TLS from now on, with the peer whose certificate is for `server_hostname`; the stream itself."""
        from ._tls import tls_of_context

        name, err = as_bytes(server_hostname or ""), error_slot()
        tls = tls_of_context(ssl_context)
        check(
            lib.httpx_network_stream_start_tls_with(self._handle, tls, name, len(name), _seconds(timeout), err), err
        )
        return self


class AsyncNetworkStream(_Stream):
    """A connection that another protocol has taken over, for async clients. One task reads and one writes at a time."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most `max_bytes` that have come, waiting up to `timeout` seconds; b"" at the end."""
        mailbox = await self._run(lib.httpx_network_stream_read_async, max_bytes, _seconds(timeout))
        return mailbox.data or b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Writes all of it, waiting up to `timeout` seconds each time that the peer takes nothing."""
        await self._run(lib.httpx_network_stream_write_async, buffer, len(buffer), _seconds(timeout))

    async def aclose(self) -> None:
        """Closes the connection."""
        self._close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Speaks TLS from now on, with the peer whose certificate is for `server_hostname`; the stream itself."""
        from ._tls import tls_of_context

        name = as_bytes(server_hostname or "")
        await self._run(
            lib.httpx_network_stream_start_tls_with_async,
            tls_of_context(ssl_context),
            name,
            len(name),
            _seconds(timeout),
        )
        return self

    async def _run(self, start: typing.Callable[..., int], *arguments: typing.Any) -> typing.Any:
        def submit(queue: typing.Any, mailbox: typing.Any) -> typing.Any:
            op, err = new_handle_slot("httpx_op"), error_slot()
            check(start(self._handle, *arguments, queue, NULL, mailbox.token, NULL, op, err), err)
            return op[0]

        return await run(submit)
