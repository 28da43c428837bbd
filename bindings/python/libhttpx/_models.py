"""The names of httpx._models, each of which has a module of its own."""

from __future__ import annotations

from ._cookies import Cookies
from ._headers import Headers
from ._request import Request
from ._response import Response

__all__ = ["Cookies", "Headers", "Request", "Response"]
