"""One lock for the handles of values that are one thread's at a time: Python gives up its own in each call.

It is held for moments only, and never while anything waits or foreign code runs.
"""

from __future__ import annotations

import os
import threading

__all__ = ["turn"]

# A thread may come back to it: a signal's handler runs between any two lines.
turn = threading.RLock()

if hasattr(os, "register_at_fork") and hasattr(turn, "_at_fork_reinit"):
    os.register_at_fork(after_in_child=turn._at_fork_reinit)
