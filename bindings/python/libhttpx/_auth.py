"""Authentication: the library's own schemes, and flows written in Python as generators.

Basic, Digest and netrc run in the library. A subclass of `Auth` is a flow: the library calls it before it sends a request
and with each response, and sends what it yields.
"""

from __future__ import annotations

import os
import typing
import weakref

from . import _callbacks
from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, new_handle_slot, owned

if typing.TYPE_CHECKING:
    from ._callbacks import Send
    from ._models import Request, Response

_OK: int = lib.HTTPX_OK
_DONE: int = lib.HTTPX_DONE
_AGAIN: int = lib.HTTPX_AGAIN

__all__ = ["Auth", "BasicAuth", "DigestAuth", "NetRCAuth"]


class Auth:
    """The base of authentication schemes: by itself it sends requests as they are.

    A scheme overrides `auth_flow`, a generator that yields requests and gets their responses. One that does I/O or waits
    for locks overrides `sync_auth_flow`, for `Client`, and `async_auth_flow`, for `AsyncClient`, instead.
    """

    requires_request_body = False
    """Whether the request's body has to be read before the flow begins."""

    requires_response_body = False
    """Whether bodies of responses have to be read before the flow gets them."""

    def auth_flow(self, request: Request) -> typing.Generator[Request, Response, None]:
        """Yields requests to be sent, and gets the response of each; when it ends, the last one is the caller's."""
        yield request

    def sync_auth_flow(self, request: Request) -> typing.Generator[Request, Response, None]:
        """The flow in a `Client`: `auth_flow`, with the bodies read that it asks for."""
        if self.requires_request_body:
            request.read()
        flow = self.auth_flow(request)
        following = next(flow)
        while True:
            response = yield following
            if self.requires_response_body:
                response.read()
            try:
                following = flow.send(response)
            except StopIteration:
                return

    async def async_auth_flow(self, request: Request) -> typing.AsyncGenerator[Request, Response]:
        """The flow in an `AsyncClient`: `auth_flow`, with the bodies read that it asks for."""
        if self.requires_request_body:
            await request.aread()
        flow = self.auth_flow(request)
        following = next(flow)
        while True:
            response = yield following
            if self.requires_response_body:
                await response.aread()
            try:
                following = flow.send(response)
            except StopIteration:
                return


class FunctionAuth(Auth):
    """Authentication by a function that gets the request and returns it, or another one, with credentials in it."""

    def __init__(self, func: typing.Callable[[Request], Request]) -> None:
        self._func = func

    def auth_flow(self, request: Request) -> typing.Generator[Request, Response, None]:
        yield self._func(request)


class _NativeAuth(Auth):
    """A scheme of the library's: `_handle` is its `httpx_auth`."""

    _made: typing.Any

    @property
    def _handle(self) -> typing.Any:
        return self._made

    def auth_flow(self, request: Request) -> typing.Generator[Request, Response, None]:
        slot, err = new_handle_slot("httpx_flow"), error_slot()
        check(lib.httpx_auth_start(self._handle, request._native(), slot, err), err)
        flow = owned(slot[0], lib.httpx_flow_free)
        following = new_handle_slot("httpx_request")
        response = NULL
        while True:
            code = lib.httpx_flow_next(flow, response, following, err)
            check(code, err)
            if code == lib.HTTPX_DONE:
                return
            request._adopt(owned(following[0], lib.httpx_request_free))
            answer = yield request
            response = answer._native()


class BasicAuth(_NativeAuth):
    """Basic authentication (RFC 7617) with a username and a password."""

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        slot, err = new_handle_slot("httpx_auth"), error_slot()
        name, secret = as_bytes(username), as_bytes(password)
        check(lib.httpx_auth_basic(name, len(name), secret, len(secret), slot, err), err)
        self._made = owned(slot[0], lib.httpx_auth_free)


class NetRCAuth(_NativeAuth):
    """Basic authentication with what a netrc file has for the request's host: `file`, else NETRC's or `~/.netrc`."""

    def __init__(self, file: str | None = None) -> None:
        slot, err = new_handle_slot("httpx_auth"), error_slot()
        path = b"" if file is None else os.fsencode(file)
        check(lib.httpx_auth_netrc(path or NULL, len(path), slot, err), err)
        self._made = owned(slot[0], lib.httpx_auth_free)


