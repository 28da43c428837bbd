"""The base classes of transports."""

from __future__ import annotations

import typing
from types import TracebackType

if typing.TYPE_CHECKING:
    from typing_extensions import Self

    from .._models import Request, Response

__all__ = ["AsyncBaseTransport", "BaseTransport"]


class BaseTransport:
    """Carries requests for `Client`. Subclasses override `handle_request`, and `close` if they hold anything."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def handle_request(self, request: Request) -> Response:
        """Sends one request, complete as it is, and returns its response, whose stream the caller reads and closes.

        Redirects, cookies and authentication are the client's.
        """
        raise NotImplementedError("The 'handle_request' method must be implemented.")

    def close(self) -> None:
        """Gives back what the transport holds."""


class AsyncBaseTransport:
    """Carries requests for `AsyncClient`: subclasses override `handle_async_request`, and `aclose`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def handle_async_request(self, request: Request) -> Response:
        """Sends one request, complete as it is, and returns its response, whose stream the caller reads and closes."""
        raise NotImplementedError("The 'handle_async_request' method must be implemented.")

    async def aclose(self) -> None:
        """Gives back what the transport holds."""
