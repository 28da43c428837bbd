"""Multipart bodies: fields and files as users give them, put into the library's."""

from __future__ import annotations

import io
import os
import typing

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned
from ._streams import Body
from ._types import AsyncByteStream, SyncByteStream

__all__ = ["MultipartStream"]

_OK: int = lib.HTTPX_OK
_DONE: int = lib.HTTPX_DONE


def primitive_text(value: typing.Any) -> str:
    """A value of a form: true, false, nothing for None, else its str()."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "" if value is None else str(value)


def length_of(file: typing.Any) -> int | None:
    """How many bytes a file has, from its beginning to its end; None if it doesn't tell."""
    try:
        offset = file.tell()
        length: int = file.seek(0, os.SEEK_END)
        file.seek(offset)
    except (AttributeError, OSError):
        return None
    return length


class FilePart:
    """A file object, as the library reads it: from its beginning, if it can be moved there."""

    def __init__(self, file: typing.Any) -> None:
        self._file = file
        self._begun = False
        self._left: typing.Any = b""

    def pull(self, buffer: typing.Any, capacity: int, length: typing.Any) -> int:
        """Puts the next piece into `buffer`, and gives a code."""
        if not self._begun:
            self._begun = True
            self._seek()
        piece = self._left or as_bytes(self._file.read(min(capacity, 65_536)))
        if not piece:
            return _DONE
        count = min(len(piece), capacity)
        ffi.memmove(buffer, piece, count)
        self._left = memoryview(piece)[count:] if count < len(piece) else b""
        length[0] = count
        return _OK

    def rewind(self) -> int:
        """Begins anew."""
        self._begun, self._left = False, b""
        return _OK

    def _seek(self) -> None:
        seek = getattr(self._file, "seek", None)
        if seek is not None:
            try:
                seek(0)
            except io.UnsupportedOperation:
                pass


class MultipartStream(Body, SyncByteStream, AsyncByteStream):
    """A multipart/form-data body: the fields of `data`, then `files`, in their order.

    `data` maps names to values (str, bytes, int, float, bool, None) or lists of them. A file is its content (bytes, str
    or a binary file object), or a tuple (filename, content[, content type[, headers]]). Without `boundary` there is a
    random one, or the one in the Content-Type of the request that the body is given to.
    """

    def __init__(self, data: typing.Mapping[str, typing.Any], files: typing.Any, boundary: bytes | None = None) -> None:
        slot, err = ffi.new("httpx_multipart **"), error_slot()
        check(lib.httpx_multipart_new(slot, err), err)
        self._handle = owned(slot[0], lib.httpx_multipart_free)
        # The native request that has this body.
        self._request: typing.Any = None
        # From here, and not from the library, since tests make it predictable by patching os.urandom.
        self.boundary = os.urandom(16).hex().encode("ascii") if boundary is None else boundary
        check(lib.httpx_multipart_boundary(self._handle, self.boundary, len(self.boundary), err), err)
        for name, value in data.items():
            for item in value if isinstance(value, (list, tuple)) else (value,):
                self._add_field(name, item)
        for name, value in files.items() if isinstance(files, typing.Mapping) else files:
            self._add_file(name, value)

    def _add_field(self, name: typing.Any, value: typing.Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Invalid type for name. Expected str, got {type(name)}: {name!r}")
        if value is not None and not isinstance(value, (str, bytes, int, float)):
            raise TypeError(f"Invalid type for value. Expected primitive type, got {type(value)}: {value!r}")
        key, err = as_bytes(name), error_slot()
        content = value if isinstance(value, bytes) else as_bytes(primitive_text(value))
        check(lib.httpx_multipart_field(self._handle, key, len(key), content, len(content), err), err)

    def _add_file(self, name: str, value: typing.Any) -> None:
        content_type: str | None = None
        headers: typing.Mapping[str, str] = {}
        if isinstance(value, tuple):
            filename, content, *more = value
            if more:
                content_type = more[0]
            if len(more) > 1:
                headers = more[1] or {}
        else:
            filename, content = os.path.basename(str(getattr(value, "name", "upload"))), value
        if isinstance(content, io.StringIO):
            raise TypeError("Multipart file uploads require 'io.BytesIO', not 'io.StringIO'.")
        if isinstance(content, io.TextIOBase):
            raise TypeError("Multipart file uploads must be opened in binary mode, not text mode.")
        for key, text in headers.items():
            self._add_header(as_bytes(key), as_bytes(text))
        if filename is None and content_type is not None and not any(key.lower() == "content-type" for key in headers):
            self._add_header(b"Content-Type", as_bytes(content_type))
        described = (*_text(name), *_text(filename), *_text(content_type))
        err = error_slot()
        if isinstance(content, (bytes, str)):
            data = as_bytes(content)
            check(lib.httpx_multipart_file_bytes(self._handle, *described, data, len(data), err), err)
            return
        from ._callbacks import keep

        length = length_of(content)
        part = keep(FilePart(content))
        size = -1 if length is None else length
        code = lib.httpx_multipart_file_pull(
            self._handle, *described, size, lib._pull, lib._rewind, part, lib._destroy, err
        )
        check(code, err)

    def _add_header(self, name: bytes, value: bytes) -> None:
        err = error_slot()
        check(lib.httpx_multipart_header(self._handle, name, len(name), value, len(value), err), err)

    def _give(self, request: typing.Any) -> None:
        """Makes this the body of a native request, which then says what it contains."""
        err = error_slot()
        check(lib.httpx_request_body_multipart(request, self._handle, err), err)
        self._request = request

    def _owner(self) -> typing.Any:
        """A native request that has this body."""
        if self._request is None:
            slot, err = ffi.new("httpx_request **"), error_slot()
            check(lib.httpx_request_new(NULL, b"POST", 4, b"", 0, slot, err), err)
            self._give(owned(slot[0], lib.httpx_request_free))
        return self._request

    def get_headers(self) -> dict[str, str]:
        """Content-Type, and Content-Length or Transfer-Encoding."""
        from ._headers import Headers

        slot, err = ffi.new("httpx_headers **"), error_slot()
        check(lib.httpx_request_headers(self._owner(), slot, err), err)
        headers = Headers._wrap(owned(slot[0], lib.httpx_headers_free))
        names = ("Content-Length", "Transfer-Encoding", "Content-Type")
        return {name: headers[name] for name in names if name in headers}

    @property
    def content_type(self) -> str:
        """The type of the body, with its boundary."""
        return self.get_headers()["Content-Type"]

    def _read(self) -> bytes:
        data, length, err = ffi.new("const uint8_t **"), ffi.new("size_t *"), error_slot()
        check(lib.httpx_request_read(self._owner(), data, length, err), err)
        return bytes(ffi.buffer(data[0], length[0]))

    def __iter__(self) -> typing.Iterator[bytes]:
        yield self._read()

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        yield self._read()


def _text(text: str | None) -> tuple[typing.Any, int]:
    if text is None:
        return NULL, 0
    encoded = as_bytes(text)
    return encoded, len(encoded)
