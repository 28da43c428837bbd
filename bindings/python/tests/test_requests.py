"""`Request`: headers that describe the body, bodies that Python makes, changes, copies."""

from __future__ import annotations

import gc
import io
import pickle
import typing

import pytest

import libhttpx
from libhttpx._native import lib

URL = "http://example.org/path"


def lines(request: libhttpx.Request) -> list[tuple[bytes, bytes]]:
    return request.headers.raw


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [(b"Host", b"example.org"), (b"Content-Length", b"0")]),
        ({"content": b"four"}, [(b"Host", b"example.org"), (b"Content-Length", b"4")]),
        ({"content": io.BytesIO(b"four")}, [(b"Host", b"example.org"), (b"Content-Length", b"4")]),
        ({"content": iter([b"four"])}, [(b"Host", b"example.org"), (b"Transfer-Encoding", b"chunked")]),
        (
            {"json": {"ä": [1, None]}},
            [(b"Host", b"example.org"), (b"Content-Length", b"15"), (b"Content-Type", b"application/json")],
        ),
        (
            {"data": {"a": ["x y", 2], "b": True}},
            [
                (b"Host", b"example.org"),
                (b"Content-Length", b"16"),
                (b"Content-Type", b"application/x-www-form-urlencoded"),
            ],
        ),
    ],
)
def test_the_headers_describe_the_body_at_once(arguments: dict[str, typing.Any], expected: typing.Any) -> None:
    assert lines(libhttpx.Request("POST", URL, **arguments)) == expected


def test_headers_that_are_given_come_before_those_of_the_body() -> None:
    request = libhttpx.Request("POST", URL, headers=[("A", "1"), ("a", "2")], content=b"x")
    assert lines(request) == [(b"Host", b"example.org"), (b"A", b"1"), (b"a", b"2"), (b"Content-Length", b"1")]


def test_a_host_that_is_given_stays_where_it_is() -> None:
    request = libhttpx.Request("GET", URL, headers={"A": "1", "Host": "other"})
    assert lines(request) == [(b"A", b"1"), (b"Host", b"other")]


def test_a_stream_brings_no_headers() -> None:
    request = libhttpx.Request("POST", URL, stream=libhttpx.ByteStream(b"body"))
    assert lines(request) == []
    assert request.read() == b"body"


def test_reading_leaves_the_headers_alone() -> None:
    request = libhttpx.Request("POST", URL, content=iter([b"a", b"", b"b"]))
    assert request.read() == b"ab"
    assert request.content == b"ab"
    request._native()
    assert request.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in request.headers
    assert list(typing.cast(typing.Iterable[bytes], request.stream)) == [b"ab"]


def test_a_generator_can_be_read_once() -> None:
    request = libhttpx.Request("POST", URL, content=(piece for piece in [b"a"]))
    stream = typing.cast(typing.Iterable[bytes], request.stream)
    assert list(stream) == [b"a"]
    with pytest.raises(libhttpx.StreamConsumed):
        list(stream)


def test_method_url_and_headers_can_be_changed() -> None:
    request = libhttpx.Request("GET", URL)
    request.method = "PUT"
    request.url = libhttpx.URL("https://other.example/")
    request.headers["X"] = "1"
    other = libhttpx.Request._from_native(_copy(request))
    assert (other.method, str(other.url), other.headers["x"]) == ("PUT", "https://other.example/", "1")
    request.headers = libhttpx.Headers({"Y": "2"})
    assert lines(libhttpx.Request._from_native(_copy(request))) == [(b"Y", b"2")]


def _copy(request: libhttpx.Request) -> typing.Any:
    from libhttpx._ffi import check, error_slot, ffi

    slot, err = ffi.new("httpx_request **"), error_slot()
    check(lib.httpx_request_clone(request._native(), slot, err), err)
    return slot[0]


def test_a_form_has_keys_and_values_of_any_kind() -> None:
    data = {"a": "ä&=", 1: 2.5, "none": None, "list": [True, b"raw", "x y"]}
    request = libhttpx.Request("POST", URL, data=data)
    assert request.content == b"a=%C3%A4%26%3D&1=2.5&none=&list=true&list=b%27raw%27&list=x+y"


class Unseekable(io.RawIOBase):
    """A file of pieces, which can't be measured."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def test_files_are_read_from_their_beginning_each_time() -> None:
    file = io.BytesIO(b"content")
    file.read(3)
    for _ in range(2):
        request = libhttpx.Request("POST", URL, files={"f": ("name.bin", file)})
        length = int(request.headers["Content-Length"])
        assert b"\r\n\r\ncontent\r\n--" in request.read()
        assert len(request.content) == length


def test_a_file_of_unknown_length_makes_a_chunked_body() -> None:
    large = b"x" * 200_000
    request = libhttpx.Request("POST", URL, files={"f": ("name.bin", Unseekable([b"one", large, b"two"]))})
    assert request.headers["Transfer-Encoding"] == "chunked"
    assert b"\r\n\r\none" + large + b"two\r\n--" in request.read()


def test_a_part_without_filename_can_have_a_type() -> None:
    request = libhttpx.Request("POST", URL, files={"f": (None, b"{}", "application/json")})
    content = request.read()
    assert b'name="f"\r\nContent-Type: application/json\r\n\r\n{}\r\n' in content
    assert b"filename" not in content


def test_what_a_file_raises_comes_out_of_read() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("the disk is gone")

    request = libhttpx.Request("POST", URL, files={"f": ("name.bin", Broken())})
    with pytest.raises(OSError, match="the disk is gone"):
        request.read()


def test_files_and_fields_keep_their_order() -> None:
    request = libhttpx.Request(
        "POST",
        URL,
        data={"a": ["1", "2"], "b": b"\xff"},
        files=[("f", b"x"), ("f", ("n.txt", "y", None, {"X-Part": "z"}))],
        headers={"Content-Type": "multipart/form-data; boundary=B"},
    )
    assert request.read() == (
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n'
        b'--B\r\nContent-Disposition: form-data; name="b"\r\n\r\n\xff\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="upload"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\nx\r\n"
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n'
        b"X-Part: z\r\nContent-Type: text/plain\r\n\r\ny\r\n"
        b"--B--\r\n"
    )


def test_pickling_keeps_content_and_drops_streams() -> None:
    request = libhttpx.Request("POST", URL, content=b"body", headers={"X": "1"}, extensions={"a": 1})
    again = pickle.loads(pickle.dumps(request))
    assert (again.method, str(again.url), again.content) == ("POST", URL, b"body")
    assert again.headers.raw == request.headers.raw
    assert again.extensions == {}
    streamed = pickle.loads(pickle.dumps(libhttpx.Request("POST", URL, content=iter([b"x"]))))
    with pytest.raises(libhttpx.RequestNotRead):
        streamed.content  # noqa: B018
    with pytest.raises(libhttpx.StreamClosed):
        streamed.read()


def test_requests_leave_no_handles_behind() -> None:
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_ALL)
    for _ in range(10):
        request = libhttpx.Request("POST", URL, content=iter([b"a"]), headers={"A": "b"})
        request.headers["C"] = "d"
        request.read()
        libhttpx.Request("POST", URL, files={"f": io.BytesIO(b"x")}).read()
        libhttpx.Request("POST", URL, data={"a": "b"})
        del request
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) == before