class DigestAuth(_NativeAuth):
    """Digest authentication (RFC 7616) with a username and a password; it remembers the server's last challenge."""

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._username = as_bytes(username)
        self._password = as_bytes(password)
        self._made: typing.Any = None

    @property
    def _handle(self) -> typing.Any:
        """Made when it is first used, so that it can be known whether the program makes the nonces."""
        if self._made is None:
            slot, err = new_handle_slot("httpx_auth"), error_slot()
            name, secret = self._username, self._password
            check(lib.httpx_auth_digest(name, len(name), secret, len(secret), slot, err), err)
            self._made = owned(slot[0], lib.httpx_auth_free)
            if "_get_client_nonce" in self.__dict__ or (
                type(self)._get_client_nonce is not DigestAuth._get_client_nonce
            ):
                data = _callbacks.keep(weakref.ref(self))
                check(lib.httpx_auth_digest_cnonce(self._made, lib._cnonce, data, lib._destroy, err), err)
        return self._made

    def _get_client_nonce(self, nonce_count: int, nonce: bytes) -> bytes:
        """A nonce of the client's. Whoever replaces this makes them; else they are the library's own."""
        return os.urandom(8).hex().encode("ascii")


def build_auth(auth: typing.Any) -> Auth | None:
    """What `auth=` means: None, a pair of username and password, an `Auth`, or a function. TypeError for others."""
    if auth is None or isinstance(auth, Auth):
        return auth
    if isinstance(auth, tuple):
        return BasicAuth(username=auth[0], password=auth[1])
    if callable(auth):
        return FunctionAuth(func=auth)
    raise TypeError(f'Invalid "auth" argument: {auth!r}')


def native_handle(auth: Auth) -> typing.Any:
    """The `httpx_auth` of a scheme that is the library's; None of a flow in Python, also one of a subclass."""
    if not isinstance(auth, _NativeAuth):
        return None
    kind = type(auth)
    if (
        kind.auth_flow is _NativeAuth.auth_flow
        and kind.sync_auth_flow is Auth.sync_auth_flow
        and kind.async_auth_flow is Auth.async_auth_flow
    ):
        return auth._handle
    return None


class Scheme:
    """A flow in Python as the library calls it, for one send."""

    __slots__ = ("auth", "send")

    def __init__(self, auth: Auth, send: Send) -> None:
        self.auth = auth
        self.send = send

    def native(self) -> typing.Any:
        """A new `httpx_auth`, the caller's to free."""
        table = ffi.new("httpx_auth_vtable *")
        table.size = ffi.sizeof("httpx_auth_vtable")
        table.new_flow = lib._auth_new_flow
        table.next = lib._auth_next
        table.destroy_flow = lib._auth_destroy_flow
        table.destroy = lib._destroy
        slot, err = new_handle_slot("httpx_auth"), error_slot()
        check(lib.httpx_auth_flow(table, _callbacks.keep(self), slot, err), err)
        return slot[0]

    def new_flow(self, request: typing.Any) -> Flow:
        """The library begins the flow."""
        self.send.flow = flow = Flow(self.auth, self.send)
        return flow


class Flow:
    """A generator of requests that is under way."""

    __slots__ = ("auth", "generator", "send")

    def __init__(self, auth: Auth, send: Send) -> None:
        self.auth = auth
        self.send = send
        self.generator: typing.Any = None

    def next(self, request: typing.Any, response: typing.Any, following: typing.Any) -> int:
        """The library asks for the next request, with the response to the one before."""
        if self.send.mailbox is None:
            found = self._step(response)
        else:
            answer = self.send.later(lambda: self._step_async(response))
            if answer is None:
                return _AGAIN
            found = answer[0]
        if found is None:
            return _DONE
        following[0] = self.send.client._copy_for(found, self.send)
        return _OK

    def _asked(self) -> Request:
        request = self.send.request
        assert request is not None
        return request

    def _step(self, response: typing.Any) -> Request | None:
        if response == NULL:
            self.generator = self.auth.sync_auth_flow(self._asked())
            following: Request = next(self.generator)
            return following
        answer = self.send.client._lent_response(response)
        try:
            following = self.generator.send(answer)
        except StopIteration:
            return None
        finally:
            answer._unlend()
        return following

    async def _step_async(self, response: typing.Any) -> Request | None:
        if response == NULL:
            self.generator = self.auth.async_auth_flow(self._asked())
            following: Request = await self.generator.__anext__()
            return following
        answer = self.send.client._lent_response(response)
        try:
            following = await self.generator.asend(answer)
        except StopAsyncIteration:
            return None
        finally:
            answer._unlend()
        return following

    def end(self) -> None:
        """The library ends the flow; an async one is closed by the task (`aend`)."""
        if self.generator is not None and self.send.mailbox is None:
            generator, self.generator = self.generator, None
            generator.close()

    async def aend(self) -> None:
        """Closes an async flow."""
        if self.generator is not None:
            generator, self.generator = self.generator, None
            await generator.aclose()
