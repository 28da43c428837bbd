"""Asynchronous operations on asyncio and trio: one queue of the library per event loop.

The queue has a descriptor that is readable while something has ended; the loop's own reader drains it, many ends per
wake-up, and wakes the tasks. No thread of Python's is involved, and the task that waits is the task that called: what the
library has to ask Python coroutines (hooks, authentication flows, transports, bodies) is handed to that task's mailbox,
run there, and answered. So context variables, cancel scopes and exceptions are the caller's.
"""

from __future__ import annotations

import os
import sys
import typing
import weakref
from collections import deque

from ._ffi import NULL, error_slot, ffi, lib, new_handle_slot, pending, raise_error

__all__ = ["Mailbox", "current", "run"]

_ROOM = 64

Job = typing.Callable[[], typing.Awaitable[typing.Any]]
Drop = typing.Callable[[], None]


class Mailbox:
    """What a task waits for: the end of one operation, and, until then, coroutines to be run for it.

    After the end `code` says how it ended. `response` is the handle of an operation that gives one, `data` the bytes of
    one that gives a chunk (None at the body's end), `error` the handle of its error.
    """

    __slots__ = (
        "_loop",
        "_waiter",
        "code",
        "data",
        "done",
        "error",
        "exception",
        "gone",
        "jobs",
        "number",
        "op",
        "response",
    )

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._waiter: typing.Any = None
        self.jobs: deque[tuple[Job, Drop | None]] | None = None
        self.done = False
        self.gone = False
        self.op: typing.Any = None
        self.code = 0
        self.data: bytes | None = None
        self.response: typing.Any = None
        self.error: typing.Any = None
        self.exception: BaseException | None = None
        self.number = number = loop.next_number
        loop.next_number = number + 1
        loop.waiting[number] = self

    @property
    def token(self) -> typing.Any:
        """What an operation is to be given as its `user_data`."""
        return ffi.cast("void *", self.number)

    def post(self, job: Job, drop: Drop | None = None) -> None:
        """Hands the waiting task a coroutine function to run; on the loop's thread.

        If nobody waits any more, nobody runs it, and `drop` is called.
        """
        if self.gone:
            if drop is not None:
                drop()
            return
        if self.jobs is None:
            self.jobs = deque()
        self.jobs.append((job, drop))
        self.wake()

    def wake(self) -> None:
        """Lets the task look at its mailbox."""
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            self._loop.wake(waiter)

    async def wait(self) -> None:
        """Until the operation has ended, running what is handed in. If the task is cancelled, so is the operation."""
        try:
            while True:
                if self.jobs:
                    await self.jobs.popleft()[0]()
                elif self.done:
                    return
                else:
                    await self._loop.sleep(self)
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Gives the operation up: nobody will look at its result."""
        self.gone = True
        jobs, self.jobs = self.jobs, None
        for _, drop in jobs or ():
            if drop is not None:
                drop()
        if self.done:
            self._discard()
        elif self.op is not None:
            self._loop.abandoned.add(self.number)
            lib.httpx_op_cancel(self.op)

    def ended(self, end: typing.Any) -> None:
        """Takes over how the operation has ended."""
        self.done = True
        if self.op is not None:
            lib.httpx_op_free(self.op)
            self.op = None
        self.code = end.code
        if end.response != NULL:
            self.response = end.response
        elif end.error != NULL:
            self.error = end.error
        elif end.op != NULL:
            self.data = ffi.buffer(end.data, end.len)[:]
            lib.httpx_op_free(end.op)
        self.wake()

    def forget(self) -> None:
        """The operation was not started after all."""
        self._loop.waiting.pop(self.number, None)

    def take_error(self) -> typing.Any:
        """The operation's error, which is the caller's; what was raised in its callbacks is `pending` then."""
        error, self.error = self.error, None
        pending.exception, self.exception = self.exception, None
        return error

    def raise_error(self) -> None:
        """Raises the operation's error, if it ended with one."""
        if self.error is not None:
            raise_error(self.take_error(), self.code)

    def _discard(self) -> None:
        if self.response is not None:
            lib.httpx_response_free(self.response)
            self.response = None
        if self.error is not None:
            lib.httpx_error_free(self.error)
            self.error = None


