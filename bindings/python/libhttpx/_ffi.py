"""How Python calls the library: strings in and out, errors to exceptions, handles with one owner.

Every function of the C ABI that can fail takes an `httpx_error **` last and returns a code. `check(code, err)` turns a
failure into the exception that HTTPX has for it. Handles are freed by `ffi.gc` where they are value types; requests,
responses and clients own theirs by hand, because they may be given away.
"""

from __future__ import annotations

import typing

from ._native import ffi, lib

__all__ = ["NULL", "as_bytes", "bytes_out", "check", "error_slot", "ffi", "lib", "new_handle_slot", "owned", "text_of"]

NULL = ffi.NULL
_new = ffi.new
_string = ffi.unpack


def error_slot() -> typing.Any:
    """A place for an error."""
    return _new("httpx_error **")


def new_handle_slot(kind: str) -> typing.Any:
    """A place for a handle: `new_handle_slot("httpx_url")`."""
    return _new(kind + " **")


def check(code: int, err: typing.Any) -> None:
    """Raises what `code` means, with what `err` says; HTTPX_OK, HTTPX_DONE and HTTPX_AGAIN mean nothing."""
    if code > lib.HTTPX_AGAIN:
        from ._exceptions import exception_of

        raise exception_of(code, err[0])


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
