"""The pools for asynchronous programs, in modules that are named as httpcore's are."""

from __future__ import annotations

from .connection import AsyncHTTPConnection
from .connection_pool import AsyncConnectionPool
from .http_proxy import AsyncHTTPProxy
from .socks_proxy import AsyncSOCKSProxy

__all__ = ["AsyncConnectionPool", "AsyncHTTPConnection", "AsyncHTTPProxy", "AsyncSOCKSProxy"]
