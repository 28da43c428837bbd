"""What a client is told: `Timeout`, `Limits`, `Proxy`, and TLS (`create_ssl_context`)."""

from __future__ import annotations

import os
import typing

from ._ffi import as_bytes, check, error_slot, ffi, lib, owned
from ._headers import Headers
from ._types import CertTypes, HeaderTypes, TimeoutTypes
from ._urls import URL

if typing.TYPE_CHECKING:
    import ssl

__all__ = ["Limits", "Proxy", "Timeout", "create_ssl_context"]


class UnsetType:
    """The type of UNSET: an argument that was not given, where None has a meaning of its own."""


UNSET = UnsetType()


class Timeout:
    """How long to wait, in seconds; None is no limit.

    `Timeout(5.0)` is for everything, `Timeout(5.0, read=60.0)` has exceptions, `Timeout(None)` waits. All of `connect`,
    `read`, `write` and `pool` are needed where there is no default. A tuple has them in that order.
    """

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: None | float | UnsetType = UNSET,
        read: None | float | UnsetType = UNSET,
        write: None | float | UnsetType = UNSET,
        pool: None | float | UnsetType = UNSET,
    ) -> None:
        single = (connect, read, write, pool)
        if isinstance(timeout, Timeout):
            # Exceptions to a Timeout would leave open which of its four they are exceptions to.
            assert single == (UNSET, UNSET, UNSET, UNSET)
            self.connect, self.read, self.write, self.pool = timeout._all()
        elif isinstance(timeout, tuple):
            self.connect = timeout[0]
            self.read = timeout[1]
            self.write = None if len(timeout) < 3 else timeout[2]
            self.pool = None if len(timeout) < 4 else timeout[3]
        elif isinstance(timeout, UnsetType) and UNSET in single:
            raise ValueError("httpx.Timeout must either include a default, or set all four parameters explicitly.")
        else:
            default = None if isinstance(timeout, UnsetType) else timeout
            self.connect = default if isinstance(connect, UnsetType) else connect
            self.read = default if isinstance(read, UnsetType) else read
            self.write = default if isinstance(write, UnsetType) else write
            self.pool = default if isinstance(pool, UnsetType) else pool

    def _all(self) -> tuple[float | None, float | None, float | None, float | None]:
        return self.connect, self.read, self.write, self.pool

    def _seconds(self) -> tuple[float, float, float, float]:
        """As the library takes them: connect, read, write, pool."""
        connect, read, write, pool = self.connect, self.read, self.write, self.pool
        return (
            _INFINITY if connect is None else connect,
            _INFINITY if read is None else read,
            _INFINITY if write is None else write,
            _INFINITY if pool is None else pool,
        )

    def as_dict(self) -> dict[str, float | None]:
        """The four by name, as they stand in a request's `extensions["timeout"]`."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self._all() == other._all()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        name = type(self).__name__
        if len({self.connect, self.read, self.write, self.pool}) == 1:
            return f"{name}(timeout={self.connect})"
        return f"{name}(connect={self.connect}, read={self.read}, write={self.write}, pool={self.pool})"


_INFINITY = float("inf")


class Limits:
    """How many connections a client may have, how many of them idle, and how long in seconds; None is no limit."""

    def __init__(
        self,
        *,
        max_connections: int | None = None,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = 5.0,
    ) -> None:
        self.max_connections = max_connections
        self.max_keepalive_connections = max_keepalive_connections
        self.keepalive_expiry = keepalive_expiry

    def _numbers(self) -> tuple[int, int, float]:
        """As the library takes them: connections, idle ones, seconds."""
        none = 2 ** (8 * ffi.sizeof("size_t")) - 1
        return (
            none if self.max_connections is None else self.max_connections,
            none if self.max_keepalive_connections is None else self.max_keepalive_connections,
            _INFINITY if self.keepalive_expiry is None else self.keepalive_expiry,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self._numbers() == other._numbers()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(max_connections={self.max_connections}, "
            f"max_keepalive_connections={self.max_keepalive_connections}, "
            f"keepalive_expiry={self.keepalive_expiry})"
        )


class Proxy:
    """A proxy to go through: `Proxy("http://user:password@localhost:8080")`, http, https, socks5 or socks5h.

    `auth` is a pair of username and password, where they do not stand in the URL. `headers` go to the proxy only.
    `ssl_context` is for the connection to an https proxy.
    """

    def __init__(
        self,
        url: URL | str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        auth: tuple[str, str] | None = None,
        headers: HeaderTypes | None = None,
    ) -> None:
        url = URL(url)
        if url.scheme not in ("http", "https", "socks5", "socks5h"):
            raise ValueError(f"Unknown scheme for proxy URL {url!r}")
        if url.username or url.password:
            auth = (url.username, url.password)
            url = url.copy_with(username=None, password=None)
        self.url = url
        self.auth = auth
        self.headers = Headers(headers)
        self.ssl_context = ssl_context

    @property
    def raw_auth(self) -> tuple[bytes, bytes] | None:
        """Username and password as UTF-8."""
        if self.auth is None:
            return None
        return self.auth[0].encode("utf-8"), self.auth[1].encode("utf-8")

    def _native(self) -> typing.Any:
        """A new httpx_proxy, freed with its owner."""
        out = ffi.new("httpx_proxy **")
        err = error_slot()
        url = as_bytes(str(self.url))
        check(lib.httpx_proxy_new(url, len(url), out, err), err)
        proxy = owned(out[0], lib.httpx_proxy_free)
        if self.raw_auth is not None:
            username, password = self.raw_auth
            check(lib.httpx_proxy_auth(proxy, username, len(username), password, len(password), err), err)
        for name, value in self.headers.raw:
            check(lib.httpx_proxy_header(proxy, name, len(name), value, len(value), err), err)
        if self.ssl_context is not None:
            from ._tls import tls_of_context

            check(lib.httpx_proxy_tls(proxy, tls_of_context(self.ssl_context), err), err)
        return proxy

    def __repr__(self) -> str:
        auth = f", auth=({self.auth[0]!r}, '********')" if self.auth else ""
        headers = f", headers={dict(self.headers)!r}" if self.headers else ""
        return f"Proxy({str(self.url)!r}{auth}{headers})"


DEFAULT_TIMEOUT_CONFIG = Timeout(timeout=5.0)
DEFAULT_LIMITS = Limits(max_connections=100, max_keepalive_connections=20)
DEFAULT_MAX_REDIRECTS = 20


def create_ssl_context(
    verify: ssl.SSLContext | str | bool = True,
    cert: CertTypes | None = None,
    trust_env: bool = True,
) -> ssl.SSLContext:
    """What a client trusts, as an `ssl.SSLContext` that can be changed before it is given to one as `verify`.

    With `verify=True` it trusts the bundled root certificates, or with `trust_env` those of SSL_CERT_FILE or
    SSL_CERT_DIR; with False it trusts everybody. The library does the handshakes: of the context it takes certificates
    and keys, `verify_mode`, `check_hostname`, the versions of TLS and `keylog_filename`, and nothing else. Of a context
    that was made elsewhere it takes what that shows: the authorities that were loaded from files, but no certificate of
    the client's, since OpenSSL does not give its key out.

    Deprecated: `verify` as the path of a file or directory, and `cert`.
    """
    from ._tls import context_of

    return context_of(verify, cert, trust_env)


def _native_tls(
    verify: ssl.SSLContext | str | bool = True, cert: CertTypes | None = None, trust_env: bool = True
) -> typing.Any:
    """The httpx_tls for a client's arguments, freed with its owner. Where no context is asked for, none is made."""
    if cert is not None or not isinstance(verify, bool):
        from ._tls import context_of, tls_of_context

        return tls_of_context(context_of(verify, cert, trust_env))
    tls = _new_tls()
    err = error_slot()
    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not verify:
        check(lib.httpx_tls_verify(tls, 0, err), err)
    elif trust_env and (file or directory):
        check(lib.httpx_tls_roots(tls, lib.HTTPX_ROOTS_NONE, err), err)
        path = os.fsencode(file or directory or "")
        check(lib.httpx_tls_ca_path(tls, path, len(path), err), err)
    key_log = os.environ.get("SSLKEYLOGFILE")
    if key_log:
        path = os.fsencode(key_log)
        check(lib.httpx_tls_key_log(tls, path, len(path), err), err)
    return tls


def _new_tls() -> typing.Any:
    """An httpx_tls with the library's defaults, freed with its owner."""
    out = ffi.new("httpx_tls **")
    err = error_slot()
    check(lib.httpx_tls_new(out, err), err)
    return owned(out[0], lib.httpx_tls_free)
