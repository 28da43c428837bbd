"""What the library calls: C functions that lead to Python objects by their user data.

A callback runs on the thread that waits in a call or drains a queue. An exception in it is kept for that thread
(`_ffi.pending`), the callback says that it failed, and the call that it happened in raises the exception instead of the
library's error.

In async clients the callbacks of hooks, authentication flows, transports and bodies run inside of the event loop's reader,
where nothing can be awaited: they hand a coroutine function to the mailbox of the task that waits (`Send.later`), say
HTTPX_AGAIN, and are called again when that has answered.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import typing
import weakref

from ._ffi import NULL, as_bytes, ffi, lib, new_handle_slot, owned, pending

if typing.TYPE_CHECKING:
    from ._async import Mailbox
    from ._models import Request, Response

__all__ = ["Kept", "Send", "Trace", "answer_later", "keep", "kept_of", "object_of", "send_of", "waker"]

lib._set_main_thread(threading.main_thread().ident or 0)
atexit.register(lib._set_ending)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: lib._set_main_thread(threading.get_ident()))

_kept: set[typing.Any] = set()
_OK: int = lib.HTTPX_OK
_DONE: int = lib.HTTPX_DONE
_AGAIN: int = lib.HTTPX_AGAIN
_FAILED: int = lib.HTTPX_E_CANCELLED

MakeCoroutine = typing.Callable[[], typing.Awaitable[typing.Any]]


F = typing.TypeVar("F", bound=typing.Callable[..., typing.Any])


def _called_from_c(**options: typing.Any) -> typing.Callable[[F], F]:
    """The function is the one of that name in callbacks.h."""
    return typing.cast("typing.Callable[[F], F]", ffi.def_extern(**options))


def keep(obj: typing.Any) -> typing.Any:
    """User data for `obj`, which lives until the library destroys it: pass `lib._destroy` with it."""
    handle = ffi.new_handle(obj)
    _kept.add(handle)
    return handle


def object_of(user_data: typing.Any) -> typing.Any:
    """The object that `keep` got; None for NULL."""
    return ffi.from_handle(user_data) if user_data != NULL else None


class Send:
    """One send of a request: what native requests have as user data, redirects and authentication rounds included.

    `request` is the Python object that was sent, if there still is one, and `extensions` are its extensions. `mailbox` is
    where coroutines are run, None in sync clients. `body` is what a Python transport's last response is read from.
    """

    __slots__ = ("_answer", "_held", "_parts", "_weak", "_whole", "body", "client", "extensions", "flow", "mailbox")

    def __init__(self, client: typing.Any, request: Request, extensions: dict[str, typing.Any]) -> None:
        self.client = client
        self.extensions = extensions
        self.mailbox: Mailbox | None = None
        self.body: typing.Any = None
        self.flow: typing.Any = None
        self._answer: typing.Any = None
        self._parts: list[Send] = []
        # What this is a part of.
        self._whole: Send | None = None
        self._held: Request | None = request
        self._weak = weakref.ref(request)

    @property
    def request(self) -> Request | None:
        """The Python object, if there still is one."""
        return self._held if self._held is not None else self._weak()

    async def end(self) -> None:
        """Closes the authentication flow that was begun for an async client's send."""
        if self.flow is not None:
            flow, self.flow = self.flow, None
            await flow.aend()

    def part(self, request: Request) -> Send:
        """The same send, for another request of its authentication flow."""
        part = Send(self.client, request, request.extensions)
        part.mailbox = self.mailbox
        part._whole = whole = self._whole or self
        whole._parts.append(part)
        return part

    def settle(self) -> None:
        """The send is over: nothing is held from here.

        The library has this as long as any copy of the request is left, also one of Python's: what Python holds through
        it could never be collected.
        """
        self._held = self._answer = self.body = self.client = None
        for part in self._parts:
            part.settle()

    @property
    def is_async(self) -> bool:
        """Whether an async client sends."""
        return self.mailbox is not None

    def later(self, make: MakeCoroutine) -> typing.Any:
        """The answer of a coroutine that the waiting task runs: None until it is there, when the callback is called again."""
        # A callback may have made a part of the send for the request that it is called with.
        whole = self._whole or self
        answer = whole._answer
        if answer is not None:
            whole._answer = None
            return answer
        mailbox, wakes = self.mailbox, waker()
        if mailbox is None or wakes is None:
            raise RuntimeError("Attempted to wait in a callback of a call that is over.")

        async def answered() -> None:
            whole._answer = (await make(),)

        answer_later(mailbox, wakes, answered)
        return None


