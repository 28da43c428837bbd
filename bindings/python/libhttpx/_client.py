"""`Client` and `AsyncClient`: one client of the library each.

Options are Python's own values; what has changed is handed over before the next request (`_sync`). A send is one call of
the library, which follows redirects, keeps cookies, authenticates and calls hooks. Where everything goes by the library's
own transports, it does that too (the straight way); where a transport is Python's, or was replaced by a test's patch, the
library calls back for each single request, and `_transport_for_url` says who answers (`_Upcalls`).
"""

from __future__ import annotations

import enum
import logging
import threading
import typing
import warnings
import weakref
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType

from . import _async, _callbacks, _patched
from .__version__ import __version__
from ._auth import Auth, Scheme, build_auth, native_handle
from ._config import (
    DEFAULT_LIMITS,
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    Limits,
    Proxy,
    Timeout,
)
from ._content import json_text
from ._cookies import Cookies
from ._exceptions import RequestError, exception_of
from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, new_handle_slot, owned, pending
from ._headers import Headers
from ._models import Request, Response
from ._transports.asgi import ASGITransport
from ._transports.base import AsyncBaseTransport, BaseTransport
from ._transports.default import AsyncHTTPTransport, HTTPTransport, apply_extensions, new_builder
from ._transports.wsgi import WSGITransport
from ._types import (
    AsyncByteStream,
    AuthTypes,
    CertTypes,
    CookieTypes,
    HeaderTypes,
    ProxyTypes,
    QueryParamTypes,
    RequestContent,
    RequestData,
    RequestExtensions,
    RequestFiles,
    SyncByteStream,
    TimeoutTypes,
)
from ._urls import URL, QueryParams
from ._utils import URLPattern, get_environment_proxies

if typing.TYPE_CHECKING:
    import ssl

    from typing_extensions import Self

__all__ = ["USE_CLIENT_DEFAULT", "AsyncClient", "Client"]

EventHook = typing.Callable[..., typing.Any]

USER_AGENT = f"python-httpx/{__version__}"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

_STREAM: int = lib.HTTPX_SEND_STREAM
_FOLLOW: int = lib.HTTPX_SEND_FOLLOW_REDIRECTS
_OK: int = lib.HTTPX_OK
_AGAIN: int = lib.HTTPX_AGAIN
_NO_REDIRECTS: int = lib.HTTPX_SEND_NO_REDIRECTS

_LOGGERS = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_LOG_OFF = 100
_LOG_INFO: int = lib.HTTPX_LOG_INFO
_LOG_DEBUG: int = lib.HTTPX_LOG_DEBUG


class UseClientDefault:
    """The type of USE_CLIENT_DEFAULT: an argument that was not given, where None means "none at all"."""


USE_CLIENT_DEFAULT = UseClientDefault()


class ClientState(enum.Enum):
    """What became of a client: not used yet, in use, closed."""

    UNOPENED = 1
    OPENED = 2
    CLOSED = 3


class _Changes:
    """Which options have changed since the library was told: HTTPX_OPTION_... added up."""

    __slots__ = ("bits",)

    def __init__(self) -> None:
        self.bits = 0

    def headers(self) -> None:
        self.bits |= lib.HTTPX_OPTION_HEADERS


class _Upcalls:
    """What the library calls for a client: its hooks, and its transports in Python. Does not keep the client alive."""

    def __init__(self, client: BaseClient) -> None:
        self._client = weakref.ref(client)

    def request_hook(self, request: typing.Any) -> int:
        client = self._client()
        if client is None or not client._event_hooks["request"]:
            return _OK
        send = _callbacks.send_of(request)
        assert send is not None
        if send.mailbox is None:
            client._run_request_hooks(request)
            return _OK
        found = client
        answer = send.later(lambda: found._arun_request_hooks(request))
        return _AGAIN if answer is None else _OK

    def response_hook(self, response: typing.Any) -> int:
        client = self._client()
        if client is None or not client._event_hooks["response"]:
            return _OK
        send = client._send_of_response(response)
        if send.mailbox is None:
            client._run_response_hooks(response)
            return _OK
        found = client
        answer = send.later(lambda: found._arun_response_hooks(response))
        return _AGAIN if answer is None else _OK

    def upcall(self, request: typing.Any, reply: typing.Any) -> None:
        """A request for a transport in Python: `reply` is to be answered and freed."""
        reply = ffi.gc(reply, lib.httpx_reply_free)
        client, send = self._client(), _callbacks.send_of(request)
        if client is None or send is None:
            return
        if send.mailbox is None:
            try:
                client._answer(send, request, reply)
            finally:
                ffi.release(reply)
        else:
            found, sent = client, send
            send.mailbox.post(lambda: found._aanswer(sent, request, reply))


