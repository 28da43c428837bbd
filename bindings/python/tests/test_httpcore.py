"""The library's pools in httpcore's shape: `libhttpx.httpcore`."""

from __future__ import annotations

import asyncio
import json

import pytest

import libhttpx as httpx
from libhttpx import _patched, httpcore


def test_a_pool_sends_and_shows_its_connections(origin):
    with httpcore.ConnectionPool() as pool:
        response = pool.request("POST", f"{origin.http}/post", headers={"X-Name": "value"}, content=b"body")
        assert response.status == 200
        assert response.extensions["http_version"] == b"HTTP/1.1"
        told = json.loads(response.content)
        assert told["data"] == "body"
        names = [name for name, _ in told["raw_headers"]]
        assert names == ["Host", "X-Name", "Content-Length"]
        assert repr(pool.connections) == f"[<HTTPConnection ['{origin.http}', HTTP/1.1, IDLE, Request Count: 1]>]"
        assert repr(pool) == "<ConnectionPool [Requests: 0 active, 0 queued | Connections: 0 active, 1 idle]>"
        assert pool.connections[0].is_idle()
    assert pool.connections == []


def test_a_stream_is_read_piece_by_piece_and_not_decoded(origin):
    with httpcore.ConnectionPool() as pool, pool.stream("GET", f"{origin.http}/gzip") as response:
        assert (b"content-encoding", b"gzip") in [(name.lower(), value) for name, value in response.headers]
        with pytest.raises(RuntimeError, match=r"response\.read\(\)"):
            response.content  # noqa: B018
        assert b"".join(response.iter_stream())[:2] == b"\x1f\x8b"
        with pytest.raises(RuntimeError, match="more than once"):
            list(response.iter_stream())


def test_a_request_goes_out_with_the_headers_that_it_has_and_no_others(origin):
    request = httpcore.Request(
        "GET",
        origin.bytes_url({"send": "HTTP/1.1 204 No Content\r\n\r\n"}),
        headers=[(b"HOST", b"a"), (b"x-mark", b"z1")],
    )
    with httpcore.ConnectionPool() as pool:
        assert pool.handle_request(request).status == 204
    (sent,) = origin.recorded("x-mark: z1")
    assert sent.split(b"\r\n", 1)[1] == b"HOST: a\r\nx-mark: z1\r\n\r\n"


def test_the_target_extension_is_the_request_line(origin):
    url = httpcore.URL(scheme=b"http", host=b"127.0.0.1", port=origin.port("http"), target=b"/nowhere")
    with httpcore.ConnectionPool() as pool:
        response = pool.request("GET", url, extensions={"target": b"/anything/a|b"})
        assert json.loads(response.content)["url"].endswith("/anything/a|b")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:1/", httpcore.ConnectError),
        ("ftp://127.0.0.1/", httpcore.UnsupportedProtocol),
        ("//127.0.0.1/", httpcore.UnsupportedProtocol),
    ],
)
def test_exceptions_are_of_httpcore(url, kind):
    with pytest.raises(kind):
        httpcore.request("GET", url)


def test_timeouts_are_in_the_extensions(origin):
    with httpcore.ConnectionPool() as pool, pytest.raises(httpcore.ReadTimeout):
        pool.request("GET", f"{origin.http}/hang", extensions={"timeout": {"read": 0.05}})


def test_a_proxy_forwards_and_tunnels(origin):
    with httpcore.HTTPProxy(origin.proxy_auth, proxy_auth=("user", "pass")) as proxy:
        assert proxy._proxy_url == httpcore.URL(origin.proxy_auth)
        assert proxy.request("GET", f"{origin.http}/get").status == 200
        assert repr(proxy.connections[0]).startswith("<ForwardHTTPConnection ")
    context = httpcore.default_ssl_context()
    context.load_verify_locations(cafile=origin.ca)
    with httpcore.HTTPProxy(origin.proxy, ssl_context=context) as proxy:
        assert proxy.request("GET", f"{origin.https}/get").status == 200
        assert repr(proxy.connections[0]).startswith("<TunnelHTTPConnection ")