class Kept:
    """What native responses have as user data: the Python object that goes with them.

    It is held until somebody else has it (`settle`), so that a response that a transport made is still there when the
    library gives it to the caller.
    """

    __slots__ = ("_held", "_weak")

    def __init__(self, response: Response) -> None:
        self._held: Response | None = response
        self._weak = weakref.ref(response)

    @property
    def response(self) -> Response | None:
        """The Python object, if there still is one."""
        return self._held if self._held is not None else self._weak()

    def settle(self) -> None:
        """The object is in the program's hands: it is no longer held from here."""
        self._held = None


def send_of(request: typing.Any) -> Send | None:
    """The send that a native request belongs to."""
    found = object_of(lib.httpx_request_user_data(request))
    return found if isinstance(found, Send) else None


def kept_of(response: typing.Any) -> Kept | None:
    """What keeps the Python object that goes with a native response, if there is one."""
    found = object_of(lib.httpx_response_user_data(response))
    return found if isinstance(found, Kept) else None


def waker() -> typing.Any:
    """What wakes the callback that runs now, to be freed with `ffi.release`; None where it can't wait."""
    slot = new_handle_slot("httpx_waker")
    if lib.httpx_upcall_waker(slot, NULL) != _OK:
        return None
    return owned(slot[0], lib.httpx_waker_free)


def answer_later(
    mailbox: Mailbox, waker: typing.Any, make: MakeCoroutine, drop: typing.Callable[[], None] | None = None
) -> None:
    """Has the task that waits run a coroutine, and the callback called again then.

    If the task has gone before, `drop` is called instead.
    """

    async def job() -> None:
        try:
            await make()
            lib.httpx_waker_wake(waker)
        finally:
            ffi.release(waker)

    mailbox.post(job, drop)


def _remember(kind: typing.Any, exception: BaseException, traceback: typing.Any) -> None:
    """An exception has left a callback: the call that it happened in raises it."""
    pending.exception = exception


def _complain(kind: typing.Any, exception: BaseException, traceback: typing.Any) -> None:
    """An exception has left a callback that can't say so: it is printed, as one in `__del__` is."""
    if sys is not None and sys.stderr is not None:
        from traceback import format_exception

        lines = "".join(format_exception(kind, exception, traceback))
        sys.stderr.write(f"Exception ignored in a callback of libhttpx:\n{lines}")


@_called_from_c(onerror=_complain)
def _destroy(user_data: typing.Any) -> None:
    kept = _kept
    if kept is None or user_data not in kept:
        # The interpreter has ended, and all that was kept is gone.
        return
    destroyed = getattr(ffi.from_handle(user_data), "destroyed", None)
    kept.discard(user_data)
    if destroyed is not None:
        destroyed()


@_called_from_c(name="python_interrupt", error=1, onerror=_remember)
def _interrupt(user_data: typing.Any) -> int:
    # Python looks for signals while this runs: KeyboardInterrupt comes up here.
    return 0


@_called_from_c(error=0, onerror=_remember)
def _encoding(user_data: typing.Any, content: typing.Any, length: int, label: typing.Any, capacity: int) -> int:
    chosen = object_of(user_data)(bytes(ffi.buffer(content, length)) if length else b"")
    name = as_bytes(chosen or "")[:capacity]
    ffi.memmove(label, name, len(name))
    return len(name)


@_called_from_c(name="python_log", onerror=_complain)
def _log(
    user_data: typing.Any, level: int, logger: typing.Any, logger_len: int, message: typing.Any, message_len: int
) -> None:
    import logging

    name = ffi.unpack(logger, logger_len).decode()
    text = ffi.unpack(message, message_len).decode("utf-8", "replace")
    logging.getLogger(name).log(level, "%s", text)


@_called_from_c(onerror=_complain)
def _informational(user_data: typing.Any, response: typing.Any) -> None:
    object_of(user_data)(response)