class Loop:
    """The queue of one event loop."""

    def __init__(self) -> None:
        slot, err = new_handle_slot("httpx_queue"), error_slot()
        if lib.httpx_queue_new(slot, err) != lib.HTTPX_OK:
            raise_error(err[0])
        self.queue = slot[0]
        fd = ffi.new("intptr_t *")
        if lib.httpx_queue_fd(self.queue, fd, err) != lib.HTTPX_OK:
            lib.httpx_queue_free(self.queue)
            raise_error(err[0])
        self.fd: int = fd[0]
        self.pid = os.getpid()
        self.waiting: dict[int, Mailbox] = {}
        self.abandoned: set[int] = set()
        self.next_number = 1
        self._ends = ffi.new("struct glue_end[]", _ROOM)

    def drain(self) -> None:
        """Tells the waiting tasks what has ended."""
        ends, waiting = self._ends, self.waiting
        while self.queue is not None:
            count = lib._poll(self.queue, ends, _ROOM)
            if count < 0:
                lib.httpx_error_free(lib._take_error())
                return
            raised, pending.exception = pending.exception, None
            for index in range(count):
                end = ends[index]
                mailbox = waiting.pop(end.token, None)
                if mailbox is None:
                    continue
                if raised is not None and end.error != NULL:
                    mailbox.exception, raised = raised, None
                mailbox.ended(end)
                if self.abandoned and mailbox.number in self.abandoned:
                    self.abandoned.discard(mailbox.number)
                    mailbox._discard()
            if count < _ROOM:
                return

    def close(self) -> None:
        """Frees the queue: what has not ended is cancelled and never told."""
        queue, self.queue = self.queue, None
        if queue is None or self.pid != os.getpid():
            return
        waiting, self.waiting = self.waiting, {}
        for mailbox in waiting.values():
            if mailbox.op is not None:
                lib.httpx_op_cancel(mailbox.op)
                lib.httpx_op_free(mailbox.op)
                mailbox.op = None
        lib.httpx_queue_free(queue)

    def __del__(self) -> None:
        self.close()

    def wake(self, waiter: typing.Any) -> None:
        raise NotImplementedError

    async def sleep(self, mailbox: Mailbox) -> None:
        raise NotImplementedError


class AsyncioLoop(Loop):
    """On asyncio, or what behaves like it."""

    def __init__(self, loop: typing.Any) -> None:
        super().__init__()
        self._running: typing.Callable[[], typing.Any] = weakref.ref(loop)
        this = weakref.ref(self)

        def readable() -> None:
            here = this()
            if here is not None:
                here.drain()

        loop.add_reader(self.fd, readable)

    def wake(self, waiter: typing.Any) -> None:
        if not waiter.done():
            waiter.set_result(None)

    async def sleep(self, mailbox: Mailbox) -> None:
        mailbox._waiter = waiter = self._running().create_future()
        await waiter


class TrioLoop(Loop):
    """On trio: a system task waits for the descriptor."""

    def __init__(self, trio: typing.Any) -> None:
        super().__init__()
        self._lowlevel = trio.lowlevel
        trio.lowlevel.spawn_system_task(self._serve, name="libhttpx")

    async def _serve(self) -> None:
        try:
            while True:
                await self._lowlevel.wait_readable(self.fd)
                self.drain()
        finally:
            self.close()

    def wake(self, waiter: typing.Any) -> None:
        self._lowlevel.reschedule(waiter)

    async def sleep(self, mailbox: Mailbox) -> None:
        lowlevel = self._lowlevel
        mailbox._waiter = lowlevel.current_task()

        def abort(_: typing.Any) -> typing.Any:
            mailbox._waiter = None
            return lowlevel.Abort.SUCCEEDED

        await lowlevel.wait_task_rescheduled(abort)


_loops: weakref.WeakKeyDictionary[typing.Any, Loop] = weakref.WeakKeyDictionary()
_last: tuple[typing.Any, Loop | None] = (lambda: None, None)
_running_loop: typing.Callable[[], typing.Any] | None = None


def current() -> Loop:
    """The queue of the event loop that runs here. RuntimeError outside of one."""
    global _last, _running_loop
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None and sniffio.thread_local.name == "trio":
        return _current_trio()
    if _running_loop is None:
        from asyncio import get_running_loop

        _running_loop = get_running_loop
    running = _running_loop()
    reference, known = _last
    if known is not None and reference() is running:
        return known
    loop = _loops.get(running)
    if loop is None:
        _drop_closed()
        loop = _loops[running] = AsyncioLoop(running)
    _last = (weakref.ref(running, _gone), loop)
    return loop


def _gone(reference: typing.Any) -> None:
    """An event loop is no more: its queue is not kept for it."""
    global _last
    if _last[0] is reference:
        _last = (lambda: None, None)


def _current_trio() -> Loop:
    trio = sys.modules["trio"]
    token = trio.lowlevel.current_trio_token()
    loop = _loops.get(token)
    if loop is None or loop.queue is None:
        loop = _loops[token] = TrioLoop(trio)
    return loop


def _drop_closed() -> None:
    """Frees the queues of loops that were closed and that somebody still holds."""
    for running, loop in list(_loops.items()):
        closed = getattr(running, "is_closed", None)
        if closed is not None and closed():
            del _loops[running]
            loop.close()


def _after_fork() -> None:
    """A child has loops of its own: the parent's queues are not its to touch."""
    global _last
    for loop in list(_loops.values()):
        loop.queue = None
    _loops.clear()
    _last = (lambda: None, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


async def run(submit: typing.Callable[[typing.Any, Mailbox], typing.Any]) -> Mailbox:
    """Starts an operation and waits for its end: `submit(queue, mailbox)` hands it `mailbox.token` and returns it.

    The operation's error is raised.
    """
    loop = current()
    mailbox = Mailbox(loop)
    try:
        mailbox.op = submit(loop.queue, mailbox)
    except BaseException:
        del loop.waiting[mailbox.number]
        raise
    await mailbox.wait()
    if mailbox.error is not None:
        mailbox.raise_error()
    return mailbox
