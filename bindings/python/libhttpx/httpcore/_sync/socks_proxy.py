"""A pool that goes through a SOCKS5 proxy."""

from __future__ import annotations

import typing

from .._models import URL, Credentials, Proxy
from .connection_pool import ConnectionPool

if typing.TYPE_CHECKING:
    import ssl

__all__ = ["SOCKSProxy"]


class SOCKSProxy(ConnectionPool):
    """All connections are made by the proxy at `proxy_url` ("socks5://localhost:1080").

    `proxy_auth` is a pair of username and password. The other `options` are those of `ConnectionPool`.
    """

    def __init__(
        self,
        proxy_url: URL | bytes | str,
        proxy_auth: Credentials | None = None,
        ssl_context: ssl.SSLContext | None = None,
        **options: typing.Any,
    ) -> None:
        super().__init__(ssl_context, Proxy(proxy_url, auth=proxy_auth), **options)
