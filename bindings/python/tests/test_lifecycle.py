"""Forks, signals, event loops that come and go, the interpreter's end; and that no handle is left."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import typing
from pathlib import Path

import pytest

import libhttpx as httpx
from libhttpx._ffi import lib

PACKAGE = Path(__file__).resolve().parents[1]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own, with the package."""
    environ = dict(os.environ, PYTHONPATH=str(PACKAGE), PYTHONFAULTHANDLER="1")
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ctrl_c_ends_a_call_that_waits(origin: typing.Any) -> None:
    ended = run(
        """
        import os, signal, sys, threading, time
        import libhttpx as httpx

        client = httpx.Client(trust_env=False)
        waits = threading.Event()

        def interrupt():
            waits.wait()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            with client.stream("GET", sys.argv[1] + "/drip?numbytes=2&duration=60") as response:
                for piece in response.iter_raw():
                    waits.set()
                    begin = time.perf_counter()
        except KeyboardInterrupt:
            print("interrupted")
        print(client.get(sys.argv[1] + "/plain").text)
        """,
        origin.http,
    )
    assert ended.stdout.split("\n")[:2] == ["interrupted", "Hello, world!"], ended.stderr


def test_the_interpreter_ends_while_requests_are_in_flight(origin: typing.Any) -> None:
    ended = run(
        """
        import asyncio, sys, threading
        import libhttpx as httpx

        begun = threading.Barrier(3)

        def trace(event, info):
            if event == "http11.send_request_headers.complete":
                begun.wait()

        def wait():
            httpx.Client(trust_env=False).get(sys.argv[1] + "/hang", timeout=None, extensions={"trace": trace})

        for _ in range(2):
            threading.Thread(target=wait, daemon=True).start()

        async def leave():
            client = httpx.AsyncClient(trust_env=False)
            task = asyncio.ensure_future(client.get(sys.argv[1] + "/hang", timeout=None))
            await asyncio.sleep(0)
            globals()["kept"] = task, client

        begun.wait()
        loop = asyncio.new_event_loop()
        loop.run_until_complete(leave())
        print("end")
        """,
        origin.http,
    )
    assert ended.stdout == "end\n", ended.stderr
    assert ended.returncode == 0, ended.stderr
    assert "Fatal" not in ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_of_a_fork_sends_requests_of_its_own(origin: typing.Any) -> None:
    ended = run(
        """
        import asyncio, os, sys
        import libhttpx as httpx

        url = sys.argv[1] + "/plain"
        client = httpx.Client(trust_env=False)
        aclient = httpx.AsyncClient(trust_env=False)

        async def fetch():
            return (await aclient.get(url)).text

        client.get(url)
        asyncio.run(fetch())
        child = os.fork()
        if child == 0:
            print("child", client.get(url).text, asyncio.run(fetch()), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("parent", client.get(url).text, asyncio.run(fetch()))
        """,
        origin.http,
    )
    words = "Hello, world! Hello, world!"
    assert ended.stdout == f"child {words}\nparent {words}\n", ended.stderr


def test_one_async_client_serves_several_loops(origin: typing.Any) -> None:
    client = httpx.AsyncClient()

    async def fetch() -> int:
        return (await client.get(f"{origin.http}/plain")).status_code

    assert [asyncio.run(fetch()) for _ in range(3)] == [200, 200, 200]
    asyncio.run(client.aclose())


def test_a_loop_that_is_gone_leaves_no_queue(origin: typing.Any) -> None:
    async def fetch() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{origin.http}/plain")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.get(f"{origin.http}/hang"), 0.05)

    asyncio.run(fetch())
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_QUEUE)
    for _ in range(3):
        asyncio.run(fetch())
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_QUEUE) <= before


