"""Bodies on the wire: what goes up piece by piece, what comes down piece by piece, and who sees which object."""

from __future__ import annotations

import gc
import hashlib
import io
import typing

import anyio
import pytest

import libhttpx
from libhttpx._native import lib

PIECES = [b"one", b"x" * 100_000, b"three"]
WHOLE = b"".join(PIECES)


def pieces() -> typing.Iterator[bytes]:
    yield from PIECES


async def apieces() -> typing.AsyncIterator[bytes]:
    for piece in PIECES:
        yield piece


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_generator_goes_up_in_chunks(origin: typing.Any) -> None:
    with libhttpx.Client() as client:
        seen = client.post(f"{origin.http}/upload", content=pieces()).json()
    assert (seen["sha256"], seen["size"], seen["chunked"]) == (digest(WHOLE), len(WHOLE), True)


def test_a_length_that_is_known_is_announced(origin: typing.Any) -> None:
    with libhttpx.Client() as client:
        headers = {"Content-Length": str(len(WHOLE))}
        seen = client.post(f"{origin.http}/upload", content=pieces(), headers=headers).json()
        assert (seen["sha256"], seen["chunked"], seen["content_length"]) == (digest(WHOLE), False, len(WHOLE))
        seen = client.post(f"{origin.http}/upload", content=io.BytesIO(WHOLE)).json()
        assert (seen["sha256"], seen["chunked"], seen["content_length"]) == (digest(WHOLE), False, len(WHOLE))


@pytest.mark.anyio
async def test_an_async_generator_goes_up_in_chunks(origin: typing.Any) -> None:
    async with libhttpx.AsyncClient() as client:
        seen = (await client.post(f"{origin.http}/upload", content=apieces())).json()
        assert (seen["sha256"], seen["chunked"]) == (digest(WHOLE), True)
        files = {"file": ("name.bin", io.BytesIO(WHOLE))}
        seen = (await client.post(f"{origin.http}/anything", files=files)).json()
        assert "name.bin" in str(seen) or "file" in seen["files"]


@pytest.mark.anyio
async def test_the_wrong_kind_of_stream_is_refused(origin: typing.Any) -> None:
    with libhttpx.Client() as client, pytest.raises(RuntimeError, match="async request with a sync Client"):
        client.post(f"{origin.http}/upload", content=apieces())
    async with libhttpx.AsyncClient() as aclient:
        with pytest.raises(RuntimeError, match="sync request with an AsyncClient"):
            await aclient.post(f"{origin.http}/upload", content=pieces())


def broken() -> typing.Iterator[bytes]:
    yield b"a"
    raise KeyError("mine")


def test_what_a_generator_raises_ends_the_request(origin: typing.Any) -> None:
    with libhttpx.Client() as client:
        with pytest.raises(KeyError, match="mine"):
            client.post(f"{origin.http}/upload", content=broken())
        assert client.get(f"{origin.http}/get").status_code == 200


@pytest.mark.anyio
async def test_what_an_async_generator_raises_ends_the_request(origin: typing.Any) -> None:
    async def abroken() -> typing.AsyncIterator[bytes]:
        yield b"a"
        raise KeyError("mine")

    async with libhttpx.AsyncClient() as client:
        with pytest.raises(KeyError, match="mine"):
            await client.post(f"{origin.http}/upload", content=abroken())
        assert (await client.get(f"{origin.http}/get")).status_code == 200


def test_a_redirect_sends_a_file_again_and_a_generator_not(origin: typing.Any) -> None:
    url = f"{origin.http}/redirect-to?url=/upload&status_code=307"
    with libhttpx.Client(follow_redirects=True) as client:
        response = client.post(url, content=[b"a", b"b"])
        assert response.json()["sha256"] == digest(b"ab")
        assert [each.status_code for each in response.history] == [307]
        with pytest.raises(libhttpx.StreamConsumed):
            client.post(url, content=pieces())


def test_a_request_is_the_responses_request(origin: typing.Any) -> None:
    with libhttpx.Client() as client:
        request = client.build_request("POST", f"{origin.http}/post", content=b"x", extensions={"mine": 1})
        response = client.send(request)
        assert response.request is request
        assert response.request.extensions["mine"] == 1
        assert response.request.content == b"x"


