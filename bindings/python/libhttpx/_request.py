"""`Request`: what a native request says, as attributes, and what the program changes of it.

It asks its handle when it is asked itself, and keeps the answer where asking again would cost. What the program changes
(headers, method, URL, stream) is kept here, and told to the handle when that is needed (`_native`). A handle that the
library lends for the time of a callback takes the place of the request's own until `_unlend`.
"""

from __future__ import annotations

import typing

from ._content import set_body, set_bytes, set_stream
from ._cookies import Cookies
from ._exceptions import RequestNotRead
from ._ffi import NULL, check, error_slot, ffi, lib, owned
from ._headers import Headers
from ._multipart import MultipartStream
from ._streams import Body, ByteStream, PullBody, UnattachedStream
from ._types import (
    AsyncByteStream,
    CookieTypes,
    HeaderTypes,
    QueryParamTypes,
    RequestContent,
    RequestData,
    RequestExtensions,
    RequestFiles,
    SyncByteStream,
)
from ._urls import URL

__all__ = ["Flag", "Request", "headers_of", "text_from"]

_new = ffi.new
_unpack = ffi.unpack
_OK: int = lib.HTTPX_OK


class Flag:
    """Whether the headers of an object were changed since its handle was told. They hold it, not the object."""

    __slots__ = ("is_set",)

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> None:
        self.is_set = True


def text_from(get: typing.Callable[..., typing.Any], handle: typing.Any) -> str:
    """The text that a function lends; none for NULL."""
    length = _new("size_t *")
    pointer = get(handle, length)
    return _unpack(pointer, length[0]).decode("utf-8", "replace") if length[0] else ""


def headers_of(get: typing.Callable[..., int], handle: typing.Any, changed: Flag) -> Headers:
    """A copy of a handle's headers, which tell `changed` when they change."""
    slot, err = _new("httpx_headers **"), error_slot()
    check(get(handle, slot, err), err)
    return Headers._wrap(slot[0], changed)


