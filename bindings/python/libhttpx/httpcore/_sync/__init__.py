"""The pools for synchronous programs, in modules that are named as httpcore's are."""

from __future__ import annotations

from .connection import HTTPConnection
from .connection_pool import ConnectionPool
from .http_proxy import HTTPProxy
from .socks_proxy import SOCKSProxy

__all__ = ["ConnectionPool", "HTTPConnection", "HTTPProxy", "SOCKSProxy"]
