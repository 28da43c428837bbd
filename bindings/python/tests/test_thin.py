"""The package is thin: what HTTP is, the library knows, and no module here does it again."""

from __future__ import annotations

import ast
import typing
from pathlib import Path

import pytest

import libhttpx as httpx
from libhttpx._ffi import lib

if typing.TYPE_CHECKING:
    from conftest import Origin

PACKAGE = Path(httpx.__file__).parent

# What one would import to parse or write URLs, headers, cookies, credentials, forms or encoded bodies.
TOOLS = {
    "base64", "binascii", "brotli", "cgi", "certifi", "charset_normalizer", "email", "gzip", "h11", "h2", "hashlib",
    "hmac", "html", "http.cookies", "httpcore", "idna", "ipaddress", "mimetypes", "netrc", "quopri", "re", "socket",
    "struct", "urllib", "zlib", "zstandard",
}  # fmt: skip

# A network stream's "socket" is Python's object over the descriptor that the library gives.
EXCEPTIONS = {
    ("_network_stream.py", "socket"),
}


def _imports(file: Path) -> typing.Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_imports_what_parses() -> None:
    found = {
        (file.relative_to(PACKAGE).as_posix(), name.partition(".")[0] if name not in TOOLS else name)
        for file in PACKAGE.rglob("*.py")
        for name in _imports(file)
        if name in TOOLS or name.partition(".")[0] in TOOLS
    }
    assert found - EXCEPTIONS == set()


@pytest.fixture
def counted() -> typing.Callable[[int], int]:
    """How often the library has done something since the test began."""

    kinds = [getattr(lib, name) for name in dir(lib) if name.startswith("HTTPX_COUNTER_")]
    before = {kind: lib.httpx_counter(kind) for kind in kinds}
    return lambda kind: int(lib.httpx_counter(kind)) - before[kind]


Counted = typing.Callable[[int], int]


def test_urls_are_parsed_by_the_library(counted: Counted) -> None:
    httpx.URL("http://example.org/").copy_with(path="/a").join("b")
    assert counted(lib.HTTPX_COUNTER_URLS) >= 3


def test_headers_are_kept_by_the_library(counted: Counted) -> None:
    headers = httpx.Headers({"a": "b", "c": "d"})
    headers["e"] = "f"
    assert counted(lib.HTTPX_COUNTER_HEADER_FIELDS) >= 3


def test_cookies_are_stored_and_sent_by_the_library(origin: Origin, counted: Counted) -> None:
    with httpx.Client(follow_redirects=True) as client:
        assert client.get(origin.http + "/cookies/set?a=b").json() == {"cookies": {"a": "b"}}
    assert counted(lib.HTTPX_COUNTER_COOKIES_STORED) == 1
    assert counted(lib.HTTPX_COUNTER_COOKIES_SENT) == 1
    assert counted(lib.HTTPX_COUNTER_REDIRECTS) == 1


def test_multipart_bodies_are_written_by_the_library(origin: Origin, counted: Counted) -> None:
    answer = httpx.post(origin.http + "/post", data={"a": "b"}, files={"c": ("d.txt", b"e")}).json()
    assert (answer["form"], answer["files"]) == ({"a": "b"}, {"c": "e"})
    assert counted(lib.HTTPX_COUNTER_MULTIPARTS) == 1


def test_credentials_are_made_by_the_library(origin: Origin, counted: Counted) -> None:
    assert httpx.get(origin.http + "/basic-auth/user/pass", auth=("user", "pass")).status_code == 200
    assert counted(lib.HTTPX_COUNTER_AUTHORIZATIONS) == 1
    digest = httpx.DigestAuth("user", "pass")
    assert httpx.get(origin.http + "/digest-auth/auth/user/pass", auth=digest).status_code == 200
    assert counted(lib.HTTPX_COUNTER_AUTHORIZATIONS) == 2


def test_bodies_are_decoded_by_the_library(origin: Origin, counted: Counted) -> None:
    response = httpx.get(origin.http + "/gzip")
    assert counted(lib.HTTPX_COUNTER_BYTES_DECODED) == len(response.content)
    assert response.text
    assert counted(lib.HTTPX_COUNTER_TEXTS_DECODED) == 1


def test_redirects_stay_in_the_library_when_python_carries_the_requests(counted: Counted) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(303, headers={"Location": "/there", "Set-Cookie": "a=b"})
        return httpx.Response(200, json=request.headers["cookie"])

    with httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True) as client:
        assert client.get("http://example.org/").json() == "a=b"
    assert counted(lib.HTTPX_COUNTER_REDIRECTS) == 1
    assert counted(lib.HTTPX_COUNTER_COOKIES_SENT) == 1
    assert counted(lib.HTTPX_COUNTER_CONNECTIONS) == 0
