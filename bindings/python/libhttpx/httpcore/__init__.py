"""The connection pools of the library in httpcore's shape: `import libhttpx.httpcore as httpcore`.

    >>> with httpcore.ConnectionPool() as pool:
    ...     response = pool.request("GET", "https://www.example.org/")
    ...     pool.connections
    [<HTTPConnection ['https://www.example.org:443', HTTP/1.1, IDLE, Request Count: 1]>]

Pools send requests as they are and give responses as they came: no redirects, cookies or decoding. There are no network
backends and no connections to be had one by one: input and output are the library's.
"""

from __future__ import annotations

import typing

from .._network_stream import AsyncNetworkStream, NetworkStream
from .._transports.default import SOCKET_OPTION
from ._api import request, stream
from ._async import AsyncConnectionPool, AsyncHTTPConnection, AsyncHTTPProxy, AsyncSOCKSProxy
from ._exceptions import (
    ConnectError,
    ConnectionNotAvailable,
    ConnectTimeout,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TimeoutException,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._models import URL, ByteStream, Origin, Proxy, Request, Response, default_ssl_context
from ._sync import ConnectionPool, HTTPConnection, HTTPProxy, SOCKSProxy

__all__ = [
    "SOCKET_OPTION",
    "URL",
    "AsyncConnectionPool",
    "AsyncHTTPConnection",
    "AsyncHTTPProxy",
    "AsyncNetworkStream",
    "AsyncSOCKSProxy",
    "ByteStream",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionNotAvailable",
    "ConnectionPool",
    "HTTPConnection",
    "HTTPProxy",
    "LocalProtocolError",
    "NetworkError",
    "NetworkStream",
    "Origin",
    "PoolTimeout",
    "ProtocolError",
    "Proxy",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "Response",
    "SOCKSProxy",
    "TimeoutException",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "default_ssl_context",
    "pool_of",
    "request",
    "stream",
]


def pool_of(handle: typing.Any, proxy: typing.Any, is_async: bool) -> typing.Any:
    """The pool that a transport of HTTPX has, from its httpx_transport: one for its kind of proxy (`libhttpx.Proxy` or None)."""
    if proxy is None:
        return (AsyncConnectionPool if is_async else ConnectionPool)._of(handle, None)
    url = proxy.url
    # As httpcore says it: where the proxy is, and nothing else.
    place = URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target="/")
    told = Proxy(place, auth=proxy.raw_auth, headers=proxy.headers.raw, ssl_context=proxy.ssl_context)
    kind: typing.Any
    if url.scheme.startswith("socks"):
        kind = AsyncSOCKSProxy if is_async else SOCKSProxy
    else:
        kind = AsyncHTTPProxy if is_async else HTTPProxy
    return kind._of(handle, told)