class BaseClient:
    """What `Client` and `AsyncClient` have in common: the options."""

    _is_async = False
    _transport: typing.Any
    _mounts: dict[URLPattern, typing.Any]

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: None | typing.Mapping[str, list[EventHook]] = None,
        base_url: URL | str = "",
        trust_env: bool = True,
        default_encoding: str | typing.Callable[[bytes], str] = "utf-8",
    ) -> None:
        self._changes = _Changes()
        self._lock = threading.Lock()
        self._native_client: typing.Any = None
        self._upcall_transport: typing.Any = None
        # The default transport and the mounts that the library was told when its client was made.
        self._told_transports: typing.Any = None
        self._told_mounts: tuple[typing.Any, ...] = ()
        self._hooks_told = False
        self._log_level = _LOG_OFF
        self._base_url = self._as_base_url(URL(base_url))
        self._auth = build_auth(auth)
        self._params = QueryParams(params)
        self.headers = headers  # type: ignore[assignment]
        self._first_cookies: Cookies | None = None if cookies is None else Cookies(cookies)
        # Cookies over a CookieJar of the program's, which sees what the client's become.
        self._lent_jar: Cookies | None = None
        if self._first_cookies is not None and self._first_cookies._given is not None:
            self._lent_jar = self._first_cookies
        self._timeout = Timeout(timeout)
        self.follow_redirects = follow_redirects
        self._max_redirects = max_redirects
        self.event_hooks = event_hooks or {}  # type: ignore[assignment]
        self._trust_env = trust_env
        self._default_encoding = default_encoding
        self._state = ClientState.UNOPENED

    # ---- Options

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._state == ClientState.CLOSED

    @property
    def trust_env(self) -> bool:
        """Whether the environment was asked for proxies and certificates."""
        return self._trust_env

    @property
    def timeout(self) -> Timeout:
        """The time limits of requests that have none of their own."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = Timeout(timeout)
        self._changes.bits |= lib.HTTPX_OPTION_TIMEOUTS

    @property
    def max_redirects(self) -> int:
        """How many redirects are followed at most."""
        return self._max_redirects

    @max_redirects.setter
    def max_redirects(self, max_redirects: int) -> None:
        self._max_redirects = max_redirects
        self._changes.bits |= lib.HTTPX_OPTION_REDIRECTS

    @property
    def event_hooks(self) -> dict[str, list[EventHook]]:
        """Functions by kind: "request" ones get each request before it is sent, "response" ones each response's head."""
        return self._event_hooks

    @event_hooks.setter
    def event_hooks(self, event_hooks: dict[str, list[EventHook]]) -> None:
        self._event_hooks = {
            "request": list(event_hooks.get("request", [])),
            "response": list(event_hooks.get("response", [])),
        }

    @property
    def auth(self) -> Auth | None:
        """The authentication of requests that have none of their own."""
        return self._auth

    @auth.setter
    def auth(self, auth: AuthTypes) -> None:
        self._auth = build_auth(auth)
        self._changes.bits |= lib.HTTPX_OPTION_AUTH

    @property
    def base_url(self) -> URL:
        """What relative URLs of requests are appended to; it ends in "/"."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: URL | str) -> None:
        self._base_url = self._as_base_url(URL(url))
        self._changes.bits |= lib.HTTPX_OPTION_BASE_URL

    @property
    def headers(self) -> Headers:
        """The headers of every request."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderTypes) -> None:
        merged = Headers(
            {
                b"Accept": b"*/*",
                b"Accept-Encoding": ACCEPT_ENCODING.encode("ascii"),
                b"Connection": b"keep-alive",
                b"User-Agent": USER_AGENT.encode("ascii"),
            }
        )
        if headers is not None:
            merged.update(headers)
        merged._changed = self._changes.headers
        self._headers = merged
        self._changes.headers()

    @property
    def cookies(self) -> Cookies:
        """The client's cookies: those that responses set, and those that are set here."""
        if self._lent_jar is not None:
            return self._lent_jar
        slot, err = new_handle_slot("httpx_cookies"), error_slot()
        check(lib.httpx_client_cookie_jar(self._native, slot, err), err)
        return Cookies._wrap(slot[0])

    @cookies.setter
    def cookies(self, cookies: CookieTypes) -> None:
        given = Cookies(cookies)
        self._lent_jar = given if given._given is not None else None
        err = error_slot()
        check(lib.httpx_client_set_cookies(self._native, given._handle, err), err)

    def _take_in_jar(self) -> None:
        """Looks what became of the `CookieJar` that the program has given the client."""
        given, err = self._lent_jar, error_slot()
        assert given is not None
        given._take_in()
        check(lib.httpx_client_set_cookies(self._native, given._handle, err), err)

    def _write_back_jar(self) -> None:
        """Shows what the client's cookies are now in the `CookieJar` that the program has given it."""
        given, slot, err = self._lent_jar, new_handle_slot("httpx_cookies"), error_slot()
        assert given is not None
        check(lib.httpx_client_cookies(self._native, slot, err), err)
        now = Cookies._wrap(slot[0])
        check(lib.httpx_cookies_clear(given._handle, NULL, 0, NULL, 0, err), err)
        check(lib.httpx_cookies_update(given._handle, now._handle, err), err)
        given._write_back()

    @property
    def params(self) -> QueryParams:
        """The parameters of every request's query."""
        return self._params

    @params.setter
    def params(self, params: QueryParamTypes) -> None:
        self._params = QueryParams(params)
        self._changes.bits |= lib.HTTPX_OPTION_PARAMS

    # ---- The library's client

    @property
    def _native(self) -> typing.Any:
        """The `httpx_client`, with the options as they are now."""
        client = self._native_client
        if client is None:
            with self._lock:
                if self._native_client is None:
                    self._native_client = self._new_native()
            client = self._native_client
        if self._changes.bits:
            self._sync()
        return client

    def _new_native(self) -> typing.Any:
        builder, err = new_builder(), error_slot()
        self._changes.bits = 0
        self._tell(
            builder,
            lib.HTTPX_OPTION_HEADERS
            | lib.HTTPX_OPTION_PARAMS
            | lib.HTTPX_OPTION_AUTH
            | lib.HTTPX_OPTION_BASE_URL
            | lib.HTTPX_OPTION_TIMEOUTS
            | lib.HTTPX_OPTION_REDIRECTS,
        )
        check(lib.httpx_client_builder_trust_env(builder, 0, err), err)
        check(lib.httpx_client_builder_redirects_keep_content_type(builder, 1, err), err)
        check(lib.httpx_client_builder_allow_truncated(builder, 1, err), err)
        check(lib.httpx_client_builder_log(builder, lib._log, NULL, NULL, err), err)
        self._tell_transports(builder)
        slot = new_handle_slot("httpx_client")
        check(lib.httpx_client_builder_build(builder, slot, err), err)
        client = owned(slot[0], lib.httpx_client_free)
        check(lib.httpx_client_log_level(client, _LOG_OFF, err), err)
        if self._first_cookies is not None:
            check(lib.httpx_client_set_cookies(client, self._first_cookies._handle, err), err)
        return client

    def _tell_transports(self, builder: typing.Any) -> None:
        """The library's own transports; what is Python's stays behind the upcall."""
        err = error_slot()
        own = self._native_transports()
        if own is None:
            check(lib.httpx_client_builder_transport(builder, self._upcalls, err), err)
            return
        self._told_transports, self._told_mounts = self._transport, tuple(own.values())
        check(lib.httpx_client_builder_transport(builder, self._transport._handle, err), err)
        for pattern, transport in own.items():
            text = as_bytes(pattern.pattern)
            handle = NULL if transport is None else transport._handle
            if transport is None:
                handle = self._transport._handle
            check(lib.httpx_client_builder_mount(builder, text, len(text), handle, err), err)

    def _tell(self, builder: typing.Any, what: int) -> None:
        """Puts these options into a builder."""
        err = error_slot()
        if what & lib.HTTPX_OPTION_HEADERS:
            check(lib.httpx_client_builder_set_headers(builder, self._headers._handle, err), err)
        if what & lib.HTTPX_OPTION_PARAMS:
            for key, value in self._params.multi_items():
                name, text = as_bytes(key), as_bytes(value)
                check(lib.httpx_client_builder_param(builder, name, len(name), text, len(text), err), err)
        if what & lib.HTTPX_OPTION_AUTH and self._auth is not None:
            handle = native_handle(self._auth)
            if handle is not None:
                check(lib.httpx_client_builder_auth(builder, handle, err), err)
        if what & lib.HTTPX_OPTION_BASE_URL and self._base_url.is_absolute_url:
            text = as_bytes(str(self._base_url))
            check(lib.httpx_client_builder_base_url(builder, text, len(text), err), err)
        if what & lib.HTTPX_OPTION_TIMEOUTS:
            check(lib.httpx_client_builder_timeout(builder, *self._timeout._seconds(), err), err)
        if what & lib.HTTPX_OPTION_REDIRECTS:
            check(lib.httpx_client_builder_redirects(builder, 0, self._max_redirects, err), err)
        if what & lib.HTTPX_OPTION_EVENT_HOOKS:
            hooks = _Upcalls(self)
            check(
                lib.httpx_client_builder_on_request(
                    builder, lib._request_hook, _callbacks.keep(hooks), lib._destroy, err
                ),
                err,
            )
            check(
                lib.httpx_client_builder_on_response(
                    builder, lib._response_hook, _callbacks.keep(hooks), lib._destroy, err
                ),
                err,
            )

    def _sync(self) -> None:
        """Hands over the options that have changed."""
        with self._lock:
            bits, self._changes.bits = self._changes.bits, 0
            if not bits:
                return
            builder, err = new_builder(), error_slot()
            self._tell(builder, bits)
            check(lib.httpx_client_configure(self._native_client, builder, bits, err), err)

    @property
    def _upcalls(self) -> typing.Any:
        """The native transport behind which the transports in Python are."""
        if self._upcall_transport is None:
            table = ffi.new("httpx_transport_vtable *")
            table.size = ffi.sizeof("httpx_transport_vtable")
            table.handle = lib._transport_handle
            table.destroy = lib._destroy
            slot, err = new_handle_slot("httpx_transport"), error_slot()
            check(lib.httpx_transport_custom(table, _callbacks.keep(_Upcalls(self)), slot, err), err)
            self._upcall_transport = owned(slot[0], lib.httpx_transport_free)
        return self._upcall_transport

    def _native_transports(self) -> dict[URLPattern, typing.Any] | None:
        """What is mounted, if the default transport and all of that are the library's own; else None."""
        own = self._own_transport
        if type(self._transport) is not own:
            return None
        for transport in self._mounts.values():
            if transport is not None and type(transport) is not own:
                return None
        return self._mounts

    _own_transport: type[typing.Any] = HTTPTransport

    def _has_foreign_mounts(self) -> bool:
        """Whether anything is mounted that the library was not told of."""
        mounts = self._mounts
        return len(mounts) != len(self._told_mounts) or (
            bool(mounts) and any(a is not b for a, b in zip(mounts.values(), self._told_mounts))
        )

    def _goes_straight(self) -> bool:
        """Whether requests may go by the library's own transports, without a look at Python's."""
        raise NotImplementedError

    def _log_as_asked(self) -> None:
        """Has the library make the lines of the log that somebody wants to have."""
        level = _LOG_OFF
        if _logger.isEnabledFor(logging.INFO):
            level = _LOG_INFO
        if _core_logger.isEnabledFor(logging.DEBUG):
            level = _LOG_DEBUG
        else:
            # One that has no level of its own does as its parent does.
            for each in _core_loggers:
                if each.level and each.isEnabledFor(logging.DEBUG):
                    level = _LOG_DEBUG
                    break
        if level != self._log_level:
            self._log_level = level
            err = error_slot()
            check(lib.httpx_client_log_level(self._native, level, err), err)

    def _as_base_url(self, url: URL) -> URL:
        """A base URL as the library has it: its path ends in a slash."""
        if not url.is_absolute_url:
            return self._enforce_trailing_slash(url)
        builder, err, length = new_builder(), error_slot(), ffi.new("size_t *")
        text, found = as_bytes(str(url)), ffi.new("const char **")
        check(lib.httpx_client_builder_base_url(builder, text, len(text), err), err)
        check(lib.httpx_client_builder_get_base_url(builder, found, length, err), err)
        return URL(ffi.unpack(found[0], length[0]).decode("ascii"))

    def _enforce_trailing_slash(self, url: URL) -> URL:
        if url.raw_path.endswith(b"/"):
            return url
        return url.copy_with(raw_path=url.raw_path + b"/")

    def _get_proxy_map(self, proxy: ProxyTypes | None, allow_env_proxies: bool) -> dict[str, Proxy | None]:
        if proxy is not None:
            return {"all://": Proxy(url=proxy) if isinstance(proxy, (str, URL)) else proxy}
        if not allow_env_proxies:
            return {}
        return {key: None if url is None else Proxy(url=url) for key, url in get_environment_proxies().items()}

    def _merge_url(self, url: URL | str) -> URL:
        text = as_bytes(str(URL(url)))
        slot, err = new_handle_slot("httpx_url"), error_slot()
        check(lib.httpx_client_merge_url(self._native, text, len(text), slot, err), err)
        return URL._wrap(slot[0])

    def _redirect_headers(self, request: Request, url: URL, method: str) -> Headers:
        verb = as_bytes(method)
        slot, err = new_handle_slot("httpx_headers"), error_slot()
        check(lib.httpx_request_redirect_headers(request._native(), url._handle, verb, len(verb), slot, err), err)
        return Headers._wrap(slot[0])

    def _transport_for_url(self, url: URL) -> typing.Any:
        """The transport that carries requests to a URL."""
        for pattern, transport in self._mounts.items():
            if pattern.matches(url):
                return self._transport if transport is None else transport
        return self._transport

    # ---- Requests

    def build_request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Request:
        """A request with the client's headers, cookies and parameters, to be looked at, changed and sent with `send`.

        `url` is appended to `base_url` if it is relative. `params`, `headers` and `cookies` are merged with the client's.
        """
        merged = {} if extensions is None else dict(extensions)
        if "timeout" not in merged:
            limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
            merged["timeout"] = limits.as_dict()
        handle = self._new_request(method, url, params, headers, cookies)
        return Request._make(handle, content=content, data=data, files=files, json=json, extensions=merged)

    def _new_request(
        self,
        method: str,
        url: URL | str,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
    ) -> typing.Any:
        """A native request with the client's defaults, whose owner is the caller."""
        verb = as_bytes(method)
        target = as_bytes(str(url if isinstance(url, (str, URL)) else URL(url)))
        slot, err = new_handle_slot("httpx_request"), error_slot()
        check(lib.httpx_request_new(self._native, verb, len(verb), target, len(target), slot, err), err)
        handle = slot[0]
        try:
            if params is not None:
                self._add_params(handle, params)
            if headers is not None:
                self._add_headers(handle, headers)
            self._add_cookies(handle, cookies)
        except BaseException:
            lib.httpx_request_free(handle)
            raise
        return handle

    def _add_params(self, handle: typing.Any, params: QueryParamTypes) -> None:
        """Gives a native request these parameters, with the client's, instead of its URL's query."""
        merged = self._params.merge(params) if self._params else QueryParams(params)
        err = error_slot()
        check(lib.httpx_request_params(handle, merged._handle, 0, err), err)

    def _add_cookies(self, handle: typing.Any, cookies: CookieTypes | None) -> None:
        """Gives a native request the Cookie header that the client's cookies, and its own, make."""
        if self._lent_jar is not None:
            self._take_in_jar()
        slot, err = new_handle_slot("httpx_cookies"), error_slot()
        check(lib.httpx_client_cookies(self._native, slot, err), err)
        merged = slot[0]
        try:
            if cookies:
                given = cookies if isinstance(cookies, Cookies) else Cookies(cookies)
                check(lib.httpx_cookies_update(merged, given._handle, err), err)
            if lib.httpx_cookies_count(merged):
                check(lib.httpx_cookies_set_header(merged, handle, err), err)
        finally:
            lib.httpx_cookies_free(merged)

    @staticmethod
    def _add_headers(handle: typing.Any, headers: HeaderTypes) -> None:
        known = set()
        given = headers if isinstance(headers, Headers) else Headers(headers)
        for name, value in given.raw:
            key = name.lower()
            put = lib.httpx_request_header_add if key in known else lib.httpx_request_header_override
            if put(handle, name, len(name), value, len(value), NULL):
                break
            known.add(key)
        else:
            return
        # No server takes them: they are refused when they are sent there, and other transports get them.
        slot, err = new_handle_slot("httpx_headers"), error_slot()
        check(lib.httpx_request_headers(handle, slot, err), err)
        lines = Headers._wrap(slot[0])
        lines.update(given)
        check(lib.httpx_request_set_headers(handle, lines._handle, err), err)

    def _opened(self) -> None:
        if self._state is not ClientState.OPENED:
            if self._state is ClientState.CLOSED:
                raise RuntimeError("Cannot send a request, as the client has been closed.")
            self._state = ClientState.OPENED

    def _enter(self) -> None:
        if self._state is not ClientState.UNOPENED:
            raise RuntimeError(
                "Cannot open a client instance more than once."
                if self._state is ClientState.OPENED
                else "Cannot reopen a client instance, once it has been closed."
            )
        self._state = ClientState.OPENED

    def _close_native(self) -> None:
        if self._native_client is not None:
            err = error_slot()
            check(lib.httpx_client_close(self._native_client, 0.0, err), err)

    def _flags(self, stream: bool, follow_redirects: bool | UseClientDefault) -> int:
        if isinstance(follow_redirects, UseClientDefault):
            follow_redirects = self.follow_redirects
        return (_FOLLOW if follow_redirects else _NO_REDIRECTS) | (_STREAM if stream else 0)

    def _prepare(
        self, request: Request, auth: AuthTypes | UseClientDefault | None, loop: _async.Loop | None
    ) -> tuple[typing.Any, _callbacks.Send | None, _async.Mailbox | None]:
        """What is to be sent: the native request; for one that Python has a part in, a copy of it, and its `Send`."""
        extensions = request.extensions
        if "timeout" not in extensions:
            extensions = request.extensions = dict(extensions, timeout=self._timeout.as_dict())
        scheme = self._auth if isinstance(auth, UseClientDefault) else build_auth(auth)
        handle_of_scheme = None if scheme is None else native_handle(scheme)
        is_flow = scheme is not None and handle_of_scheme is None
        hooks = self._event_hooks
        is_hooked = bool(hooks["request"] or hooks["response"])
        if is_hooked and not self._hooks_told:
            self._hooks_told = True
            self._changes.bits |= lib.HTTPX_OPTION_EVENT_HOOKS
        if loop is not None or self._changes.bits or self._native_client is None:
            self._native  # noqa: B018
        if self._lent_jar is not None:
            self._take_in_jar()
        is_straight = self._goes_straight()
        if is_straight and not is_flow and not is_hooked and isinstance(auth, UseClientDefault):
            handle = request._native()
            mailbox = None if loop is None else _async.Mailbox(loop)
            apply_extensions(handle, extensions, mailbox)
            if mailbox is not None and request._body is not None:
                request._body.mailbox = mailbox
            return handle, None, mailbox
        send = _callbacks.Send(self, request, extensions)
        if loop is not None:
            send.mailbox = _async.Mailbox(loop)
        try:
            handle = self._copy_for(request, send, is_straight)
        except BaseException:
            if send.mailbox is not None:
                send.mailbox.forget()
            raise
        try:
            err = error_slot()
            if is_flow:
                assert scheme is not None
                flow = Scheme(scheme, send).native()
                try:
                    check(lib.httpx_request_auth(handle, flow, err), err)
                finally:
                    lib.httpx_auth_free(flow)
            elif not isinstance(auth, UseClientDefault):
                check(lib.httpx_request_auth(handle, handle_of_scheme or NULL, err), err)
        except BaseException:
            lib.httpx_request_free(handle)
            if send.mailbox is not None:
                send.mailbox.forget()
            raise
        return handle, send, send.mailbox

    def _copy_for(self, request: Request, send: _callbacks.Send, is_straight: bool | None = None) -> typing.Any:
        """A native copy of a request, for one send; the caller's, or the library's, to free."""
        if is_straight is None:
            is_straight = self._goes_straight()
        slot, err = new_handle_slot("httpx_request"), error_slot()
        check(lib.httpx_request_clone(request._native(), slot, err), err)
        handle = slot[0]
        try:
            apply_extensions(handle, request.extensions, send.mailbox)
            part = send if request is send.request else send.part(request)
            if request._body is not None:
                request._body.mailbox = send.mailbox
            check(lib.httpx_request_set_user_data(handle, _callbacks.keep(part), lib._destroy, err), err)
            if not is_straight:
                check(lib.httpx_request_transport(handle, self._upcalls, err), err)
        except BaseException:
            lib.httpx_request_free(handle)
            raise
        return handle

    def _raise(self, error: typing.Any, request: Request | None) -> typing.NoReturn:
        """Raises the error that a send has ended with, or what a callback of Python's has raised in it."""
        raised = pending.exception
        if raised is not None:
            pending.exception = None
            lib.httpx_error_free(error)
            try:
                raise raised
            finally:
                del raised
        failed = request
        slot = new_handle_slot("httpx_request")
        if lib.httpx_error_request(error, slot, NULL) == lib.HTTPX_OK:
            found = Request._from_native(slot[0], False)
            if request is None or found.method != request.method or found.url != request.url:
                failed = found
        exception = exception_of(lib.httpx_error_code(error), error)
        if isinstance(exception, RequestError) and failed is not None:
            exception.request = failed
        raise exception

    def _finish(self, handle: typing.Any, request: Request, send: _callbacks.Send | None) -> Response:
        """The Python response of a native one, which is its own from now on."""
        is_first = lib.httpx_response_history_count(handle) == 0
        if self._lent_jar is not None:
            self._write_back_jar()
        if send is None:
            return self._respond(handle, request if is_first else None, request.extensions)
        sent = new_handle_slot("httpx_request")
        if is_first and lib.httpx_response_request(handle, sent, NULL) == lib.HTTPX_OK:
            request._adopt(owned(sent[0], lib.httpx_request_free))
        return self._respond(handle, request if is_first else None, request.extensions)

    def _respond(self, handle: typing.Any, request: Request | None, extensions: dict[str, typing.Any]) -> Response:
        response = Response._from_native(handle, request, self._is_async)
        response._sent_with = extensions
        if self._default_encoding != "utf-8":
            response.default_encoding = self._default_encoding
        return response

    def _received(self, handle: typing.Any) -> Response:
        """The Python response of a native one that was read, and that Python has had no part in."""
        response = Response._received(handle, self._is_async)
        response._sent_with = self._timeout
        if self._default_encoding != "utf-8":
            response.default_encoding = self._default_encoding
        return response

    def _lent_response(self, handle: typing.Any) -> Response:
        """The Python response over a native one that is lent to a callback, until `_unlend`."""
        response = Response._lent_by(handle, None, self._is_async)
        response.default_encoding = self._default_encoding
        if _callbacks.kept_of(handle) is None:
            kept = _callbacks.keep(_callbacks.Kept(response))
            err = error_slot()
            check(lib.httpx_response_set_user_data(handle, kept, lib._destroy, err), err)
        return response

    def _send_of_response(self, handle: typing.Any) -> _callbacks.Send:
        slot, err = new_handle_slot("httpx_request"), error_slot()
        check(lib.httpx_response_request(handle, slot, err), err)
        try:
            send = _callbacks.send_of(slot[0])
        finally:
            lib.httpx_request_free(slot[0])
        assert send is not None
        return send

    def _run_request_hooks(self, handle: typing.Any) -> None:
        request = Request._from_native(handle, True)
        try:
            for hook in self._event_hooks["request"]:
                hook(request)
        finally:
            request._unlend()

    async def _arun_request_hooks(self, handle: typing.Any) -> None:
        request = Request._from_native(handle, True)
        try:
            for hook in self._event_hooks["request"]:
                await hook(request)
        finally:
            request._unlend()

    def _run_response_hooks(self, handle: typing.Any) -> None:
        response = self._lent_response(handle)
        try:
            for hook in self._event_hooks["response"]:
                hook(response)
        except BaseException:
            response.close()
            raise
        finally:
            response._unlend()

    async def _arun_response_hooks(self, handle: typing.Any) -> None:
        response = self._lent_response(handle)
        try:
            for hook in self._event_hooks["response"]:
                await hook(response)
        except BaseException:
            await response.aclose()
            raise
        finally:
            response._unlend()

    def _reply(self, send: _callbacks.Send, reply: typing.Any, response: Response) -> None:
        """Answers a request with the response of a transport in Python."""
        send.body = response._body
        handle = response._detach()
        err = error_slot()
        try:
            if _callbacks.kept_of(handle) is None:
                kept = _callbacks.keep(_callbacks.Kept(response))
                check(lib.httpx_response_set_user_data(handle, kept, lib._destroy, err), err)
            check(lib.httpx_reply_response(reply, handle, err), err)
        except BaseException:
            lib.httpx_response_free(handle)
            raise

    def _answer(self, send: _callbacks.Send, handle: typing.Any, reply: typing.Any) -> None:
        raise NotImplementedError

    async def _aanswer(self, send: _callbacks.Send, handle: typing.Any, reply: typing.Any) -> None:
        raise NotImplementedError


