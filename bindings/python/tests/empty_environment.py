"""Run by test.sh in an environment that has the wheel and nothing else: SERVER_BINARY README.

The README's programs run, and requests go to the origin server: in the clear, over TLS, from asyncio.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import libhttpx as httpx


def programs(readme: str) -> list[str]:
    """The blocks of Python, but for those marked no-run."""
    parts = readme.split("```")
    return [part.removeprefix("python\n") for part in parts[1::2] if part.startswith("python\n")]


async def from_asyncio(url: str) -> None:
    async with httpx.AsyncClient() as client:
        responses = await asyncio.gather(*(client.get(url) for _ in range(10)))
    assert [response.status_code for response in responses] == [200] * 10


def main() -> None:
    server, readme = sys.argv[1:]
    here = Path(httpx.__file__).resolve()
    assert here.is_relative_to(Path(sys.prefix).resolve()), f"{here} is not the wheel's"
    blocks = programs(Path(readme).read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, readme, "exec"), {"__name__": "__main__"})  # noqa: S102 - our own README

    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([server, "--ca-dir", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        places = json.loads(process.stdout.readline())
        assert httpx.post(f"http://127.0.0.1:{places['http']}/post", json={"a": 1}).json()["json"] == {"a": 1}
        context = httpx.create_ssl_context()
        context.load_verify_locations(cafile=places["ca"])
        with httpx.Client(verify=context, http2=True) as client:
            assert client.get(f"https://127.0.0.1:{places['https']}/get").http_version == "HTTP/2"
        asyncio.run(from_asyncio(f"http://127.0.0.1:{places['http']}/get"))
        process.stdin.close()
        process.wait(30)

    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}: {len(blocks)} programs of the README, and requests to the origin server")


main()