def test_a_transport_sees_the_objects_that_the_program_gets() -> None:
    seen: list[tuple[libhttpx.Request, libhttpx.Response]] = []

    def handle(request: libhttpx.Request) -> libhttpx.Response:
        status = 200 if request.url.path == "/end" else 302
        seen.append((request, libhttpx.Response(status, headers={"Location": "/end"}, content=[b"x"])))
        return seen[-1][1]

    with libhttpx.Client(transport=libhttpx.MockTransport(handle), follow_redirects=True) as client:
        response = client.get("http://example.org/", extensions={"mine": 1})
    assert [(each.request, each) for each in (*response.history, response)] == seen
    assert [request.extensions["mine"] for request, _ in seen] == [1, 1]
    assert response.history[0].content == b"x"


@pytest.mark.anyio
async def test_hooks_see_the_objects_that_the_program_gets(origin: typing.Any) -> None:
    seen: list[typing.Any] = []

    async def request_hook(request: libhttpx.Request) -> None:
        request.headers["X-Hook"] = "1"
        seen.append(request)

    async def response_hook(response: libhttpx.Response) -> None:
        await response.aread()
        seen.append(response)

    hooks = {"request": [request_hook], "response": [response_hook]}
    async with libhttpx.AsyncClient(event_hooks=hooks, follow_redirects=True) as client:
        response = await client.get(f"{origin.http}/redirect/1")
    before = response.history[0]
    assert seen == [before.request, before, response.request, response]
    assert response.json()["headers"]["X-Hook"] == "1"


def test_a_body_comes_down_piece_by_piece(origin: typing.Any) -> None:
    with libhttpx.Client() as client:
        with client.stream("GET", f"{origin.http}/bytes/100000") as response:
            assert not response.is_closed
            assert "100000" == response.headers["Content-Length"]
            sizes = [len(piece) for piece in response.iter_bytes(30_000)]
            assert sizes == [30_000, 30_000, 30_000, 10_000]
            assert response.num_bytes_downloaded == 100_000
        assert response.is_closed
        assert response.elapsed.total_seconds() > 0
        with pytest.raises(libhttpx.StreamConsumed):
            response.read()
        with client.stream("GET", f"{origin.http}/bytes/10") as response:
            pass
        with pytest.raises(libhttpx.StreamClosed):
            response.read()


@pytest.mark.anyio
async def test_a_body_comes_down_piece_by_piece_asynchronously(origin: typing.Any) -> None:
    async with libhttpx.AsyncClient() as client:
        async with client.stream("GET", f"{origin.http}/stream/3") as response:
            assert len([line async for line in response.aiter_lines()]) == 3
        assert response.is_closed
        async with client.stream("GET", f"{origin.http}/gzip") as response:
            with pytest.raises(RuntimeError, match="sync iterator on an async stream"):
                response.read()
            await response.aread()
            assert response.json()["gzipped"] is True


@pytest.mark.anyio
async def test_a_read_that_is_cancelled_leaves_the_client_usable(origin: typing.Any) -> None:
    async with libhttpx.AsyncClient() as client:
        with anyio.CancelScope() as scope:
            async with client.stream("GET", f"{origin.http}/drip?numbytes=100&duration=10") as response:
                async for _ in response.aiter_raw():
                    scope.cancel()
        assert scope.cancelled_caught
        assert response.is_closed
        assert (await client.get(f"{origin.http}/get")).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("side", ["request", "response"])
async def test_a_body_whose_task_is_cancelled_is_given_up(origin: typing.Any, side: str) -> None:
    ended = False

    async def endless() -> typing.AsyncIterator[bytes]:
        nonlocal ended
        try:
            yield b"a"
            scope.cancel()
            await anyio.sleep_forever()
        finally:
            ended = True

    async with libhttpx.AsyncClient() as client:
        with anyio.CancelScope() as scope:
            if side == "request":
                await client.post(f"{origin.http}/upload", content=endless())
            else:
                await libhttpx.Response(200, content=endless()).aread()
        assert scope.cancelled_caught
        assert ended
        assert (await client.get(f"{origin.http}/get")).status_code == 200


def test_bytes_that_are_large_go_up_uncopied(origin: typing.Any) -> None:
    content = bytes(range(256)) * 10_000
    with libhttpx.Client() as client:
        seen = client.post(f"{origin.http}/upload", content=content).json()
    assert (seen["sha256"], seen["content_length"]) == (digest(content), len(content))


