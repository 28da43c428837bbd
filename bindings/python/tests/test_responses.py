"""`Response`: made by hand, read in pieces, decoded, pickled."""

from __future__ import annotations

import datetime
import gc
import gzip
import json
import pickle
import typing

import pytest

import libhttpx
from libhttpx._native import lib


class Pieces(libhttpx.SyncByteStream):
    """A body of pieces that counts how often it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = 0

    def __iter__(self) -> typing.Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        self.closed += 1


class AsyncPieces(libhttpx.AsyncByteStream):
    """The same, asynchronous."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = 0

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("end", ["read", "iter", "close"])
def test_a_stream_is_closed_once(end: str) -> None:
    stream = Pieces(b"a", b"b")
    response = libhttpx.Response(200, stream=stream)
    assert response.headers.raw == []
    assert not response.is_closed
    if end == "read":
        assert response.read() == b"ab"
    elif end == "iter":
        assert list(response.iter_raw()) == [b"a", b"b"]
    response.close()
    assert response.is_closed
    assert stream.closed == 1


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["aread", "aiter", "aclose"])
async def test_an_async_stream_is_closed_once(end: str) -> None:
    stream = AsyncPieces(b"a", b"b")
    response = libhttpx.Response(200, stream=stream)
    if end == "aread":
        assert await response.aread() == b"ab"
    elif end == "aiter":
        assert [piece async for piece in response.aiter_raw()] == [b"a", b"b"]
    await response.aclose()
    assert response.is_closed
    assert stream.closed == 1


def test_a_body_that_is_made_while_it_is_read_is_decoded() -> None:
    packed = gzip.compress(b"one\ntwo\r\nthree")
    halves = iter([packed[:10], packed[10:]])
    response = libhttpx.Response(200, headers={"Content-Encoding": "gzip"}, content=halves)
    assert list(response.iter_lines()) == ["one", "two", "three"]
    assert response.is_closed
    assert response.num_bytes_downloaded == len(packed)


@pytest.mark.anyio
async def test_an_async_body_is_decoded() -> None:
    packed = gzip.compress("ä\nb".encode())

    async def halves() -> typing.AsyncIterator[bytes]:
        yield packed[:10]
        yield packed[10:]

    response = libhttpx.Response(200, headers={"Content-Encoding": "gzip"}, content=halves())
    assert [line async for line in response.aiter_lines()] == ["ä", "b"]
    response = libhttpx.Response(200, headers={"Content-Encoding": "gzip"}, content=halves())
    assert await response.aread() == "ä\nb".encode()
    assert response.text == "ä\nb"


def test_what_a_stream_raises_comes_out_of_the_read() -> None:
    def broken() -> typing.Iterator[bytes]:
        yield b"a"
        raise KeyError("mine")

    response = libhttpx.Response(200, content=broken())
    with pytest.raises(KeyError, match="mine"):
        response.read()


@pytest.mark.anyio
async def test_what_an_async_stream_raises_comes_out_of_the_read() -> None:
    async def broken() -> typing.AsyncIterator[bytes]:
        yield b"a"
        raise KeyError("mine")

    response = libhttpx.Response(200, content=broken())
    with pytest.raises(KeyError, match="mine"):
        await response.aread()


def test_large_pieces_come_through() -> None:
    large = bytes(range(256)) * 2_000
    response = libhttpx.Response(200, content=iter([large, b"end"]))
    assert response.read() == large + b"end"


@pytest.mark.parametrize(
    ("codec", "content", "text"),
    [
        ("latin-1", b"\x96\xe4", "\x96ä"),
        ("ascii", b"a\x96", "a�"),
        ("cp1252", b"\x96", "–"),
        ("cp037", "EBCDIC".encode("cp037"), "EBCDIC"),
        ("utf-8", b"\xff", "�"),
    ],
)
def test_text_is_decoded_as_pythons_codecs_do(codec: str, content: bytes, text: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={codec}"}
    assert libhttpx.Response(200, headers=headers, content=content).text == text


def test_headers_that_are_changed_count() -> None:
    response = libhttpx.Response(200, content="é".encode("utf-16"))
    response.headers["Content-Type"] = "text/plain; charset=utf-16"
    response.headers["Link"] = '<https://example.org/2>; rel="next"'
    response.headers["Set-Cookie"] = "a=b"
    response.request = libhttpx.Request("GET", "https://example.org")
    assert response.text == "é"
    assert response.links == {"next": {"rel": "next", "url": "https://example.org/2"}}
    assert dict(response.cookies) == {"a": "b"}


def test_json_is_what_python_takes_for_it() -> None:
    assert libhttpx.Response(200, content=b'{"a": NaN}').json(parse_constant=str) == {"a": "NaN"}
    with pytest.raises(json.JSONDecodeError, match="Expecting value"):
        libhttpx.Response(200, content=b"").json()
    with pytest.raises(libhttpx.ResponseNotRead):
        libhttpx.Response(200, content=iter([b"{}"])).json()


def test_what_the_request_is_must_be_known_to_raise() -> None:
    response = libhttpx.Response(404)
    with pytest.raises(RuntimeError, match="request instance has not been set"):
        response.raise_for_status()
    response.request = libhttpx.Request("GET", "https://example.org/a")
    with pytest.raises(
        libhttpx.HTTPStatusError, match="Client error '404 Not Found' for url 'https://example.org/a'"
    ) as raised:
        response.raise_for_status()
    assert raised.value.response is response
    assert raised.value.request is response.request
    assert libhttpx.Response(204, request=response.request).raise_for_status().status_code == 204


def test_extensions_say_what_the_first_line_was() -> None:
    extensions = {"http_version": b"HTTP/2", "reason_phrase": b"Fine"}
    response = libhttpx.Response(200, extensions=extensions)
    assert (response.http_version, response.reason_phrase) == ("HTTP/2", "Fine")
    assert repr(response) == "<Response [200 Fine]>"


def test_a_body_in_memory_can_be_declared_unread() -> None:
    response = libhttpx.Response(200, content=b"abc")
    response.is_stream_consumed = response.is_closed = False
    assert list(response.iter_raw(2)) == [b"ab", b"c"]
    with pytest.raises(libhttpx.StreamConsumed):
        list(response.iter_raw())


def test_pickling_keeps_what_was_read() -> None:
    request = libhttpx.Request("GET", "https://example.org")
    before = libhttpx.Response(302, request=request, headers={"Location": "/a"})
    response = libhttpx.Response(
        200,
        headers={"Content-Type": "text/plain; charset=latin-1"},
        content=b"\xe4",
        request=request,
        history=[before],
    )
    response.elapsed = datetime.timedelta(seconds=2)
    again = pickle.loads(pickle.dumps(response))
    assert (again.status_code, again.text, again.elapsed.total_seconds()) == (200, "ä", 2)
    assert [each.status_code for each in again.history] == [302]
    assert str(again.request.url) == "https://example.org"
    assert again.headers.raw == response.headers.raw


def test_responses_leave_no_handles_behind() -> None:
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_ALL)
    request = libhttpx.Request("GET", "https://example.org")
    for _ in range(10):
        response = libhttpx.Response(200, stream=Pieces(b"a", b"b"), request=request)
        next(response.iter_bytes())
        response.headers["A"] = "b"
        libhttpx.Response(200, json={"a": 1}).json()
        list(libhttpx.Response(200, text="a\nb").iter_lines())
    del response, request
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) == before
