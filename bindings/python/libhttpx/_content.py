"""The content of requests: `content`, `data`, `files` and `json` as users give them, put into a native request."""

from __future__ import annotations

import typing
import warnings

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib
from ._multipart import MultipartStream, length_of, primitive_text
from ._streams import AsyncIteratorByteStream, Body, ByteStream, IteratorByteStream, PullBody, UnattachedStream

__all__ = ["AsyncIteratorByteStream", "ByteStream", "IteratorByteStream", "UnattachedStream"]

# From this size on, bytes are lent to the library instead of copied.
_LARGE = 65_536


def json_text(value: typing.Any) -> bytes:
    """A value as JSON: compact, UTF-8, no NaN."""
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def stream_of(content: typing.Any) -> typing.Any:
    """A stream for content that is not in memory: an iterable, a file, an asynchronous iterable."""
    if isinstance(content, typing.Iterable) and not isinstance(content, dict):
        return IteratorByteStream(content)
    if isinstance(content, typing.AsyncIterable):
        return AsyncIteratorByteStream(content)
    raise TypeError(f"Unexpected type for 'content', {type(content)!r}")


def content_length(content: typing.Any) -> int:
    """The length of content that is not in memory, or -1: only files tell theirs."""
    length = length_of(content) if isinstance(content, typing.Iterable) else None
    return -1 if length is None else length


def set_body(
    handle: typing.Any,
    content: typing.Any = None,
    data: typing.Any = None,
    files: typing.Any = None,
    json: typing.Any = None,
) -> Body | None:
    """Gives a native request its body, and with it the headers that describe it.

    None: the body is in memory. Else what makes it: an asynchronous send sets its `mailbox`.
    """
    if data is not None and not isinstance(data, typing.Mapping):
        message = "Use 'content=<...>' to upload raw bytes/text content."
        warnings.warn(message, DeprecationWarning, stacklevel=3)
        return _set_content(handle, data)
    if content is not None:
        return _set_content(handle, content)
    if files:
        multipart = MultipartStream(data or {}, files)
        multipart._give(handle)
        return multipart
    if data:
        _set_form(handle, data)
    elif json is not None:
        text, err = json_text(json), error_slot()
        check(lib.httpx_request_body_json(handle, text, len(text), err), err)
    return None


def _set_content(handle: typing.Any, content: typing.Any) -> Body | None:
    if isinstance(content, (bytes, str)):
        set_bytes(handle, content if isinstance(content, bytes) else content.encode("utf-8"))
        return None
    stream = stream_of(content)
    return set_stream(handle, stream, content_length(content))


def set_bytes(handle: typing.Any, content: bytes) -> None:
    """Gives a native request a body in memory."""
    err = error_slot()
    if len(content) < _LARGE:
        check(lib.httpx_request_body_bytes(handle, content, len(content), err), err)
        return
    from ._callbacks import keep

    lent = ffi.from_buffer(content)
    check(lib.httpx_request_body_owned(handle, lent, len(content), keep(lent), lib._destroy, err), err)


def set_stream(handle: typing.Any, stream: typing.Any, length: int = -1) -> Body:
    """Gives a native request a body that a stream makes; `length` is its length, or -1."""
    from ._callbacks import keep

    body, err = PullBody(stream), error_slot()
    # What can be read once is refused before it is sent again; a server may answer before anybody asks for the body.
    rewind = NULL if getattr(stream, "_is_generator", False) else lib._rewind
    code = lib.httpx_request_body_pull(handle, length, lib._pull, rewind, keep(body), lib._destroy, err)
    check(code, err)
    return body


def _set_form(handle: typing.Any, data: typing.Mapping[typing.Any, typing.Any]) -> None:
    slot, err = ffi.new("httpx_form **"), error_slot()
    check(lib.httpx_form_new(slot, err), err)
    form = slot[0]
    try:
        for key, value in data.items():
            name = as_bytes(key if isinstance(key, (bytes, str)) else str(key))
            for item in value if isinstance(value, (list, tuple)) else (value,):
                text = as_bytes(primitive_text(item))
                check(lib.httpx_form_add(form, name, len(name), text, len(text), err), err)
        check(lib.httpx_request_body_form(handle, form, err), err)
    finally:
        lib.httpx_form_free(form)