def test_a_transport_can_wrap_another_ones_stream(origin: typing.Any) -> None:
    class Upper(libhttpx.SyncByteStream):
        def __init__(self, stream: typing.Any) -> None:
            self.stream = stream
            self.closed = 0

        def __iter__(self) -> typing.Iterator[bytes]:
            for piece in self.stream:
                yield piece.upper()

        def close(self) -> None:
            self.closed += 1
            self.stream.close()

    streams: list[Upper] = []

    class Wrapper(libhttpx.BaseTransport):
        def __init__(self) -> None:
            self.inner = libhttpx.HTTPTransport()

        def handle_request(self, request: libhttpx.Request) -> libhttpx.Response:
            response = self.inner.handle_request(request)
            streams.append(Upper(response.stream))
            return libhttpx.Response(
                response.status_code,
                headers=response.headers,
                stream=streams[-1],
                extensions=response.extensions,
            )

        def close(self) -> None:
            self.inner.close()

    with libhttpx.Client(transport=Wrapper()) as client:
        assert client.get(f"{origin.http}/plain").text == "HELLO, WORLD!"
        with client.stream("GET", f"{origin.http}/plain") as response:
            assert b"".join(response.iter_raw()) == b"HELLO, WORLD!"
            assert response.http_version == "HTTP/1.1"
    assert [stream.closed for stream in streams] == [1, 1]


def test_the_connection_tells_who_is_at_its_ends(origin: typing.Any) -> None:
    context = libhttpx.create_ssl_context()
    context.load_verify_locations(origin.ca)
    with libhttpx.Client(verify=context) as client, client.stream("GET", f"{origin.https}/get") as response:
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", origin.port("https"))
        assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
        tls = stream.get_extra_info("ssl_object")
        assert tls.version() == "TLSv1.3"
        assert tls.getpeercert(binary_form=True).startswith(b"\x30")


def test_an_upgraded_connection_is_read_and_written(origin: typing.Any) -> None:
    headers = {"Connection": "upgrade", "Upgrade": "echo"}
    with libhttpx.Client() as client, client.stream("GET", f"{origin.http}/upgrade", headers=headers) as response:
        assert response.status_code == 101
        stream = response.extensions["network_stream"]
        assert stream.read(100, timeout=10) == b"hello from the upgraded side\n"
        stream.write(b"ping")
        assert stream.read(4, timeout=10) == b"ping"
        stream.close()


@pytest.mark.anyio
async def test_an_upgraded_connection_is_read_and_written_asynchronously(origin: typing.Any) -> None:
    headers = {"Connection": "upgrade", "Upgrade": "echo"}
    client = libhttpx.AsyncClient()
    async with client, client.stream("GET", f"{origin.http}/upgrade", headers=headers) as response:
        stream = response.extensions["network_stream"]
        assert await stream.read(100, timeout=10) == b"hello from the upgraded side\n"
        await stream.write(b"ping")
        assert await stream.read(4, timeout=10) == b"ping"
        await stream.aclose()


def test_sending_leaves_no_handles_behind(origin: typing.Any) -> None:
    def once() -> None:
        with libhttpx.Client(follow_redirects=True, event_hooks={"request": [print], "response": [print]}) as client:
            client.post(f"{origin.http}/upload", content=pieces()).history  # noqa: B018
            client.get(f"{origin.http}/redirect/2").history[0].headers["Location"]
            with client.stream("GET", f"{origin.http}/gzip") as response:
                next(response.iter_raw())
                response.extensions  # noqa: B018
            with pytest.raises(KeyError):
                client.post(f"{origin.http}/upload", content=broken())
        transport = libhttpx.MockTransport(lambda request: libhttpx.Response(200, content=[request.read()]))
        with libhttpx.Client(transport=transport) as client:
            client.post("http://example.org", content=pieces()).request  # noqa: B018

    once()
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_ALL)
    for _ in range(3):
        once()
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) == before


def test_the_request_of_a_response_has_its_extensions(origin: typing.Any) -> None:
    with libhttpx.Client(timeout=7, follow_redirects=True) as client:
        response = client.get(f"{origin.http}/redirect/1")
        sent = [each.request.extensions["timeout"]["read"] for each in (*response.history, response)]
        assert sent == [7, 7]
        request = client.build_request("GET", f"{origin.http}/redirect/1", extensions={"mine": 1}, timeout=8)
        response = client.send(request)
        assert (response.request.extensions["mine"], response.request.extensions["timeout"]["read"]) == (1, 8)
