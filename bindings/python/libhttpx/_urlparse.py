"""See `_private_names`."""

from __future__ import annotations

from ._private_names import ParseResult, urlparse

__all__ = ["ParseResult", "urlparse"]
