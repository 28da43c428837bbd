"""`Response`: what a native response says, as attributes; its body, and its text.

It asks its handle when it is asked itself. A handle that the library lends for the time of a callback takes the place of
the response's own until `_unlend`. What is read, and how, follows the client: `read` and `iter_*` for sync ones, `aread`
and `aiter_*` for async ones, both for a body that is in memory.
"""

from __future__ import annotations

import codecs
import datetime
import typing
from contextlib import contextmanager

from ._content import content_length, json_text, stream_of
from ._cookies import Cookies
from ._exceptions import HTTPStatusError, RequestError, ResponseNotRead, StreamClosed, StreamConsumed
from ._ffi import NULL, check, error_slot, ffi, lib, owned
from ._headers import Headers
from ._request import Flag, Request, headers_of, text_from
from ._status_codes import codes
from ._streams import ByteStream, PullBody, UnattachedStream
from ._types import AsyncByteStream, HeaderTypes, ResponseContent, ResponseExtensions, SyncByteStream
from ._urls import URL
from .errors import ConcurrentUse

if typing.TYPE_CHECKING:
    from ._async import Mailbox
    from ._config import Timeout

__all__ = ["Response"]

_new = ffi.new
_gc = ffi.gc
_unpack = ffi.unpack
_free = lib.httpx_response_free
_unpack = ffi.unpack
_OK: int = lib.HTTPX_OK
_DONE: int = lib.HTTPX_DONE
_RAW: int = lib.HTTPX_STREAM_RAW
_BYTES: int = lib.HTTPX_STREAM_BYTES
_TEXT: int = lib.HTTPX_STREAM_TEXT
_LINES: int = lib.HTTPX_STREAM_LINES


