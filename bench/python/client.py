"""One measurement, in a process of its own: client.py CASE CLIENT PORT REQUESTS WARMUP, a line of JSON on stdout.

Each client does what its users do: one client object, a GET with the URL as text, the status and the body checked. What is
counted is the CPU time of the whole process, all threads, user and system, from after the warm-up to the last response.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
import typing

BODY = b'{"message":"hello, world!"}'
AT_ONCE = 100
# What is not closed, so that it is not complained about.
kept: list[typing.Any] = []

Sync = typing.Callable[[str, int], None]
Async = typing.Callable[[str, int], typing.Awaitable[None]]


def check(status: int, body: bytes) -> None:
    if status != 200 or body != BODY:
        raise AssertionError(f"{status} {body!r}")


# ---- one connection, one request after another


def httpx_like(name: str) -> Sync:
    httpx = __import__(name)
    client = httpx.Client()

    def run(url: str, count: int) -> None:
        for _ in range(count):
            response = client.get(url)
            check(response.status_code, response.content)

    return run


def pycurl_easy() -> Sync:
    from io import BytesIO

    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)

    def run(url: str, count: int) -> None:
        for _ in range(count):
            body = BytesIO()
            curl.setopt(pycurl.URL, url)
            curl.setopt(pycurl.WRITEDATA, body)
            curl.perform()
            check(curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue())

    return run


def pyreqwest_sync() -> Sync:
    from pyreqwest.client import SyncClientBuilder

    client = SyncClientBuilder().build()

    def run(url: str, count: int) -> None:
        for _ in range(count):
            response = client.get(url).build().send()
            check(response.status, response.bytes().to_bytes())

    return run


# ---- a hundred requests in flight, always


async def in_flight(count: int, one: typing.Callable[[], typing.Awaitable[None]]) -> None:
    """Keeps AT_ONCE requests going until `count` were made."""
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await one()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


def async_httpx_like(name: str) -> Async:
    httpx = __import__(name)
    client = httpx.AsyncClient()

    async def run(url: str, count: int) -> None:
        async def one() -> None:
            response = await client.get(url)
            check(response.status_code, response.content)

        await in_flight(count, one)

    return run


def aiohttp_session() -> Async:
    import aiohttp

    session: typing.Any = None

    async def run(url: str, count: int) -> None:
        nonlocal session
        if session is None:
            session = aiohttp.ClientSession()
            kept.append(session)

        async def one() -> None:
            async with session.get(url) as response:
                check(response.status, await response.read())

        await in_flight(count, one)

    return run


def pyreqwest_async() -> Async:
    from pyreqwest.client import ClientBuilder

    client = ClientBuilder().build()

    async def run(url: str, count: int) -> None:
        async def one() -> None:
            response = await client.get(url).build().send()
            check(response.status, (await response.bytes()).to_bytes())

        await in_flight(count, one)

    return run


SYNC: dict[str, typing.Callable[[], Sync]] = {
    "libhttpx": lambda: httpx_like("libhttpx"),
    "httpx": lambda: httpx_like("httpx"),
    "pycurl": pycurl_easy,
    "pyreqwest": pyreqwest_sync,
}
ASYNC: dict[str, typing.Callable[[], Async]] = {
    "libhttpx": lambda: async_httpx_like("libhttpx"),
    "httpx": lambda: async_httpx_like("httpx"),
    "aiohttp": aiohttp_session,
    "pyreqwest": pyreqwest_async,
}


def cpu() -> float:
    """Seconds of all threads so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(case: str, client: str, url: str, count: int, warmup: int) -> float:
    """Microseconds of CPU for a request, or for making a client."""
    if case == "sync":
        run = SYNC[client]()
        run(url, warmup)
        began = cpu()
        run(url, count)
        return (cpu() - began) / count * 1e6
    if case == "async":
        arun = ASYNC[client]()

        async def main() -> float:
            await arun(url, warmup)
            began = cpu()
            await arun(url, count)
            return (cpu() - began) / count * 1e6

        return asyncio.run(main())
    if case == "client":
        httpx = __import__(client)
        httpx.Client().close()
        began = cpu()
        for _ in range(count):
            httpx.Client()
        return (cpu() - began) / count * 1e6
    assert case == "import", case
    began = cpu()
    __import__(client)
    return (cpu() - began) * 1e6


def main() -> None:
    case, client, port, count, warmup = sys.argv[1:]
    began = time.perf_counter()
    micros = measured(case, client, f"http://127.0.0.1:{port}/", int(count), int(warmup))
    told = {
        "case": case,
        "client": client,
        "cpu_us": round(micros, 2),
        "seconds": round(time.perf_counter() - began, 2),
    }
    print(json.dumps(told), flush=True)
    # What clients do while the interpreter ends is not measured, and pyreqwest may abort there.
    os._exit(0)


main()