class Client(BaseClient):
    """An HTTP client: a pool of connections, HTTP/1.1 and HTTP/2, redirects, cookies, authentication.

    Threads may share it. It is a context manager, which closes it; `close` does, too.

    `auth`, `params`, `headers`, `cookies`, `timeout`, `follow_redirects`, `max_redirects`, `base_url` and `event_hooks` are
    attributes, too. `verify` and `cert` say whom to trust and who to be in TLS; `trust_env` whether the environment names
    proxies and certificates; `http1` and `http2` what is spoken; `proxy` what to go through; `limits` the pool's limits;
    `mounts` transports for patterns of URLs, `transport` the one for all others; `default_encoding` what the text of
    responses is in that do not say it, by name or by a function of the content.
    """

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
        mounts: None | typing.Mapping[str, BaseTransport | None] = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: None | typing.Mapping[str, list[EventHook]] = None,
        base_url: URL | str = "",
        transport: BaseTransport | None = None,
        default_encoding: str | typing.Callable[[bytes], str] = "utf-8",
        app: typing.Callable[..., typing.Any] | None = None,
        proxies: typing.Any = None,
    ) -> None:
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
        )
        if app is not None:
            warnings.warn(
                "The 'app' argument is deprecated: use 'transport=WSGITransport(app=...)'.",
                DeprecationWarning,
                stacklevel=2,
            )
            transport = WSGITransport(app=app) if transport is None else transport
        if proxies is not None:
            warnings.warn(
                "The 'proxies' argument is deprecated: use 'proxy' or 'mounts'.", DeprecationWarning, stacklevel=2
            )
            if proxy is not None:
                raise RuntimeError("Use either 'proxy' or 'proxies', not both.")
        tls: dict[str, typing.Any] = {
            "verify": verify,
            "cert": cert,
            "trust_env": trust_env,
            "http1": http1,
            "http2": http2,
            "limits": limits,
        }
        by_pattern = self._get_proxy_map(proxy, trust_env and transport is None and proxies is None)
        by_pattern.update(_old_proxies(proxies))
        self._transport = self._init_transport(transport=transport, **tls)
        mounted: dict[URLPattern, BaseTransport | None] = {
            URLPattern(pattern): None if each is None else self._init_proxy_transport(each, **tls)
            for pattern, each in by_pattern.items()
        }
        for pattern, given in (mounts or {}).items():
            mounted[URLPattern(pattern)] = given
        self._mounts = dict(sorted(mounted.items()))

    def _init_transport(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        transport: BaseTransport | None = None,
    ) -> BaseTransport:
        if transport is not None:
            return transport
        return HTTPTransport(verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits)

    def _init_proxy_transport(
        self,
        proxy: Proxy,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> BaseTransport:
        return HTTPTransport(
            verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits, proxy=proxy
        )

    def request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Builds a request, sends it, and reads the whole response.

        `url` is appended to `base_url` if it is relative; `params`, `headers` and `cookies` are merged with the client's.
        `content`, `data`, `files` and `json` are bodies. `auth`, `follow_redirects` and `timeout` (None: none at all) take
        the place of the client's. `extensions` is for transports. Raises the exceptions of `HTTPError`'s tree.
        """
        if cookies is not None:
            _warn_of_cookies()
        if (
            params is None
            and headers is None
            and extensions is None
            and data is None
            and files is None
            and cookies is None
            and timeout is USE_CLIENT_DEFAULT
            and auth is USE_CLIENT_DEFAULT
            and (content is None or isinstance(content, bytes))
            and isinstance(url, (str, URL))
            and self._is_plain()
        ):
            body, kind = (NULL, b"") if content is None else (content, b"")
            if json is not None and content is None:
                body, kind = json_text(json), b"application/json"
            return self._fetch(method.encode("utf-8"), url, body, kind, self._flags(False, follow_redirects))
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        return self.send(request, auth=auth, follow_redirects=follow_redirects)

    @contextmanager
    def stream(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> typing.Iterator[Response]:
        """As `request`, but for a `with` block, which gets the response before its body is read."""
        if cookies is not None:
            _warn_of_cookies()
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        response = self.send(request, auth=auth, follow_redirects=follow_redirects, stream=True)
        try:
            yield response
        finally:
            response.close()

    def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Sends a request as it is. With `stream`, the response's body is unread, and the caller closes it."""
        self._opened()
        if not isinstance(request.stream, SyncByteStream):
            raise RuntimeError("Attempted to send an async request with a sync Client instance.")  # noqa: TRY004
        handle, send, _ = self._prepare(request, auth, None)
        self._log_as_asked()
        pending.exception = None
        answer = lib._send(self._native, handle, self._flags(stream, follow_redirects))
        if send is not None:
            lib.httpx_request_free(handle)
            send.settle()
        if answer == NULL:
            self._raise(lib._take_error(), request)
        return self._finish(answer, request, send)

    def _fetch(self, verb: bytes, url: URL | str, body: typing.Any, kind: bytes, flags: int) -> Response:
        """A request of which nothing has to be seen in Python (`_is_plain`), in one call."""
        if self._state is not ClientState.OPENED:
            self._opened()
        self._log_as_asked()
        target = (url if isinstance(url, str) else str(url)).encode("utf-8", "surrogatepass")
        size = 0 if body is NULL else len(body)
        answer = lib._fetch(
            self._native_client, verb, len(verb), target, len(target), body, size, kind or NULL, len(kind), flags
        )
        if answer == NULL:
            self._raise(lib._take_error(), None)
        return self._received(answer)

    def _goes_straight(self) -> bool:
        if HTTPTransport.handle_request is not _HANDLE_REQUEST or _patched.pools:
            return False
        if type(self)._transport_for_url is not _TRANSPORT_FOR_URL or "_transport_for_url" in self.__dict__:
            return False
        return self._told_transports is self._transport and (
            not (self._mounts or self._told_mounts) or not self._has_foreign_mounts()
        )

    def _is_plain(self) -> bool:
        hooks = self._event_hooks
        cls = type(self)
        return (
            cls.send is _SEND
            and cls.build_request is _BUILD_REQUEST
            and "send" not in self.__dict__
            and not hooks["request"]
            and not hooks["response"]
            and self._lent_jar is None
            and (self._auth is None or native_handle(self._auth) is not None)
            and self._native is not None
            and self._goes_straight()
        )

    def _answer(self, send: _callbacks.Send, handle: typing.Any, reply: typing.Any) -> None:
        request = Request._from_native(handle, True)
        try:
            response = self._transport_for_url(request.url).handle_request(request)
            assert isinstance(response.stream, SyncByteStream)
        except RequestError as error:
            error.request = request
            raise
        finally:
            request._unlend()
        response._request = request
        self._reply(send, reply, response)

    def get(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A GET request: `request("GET", url, ...)`."""
        if (
            params is None
            and headers is None
            and cookies is None
            and extensions is None
            and timeout is USE_CLIENT_DEFAULT
            and auth is USE_CLIENT_DEFAULT
            and isinstance(url, (str, URL))
            and type(self).request is _REQUEST
            and "request" not in self.__dict__
            and self._is_plain()
        ):
            return self._fetch(b"GET", url, NULL, b"", self._flags(False, follow_redirects))
        return self.request(
            "GET",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def options(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """An OPTIONS request: `request("OPTIONS", url, ...)`."""
        return self.request(
            "OPTIONS",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def head(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A HEAD request: `request("HEAD", url, ...)`."""
        return self.request(
            "HEAD",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def post(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A POST request: `request("POST", url, ...)`."""
        return self.request(
            "POST",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def put(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A PUT request: `request("PUT", url, ...)`."""
        return self.request(
            "PUT",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def patch(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A PATCH request: `request("PATCH", url, ...)`."""
        return self.request(
            "PATCH",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def delete(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A DELETE request: `request("DELETE", url, ...)`."""
        return self.request(
            "DELETE",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def close(self) -> None:
        """Closes the client and its transports."""
        if self._state is not ClientState.CLOSED:
            self._state = ClientState.CLOSED
            self._close_native()
            self._transport.close()
            for transport in self._mounts.values():
                if transport is not None:
                    transport.close()

    def __enter__(self) -> Self:
        self._enter()
        self._transport.__enter__()
        for transport in self._mounts.values():
            if transport is not None:
                transport.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._state = ClientState.CLOSED
        self._close_native()
        self._transport.__exit__(exc_type, exc_value, traceback)
        for transport in self._mounts.values():
            if transport is not None:
                transport.__exit__(exc_type, exc_value, traceback)


class AsyncClient(BaseClient):
    """`Client` for asyncio and trio: what waits is a coroutine. Several event loops may use it, one after another or at once.

    The arguments are those of `Client`; transports are instances of `AsyncBaseTransport`, hooks are coroutine functions.
    """

    _is_async = True
    _own_transport = AsyncHTTPTransport

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
        mounts: None | typing.Mapping[str, AsyncBaseTransport | None] = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: None | typing.Mapping[str, list[EventHook]] = None,
        base_url: URL | str = "",
        transport: AsyncBaseTransport | None = None,
        default_encoding: str | typing.Callable[[bytes], str] = "utf-8",
        app: typing.Callable[..., typing.Any] | None = None,
        proxies: typing.Any = None,
    ) -> None:
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
        )
        if app is not None:
            warnings.warn(
                "The 'app' argument is deprecated: use 'transport=ASGITransport(app=...)'.",
                DeprecationWarning,
                stacklevel=2,
            )
            transport = ASGITransport(app=app) if transport is None else transport
        if proxies is not None:
            warnings.warn(
                "The 'proxies' argument is deprecated: use 'proxy' or 'mounts'.", DeprecationWarning, stacklevel=2
            )
            if proxy is not None:
                raise RuntimeError("Use either 'proxy' or 'proxies', not both.")
        tls: dict[str, typing.Any] = {
            "verify": verify,
            "cert": cert,
            "trust_env": trust_env,
            "http1": http1,
            "http2": http2,
            "limits": limits,
        }
        by_pattern = self._get_proxy_map(proxy, trust_env and transport is None and proxies is None)
        by_pattern.update(_old_proxies(proxies))
        self._transport = self._init_transport(transport=transport, **tls)
        mounted: dict[URLPattern, AsyncBaseTransport | None] = {
            URLPattern(pattern): None if each is None else self._init_proxy_transport(each, **tls)
            for pattern, each in by_pattern.items()
        }
        for pattern, given in (mounts or {}).items():
            mounted[URLPattern(pattern)] = given
        self._mounts = dict(sorted(mounted.items()))

    def _init_transport(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        transport: AsyncBaseTransport | None = None,
    ) -> AsyncBaseTransport:
        if transport is not None:
            return transport
        return AsyncHTTPTransport(
            verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits
        )

    def _init_proxy_transport(
        self,
        proxy: Proxy,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> AsyncBaseTransport:
        return AsyncHTTPTransport(
            verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits, proxy=proxy
        )

    async def request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Builds a request, sends it, and reads the whole response.

        `url` is appended to `base_url` if it is relative; `params`, `headers` and `cookies` are merged with the client's.
        `content`, `data`, `files` and `json` are bodies. `auth`, `follow_redirects` and `timeout` (None: none at all) take
        the place of the client's. `extensions` is for transports. Raises the exceptions of `HTTPError`'s tree.
        """
        if cookies is not None:
            _warn_of_cookies()
        if (
            params is None
            and headers is None
            and extensions is None
            and data is None
            and files is None
            and cookies is None
            and timeout is USE_CLIENT_DEFAULT
            and auth is USE_CLIENT_DEFAULT
            and (content is None or isinstance(content, bytes))
            and isinstance(url, (str, URL))
            and self._is_plain()
        ):
            body, kind = (NULL, b"") if content is None else (content, b"")
            if json is not None and content is None:
                body, kind = json_text(json), b"application/json"
            return await self._fetch(method.encode("utf-8"), url, body, kind, self._flags(False, follow_redirects))
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        return await self.send(request, auth=auth, follow_redirects=follow_redirects)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> typing.AsyncIterator[Response]:
        """As `request`, but for a `with` block, which gets the response before its body is read."""
        if cookies is not None:
            _warn_of_cookies()
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        response = await self.send(request, auth=auth, follow_redirects=follow_redirects, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Sends a request as it is. With `stream`, the response's body is unread, and the caller closes it."""
        self._opened()
        if not isinstance(request.stream, AsyncByteStream):
            raise RuntimeError("Attempted to send an sync request with an AsyncClient instance.")  # noqa: TRY004
        loop = _async.current()
        handle, send, mailbox = self._prepare(request, auth, loop)
        assert mailbox is not None
        self._log_as_asked()
        mailbox.op = op = lib._send_async(
            self._native, handle, self._flags(stream, follow_redirects), loop.queue, mailbox.number
        )
        if send is not None:
            lib.httpx_request_free(handle)
        if op == NULL:
            if send is not None:
                send.settle()
            mailbox.forget()
            self._raise(lib._take_error(), request)
        try:
            await mailbox.wait()
        except BaseException:
            if send is not None and send.body is not None:
                await send.body.aclose()
            raise
        finally:
            if send is not None:
                send.settle()
                await send.end()
            if request._body is not None:
                await request._body.let_go()
        if mailbox.error is not None:
            self._raise(mailbox.take_error(), request)
        return self._finish(mailbox.response, request, send)

    async def _fetch(self, verb: bytes, url: URL | str, body: typing.Any, kind: bytes, flags: int) -> Response:
        """A request of which nothing has to be seen in Python (`_is_plain`)."""
        if self._state is not ClientState.OPENED:
            self._opened()
        self._log_as_asked()
        loop = _async.current()
        target = (url if isinstance(url, str) else str(url)).encode("utf-8", "surrogatepass")
        size = 0 if body is NULL else len(body)
        mailbox = _async.Mailbox(loop)
        mailbox.op = op = lib._fetch_async(
            self._native_client,
            verb,
            len(verb),
            target,
            len(target),
            body,
            size,
            kind or NULL,
            len(kind),
            flags,
            loop.queue,
            mailbox.number,
        )
        if op == NULL:
            mailbox.forget()
            self._raise(lib._take_error(), None)
        await mailbox.wait()
        if mailbox.error is not None:
            self._raise(mailbox.take_error(), None)
        return self._received(mailbox.response)

    def _goes_straight(self) -> bool:
        if AsyncHTTPTransport.handle_async_request is not _HANDLE_ASYNC_REQUEST or _patched.pools:
            return False
        if type(self)._transport_for_url is not _TRANSPORT_FOR_URL or "_transport_for_url" in self.__dict__:
            return False
        return self._told_transports is self._transport and (
            not (self._mounts or self._told_mounts) or not self._has_foreign_mounts()
        )

    def _is_plain(self) -> bool:
        hooks = self._event_hooks
        cls = type(self)
        return (
            cls.send is _ASYNC_SEND
            and cls.build_request is _BUILD_REQUEST
            and "send" not in self.__dict__
            and not hooks["request"]
            and not hooks["response"]
            and self._lent_jar is None
            and (self._auth is None or native_handle(self._auth) is not None)
            and self._native is not None
            and self._goes_straight()
        )

    async def _aanswer(self, send: _callbacks.Send, handle: typing.Any, reply: typing.Any) -> None:
        try:
            request = Request._from_native(handle, True)
            try:
                response = await self._transport_for_url(request.url).handle_async_request(request)
                assert isinstance(response.stream, AsyncByteStream)
            except RequestError as error:
                error.request = request
                raise
            finally:
                request._unlend()
            response._request = request
            if response._body is not None:
                response._body.mailbox = send.mailbox
            self._reply(send, reply, response)
        finally:
            ffi.release(reply)

    async def get(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A GET request: `request("GET", url, ...)`."""
        if (
            params is None
            and headers is None
            and cookies is None
            and extensions is None
            and timeout is USE_CLIENT_DEFAULT
            and auth is USE_CLIENT_DEFAULT
            and isinstance(url, (str, URL))
            and type(self).request is _ASYNC_REQUEST
            and "request" not in self.__dict__
            and self._is_plain()
        ):
            return await self._fetch(b"GET", url, NULL, b"", self._flags(False, follow_redirects))
        return await self.request(
            "GET",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def options(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """An OPTIONS request: `request("OPTIONS", url, ...)`."""
        return await self.request(
            "OPTIONS",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def head(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A HEAD request: `request("HEAD", url, ...)`."""
        return await self.request(
            "HEAD",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def post(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A POST request: `request("POST", url, ...)`."""
        return await self.request(
            "POST",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def put(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A PUT request: `request("PUT", url, ...)`."""
        return await self.request(
            "PUT",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def patch(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: typing.Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A PATCH request: `request("PATCH", url, ...)`."""
        return await self.request(
            "PATCH",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def delete(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """A DELETE request: `request("DELETE", url, ...)`."""
        return await self.request(
            "DELETE",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def aclose(self) -> None:
        """Closes the client and its transports."""
        if self._state is not ClientState.CLOSED:
            self._state = ClientState.CLOSED
            self._close_native()
            await self._transport.aclose()
            for transport in self._mounts.values():
                if transport is not None:
                    await transport.aclose()

    async def __aenter__(self) -> Self:
        self._enter()
        await self._transport.__aenter__()
        for transport in self._mounts.values():
            if transport is not None:
                await transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._state = ClientState.CLOSED
        self._close_native()
        await self._transport.__aexit__(exc_type, exc_value, traceback)
        for transport in self._mounts.values():
            if transport is not None:
                await transport.__aexit__(exc_type, exc_value, traceback)


def _warn_of_cookies() -> None:
    warnings.warn(
        "Setting per-request cookies=<...> is being deprecated, because the expected behaviour on cookie persistence is "
        "ambiguous. Set cookies directly on the client instance instead.",
        DeprecationWarning,
        stacklevel=3,
    )


def _old_proxies(proxies: typing.Any) -> dict[str, Proxy | None]:
    """The `proxies` argument of earlier versions: one proxy, or a mapping of patterns to proxies."""
    if proxies is None:
        return {}
    by_pattern = proxies if isinstance(proxies, dict) else {"all://": proxies}
    return {
        str(pattern): Proxy(url=each) if isinstance(each, (str, URL)) else each for pattern, each in by_pattern.items()
    }


_logger = logging.getLogger("httpx")
_core_logger = logging.getLogger("httpcore")
_core_loggers = [logging.getLogger(name) for name in _LOGGERS]

# What these are while nobody has patched or overridden them.
_HANDLE_REQUEST = HTTPTransport.handle_request
_HANDLE_ASYNC_REQUEST = AsyncHTTPTransport.handle_async_request
_TRANSPORT_FOR_URL = BaseClient._transport_for_url
_BUILD_REQUEST = BaseClient.build_request
_SEND = Client.send
_ASYNC_SEND = AsyncClient.send
_REQUEST = Client.request
_ASYNC_REQUEST = AsyncClient.request