class Request:
    """A request: method, URL, headers and a body.

    `content` is bytes, text, or an iterable of bytes (for AsyncClient an asynchronous one), which is sent in chunks
    unless there is a Content-Length; `data` a form's fields; `files` what is uploaded, see `MultipartStream`; `json`
    anything that the json module takes. With `stream`, an instance of SyncByteStream or AsyncByteStream, no header is
    added, not even Host. `params` replaces the URL's query. `extensions` are handed to transports.
    """

    _lent: typing.Any = None
    _method: str | None = None
    _url: URL | None = None
    _headers: Headers | None = None
    _changed: Flag | None = None
    # Headers that somebody else made, who may change them without telling.
    _foreign = False
    _stream: typing.Any = None
    # What the library gets the body from; None for one in memory.
    _body: Body | None = None
    _content: bytes | None = None
    _new_method = False
    _new_url = False
    _new_stream = False

    def __init__(
        self,
        method: str | bytes,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        extensions: RequestExtensions | None = None,
    ) -> None:
        self._method = method = (method.decode("ascii") if isinstance(method, bytes) else method).upper()
        if params is not None:
            url = URL(url, params=params)
        elif not isinstance(url, (str, URL)):
            url = URL(url)
        if isinstance(url, URL):
            self._url = url
        verb, target = method.encode("utf-8"), str(url).encode("utf-8", "surrogatepass")
        slot, err = _new("httpx_request **"), error_slot()
        check(lib.httpx_request_new(NULL, verb, len(verb), target, len(target), slot, err), err)
        self._handle = handle = owned(slot[0], lib.httpx_request_free)
        self.extensions: dict[str, typing.Any] = {} if extensions is None else dict(extensions)
        given = headers if isinstance(headers, Headers) or headers is None else Headers(headers)
        if stream is not None:
            self._stream, self._new_stream = stream, True
            check(lib.httpx_request_keep_headers(handle, err), err)
            check(lib.httpx_request_set_headers(handle, (given or Headers())._handle, err), err)
        elif given is not None:
            _add_headers(handle, given)
        if cookies:
            Cookies(cookies).set_cookie_header(self)
        if stream is None:
            self._fill(content, data, files, json)

    @classmethod
    def _make(
        cls,
        handle: typing.Any,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        extensions: RequestExtensions | None = None,
    ) -> Request:
        """A request of a native one, which is its own from now on, with a body."""
        request = cls.__new__(cls)
        request._handle = owned(handle, lib.httpx_request_free)
        request.extensions = {} if extensions is None else dict(extensions)
        request._fill(content, data, files, json)
        return request

    def _fill(self, content: typing.Any, data: typing.Any, files: typing.Any, json: typing.Any) -> None:
        if content is None and data is None and files is None and json is None:
            return
        self._body = body = set_body(self._handle, content, data, files, json)
        if body is not None:
            self._stream = body if isinstance(body, MultipartStream) else typing.cast(PullBody, body).stream

    @classmethod
    def _from_native(cls, handle: typing.Any, lent: bool = False) -> Request:
        """The request of a native one: its own from now on, or lent by the library until `_unlend`.

        If the program has a Request that this is a copy of, with the same method and URL, it is that one.
        """
        from ._callbacks import keep, send_of

        send = send_of(handle)
        known = None if send is None else send.request
        if known is not None and known._is(handle):
            if lent:
                known._lend(handle)
            else:
                known._adopt(owned(handle, lib.httpx_request_free))
            return known
        request = cls.__new__(cls)
        if lent:
            request._handle, request._lent = None, handle
        else:
            request._handle = owned(handle, lib.httpx_request_free)
        request.extensions = {} if send is None else dict(send.extensions)
        if known is not None and request._memory() is None:
            request._stream, request._body = known.stream, known._body
        if lent and send is not None:
            # Whoever gets a copy of it finds this object.
            err = error_slot()
            check(lib.httpx_request_set_user_data(handle, keep(send.part(request)), lib._destroy, err), err)
        return request

    _wrap = _from_native

    def _is(self, handle: typing.Any) -> bool:
        return self.method == text_from(lib.httpx_request_method, handle) and str(self.url) == text_from(
            lib.httpx_request_url, handle
        )

    def _adopt(self, handle: typing.Any) -> None:
        """Takes a newer copy of itself, `owned`, as its own."""
        self._handle = handle
        self._refresh()

    def _lend(self, handle: typing.Any) -> None:
        """Uses a handle of the library's until `_unlend`."""
        self._lent = handle
        self._refresh()

    def _refresh(self) -> None:
        """Forgets what it knew of the handle's headers, which have changed."""
        self._headers, self._changed, self._foreign = None, None, False

    def _unlend(self) -> None:
        """Tells the handle that was lent what was changed, and goes on with a copy of it."""
        lent = self._native()
        slot, err = _new("httpx_request **"), error_slot()
        check(lib.httpx_request_clone(lent, slot, err), err)
        self._handle, self._lent = owned(slot[0], lib.httpx_request_free), None

    def _native(self) -> typing.Any:
        """The native request, which knows all that was changed here."""
        handle = self._lent if self._lent is not None else self._handle
        if self._new_method:
            method, err = self.method.encode("utf-8"), error_slot()
            check(lib.httpx_request_set_method(handle, method, len(method), err), err)
            self._new_method = False
        if self._new_url:
            url, err = str(self._url).encode("utf-8"), error_slot()
            check(lib.httpx_request_set_url(handle, url, len(url), err), err)
            self._new_url = False
        headers, changed = self._headers, self._changed
        if headers is not None and (self._foreign or (changed is not None and changed.is_set)):
            err = error_slot()
            check(lib.httpx_request_set_headers(handle, headers._handle, err), err)
            if changed is not None:
                changed.is_set = False
        if self._new_stream:
            self._new_stream = False
            self._replace_body(handle)
        return handle

    def _replace_body(self, handle: typing.Any) -> None:
        """Gives the handle the stream that was set, and leaves the headers to the program."""
        err = error_slot()
        check(lib.httpx_request_keep_headers(handle, err), err)
        stream = self._stream
        self._body = None
        if isinstance(stream, ByteStream):
            set_bytes(handle, stream._stream)
        elif isinstance(stream, MultipartStream):
            stream._give(handle)
            self._body = stream
        else:
            self._body = set_stream(handle, stream)

    def _memory(self) -> bytes | None:
        """The body, if the library has it in memory."""
        if self._new_stream:
            return None
        data, length = _new("const uint8_t **"), _new("size_t *")
        handle = self._lent if self._lent is not None else self._handle
        if lib.httpx_request_content(handle, data, length, NULL) != _OK:
            return None
        return ffi.buffer(data[0], length[0])[:] if length[0] else b""

    @property
    def method(self) -> str:
        """The method, in upper case."""
        method = self._method
        if method is None:
            handle = self._lent if self._lent is not None else self._handle
            method = self._method = text_from(lib.httpx_request_method, handle)
        return method

    @method.setter
    def method(self, method: str) -> None:
        self._method, self._new_method = method, True

    @property
    def url(self) -> URL:
        """Where it goes."""
        url = self._url
        if url is None:
            url = self._url = URL(
                text_from(lib.httpx_request_url, self._lent if self._lent is not None else self._handle)
            )
        return url

    @url.setter
    def url(self, url: URL | str) -> None:
        self._url, self._new_url = URL(url), True

    @property
    def headers(self) -> Headers:
        """The headers, which may be changed: that is what is sent."""
        headers = self._headers
        if headers is None:
            handle = self._lent if self._lent is not None else self._handle
            self._changed = changed = Flag()
            headers = self._headers = headers_of(lib.httpx_request_headers, handle, changed)
        return headers

    @headers.setter
    def headers(self, headers: HeaderTypes) -> None:
        self._headers = headers if isinstance(headers, Headers) else Headers(headers)
        self._foreign = True

    @property
    def stream(self) -> SyncByteStream | AsyncByteStream:
        """The body, to be iterated."""
        stream = self._stream
        if stream is None:
            content = self._read_already()
            if content is not None:
                stream = ByteStream(content)
            else:
                stream = _NativeBody(self._lent if self._lent is not None else self._handle)
            self._stream = stream
        return typing.cast("SyncByteStream | AsyncByteStream", stream)

    @stream.setter
    def stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        self._stream, self._new_stream = stream, True

    @property
    def content(self) -> bytes:
        """The body. RequestNotRead if it is a stream, and was not read."""
        content = self._read_already()
        if content is None:
            raise RequestNotRead()
        return content

    def _read_already(self) -> bytes | None:
        content = self._content
        if content is None and (self._stream is None or isinstance(self._stream, ByteStream)):
            content = self._content = self._memory()
        return content

    def read(self) -> bytes:
        """Reads the body into memory, and gives it."""
        if self._read_already() is None:
            stream = self.stream
            assert isinstance(stream, typing.Iterable)
            self._keep(b"".join(stream))
        return self.content

    async def aread(self) -> bytes:
        """Reads the body into memory, and gives it."""
        if self._read_already() is None:
            stream = self.stream
            assert isinstance(stream, typing.AsyncIterable)
            self._keep(b"".join([piece async for piece in stream]))
        return self.content

    def _keep(self, content: bytes) -> None:
        """Goes on with the body in memory, so that it can be sent again."""
        self._content = content
        self._stream, self._new_stream = ByteStream(content), True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.method!r}, {str(self.url)!r})>"

    def __getstate__(self) -> dict[str, typing.Any]:
        return {
            "method": self.method,
            "url": str(self.url),
            "headers": self.headers.raw,
            "content": self._read_already(),
        }

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        stream = UnattachedStream() if state["content"] is None else ByteStream(state["content"])
        Request.__init__(self, state["method"], state["url"], stream=stream)
        self.headers = Headers(state["headers"])
        self._content = state["content"]