class Response:
    """A response: from a client, or made by hand, as tests and transports do.

    Made by hand, `content` is bytes, text, or an iterable of bytes (which may be asynchronous); `text`, `html` and
    `json` set a Content-Type; with `stream` no header is added. `request` is the one that it answers, `history` what
    came before it, `default_encoding` what text is in that doesn't say: a name, or a function of the content.
    """

    _handle: typing.Any = None
    _lent: typing.Any = None
    _headers: Headers | None = None
    _changed: Flag | None = None
    _foreign = False
    _request: Request | None = None
    _new_request = False
    # What Python made the body of, and the library gets it from.
    _stream: typing.Any = None
    _body: PullBody | None = None
    # A body on its way.
    _reading: typing.Any = None
    _is_sync = True
    _is_async = True
    _of_async_client = False
    _extensions: dict[str, typing.Any] | None = None
    _history: list[Response] | None = None
    _next_request: Request | None = None
    _next_is_known = False
    _cookies: Cookies | None = None
    _elapsed: datetime.timedelta | None = None
    _downloaded: int | None = None
    _told_encoding = False
    # What the request had for extensions, or the time limits that it went with: the library keeps them to itself.
    _sent_with: dict[str, typing.Any] | Timeout | None = None
    # Read, as most are when Python gets them.
    is_closed = True
    is_stream_consumed = True
    default_encoding: str | typing.Callable[[bytes], str | None] = "utf-8"

    def __init__(
        self,
        status_code: int,
        *,
        headers: HeaderTypes | None = None,
        content: ResponseContent | None = None,
        text: str | None = None,
        html: str | None = None,
        json: typing.Any = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        request: Request | None = None,
        extensions: ResponseExtensions | None = None,
        history: list[Response] | None = None,
        default_encoding: str | typing.Callable[[bytes], str | None] = "utf-8",
    ) -> None:
        self.status_code = status_code
        self._extensions = {} if extensions is None else dict(extensions)
        self._history = [] if history is None else list(history)
        self._next_is_known = True
        self._request = request
        if default_encoding != "utf-8":
            self.default_encoding = default_encoding
        slot, err = _new("httpx_response_builder **"), error_slot()
        check(lib.httpx_response_builder_new(status_code, slot, err), err)
        builder = slot[0]
        try:
            if headers is not None:
                given = headers if isinstance(headers, Headers) else Headers(headers)
                check(lib.httpx_response_builder_headers(builder, given._handle, err), err)
            if request is not None:
                check(lib.httpx_response_builder_request(builder, request._native(), err), err)
            if extensions:
                self._describe(builder)
            if stream is not None:
                self._build_of_stream(builder, stream, -1)
                self.headers = Headers(headers)
                return
            if content is not None and not isinstance(content, (bytes, str)):
                self._build_of_stream(builder, stream_of(content), content_length(content))
                return
            self._build(builder, content, text, html, json)
        finally:
            lib.httpx_response_builder_free(builder)

    def _describe(self, builder: typing.Any) -> None:
        """Takes over what extensions say of the response's first line."""
        assert self._extensions is not None
        version, reason = self._extensions.get("http_version"), self._extensions.get("reason_phrase")
        # The library need not know what it would not say itself: `http_version` and `reason_phrase` look here.
        if isinstance(version, bytes):
            lib.httpx_response_builder_http_version(builder, version, len(version), NULL)
        if isinstance(reason, bytes):
            lib.httpx_response_builder_reason_phrase(builder, reason, len(reason), NULL)

    def _build(
        self, builder: typing.Any, content: typing.Any, text: typing.Any, html: typing.Any, json: typing.Any
    ) -> None:
        """Makes a response whose body is in memory, and read."""
        data, put = b"", None
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            put = lib.httpx_response_builder_content
        elif text is not None:
            data, put = text.encode("utf-8"), lib.httpx_response_builder_text
        elif html is not None:
            data, put = html.encode("utf-8"), lib.httpx_response_builder_html
        elif json is not None:
            data, put = json_text(json), lib.httpx_response_builder_json
        err = error_slot()
        if put is not None:
            check(put(builder, data, len(data), err), err)
        self._stream = ByteStream(data)
        self._finish(builder)
        # Nothing came over a wire.
        self._downloaded = 0

    def _build_of_stream(self, builder: typing.Any, stream: typing.Any, length: int) -> None:
        """Makes a response whose body is made while it is read."""
        from ._callbacks import keep

        self._stream, self._body = stream, PullBody(stream, closes=True)
        self._is_sync, self._is_async = isinstance(stream, SyncByteStream), isinstance(stream, AsyncByteStream)
        self.is_closed = self.is_stream_consumed = False
        err = error_slot()
        code = lib.httpx_response_builder_body_pull(builder, length, lib._pull, keep(self._body), lib._destroy, err)
        check(code, err)
        self._finish(builder)

    def _finish(self, builder: typing.Any) -> None:
        slot, err = _new("httpx_response **"), error_slot()
        with self._context():
            check(lib.httpx_response_builder_build(builder, slot, err), err)
        self._handle = owned(slot[0], lib.httpx_response_free)

    @classmethod
    def _from_native(cls, handle: typing.Any, request: Request | None = None, is_async: bool = False) -> Response:
        """The response of a native one, which is its own from now on: read by an async client, or by any other.

        If the program has made it, in a transport, or has seen it in a hook, it is that object.
        """
        known = cls._known(handle)
        if known is not None:
            known._attach(handle, request)
            return known
        response = cls.__new__(cls)
        response._handle = owned(handle, lib.httpx_response_free)
        response._begin(handle, is_async)
        response._request = request
        return response

    @classmethod
    def _known(cls, handle: typing.Any) -> Response | None:
        """The object that goes with a native response, if there is one."""
        data = lib.httpx_response_user_data(handle)
        return None if data == NULL else ffi.from_handle(data).response

    def _hold(self, handle: typing.Any) -> None:
        """Has a native response bring this object with it to wherever it goes."""
        from ._callbacks import Kept, keep

        err = error_slot()
        check(lib.httpx_response_set_user_data(handle, keep(Kept(self)), lib._destroy, err), err)

    _wrap = _from_native

    @classmethod
    def _received(cls, handle: typing.Any, is_async: bool = False) -> Response:
        """The response of a native one that was read to its end, and that nothing in Python has seen before."""
        response = cls.__new__(cls)
        response._handle = _gc(handle, _free)
        response.status_code = lib.httpx_response_status_code(handle)
        if is_async:
            response._of_async_client = True
        return response

    def _begin(self, handle: typing.Any, is_async: bool) -> None:
        self.status_code = lib.httpx_response_status_code(handle)
        self.is_closed = self.is_stream_consumed = bool(lib.httpx_response_is_closed(handle))
        if is_async:
            self._of_async_client = True
        if not self.is_closed:
            self._is_sync, self._is_async = not is_async, is_async

    def _attach(self, handle: typing.Any, request: Request | None = None) -> None:
        """Takes a native response that is this one, from the client that has it now."""
        self._handle, self._lent = owned(handle, lib.httpx_response_free), None
        if lib.httpx_response_is_closed(handle) and not isinstance(self._stream, ByteStream):
            self.is_closed = self.is_stream_consumed = True
        if request is not None:
            self._request = request
        self._new_request = False
        self._history, self._next_request, self._next_is_known = None, None, False
        # The program has it now.
        ffi.from_handle(lib.httpx_response_user_data(handle)).settle()

    def _detach(self) -> typing.Any:
        """Gives the native response away, to httpx_reply_response; `_attach` brings it back."""
        handle = self._native()
        self._hold(handle)
        self._handle = None
        ffi.gc(handle, None)
        return handle

    @classmethod
    def _lent_by(cls, handle: typing.Any, request: Request | None, is_async: bool) -> Response:
        """The response of a native one that the library lends until `_unlend`."""
        known = cls._known(handle)
        if known is not None:
            known._lend(handle)
            return known
        response = cls.__new__(cls)
        response._lent = handle
        response._begin(handle, is_async)
        response._request = request
        response._hold(handle)
        return response

    def _lend(self, handle: typing.Any) -> None:
        """Uses a handle of the library's until `_unlend`."""
        self._lent = handle

    def _unlend(self) -> None:
        """Tells the handle that was lent what was changed, and keeps what can be asked later."""
        try:
            self._native()
            self.headers  # noqa: B018
        except ConcurrentUse:
            # What reads it was cancelled.
            pass
        finally:
            self._lent = None

    def _any(self) -> typing.Any:
        handle = self._lent if self._lent is not None else self._handle
        if handle is None:
            raise RuntimeError("The response is in use by its client.")
        return handle

    def _native(self) -> typing.Any:
        """The native response, which knows all that was changed here."""
        handle = self._any()
        headers, changed = self._headers, self._changed
        if headers is not None and (self._foreign or (changed is not None and changed.is_set)):
            err = error_slot()
            check(lib.httpx_response_set_headers(handle, headers._handle, err), err)
            if changed is not None:
                changed.is_set = False
        if self._new_request:
            err = error_slot()
            native = NULL if self._request is None else self._request._native()
            check(lib.httpx_response_set_request(handle, native, err), err)
            self._new_request = False
        return handle

    @contextmanager
    def _context(self) -> typing.Iterator[None]:
        """Gives errors the request that they are about."""
        try:
            yield
        except RequestError as error:
            if self._request is not None:
                error.request = self._request
            raise

    @property
    def request(self) -> Request:
        """The request that was sent. RuntimeError for a response that was made without one."""
        request = self._request
        if request is None:
            slot = _new("httpx_request **")
            handle = self._lent if self._lent is not None else self._handle
            if handle is None or lib.httpx_response_request(handle, slot, NULL) != _OK:
                raise RuntimeError("The request instance has not been set on this response.")
            request = self._request = self._told_of(Request._from_native(slot[0]))
        return request

    @request.setter
    def request(self, request: Request) -> None:
        self._request, self._new_request = request, True

    def _told_of(self, request: Request) -> Request:
        """A request that this response brought with it, with its extensions."""
        sent_with = self._sent_with
        if sent_with is not None and not request.extensions:
            request.extensions = sent_with.copy() if isinstance(sent_with, dict) else {"timeout": sent_with.as_dict()}
        return request

    @property
    def headers(self) -> Headers:
        """The headers as they came."""
        headers = self._headers
        if headers is None:
            self._changed = changed = Flag()
            headers = self._headers = headers_of(lib.httpx_response_headers, self._any(), changed)
        return headers

    @headers.setter
    def headers(self, headers: HeaderTypes) -> None:
        self._headers = headers if isinstance(headers, Headers) else Headers(headers)
        self._foreign = True

    @property
    def extensions(self) -> dict[str, typing.Any]:
        """What the transport tells besides: `http_version`, `reason_phrase`, `network_stream`, `stream_id`."""
        extensions = self._extensions
        if extensions is None:
            extensions = self._extensions = self._told()
        return extensions

    @extensions.setter
    def extensions(self, extensions: ResponseExtensions) -> None:
        self._extensions = dict(extensions)

    def _told(self) -> dict[str, typing.Any]:
        from ._network_stream import AsyncNetworkStream, NetworkStream

        handle = self._any()
        version = text_from(lib.httpx_response_http_version, handle).encode("ascii")
        told: dict[str, typing.Any] = {"http_version": version}
        if version == b"HTTP/2":
            told["stream_id"] = lib.httpx_response_stream_id(handle)
        else:
            told["reason_phrase"] = text_from(lib.httpx_response_reason_phrase, handle).encode("latin-1", "replace")
        kind = AsyncNetworkStream if self._of_async_client else NetworkStream
        told["network_stream"] = kind(self)
        return told

    @property
    def stream(self) -> SyncByteStream | AsyncByteStream:
        """The body as it comes over the wire, to be iterated once."""
        stream = self._stream
        if stream is None:
            stream = (_AsyncBody if self._of_async_client else _SyncBody)(self)
        return typing.cast("SyncByteStream | AsyncByteStream", stream)

    @stream.setter
    def stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        """Replaces the body by another one, that is not read."""
        replaced = Response(self.status_code, headers=self.headers, stream=stream, extensions=self._extensions)
        self.__dict__.pop("_content", None)
        for name in ("_handle", "_stream", "_body", "_is_sync", "_is_async", "is_closed", "is_stream_consumed"):
            setattr(self, name, getattr(replaced, name))
        self._reading, self._told_encoding, self._downloaded = None, False, None
        self._new_request = self._request is not None

    @property
    def history(self) -> list[Response]:
        """The responses that came before this one, the oldest first."""
        history = self._history
        if history is None:
            handle = self._any()
            history = self._history = []
            for index in range(lib.httpx_response_history_count(handle)):
                slot, err = _new("httpx_response **"), error_slot()
                check(lib.httpx_response_history_at(handle, index, slot, err), err)
                earlier = Response._from_native(slot[0])
                earlier._history, earlier._sent_with = list(history), self._sent_with
                history.append(earlier)
        return history

    @history.setter
    def history(self, history: list[Response]) -> None:
        self._history = history

    @property
    def next_request(self) -> Request | None:
        """The request that would follow this redirect, if the client did not."""
        if not self._next_is_known:
            self._next_is_known = True
            slot, err = _new("httpx_request **"), error_slot()
            code = lib.httpx_response_next_request(self._any(), slot, err)
            check(code, err)
            self._next_request = self._told_of(Request._from_native(slot[0])) if code == _OK else None
        return self._next_request

    @next_request.setter
    def next_request(self, request: Request | None) -> None:
        self._next_request, self._next_is_known = request, True

    @property
    def elapsed(self) -> datetime.timedelta:
        """From the sending of the request to the end of the response. RuntimeError before it was read or closed."""
        elapsed = self._elapsed
        if elapsed is None:
            seconds = _new("double *")
            if lib.httpx_response_elapsed(self._any(), seconds, NULL) != _OK:
                raise RuntimeError("'.elapsed' may only be accessed after the response has been read or closed.")
            elapsed = self._elapsed = datetime.timedelta(seconds=seconds[0])
        return elapsed

    @elapsed.setter
    def elapsed(self, elapsed: datetime.timedelta) -> None:
        self._elapsed = elapsed

    @property
    def http_version(self) -> str:
        """The protocol: "HTTP/1.1"."""
        if self._extensions is None:
            return text_from(lib.httpx_response_http_version, self._any())
        version = self._extensions.get("http_version")
        return "HTTP/1.1" if version is None else str(version.decode("ascii", "ignore"))

    @property
    def reason_phrase(self) -> str:
        """The reason phrase as it came, or that of the status code: "OK"."""
        if self._extensions is None:
            return text_from(lib.httpx_response_reason_phrase, self._any())
        reason = self._extensions.get("reason_phrase")
        return codes.get_reason_phrase(self.status_code) if reason is None else str(reason.decode("ascii", "ignore"))

    @property
    def url(self) -> URL:
        """The URL of the request."""
        return self.request.url

    @property
    def cookies(self) -> Cookies:
        """The cookies that this response sets. RuntimeError if nobody knows for which request."""
        cookies = self._cookies
        if cookies is None:
            self.request  # noqa: B018
            slot, err = _new("httpx_cookies **"), error_slot()
            check(lib.httpx_response_cookies(self._native(), slot, err), err)
            cookies = self._cookies = Cookies._wrap(slot[0])
        return cookies

    @property
    def links(self) -> dict[str | None, dict[str, str]]:
        """The Link header: parameters and `url` by relation, or by URL where there is none."""
        handle = self._native()
        links: dict[str | None, dict[str, str]] = {}
        for index in range(lib.httpx_response_link_count(handle)):
            fields = range(lib.httpx_response_link_field_count(handle, index))
            link = dict(self._link_field(handle, index, field) for field in fields)
            links[link.get("rel") or link.get("url")] = link
        return links

    def _link_field(self, handle: typing.Any, index: int, field: int) -> tuple[str, str]:
        name, name_len, value, value_len = _new("char **"), _new("size_t *"), _new("char **"), _new("size_t *")
        err = error_slot()
        check(lib.httpx_response_link_field_at(handle, index, field, name, name_len, value, value_len, err), err)
        return _unpack(name[0], name_len[0]).decode("utf-8"), _unpack(value[0], value_len[0]).decode("utf-8")

    @property
    def is_informational(self) -> bool:
        """Whether the status is 1xx."""
        return bool(lib.httpx_status_is_informational(self.status_code))

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return bool(lib.httpx_status_is_success(self.status_code))

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx; see `has_redirect_location`."""
        return bool(lib.httpx_status_is_redirect(self.status_code))

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 4xx."""
        return bool(lib.httpx_status_is_client_error(self.status_code))

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 5xx."""
        return bool(lib.httpx_status_is_server_error(self.status_code))

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return bool(lib.httpx_status_is_error(self.status_code))

    @property
    def has_redirect_location(self) -> bool:
        """Whether the response says where to go instead: 301, 302, 303, 307 or 308 with a Location."""
        return bool(lib.httpx_response_has_redirect_location(self._native()))

    def raise_for_status(self) -> Response:
        """Raises HTTPStatusError unless the status is 2xx; gives the response itself."""
        try:
            request = self.request
        except RuntimeError:
            message = "Cannot call `raise_for_status` as the request instance has not been set on this response."
            raise RuntimeError(message) from None
        if self.is_success:
            return self
        err = error_slot()
        lib.httpx_response_raise_for_status(self._native(), err)
        message = text_from(lib.httpx_error_message, err[0])
        lib.httpx_error_free(err[0])
        raise HTTPStatusError(message, request=request, response=self)

    # ---- Content and text

    @property
    def content(self) -> bytes:
        """The body. ResponseNotRead if it was not read."""
        content = self.__dict__.get("_content")
        if content is None:
            content = self._read_already()
            if content is None:
                raise ResponseNotRead()
        return typing.cast(bytes, content)

    def _read_already(self) -> bytes | None:
        """The body, if the library has it in memory."""
        content = self.__dict__.get("_content")
        if content is None and self._reading is None:
            handle = self._lent if self._lent is not None else self._handle
            if handle is not None:
                lent = lib._content(handle)
                size = lent.len
                if size >= 0:
                    self._content = content = _unpack(lent.data, size) if size else b""
        return typing.cast("bytes | None", content)

    @property
    def charset_encoding(self) -> str | None:
        """The charset that Content-Type names, known or not."""
        length = _new("size_t *")
        said = lib.httpx_response_charset_encoding(self._native(), length)
        return None if said == NULL else _unpack(said, length[0]).decode("utf-8")

    @property
    def encoding(self) -> str | None:
        """What the text is in: what was set, or Content-Type says, else `default_encoding`."""
        encoding = self.__dict__.get("_encoding")
        if encoding is None:
            encoding = self.charset_encoding
            if encoding is None or not _codec(encoding):
                encoding = self._default()
            self._encoding: str | None = encoding
        return typing.cast(str, encoding)

    @encoding.setter
    def encoding(self, encoding: str | None) -> None:
        if "_text" in self.__dict__:
            raise ValueError("Setting encoding after `text` has been accessed is not allowed.")
        self._encoding = encoding

    def _default(self) -> str:
        default = self.default_encoding
        if isinstance(default, str):
            return default
        content = self._read_already()
        return (None if content is None else default(content)) or "utf-8"

    @property
    def text(self) -> str:
        """The body as text, by `encoding`; bytes without meaning become U+FFFD."""
        text = self.__dict__.get("_text")
        if text is None:
            text = self._text = self._decoded()
        return typing.cast(str, text)

    def _decoded(self) -> str:
        encoding = self.encoding
        if encoding is not None and (_codec(encoding) in _STRICT or not self._tell_encoding()):
            return self.content.decode(encoding, "replace")
        text, length, err = _new("char **"), _new("size_t *"), error_slot()
        check(lib.httpx_response_text(self._any(), text, length, err), err)
        return str(ffi.buffer(text[0], length[0]), "utf-8") if length[0] else ""

    def _tell_encoding(self) -> bool:
        """Has the library decode from `encoding`. False for one that only Python has."""
        encoding = self.encoding
        if self._told_encoding or encoding is None:
            return True
        if encoding == "utf-8" and self.charset_encoding in (None, "utf-8"):
            return True
        label = encoding.encode("utf-8")
        if lib.httpx_response_set_encoding(self._any(), label, len(label), NULL) != _OK:
            return False
        self._told_encoding = True
        return True

    def json(self, **kwargs: typing.Any) -> typing.Any:
        """The body as JSON, in UTF-8, UTF-16 or UTF-32; `kwargs` are those of json.loads."""
        import json

        text, length = _new("char **"), _new("size_t *")
        if lib.httpx_response_json_text(self._any(), text, length, NULL) == _OK:
            return json.loads(str(ffi.buffer(text[0], length[0]), "utf-8"), **kwargs)
        # Python takes NaN, and says what is wrong with the rest.
        return json.loads(self.content, **kwargs)

    @property
    def num_bytes_downloaded(self) -> int:
        """How many bytes of body came over the wire, before decoding."""
        if self._downloaded is not None:
            return self._downloaded
        if self._reading is not None:
            return int(lib.httpx_stream_num_bytes_downloaded(self._reading))
        return int(lib.httpx_response_num_bytes_downloaded(self._any()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code} {self.reason_phrase}]>"

    # ---- Reading

    def read(self) -> bytes:
        """Reads the body to its end, and gives it."""
        content = self._read_already()
        if content is None:
            self._check_unread(sync=True)
            self.is_stream_consumed = True
            err = error_slot()
            with self._context():
                check(lib.httpx_response_read(self._native(), NULL, NULL, err), err)
            content = self.content
        self.is_closed = self.is_stream_consumed = True
        return content

    async def aread(self) -> bytes:
        """Reads the body to its end, and gives it."""
        content = self._read_already()
        if content is None:
            self._check_unread(sync=False)
            self.is_stream_consumed = True
            await self._run(lib.httpx_response_read_async, self._native())
            content = self.content
        self.is_closed = self.is_stream_consumed = True
        return content

    def _check_unread(self, *, sync: bool) -> None:
        if self.is_stream_consumed:
            raise StreamConsumed()
        if self.is_closed:
            raise StreamClosed()
        if sync and not self._is_sync:
            raise RuntimeError("Attempted to call a sync iterator on an async stream.")
        if not sync and not self._is_async:
            raise RuntimeError("Attempted to call an async iterator on an sync stream.")

    async def _run(self, start: typing.Callable[..., int], handle: typing.Any) -> Mailbox:
        """Runs an operation on the response or its stream."""
        from ._async import run

        def submit(queue: typing.Any, mailbox: Mailbox) -> typing.Any:
            if self._body is not None:
                self._body.mailbox = mailbox
            op, err = _new("httpx_op **"), error_slot()
            check(start(handle, queue, NULL, mailbox.token, NULL, op, err), err)
            return op[0]

        try:
            return await run(submit)
        except RequestError as error:
            if self._request is not None:
                error.request = self._request
            raise

    def iter_bytes(self, chunk_size: int | None = None) -> typing.Iterator[bytes]:
        """The body, decoded: as it comes, or in pieces of `chunk_size` bytes."""
        content = self._read_already()
        if content is None:
            yield from self._iterate(_BYTES, chunk_size)
        else:
            yield from _pieces(content, chunk_size)

    def iter_raw(self, chunk_size: int | None = None) -> typing.Iterator[bytes]:
        """The body as it came over the wire, not decoded: as it comes, or in pieces of `chunk_size` bytes."""
        memory = self._unread_memory()
        if memory is None:
            yield from self._iterate(_RAW, chunk_size)
            return
        self.is_stream_consumed = True
        yield from _pieces(memory, chunk_size)
        self.close()

    def _unread_memory(self) -> bytes | None:
        """A body in memory that was declared to be unread."""
        if isinstance(self._stream, ByteStream) and not self.is_stream_consumed and self._body is None:
            return self._stream._stream
        return None

    def iter_text(self, chunk_size: int | None = None) -> typing.Iterator[str]:
        """The body as text: as it comes, or in pieces of `chunk_size` characters."""
        for piece in self._iterate(_TEXT, chunk_size):
            yield piece.decode("utf-8")

    def iter_lines(self) -> typing.Iterator[str]:
        """The body's lines, without their ends."""
        for line in self._iterate(_LINES, None):
            yield line.decode("utf-8")

    def _begin_reading(self, kind: int, chunk_size: int | None, *, sync: bool) -> typing.Any:
        is_read = kind in (_TEXT, _LINES) and self._read_already() is not None
        if not is_read:
            self._check_unread(sync=sync)
            self.is_stream_consumed = True
        if kind in (_TEXT, _LINES) and not self._tell_encoding():
            raise LookupError(f"unknown encoding: {self.encoding}")
        slot, err = _new("httpx_stream **"), error_slot()
        with self._context():
            check(lib.httpx_response_stream(self._native(), kind, chunk_size or 0, slot, err), err)
        stream = owned(slot[0], lib.httpx_stream_free)
        if not is_read:
            self._reading = stream
        return stream

    def _iterate(self, kind: int, chunk_size: int | None) -> typing.Iterator[bytes]:
        stream = self._begin_reading(kind, chunk_size, sync=True)
        data, length, err = _new("const uint8_t **"), _new("size_t *"), error_slot()
        while True:
            code = lib.httpx_stream_next(stream, data, length, err)
            if code == _DONE:
                break
            if code != _OK:
                with self._context():
                    check(code, err)
            yield ffi.buffer(data[0], length[0])[:] if length[0] else b""
        if stream is self._reading:
            self.close()

    def close(self) -> None:
        """Closes the response: gives its connection back if it was read to the end, and closes it otherwise."""
        if not self._is_sync:
            raise RuntimeError("Attempted to call an sync close on an async stream.")
        if not self.is_closed:
            self.is_closed = True
            with self._context():
                if self._body is not None:
                    self._body.close()
                self._close()

    async def aclose(self) -> None:
        """Closes the response: gives its connection back if it was read to the end, and closes it otherwise."""
        if not self._is_async:
            raise RuntimeError("Attempted to call an async close on an sync stream.")
        if not self.is_closed:
            self.is_closed = True
            with self._context():
                if self._body is not None:
                    await self._body.aclose()
                self._close()

    def _close(self) -> None:
        handle = self._lent if self._lent is not None else self._handle
        for close, native in ((lib.httpx_stream_close, self._reading), (lib.httpx_response_close, handle)):
            err = error_slot()
            code = _OK if native is None else close(native, err)
            if code == lib.HTTPX_E_CONCURRENT_USE:
                # What reads it was cancelled, and closes it.
                lib.httpx_error_free(err[0])
            else:
                check(code, err)

    async def aiter_bytes(self, chunk_size: int | None = None) -> typing.AsyncIterator[bytes]:
        """The body, decoded: as it comes, or in pieces of `chunk_size` bytes."""
        content = self._read_already()
        if content is None:
            async for piece in self._aiterate(_BYTES, chunk_size):
                yield piece
        else:
            for piece in _pieces(content, chunk_size):
                yield piece

    async def aiter_raw(self, chunk_size: int | None = None) -> typing.AsyncIterator[bytes]:
        """The body as it came over the wire, not decoded: as it comes, or in pieces of `chunk_size` bytes."""
        memory = self._unread_memory()
        if memory is None:
            async for piece in self._aiterate(_RAW, chunk_size):
                yield piece
            return
        self.is_stream_consumed = True
        for piece in _pieces(memory, chunk_size):
            yield piece
        await self.aclose()

    async def aiter_text(self, chunk_size: int | None = None) -> typing.AsyncIterator[str]:
        """The body as text: as it comes, or in pieces of `chunk_size` characters."""
        async for piece in self._aiterate(_TEXT, chunk_size):
            yield piece.decode("utf-8")

    async def aiter_lines(self) -> typing.AsyncIterator[str]:
        """The body's lines, without their ends."""
        async for line in self._aiterate(_LINES, None):
            yield line.decode("utf-8")

    async def _aiterate(self, kind: int, chunk_size: int | None) -> typing.AsyncIterator[bytes]:
        stream = self._begin_reading(kind, chunk_size, sync=False)
        if stream is not self._reading:
            for piece in _memory_pieces(stream):
                yield piece
            return
        while True:
            mailbox = await self._run(lib.httpx_stream_next_async, stream)
            if mailbox.data is None:
                break
            yield mailbox.data
        await self.aclose()

    # ---- Pickling

    def __getstate__(self) -> dict[str, typing.Any]:
        self._read_already()
        data, length, err = _new("const uint8_t **"), _new("size_t *"), error_slot()
        check(lib.httpx_response_serialize(self._native(), data, length, err), err)
        return {
            "saved": bytes(ffi.buffer(data[0], length[0])),
            "status_code": self.status_code,
            "history": self.history,
            "request": self._request,
            "is_stream_consumed": self.is_stream_consumed,
            "downloaded": self.num_bytes_downloaded,
            "elapsed": self._elapsed,
            "encoding": self.__dict__.get("_encoding"),
            "default_encoding": self.default_encoding,
        }

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        slot, err = _new("httpx_response **"), error_slot()
        check(lib.httpx_response_deserialize(state["saved"], len(state["saved"]), slot, err), err)
        self._handle = owned(slot[0], lib.httpx_response_free)
        self._begin(self._handle, False)
        self.status_code = state["status_code"]
        self.is_closed, self.is_stream_consumed = True, state["is_stream_consumed"]
        self._is_sync = self._is_async = True
        self._stream, self._extensions, self._next_is_known = UnattachedStream(), {}, True
        self._history, self._request = state["history"], state["request"]
        self._downloaded, self._elapsed = state["downloaded"], state["elapsed"]
        self.default_encoding = state["default_encoding"]
        if state["encoding"] is not None:
            self._encoding = state["encoding"]


