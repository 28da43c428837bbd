"""`request` and `stream`: one request each, in a pool of its own."""

from __future__ import annotations

import contextlib
import typing

from ._models import URL, Extensions, HeaderTypes, Response
from ._sync import ConnectionPool

__all__ = ["request", "stream"]


def request(
    method: bytes | str,
    url: URL | bytes | str,
    *,
    headers: HeaderTypes = None,
    content: bytes | typing.Iterator[bytes] | None = None,
    extensions: Extensions | None = None,
) -> Response:
    """Sends a request and reads its response."""
    with ConnectionPool() as pool:
        return pool.request(method, url, headers=headers, content=content, extensions=extensions)


@contextlib.contextmanager
def stream(
    method: bytes | str,
    url: URL | bytes | str,
    *,
    headers: HeaderTypes = None,
    content: bytes | typing.Iterator[bytes] | None = None,
    extensions: Extensions | None = None,
) -> typing.Iterator[Response]:
    """The same; the body is for the block to read."""
    with (
        ConnectionPool() as pool,
        pool.stream(method, url, headers=headers, content=content, extensions=extensions) as response,
    ):
        yield response
