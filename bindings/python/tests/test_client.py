"""What `Client` and `AsyncClient` do against a server."""

from __future__ import annotations

import logging
import threading
import typing
from http.cookiejar import CookieJar

import anyio
import anyio.lowlevel
import pytest

import libhttpx as httpx
from libhttpx._ffi import lib


class Wrapper(httpx.BaseTransport):
    """Passes requests on to a transport of the library's, and counts them."""

    def __init__(self) -> None:
        self.inner = httpx.HTTPTransport()
        self.count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


class AsyncWrapper(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.inner = httpx.AsyncHTTPTransport()
        self.count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


def test_options_count_at_once_when_they_are_changed(origin: typing.Any) -> None:
    with httpx.Client() as client:
        client.get(f"{origin.http}/get")
        client.headers["X-Mark"] = "one"
        client.params = {"q": "1"}
        client.auth = ("user", "secret")
        client.base_url = origin.http
        told = client.get("/anything").json()
        assert told["headers"]["X-Mark"] == "one"
        assert told["args"] == {"q": "1"}
        assert told["headers"]["Authorization"].startswith("Basic ")
        del client.headers["X-Mark"]
        client.auth = None
        told = client.get("/anything").json()
        assert "X-Mark" not in told["headers"]
        assert "Authorization" not in told["headers"]


def test_cookies_of_a_client_are_live(origin: typing.Any) -> None:
    with httpx.Client(cookies={"given": "1"}) as client:
        cookies = client.cookies
        client.get(f"{origin.http}/cookies/set?k=v")
        assert cookies["k"] == "v"
        cookies.set("mine", "2")
        assert client.get(f"{origin.http}/cookies").json() == {"cookies": {"given": "1", "k": "v", "mine": "2"}}


def test_a_request_that_failed_is_told(origin: typing.Any) -> None:
    with httpx.Client() as client:
        with pytest.raises(httpx.ReadTimeout) as caught:
            client.get(f"{origin.http}/delay/5", timeout=0.1)
        assert caught.value.request.url.path == "/delay/5"
        with pytest.raises(httpx.TooManyRedirects) as many:
            client.get(f"{origin.http}/redirect/30", follow_redirects=True)
        assert many.value.request.url.host == "127.0.0.1"


def test_the_very_request_that_was_sent_is_the_responses(origin: typing.Any) -> None:
    with httpx.Client(auth=("user", "secret")) as client:
        request = client.build_request("GET", f"{origin.http}/get", extensions={"mark": 1})
        response = client.send(request)
        assert response.request is request
        assert response.request.extensions["mark"] == 1


def test_hooks_see_each_hop_and_may_change_it(origin: typing.Any) -> None:
    seen: list[str] = []

    def on_request(request: httpx.Request) -> None:
        request.headers["X-Hook"] = str(len(seen))
        seen.append(f"> {request.url.path}")

    def on_response(response: httpx.Response) -> None:
        assert response.request.url.path == seen[-1][2:]
        seen.append(f"< {response.status_code}")

    hooks = {"request": [on_request], "response": [on_response]}
    with httpx.Client(event_hooks=hooks, follow_redirects=True) as client:
        response = client.get(f"{origin.http}/relative-redirect/1")
    assert seen == ["> /relative-redirect/1", "< 302", "> /get", "< 200"]
    assert response.json()["headers"]["X-Hook"] == "2"


def test_what_a_hook_raises_is_raised(origin: typing.Any) -> None:
    def on_response(response: httpx.Response) -> None:
        raise LookupError(response.status_code)

    with httpx.Client(event_hooks={"response": [on_response]}) as client:
        with pytest.raises(LookupError, match="200"):
            client.get(f"{origin.http}/get")
        client.event_hooks = {}
        assert client.get(f"{origin.http}/get").status_code == 200


@pytest.mark.anyio
async def test_hooks_of_an_async_client_run_in_the_task_that_called(origin: typing.Any) -> None:
    tasks: list[typing.Any] = []

    async def on_request(request: httpx.Request) -> None:
        await anyio.lowlevel.checkpoint()
        tasks.append(anyio.get_current_task().id)

    async def on_response(response: httpx.Response) -> None:
        await response.aread()
        tasks.append(anyio.get_current_task().id)

    async with httpx.AsyncClient(event_hooks={"request": [on_request], "response": [on_response]}) as client:
        response = await client.get(f"{origin.http}/get")
        assert response.json()["url"].endswith("/get")
    assert tasks == [anyio.get_current_task().id] * 2


def test_a_transport_of_ones_own_can_pass_requests_on(origin: typing.Any) -> None:
    transport = Wrapper()
    with httpx.Client(transport=transport, follow_redirects=True) as client:
        response = client.get(f"{origin.http}/relative-redirect/2")
        assert response.status_code == 200
        assert transport.count == 3
        with client.stream("GET", f"{origin.http}/stream/3") as response:
            assert len(list(response.iter_lines())) == 3


@pytest.mark.anyio
async def test_an_async_transport_of_ones_own_can_pass_requests_on(origin: typing.Any) -> None:
    transport = AsyncWrapper()
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
        response = await client.get(f"{origin.http}/relative-redirect/2")
        assert response.status_code == 200
        assert transport.count == 3
        async with client.stream("GET", f"{origin.http}/stream/3") as response:
            assert len([line async for line in response.aiter_lines()]) == 3


def test_a_replaced_handle_request_is_called(origin: typing.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client() as client:
        assert client.get(f"{origin.http}/get").status_code == 200
        with monkeypatch.context() as patch:
            patch.setattr(httpx.HTTPTransport, "handle_request", lambda self, request: httpx.Response(418))
            assert client.get(f"{origin.http}/get").status_code == 418
        assert client.get(f"{origin.http}/get").status_code == 200


class Rounds(httpx.Auth):
    """Asks with the status of the last response, three times."""

    requires_response_body = True

    def __init__(self) -> None:
        self.closed = 0

    def auth_flow(self, request: httpx.Request) -> typing.Generator[httpx.Request, httpx.Response, None]:
        try:
            for round_ in range(3):
                request.headers["X-Round"] = str(round_)
                response = yield request
                assert response.json()["headers"]["X-Round"] == str(round_)
        finally:
            self.closed += 1


def test_a_flow_of_requests_leaves_a_history(origin: typing.Any) -> None:
    auth = Rounds()
    with httpx.Client(auth=auth) as client:
        response = client.get(f"{origin.http}/get")
    assert response.json()["headers"]["X-Round"] == "2"
    assert [each.json()["headers"]["X-Round"] for each in response.history] == ["0", "1"]
    assert auth.closed == 1


@pytest.mark.anyio
async def test_a_flow_in_an_async_client_may_wait(origin: typing.Any) -> None:
    class Token(httpx.Auth):
        async def async_auth_flow(self, request: httpx.Request) -> typing.AsyncGenerator[httpx.Request, httpx.Response]:
            token = yield httpx.Request("GET", f"{origin.http}/headers", headers={"X-Token": "abc"})
            await token.aread()
            await anyio.lowlevel.checkpoint()
            request.headers["Authorization"] = token.json()["headers"]["X-Token"]
            yield request

    async with httpx.AsyncClient(auth=Token()) as client:
        response = await client.get(f"{origin.http}/get")
    assert response.json()["headers"]["Authorization"] == "abc"
    assert [each.url.path for each in response.history] == ["/headers"]


@pytest.mark.anyio
async def test_many_requests_at_once(origin: typing.Any) -> None:
    statuses: list[int] = []

    async def fetch() -> None:
        statuses.append((await client.get(f"{origin.http}/plain")).status_code)

    async with httpx.AsyncClient() as client, anyio.create_task_group() as group:
        for _ in range(150):
            group.start_soon(fetch)
    assert statuses == [200] * 150


@pytest.mark.anyio
async def test_a_cancelled_request_gives_its_place_back(origin: typing.Any) -> None:
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(limits=limits) as client:
        with anyio.move_on_after(0.05) as scope:
            await client.get(f"{origin.http}/delay/9")
        assert scope.cancelled_caught
        assert (await client.get(f"{origin.http}/plain")).text == "Hello, world!"


@pytest.mark.anyio
async def test_an_async_body_is_made_in_the_task_that_called(origin: typing.Any) -> None:
    async def pieces() -> typing.AsyncIterator[bytes]:
        for piece in (b"Hello, ", b"", b"world!"):
            await anyio.lowlevel.checkpoint()
            yield piece

    async with httpx.AsyncClient() as client:
        response = await client.post(f"{origin.http}/post", content=pieces())
    assert response.json()["data"] == "Hello, world!"


@pytest.mark.anyio
async def test_what_an_async_body_raises_is_raised(origin: typing.Any) -> None:
    async def pieces() -> typing.AsyncIterator[bytes]:
        yield b"Hello, "
        raise LookupError("no more")

    async with httpx.AsyncClient() as client:
        with pytest.raises(LookupError, match="no more"):
            await client.post(f"{origin.http}/post", content=pieces())
        assert (await client.get(f"{origin.http}/plain")).status_code == 200


def test_what_a_body_raises_is_raised(origin: typing.Any) -> None:
    def pieces() -> typing.Iterator[bytes]:
        yield b"Hello, "
        raise LookupError("no more")

    with httpx.Client() as client:
        with pytest.raises(LookupError, match="no more"):
            client.post(f"{origin.http}/post", content=pieces())
        assert client.get(f"{origin.http}/plain").status_code == 200


def test_threads_share_a_client(origin: typing.Any) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(25):
                assert client.get(f"{origin.http}/plain").text == "Hello, world!"
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    with httpx.Client() as client:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_requests_are_logged_when_somebody_listens(origin: typing.Any, caplog: pytest.LogCaptureFixture) -> None:
    with httpx.Client() as client:
        client.get(f"{origin.http}/plain")
        assert caplog.record_tuples == []
        with caplog.at_level(logging.INFO, logger="httpx"):
            client.get(f"{origin.http}/plain")
        line = f'HTTP Request: GET {origin.http}/plain "HTTP/1.1 200 OK"'
        assert caplog.record_tuples == [("httpx", logging.INFO, line)]
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="httpcore"):
            client.get(f"{origin.http}/plain")
        assert "httpcore.http11" in {name for name, _, _ in caplog.record_tuples}


def test_steps_of_a_request_are_traced(origin: typing.Any) -> None:
    events: list[str] = []

    def trace(event: str, info: dict[str, typing.Any]) -> None:
        events.append(event)
        if event == "http11.receive_response_headers.complete":
            version, status, reason, headers = info["return_value"]
            assert (version, status, reason) == (b"HTTP/1.1", 200, b"OK")
            assert (b"content-type", b"text/plain") in [(name.lower(), value[:10]) for name, value in headers]

    with httpx.Client() as client:
        client.get(f"{origin.http}/plain", extensions={"trace": trace})
    assert events[0] == "connection.connect_tcp.started"
    assert "http11.receive_response_headers.complete" in events


@pytest.mark.anyio
async def test_steps_of_a_request_are_traced_by_coroutines(origin: typing.Any) -> None:
    events: list[str] = []

    async def trace(event: str, info: dict[str, typing.Any]) -> None:
        await anyio.lowlevel.checkpoint()
        events.append(event)

    async with httpx.AsyncClient() as client:
        await client.get(f"{origin.http}/plain", extensions={"trace": trace})
    assert events[0] == "connection.connect_tcp.started"
    assert "http11.receive_response_headers.complete" in events


def test_the_library_follows_authenticates_and_keeps_cookies(origin: typing.Any) -> None:
    def counted(*what: int) -> list[int]:
        return [lib.httpx_counter(each) for each in what]

    kinds = (lib.HTTPX_COUNTER_REDIRECTS, lib.HTTPX_COUNTER_AUTHORIZATIONS, lib.HTTPX_COUNTER_COOKIES_STORED)
    before = counted(*kinds)
    with httpx.Client(follow_redirects=True) as client:
        client.get(f"{origin.http}/cookies/set?k=v")
        client.get(f"{origin.http}/basic-auth/user/secret", auth=("user", "secret"))
    assert all(now > then for then, now in zip(before, counted(*kinds)))


def test_a_built_request_shows_all_that_is_sent(origin: typing.Any) -> None:
    with httpx.Client(cookies={"a": "1"}, params={"p": "1"}) as client:
        request = client.build_request("POST", f"{origin.http}/anything?old=1", params={"q": "2"}, json={})
        assert request.headers["Cookie"] == "a=1"
        assert request.url.query == b"p=1&q=2"
        assert [name for name, _ in request.headers.raw[-2:]] == [b"Content-Length", b"Content-Type"]
        assert client.send(request).json()["args"] == {"p": "1", "q": "2"}


def test_a_cookie_jar_of_the_programs_fills(origin: typing.Any) -> None:
    jar = CookieJar()
    with httpx.Client(cookies=jar) as client:
        client.get(f"{origin.http}/cookies/set?k=v")
        assert [(cookie.name, cookie.value) for cookie in jar] == [("k", "v")]
        jar.clear()
        assert client.get(f"{origin.http}/cookies").json() == {"cookies": {}}


def test_mounts_and_proxies_of_earlier_versions(origin: typing.Any) -> None:
    with httpx.Client(mounts={"http://": httpx.HTTPTransport(proxy=origin.proxy)}) as client:
        assert client.get(f"{origin.http}/get").extensions["network_stream"].get_extra_info("server_addr") == (
            "127.0.0.1",
            origin.port("proxy"),
        )
    with pytest.warns(DeprecationWarning, match="proxies"):
        client = httpx.Client(proxies={"http://": origin.proxy, "https://": None})
    with client:
        assert client.get(f"{origin.http}/get").status_code == 200
        assert client._transport_for_url(httpx.URL("https://example.org/")) is client._transport
    with pytest.warns(DeprecationWarning, match="app"):
        client = httpx.Client(app=lambda environ, start_response: start_response("204 No Content", []) and [])
    assert client.get("http://example.org/").status_code == 204


def test_a_closed_client_sends_nothing_more(origin: typing.Any) -> None:
    client = httpx.Client()
    with client:
        client.get(f"{origin.http}/plain")
        with pytest.raises(RuntimeError, match="Cannot open a client instance more than once"):
            client.__enter__()
    client.close()
    with pytest.raises(RuntimeError, match="the client has been closed"):
        client.get(f"{origin.http}/plain")
    with pytest.raises(RuntimeError, match="Cannot reopen a client instance"):
        client.__enter__()


def test_headers_that_no_server_takes_reach_other_transports(origin: typing.Any) -> None:
    """What can't be on a wire is refused there, and not before: mocks and applications get it."""

    def tell(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=request.headers.get_list("x"))

    with httpx.Client(transport=httpx.MockTransport(tell)) as client:
        assert client.get("http://a/", headers=[("x", " a "), ("x", "b")]).json() == [" a ", "b"]
        assert client.send(httpx.Request("GET", "http://a/", headers={"x": "a\t"})).json() == ["a\t"]
    with httpx.Client() as client, pytest.raises(httpx.LocalProtocolError, match="Illegal header value"):
        client.get(f"{origin.http}/get", headers={"x": " a "})