def test_a_socks_proxy_takes_credentials(origin):
    with httpcore.SOCKSProxy(origin.socks_auth, proxy_auth=("user", "pass")) as proxy:
        assert proxy.request("GET", f"{origin.http}/get").status == 200
    with httpcore.SOCKSProxy(origin.socks_auth) as proxy, pytest.raises(httpcore.ProxyError):
        proxy.request("GET", f"{origin.http}/get")


def test_one_connection_is_to_its_origin_only(origin):
    url = httpcore.URL(f"{origin.http}/get")
    connection = httpcore.HTTPConnection(url.origin)
    assert connection.request("GET", url).status == 200
    assert connection.is_idle()
    with pytest.raises(RuntimeError, match="Attempted to send request to"):
        connection.request("GET", f"http://127.0.0.1:{origin.port('bytes')}/")
    connection.close()


@pytest.mark.anyio
async def test_an_async_pool_does_the_same(origin):
    async with httpcore.AsyncConnectionPool(max_connections=2) as pool:
        assert (await pool.request("GET", f"{origin.http}/get")).status == 200
        assert repr(pool.connections[0]) == f"<AsyncHTTPConnection ['{origin.http}', HTTP/1.1, IDLE, Request Count: 1]>"
        async with pool.stream("GET", f"{origin.http}/stream-bytes/100000") as response:
            assert sum([len(piece) async for piece in response.aiter_stream()]) == 100000
        with pytest.raises(httpcore.ReadTimeout):
            await pool.request("GET", f"{origin.http}/hang", extensions={"timeout": {"read": 0.05}})

        async def content():
            yield b"one"
            yield b"two"

        told = json.loads((await pool.request("POST", f"{origin.http}/upload", content=content())).content)
        assert (told["size"], told["chunked"]) == (6, True)


def test_whoever_replaces_handle_request_gets_the_requests_of_clients(origin, monkeypatch):
    asked = []

    def handle_request(self, request):
        asked.append(request)
        return httpcore.Response(418, headers=[(b"x", b"y")], content=b"tea")

    with httpx.Client() as client:
        assert client.get(f"{origin.http}/get").status_code == 200
        with monkeypatch.context() as patches:
            patches.setattr(httpcore.ConnectionPool, "handle_request", handle_request)
            assert _patched.pools == 1
            response = client.get(f"{origin.http}/get?a=b", headers={"x-name": "value"})
        assert (response.status_code, response.content, response.headers["x"]) == (418, b"tea", "y")
        assert _patched.pools == 0
        assert client.get(f"{origin.http}/get").status_code == 200
    (request,) = asked
    assert request.url.target == b"/get?a=b"
    assert (b"x-name", b"value") in request.headers


@pytest.mark.parametrize("name", sorted(name for name in httpcore.__all__ if name.endswith(("Error", "Timeout"))))
def test_what_such_a_pool_raises_becomes_an_exception_of_httpx(monkeypatch, name):
    kind = getattr(httpcore, name)

    def handle_request(self, request):
        raise kind("told")

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", handle_request)
    with pytest.raises(getattr(httpx, name), match="told"):
        httpx.get("http://127.0.0.1:1/")


def test_a_body_of_such_a_pool_raises_them_too(monkeypatch):
    class Stream:
        def __iter__(self):
            yield b"half"
            raise httpcore.ReadError("broken")

    def handle_request(self, request):
        return httpcore.Response(200, content=Stream())

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", handle_request)
    with pytest.raises(httpx.ReadError, match="broken"):
        httpx.get("http://127.0.0.1:1/")


def test_so_does_an_async_one(monkeypatch, origin):
    async def handle_async_request(self, request):
        return httpcore.Response(418, content=b"tea")

    monkeypatch.setattr(httpcore.AsyncConnectionPool, "handle_async_request", handle_async_request)

    async def main():
        async with httpx.AsyncClient() as client:
            return await client.get(f"{origin.http}/get")

    assert asyncio.run(main()).content == b"tea"