def work(origin: typing.Any) -> None:
    """A little of everything."""

    class Flow(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> typing.Generator[httpx.Request, httpx.Response, None]:
            yield request
            yield request

    def hook(message: typing.Any) -> None:
        message.headers["X-Seen"] = "1"

    with httpx.Client(follow_redirects=True) as client:
        client.headers["X-Mark"] = "1"
        client.get(f"{origin.http}/relative-redirect/2").history[0].request.headers.items()
        client.post(f"{origin.http}/post", json={"a": 1}).json()
        client.post(f"{origin.http}/post", content=iter([b"one", b"two"]))
        client.get(f"{origin.http}/get", auth=Flow())
        client.event_hooks = {"request": [hook], "response": [hook]}
        client.get(f"{origin.http}/cookies/set?k=v")
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{origin.http}/hang", timeout=0.01)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"seen": request.url.path}))
    with httpx.Client(transport=transport, auth=Flow(), event_hooks={"request": [hook]}) as client:
        assert client.get("http://example.org/a").json() == {"seen": "/a"}


async def awork(origin: typing.Any) -> None:
    """The same, on an event loop."""

    async def hook(message: typing.Any) -> None:
        message.headers["X-Seen"] = "1"

    async def pieces() -> typing.AsyncIterator[bytes]:
        yield b"one"

    async with httpx.AsyncClient(event_hooks={"request": [hook]}) as client:
        await client.post(f"{origin.http}/post", content=pieces())
        async with client.stream("GET", f"{origin.http}/stream/3") as response:
            async for _ in response.aiter_lines():
                break
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get(f"{origin.http}/hang"), 0.02)

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=pieces())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert (await client.get("http://example.org/")).text == "one"


def test_no_handle_is_left(origin: typing.Any) -> None:
    work(origin)
    asyncio.run(awork(origin))
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_ALL)
    for _ in range(3):
        work(origin)
        asyncio.run(awork(origin))
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) <= before


def live_handles() -> int:
    gc.collect()
    return int(lib.httpx_live_handles(lib.HTTPX_KIND_ALL))


def test_a_loop_that_is_collected_leaves_nothing(origin: typing.Any) -> None:
    async def fetch() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{origin.http}/plain")

    asyncio.run(fetch())
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_QUEUE) == 0


def test_a_client_that_holds_its_last_response_is_collected(origin: typing.Any) -> None:
    class Remembering(httpx.Client):
        last: httpx.Response

    def send() -> None:
        with Remembering(event_hooks={"request": [lambda request: None]}) as client:
            client.last = client.get(f"{origin.http}/plain")

    send()
    before = live_handles()
    send()
    assert live_handles() == before


@pytest.mark.anyio
async def test_a_step_of_a_flow_that_nobody_takes_leaves_nothing(origin: typing.Any) -> None:
    class Flow(httpx.Auth):
        # The task is given up at the moment at which the flow has answered.
        async def async_auth_flow(self, request: httpx.Request) -> typing.AsyncGenerator[httpx.Request, httpx.Response]:
            response = yield request
            scope.cancel()
            yield response.request

    import anyio

    async with httpx.AsyncClient() as client:
        await client.get(f"{origin.http}/plain")
    before = live_handles()
    for _ in range(5):
        async with httpx.AsyncClient(auth=Flow()) as client:
            with anyio.CancelScope() as scope:
                await client.get(f"{origin.http}/plain")
    del client
    with anyio.fail_after(10):
        while live_handles() > before:
            await anyio.sleep(0.01)


@pytest.mark.anyio
@pytest.mark.filterwarnings("error")
async def test_a_trace_that_nobody_awaits_any_more_is_closed(origin: typing.Any) -> None:
    import anyio

    from libhttpx import _async

    told = []

    async def trace(event: str, info: typing.Any) -> None:
        told.append(event)

    async with httpx.AsyncClient() as client:
        with anyio.CancelScope() as scope:
            post = _async.Mailbox.post

            def posted(mailbox: typing.Any, job: typing.Any, drop: typing.Any = None) -> None:
                scope.cancel()
                post(mailbox, job, drop)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(_async.Mailbox, "post", posted)
                await client.get(f"{origin.http}/plain", extensions={"trace": trace})
        assert scope.cancelled_caught
    gc.collect()
