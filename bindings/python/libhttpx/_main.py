"""`main`: the command line. What it needs (click, rich, pygments) is imported when it runs, not with the package."""

from __future__ import annotations

import sys
import typing

__all__ = ["main"]

_MISSING = """\
The httpx command line client could not run because the required dependencies were not installed.
Make sure you've installed everything with: pip install 'libhttpx[cli]'"""


class _Main:
    """The click command of `_command.py`, which is made by whoever uses it first."""

    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        try:
            command = self._command()
        except ImportError:
            print(_MISSING)
            sys.exit(1)
        return command(*args, **kwargs)

    def __getattr__(self, name: str) -> typing.Any:
        return getattr(self._command(), name)

    @staticmethod
    def _command() -> typing.Any:
        from ._command import command

        return command


main = _Main()
