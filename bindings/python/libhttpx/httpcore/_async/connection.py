"""One connection."""

from __future__ import annotations

import typing

from .._exceptions import ConnectionNotAvailable
from .._models import Origin, Request, Response
from .connection_pool import AsyncConnectionPool

__all__ = ["AsyncHTTPConnection"]


class AsyncHTTPConnection(AsyncConnectionPool):
    """A pool of one connection, to `origin`. The `options` are those of `AsyncConnectionPool`."""

    def __init__(self, origin: Origin, ssl_context: typing.Any = None, **options: typing.Any) -> None:
        super().__init__(ssl_context, max_connections=1, **options)
        self._origin = origin

    async def handle_async_request(self, request: Request) -> Response:
        """Sends a request to the origin; RuntimeError for one to another."""
        if not self.can_handle_request(request.url.origin):
            raise RuntimeError(f"Attempted to send request to {request.url.origin} on connection to {self._origin}")
        if not self.is_available():
            raise ConnectionNotAvailable()
        return await super().handle_async_request(request)

    def can_handle_request(self, origin: Origin) -> bool:
        """Whether the connection is to this origin."""
        return origin == self._origin

    def is_available(self) -> bool:
        """Whether a request would be sent now."""
        return all(each.is_available() for each in self.connections)

    def is_idle(self) -> bool:
        """Whether the connection waits for a request."""
        connections = self.connections
        return bool(connections) and connections[0].is_idle()

    def is_closed(self) -> bool:
        """Whether there is no connection now."""
        return not self.connections

    def info(self) -> str:
        """The version, the state, and how many requests were sent."""
        connections = self.connections
        return connections[0].info() if connections else "CONNECTING"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.info()}]>"
