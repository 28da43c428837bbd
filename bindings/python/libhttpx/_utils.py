"""See `_private_names`."""

from __future__ import annotations

from ._private_names import URLPattern, get_environment_proxies
from ._urls import primitive_value_to_str

__all__ = ["URLPattern", "get_environment_proxies", "primitive_value_to_str"]
