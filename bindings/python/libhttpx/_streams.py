"""Bodies that Python makes: what users give as content, and how the library takes it piece by piece.

A stream is what `request.stream` and `response.stream` show. A `PullBody` stands between a stream and the library, which
calls it (by way of `_callbacks`) when it wants the next piece. Synchronous streams answer at once. An asynchronous one
says "not yet", has the task that waits run its coroutine, and wakes the library.
"""

from __future__ import annotations

import types
import typing

from ._callbacks import answer_later, waker
from ._exceptions import StreamClosed, StreamConsumed
from ._ffi import ffi, lib
from ._types import AsyncByteStream, SyncByteStream

if typing.TYPE_CHECKING:
    from ._async import Mailbox

__all__ = ["AsyncIteratorByteStream", "Body", "ByteStream", "IteratorByteStream", "PullBody", "UnattachedStream"]

_OK: int = lib.HTTPX_OK
_DONE: int = lib.HTTPX_DONE
_AGAIN: int = lib.HTTPX_AGAIN


class ByteStream(AsyncByteStream, SyncByteStream):
    """Bytes in memory, as one piece."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    def __iter__(self) -> typing.Iterator[bytes]:
        yield self._stream

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        yield self._stream


class IteratorByteStream(SyncByteStream):
    """An iterable of bytes, or a file, which is read in pieces of `CHUNK_SIZE`. Generators can be read once."""

    CHUNK_SIZE = 65_536

    def __init__(self, stream: typing.Iterable[bytes]) -> None:
        self._stream = stream
        self._is_stream_consumed = False
        self._is_generator = isinstance(stream, types.GeneratorType)

    def __iter__(self) -> typing.Iterator[bytes]:
        if self._is_stream_consumed and self._is_generator:
            raise StreamConsumed()
        self._is_stream_consumed = True
        read = getattr(self._stream, "read", None)
        if read is None:
            yield from self._stream
            return
        while piece := read(self.CHUNK_SIZE):
            yield piece


class AsyncIteratorByteStream(AsyncByteStream):
    """An asynchronous iterable of bytes, or an object with `aread(size)`. Generators can be read once."""

    CHUNK_SIZE = 65_536

    def __init__(self, stream: typing.AsyncIterable[bytes]) -> None:
        self._stream = stream
        self._is_stream_consumed = False
        self._is_generator = isinstance(stream, types.AsyncGeneratorType)

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        if self._is_stream_consumed and self._is_generator:
            raise StreamConsumed()
        self._is_stream_consumed = True
        aread = getattr(self._stream, "aread", None)
        if aread is None:
            try:
                async for piece in self._stream:
                    yield piece
            finally:
                if isinstance(self._stream, types.AsyncGeneratorType):
                    await self._stream.aclose()
            return
        while piece := await aread(self.CHUNK_SIZE):
            yield piece


class UnattachedStream(AsyncByteStream, SyncByteStream):
    """The stream of a request or response that was pickled before it was read: there is nothing behind it."""

    def __iter__(self) -> typing.Iterator[bytes]:
        raise StreamClosed()
        yield b""

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        raise StreamClosed()
        yield b""


class Body:
    """A body that is not in memory, while the library has it."""

    # Where coroutines are run, while an asynchronous operation uses the body: set before each.
    mailbox: Mailbox | None = None
    is_sync = True
    is_async = True

    async def let_go(self) -> None:
        """The send is over: what was not read of an asynchronous body is given up."""


class PullBody(Body):
    """A stream, as the library sees it. `closes`: the stream is closed at its end, as those of responses are.

    What a stream raises goes out of the callback, and the call that it happened in raises it.
    """

    def __init__(self, stream: typing.Any, *, closes: bool = False) -> None:
        self.is_sync = isinstance(stream, SyncByteStream)
        self.is_async = isinstance(stream, AsyncByteStream)
        self.stream = stream
        self._closes = closes
        self._in_memory = isinstance(stream, ByteStream)
        self._iterator: typing.Any = None
        self._left: typing.Any = b""
        self._ended = False

    def pull(self, buffer: typing.Any, capacity: int, length: typing.Any) -> int:
        """Puts the next piece, or a part of it, into `buffer`, and gives a code."""
        if not self._left and not self._ended:
            if self.is_async and not self._in_memory and (self._is_awaited() or not self.is_sync):
                return self._ask()
            self._next()
        if not self._left:
            return _DONE
        piece = self._left
        count = min(len(piece), capacity)
        ffi.memmove(buffer, piece, count)
        self._left = memoryview(piece)[count:] if count < len(piece) else b""
        length[0] = count
        return _OK

    def rewind(self) -> int:
        """Begins anew; what cannot be read twice says so when it is read."""
        self._iterator, self._left, self._ended = None, b"", False
        return _OK

    def _is_awaited(self) -> bool:
        return self.mailbox is not None and not self.mailbox.done

    def _next(self) -> None:
        if self._iterator is None:
            self._iterator = iter(self.stream)
        while not self._left:
            try:
                self._left = next(self._iterator)
            except StopIteration:
                self._ended = True
                self.close()
                return

    def _ask(self) -> int:
        """Has the task that waits get the next piece, and the library call again."""
        mailbox = self.mailbox
        if mailbox is None or mailbox.done:
            raise RuntimeError("Attempted to call a sync iterator on an async stream.")
        wakes = waker()
        if wakes is None:
            raise RuntimeError("Attempted to call a sync iterator on an async stream.")
        answer_later(mailbox, wakes, self._anext)
        return _AGAIN

    async def _anext(self) -> None:
        if self._iterator is None:
            self._iterator = self.stream.__aiter__()
        while not self._left:
            try:
                self._left = await self._iterator.__anext__()
            except StopAsyncIteration:
                self._ended = True
                await self.aclose()
                return

    def close(self) -> None:
        """Closes a synchronous stream, once, if that is this body's part."""
        if self._closes and self.is_sync:
            self._closes = False
            self.stream.close()

    async def aclose(self) -> None:
        """Closes the stream, once, if that is this body's part."""
        if self._closes and self.is_async:
            self._closes = False
            await self.stream.aclose()
        self.close()

    async def let_go(self) -> None:
        iterator, self._iterator = self._iterator, None
        if not self._ended and isinstance(iterator, types.AsyncGeneratorType):
            await iterator.aclose()

    def destroyed(self) -> None:
        """The library needs the body no more. An asynchronous stream is closed by who awaits, see `aclose`."""
        self.close()
