"""What the package's own tests share: the origin server of tests/server, and the event loops they run on.

The server is LIBHTTPX_TEST_SERVER, else $CARGO_TARGET_DIR/debug/httpx-test-server (`make lib` builds it). It listens on
127.0.0.1 only and ends with its standard input, so it never outlives the tests. Async tests are marked `anyio` and take
no loop for granted: each runs on asyncio and on trio, and on uvloop where that is installed.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import typing
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Origin:
    """The running origin server: see tests/server/README.md for what it answers.

    `http`, `https`, `https_h1`, `proxy`, `socks` ... are URLs without a path; `bytes_url` and `h2_raw_url` make the URL of
    a script; `port(name)` gives a port alone; `ca` is the path of the authority to trust.
    """

    def __init__(self, places: dict[str, typing.Any]) -> None:
        self.places = places
        self.http = self._url("http", "http")
        self.https = self._url("https", "https")
        self.https_h1 = self._url("https", "https_h1")
        self.h2_raw = self._url("http", "h2_raw")
        self.proxy = self._url("http", "proxy")
        self.proxy_auth = self._url("http", "proxy_auth")
        self.proxy_tls = self._url("https", "proxy_tls")
        self.socks = self._url("socks5", "socks")
        self.socks_auth = self._url("socks5", "socks_auth")
        self.ca: str = places["ca"]
        self.unix: str | None = places["unix"]

    def port(self, name: str) -> int:
        """The port of a place, by the server's name for it."""
        return int(self.places[name])

    def _url(self, scheme: str, place: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port(place)}"

    def bytes_url(self, *steps: typing.Any, tls: bool = False) -> str:
        """A URL at which the byte server runs these steps."""
        scheme, place = ("https", "bytes_tls") if tls else ("http", "bytes")
        return f"{self._url(scheme, place)}/b/{self._script(steps)}"

    def h2_raw_url(self, *steps: typing.Any) -> str:
        """A URL at which the HTTP/2 peer runs these steps (prior knowledge: `http1=False`)."""
        return f"{self.h2_raw}/b/{self._script(steps)}"

    def ask(self, path: str, method: str = "GET") -> typing.Any:
        """The server's JSON at a path, fetched without the package: what it recorded, for example."""
        request = urllib.request.Request(self.http + path, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            text = response.read()
        return json.loads(text) if text else None

    def recorded(self, mark: str) -> list[bytes]:
        """The exact bytes of the byte server's last requests that have `mark` in them, oldest first."""
        return [base64.b64decode(each) for each in self.ask(f"/recorded?contains={urllib.parse.quote(mark)}")]

    @staticmethod
    def _script(steps: tuple[typing.Any, ...]) -> str:
        return base64.urlsafe_b64encode(json.dumps(list(steps)).encode()).decode().rstrip("=")


def _server_binary() -> Path:
    given = os.environ.get("LIBHTTPX_TEST_SERVER")
    if given:
        return Path(given)
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    return Path(target) / "debug" / "httpx-test-server"


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> typing.Iterator[Origin]:
    """The origin server, one for the whole run."""
    binary = _server_binary()
    if not binary.exists():
        pytest.fail(f"{binary}: no such program; run `make lib`, or set LIBHTTPX_TEST_SERVER")
    process = subprocess.Popen(
        [str(binary), "--ca-dir", str(tmp_path_factory.mktemp("ca"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"{binary} did not start")
        yield Origin(json.loads(line))
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(autouse=True)
def _no_proxies_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _loops() -> list[typing.Any]:
    loops: list[typing.Any] = [pytest.param(("asyncio", {}), id="asyncio")]
    try:
        import trio  # noqa: F401

        loops.append(pytest.param(("trio", {}), id="trio"))
    except ImportError:
        pass
    try:
        import uvloop  # noqa: F401

        loops.append(pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"))
    except ImportError:
        pass
    return loops


@pytest.fixture(params=_loops())
def anyio_backend(request: pytest.FixtureRequest) -> typing.Any:
    """asyncio, trio, asyncio on uvloop."""
    return request.param
