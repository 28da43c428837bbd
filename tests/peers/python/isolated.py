"""Runs pytest in a network of its own where the kernel allows that: suites use fixed ports, and none may reach the world.

`unshare` has made the network when ISOLATED=1; all that is missing there is its loopback interface.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x1 | 0x8 | 0x40


def raise_loopback() -> None:
    """Does what `ip link set lo up` does."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP_RUNNING, b""))


if __name__ == "__main__":
    if os.environ.get("ISOLATED") == "1":
        raise_loopback()

    import pytest

    sys.exit(pytest.main())
