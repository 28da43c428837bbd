"""The engine under httpx itself: `libhttpx.stock`."""

from __future__ import annotations

import typing

import pytest

import libhttpx

httpx: typing.Any = pytest.importorskip("httpx", reason="httpx itself is not installed here")


def test_an_unchanged_client_sends_through_the_library(origin):
    transport = libhttpx.stock.HTTPTransport()
    with httpx.Client(transport=transport) as client:
        response = client.post(f"{origin.http}/post", json={"a": 1})
        assert type(response) is httpx.Response
        assert response.json()["json"] == {"a": 1}
        assert response.http_version == "HTTP/1.1"
        assert client.get(f"{origin.http}/redirect/2", follow_redirects=True).url == f"{origin.http}/get"
        assert client.get(f"{origin.http}/gzip").json()["gzipped"] is True
        (connection,) = transport._pool.connections
        assert repr(connection).startswith("<HTTPConnection ['http://127.0.0.1:")


def test_its_body_may_be_a_generator_and_is_sent_in_chunks(origin):
    with httpx.Client(transport=libhttpx.stock.HTTPTransport()) as client:
        told = client.post(f"{origin.http}/upload", content=(piece for piece in [b"one", b"two"])).json()
        assert told["size"] == 6
        assert told["chunked"] is True


def test_it_raises_the_exceptions_of_the_other_package(origin):
    with httpx.Client(transport=libhttpx.stock.HTTPTransport()) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{origin.http}/hang", timeout=0.1)
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(origin.bytes_url({"send": "nonsense\r\n\r\n"}))
        with pytest.raises(httpx.ConnectError):
            client.get("http://127.0.0.1:1/")


def test_a_broken_body_raises_it_while_it_is_read(origin):
    url = origin.bytes_url({"send": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, {"reset": True})
    with (
        httpx.Client(transport=libhttpx.stock.HTTPTransport()) as client,
        client.stream("GET", url) as response,
        pytest.raises(httpx.ReadError),
    ):
        response.read()


def test_it_takes_a_context_and_speaks_http2(origin):
    context = httpx.create_ssl_context(verify=False)
    with httpx.Client(transport=libhttpx.stock.HTTPTransport(verify=context, http2=True)) as client:
        assert client.get(f"{origin.https}/get").http_version == "HTTP/2"


def test_it_goes_through_a_proxy(origin):
    proxy = httpx.Proxy(origin.proxy_auth, auth=("user", "pass"))
    with httpx.Client(transport=libhttpx.stock.HTTPTransport(proxy=proxy)) as client:
        assert client.get(f"{origin.http}/get").status_code == 200


@pytest.mark.anyio
async def test_an_unchanged_async_client_sends_through_the_library(origin):
    async with httpx.AsyncClient(transport=libhttpx.stock.AsyncHTTPTransport()) as client:
        assert (await client.post(f"{origin.http}/post", data={"a": "1"})).json()["form"] == {"a": "1"}
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{origin.http}/hang", timeout=0.1)
        async with client.stream("GET", f"{origin.http}/stream-bytes/100000") as response:
            assert sum([len(piece) async for piece in response.aiter_bytes()]) == 100000