def _add_headers(handle: typing.Any, headers: Headers) -> None:
    """Gives a new native request these headers: Host stays first, unless they say it."""
    err = error_slot()
    if "host" in headers:
        check(lib.httpx_request_header_remove(handle, b"host", 4, NULL), err)
    for name, value in headers.raw:
        if lib.httpx_request_header_add(handle, name, len(name), value, len(value), NULL):
            _add_any_headers(handle, headers)
            return


def _add_any_headers(handle: typing.Any, headers: Headers) -> None:
    """The same for headers that no server takes: they are refused when they are sent there, and other transports get them."""
    slot, err = _new("httpx_headers **"), error_slot()
    check(lib.httpx_request_headers(handle, slot, err), err)
    lines = Headers._wrap(slot[0])
    host = [] if "host" in headers else [line for line in lines.raw if line[0].lower() == b"host"]
    check(lib.httpx_request_set_headers(handle, Headers([*host, *headers.raw])._handle, err), err)


class _NativeBody(SyncByteStream, AsyncByteStream):
    """A body that only the library knows: it is read as a whole."""

    def __init__(self, request: typing.Any) -> None:
        self._request = request

    def _read(self) -> bytes:
        data, length, err = _new("const uint8_t **"), _new("size_t *"), error_slot()
        check(lib.httpx_request_read(self._request, data, length, err), err)
        return bytes(ffi.buffer(data[0], length[0])) if length[0] else b""

    def __iter__(self) -> typing.Iterator[bytes]:
        yield self._read()

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        yield self._read()
