"""A pool that goes through an HTTP proxy."""

from __future__ import annotations

import typing

from .._models import URL, Credentials, HeadersAsMapping, HeadersAsSequence, Proxy
from .connection_pool import AsyncConnectionPool

if typing.TYPE_CHECKING:
    import ssl

__all__ = ["AsyncHTTPProxy"]


class AsyncHTTPProxy(AsyncConnectionPool):
    """Requests to http URLs are forwarded by the proxy at `proxy_url`, connections to https ones are tunnelled.

    `proxy_auth` is a pair of username and password, `proxy_headers` are for the proxy only, `proxy_ssl_context` for the
    connection to it. The other `options` are those of `AsyncConnectionPool`.
    """

    def __init__(
        self,
        proxy_url: URL | bytes | str,
        proxy_auth: Credentials | None = None,
        proxy_headers: HeadersAsMapping | HeadersAsSequence | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy_ssl_context: ssl.SSLContext | None = None,
        **options: typing.Any,
    ) -> None:
        proxy = Proxy(proxy_url, auth=proxy_auth, headers=proxy_headers, ssl_context=proxy_ssl_context)
        if proxy.url.scheme == b"http" and proxy_ssl_context is not None:
            raise RuntimeError("The `proxy_ssl_context` argument is not allowed for the http scheme")
        super().__init__(ssl_context, proxy, **options)