class Trace:
    """A `trace` extension: a function, or a coroutine function, that is told `(event, info)`."""

    __slots__ = ("_answered", "_pending", "function", "mailbox")

    def __init__(self, function: typing.Callable[[str, dict[str, typing.Any]], typing.Any]) -> None:
        self.function = function
        self.mailbox: Mailbox | None = None
        self._answered = False

    def told(self, event: str, info: dict[str, typing.Any]) -> int:
        """Passes an event on; an async client's function is awaited by the task."""
        if self._answered:
            self._answered = False
            return _OK
        mailbox = self.mailbox
        outcome = self.function(event, info)
        if not hasattr(outcome, "__await__"):
            return _OK
        if mailbox is None:
            outcome.close()
            raise TypeError("An async function was given as 'trace' to a sync client.")
        wakes = None if mailbox.done else waker()
        if wakes is None:
            # Nobody waits any more: what it does at once is done.
            with contextlib.suppress(StopIteration):
                outcome.send(None)
            outcome.close()
            return _OK

        async def answered() -> None:
            await outcome
            self._answered = True

        answer_later(mailbox, wakes, answered, getattr(outcome, "close", None))
        return _AGAIN


@_called_from_c(name="python_trace", error=_FAILED, onerror=_remember)
def _trace(user_data: typing.Any, event: typing.Any, event_len: int, info: typing.Any, info_len: int) -> int:
    import json

    name = ffi.unpack(event, event_len).decode()
    return int(object_of(user_data).told(name, _traced(json.loads(ffi.unpack(info, info_len)))))


def _traced(info: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """What an event tells, with bytes and tuples as httpcore has them."""
    value = info.get("return_value")
    if isinstance(value, list):
        info["return_value"] = tuple(_raw(each) for each in value)
    return info


def _raw(value: typing.Any) -> typing.Any:
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    if isinstance(value, list):
        return [tuple(_raw(part) for part in each) if isinstance(each, list) else _raw(each) for each in value]
    return value


@_called_from_c(name="python_pull", error=lib.HTTPX_E_READ, onerror=_remember)
def _pull(user_data: typing.Any, buffer: typing.Any, capacity: int, length: typing.Any) -> int:
    return int(ffi.from_handle(user_data).pull(buffer, capacity, length))


@_called_from_c(name="python_rewind", error=lib.HTTPX_E_READ, onerror=_remember)
def _rewind(user_data: typing.Any) -> int:
    return int(ffi.from_handle(user_data).rewind())


@_called_from_c(name="python_request_hook", error=_FAILED, onerror=_remember)
def _request_hook(user_data: typing.Any, request: typing.Any, error: typing.Any) -> int:
    return int(ffi.from_handle(user_data).request_hook(request))


@_called_from_c(name="python_response_hook", error=_FAILED, onerror=_remember)
def _response_hook(user_data: typing.Any, response: typing.Any, error: typing.Any) -> int:
    return int(ffi.from_handle(user_data).response_hook(response))


@_called_from_c(error=_FAILED, onerror=_remember)
def _auth_new_flow(user_data: typing.Any, request: typing.Any, flow: typing.Any, error: typing.Any) -> int:
    flow[0] = keep(ffi.from_handle(user_data).new_flow(request))
    return _OK


@_called_from_c(name="python_auth_next", error=_FAILED, onerror=_remember)
def _auth_next(
    user_data: typing.Any,
    flow: typing.Any,
    request: typing.Any,
    response: typing.Any,
    following: typing.Any,
    error: typing.Any,
) -> int:
    return int(ffi.from_handle(flow).next(request, response, following))


@_called_from_c(error=_FAILED, onerror=_remember)
def _cnonce(
    user_data: typing.Any,
    count: int,
    nonce: typing.Any,
    nonce_len: int,
    cnonce: typing.Any,
    capacity: int,
    length: typing.Any,
) -> int:
    made = ffi.from_handle(user_data)()._get_client_nonce(count, ffi.buffer(nonce, nonce_len)[:])[:capacity]
    ffi.memmove(cnonce, made, len(made))
    length[0] = len(made)
    return _OK


@_called_from_c(onerror=_complain)
def _auth_destroy_flow(user_data: typing.Any, flow: typing.Any) -> None:
    kept = _kept
    if flow != NULL and kept is not None and flow in kept:
        state = ffi.from_handle(flow)
        kept.discard(flow)
        state.end()


@_called_from_c(name="python_transport_handle", onerror=_remember)
def _transport_handle(user_data: typing.Any, request: typing.Any, reply: typing.Any) -> None:
    ffi.from_handle(user_data).upcall(request, reply)


@_called_from_c(onerror=_remember)
def _transport_close(user_data: typing.Any) -> None:
    return None