# What the library takes for windows-1252, as the web does, and Python and HTTPX do not.
_STRICT = ("iso8859-1", "ascii")


def _codec(encoding: str) -> str:
    """Python's own name for an encoding; none if it has no such codec."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""


def _pieces(content: bytes, size: int | None) -> typing.Iterator[bytes]:
    """Content in pieces of `size`, or as one; nothing for nothing."""
    step = len(content) if size is None else size
    for start in range(0, len(content), max(step, 1)):
        yield content[start : start + step]


def _memory_pieces(stream: typing.Any) -> typing.Iterator[bytes]:
    """What a native stream of a body in memory gives."""
    data, length, err = _new("const uint8_t **"), _new("size_t *"), error_slot()
    while True:
        code = lib.httpx_stream_next(stream, data, length, err)
        check(code, err)
        if code == _DONE:
            return
        yield ffi.buffer(data[0], length[0])[:] if length[0] else b""


class _SyncBody(SyncByteStream):
    """The body of a client's response, to be read by iterating."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> typing.Iterator[bytes]:
        return self._response.iter_raw()

    def close(self) -> None:
        self._response.close()


class _AsyncBody(AsyncByteStream):
    """The body of an async client's response, to be read by iterating."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __aiter__(self) -> typing.AsyncIterator[bytes]:
        return self._response.aiter_raw()

    async def aclose(self) -> None:
        await self._response.aclose()
