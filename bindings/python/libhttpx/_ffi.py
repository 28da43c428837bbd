"""How Python calls the library: strings in and out, errors to exceptions, handles with one owner.

Every function of the C ABI that can fail takes an `httpx_error **` last and returns a code. `check(code, err)` turns a
failure into the exception that HTTPX has for it; if a callback of Python's raised something in that call, it is what is
raised. Handles are freed by `ffi.gc` where they are value types; requests, responses and clients own theirs by hand,
because they may be given away.
"""

from __future__ import annotations

import threading
import typing

from ._native import ffi, lib

__all__ = [
    "NULL",
    "as_bytes",
    "bytes_out",
    "check",
    "error_slot",
    "ffi",
    "lib",
    "new_handle_slot",
    "owned",
    "raise_error",
    "raise_last",
    "text_of",
]

NULL = ffi.NULL
_new = ffi.new
_OK_UP_TO = lib.HTTPX_AGAIN


class _Pending(threading.local):
    """What a callback has raised on this thread, until the call that it happened in has returned."""

    exception: BaseException | None = None


pending = _Pending()


def error_slot() -> typing.Any:
    """A place for an error."""
    return _new("httpx_error **")


def new_handle_slot(kind: str) -> typing.Any:
    """A place for a handle: `new_handle_slot("httpx_url")`."""
    return _new(kind + " **")


def check(code: int, err: typing.Any) -> None:
    """Raises what `code` means, with what `err` says; HTTPX_OK, HTTPX_DONE and HTTPX_AGAIN mean nothing."""
    if code > _OK_UP_TO:
        raise_error(err[0], code)


def raise_error(error: typing.Any, code: int = 0) -> typing.NoReturn:
    """Raises what a callback left behind on this thread, else the exception for an `httpx_error *`, which ends here."""
    exception = pending.exception
    if exception is not None:
        pending.exception = None
        if error != NULL:
            lib.httpx_error_free(error)
        try:
            raise exception
        finally:
            del exception
    from ._exceptions import exception_of

    raise exception_of(code or lib.httpx_error_code(error), error)


def raise_last() -> typing.NoReturn:
    """Raises the error of the last call into glue.h that failed on this thread."""
    raise_error(lib._take_error())


def owned(handle: typing.Any, free: typing.Any) -> typing.Any:
    """A handle that is freed when nobody has it any more."""
    return ffi.gc(handle, free)


def as_bytes(text: str | bytes) -> bytes:
    """Text as the library takes it."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def text_of(pointer: typing.Any, length: typing.Any) -> str:
    """Text that the library lends: `length` is the `size_t *` it was written to."""
    return ffi.unpack(pointer, length[0]).decode("utf-8") if length[0] else ""


def bytes_out(pointer: typing.Any, length: typing.Any) -> bytes:
    """Bytes that the library lends."""
    return bytes(ffi.buffer(pointer, length[0])) if length[0] else b""
