"""Whether somebody has replaced how the pools of `libhttpx.httpcore` handle requests, as mocking libraries do.

Nothing here asks for that module: it says so itself, and clients look at one number before each send.
"""

from __future__ import annotations

# How many methods of pools are not what they were.
pools = 0
