"""The cases that all bindings share (README.md says what they mean), run by the Python package.

Each case runs twice: with a Client, and with an AsyncClient. What the runner does not know fails the case.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import inspect
import json
import os
import subprocess
import typing
import urllib.request
from pathlib import Path

import libhttpx as httpx
import pytest

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]

# What Python programs expect where the library has codes of its own for a wrong use of it.
BUILT_IN: dict[str, typing.Any] = {
    "ClientClosed": RuntimeError,
    "InvalidState": (RuntimeError, ValueError),
    "InvalidArgument": (ValueError, TypeError),
    "InvalidConfig": ValueError,
    "InvalidJSON": ValueError,
    "NotFound": KeyError,
    "FileNotFound": OSError,
    "Unsupported": (RuntimeError, NotImplementedError),
}

PROPERTIES = ("informational", "success", "redirect", "client_error", "server_error", "error")


class Raised(Exception):
    """What callbacks of a case raise; it has to come out as it is."""


def load() -> list[typing.Any]:
    """All cases, by area."""
    found = []
    for path in sorted((HERE / "cases").glob("*.json")):
        for case in json.loads(path.read_text())["cases"]:
            found.append(pytest.param(case, id=f"{path.stem}/{case['name']}"))
    return found


# ---- The origin server, and the names of its places


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> typing.Iterator[dict[str, str]]:
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    binary = os.environ.get("LIBHTTPX_TEST_SERVER") or str(Path(target) / "debug" / "httpx-test-server")
    command = [binary, "--ca-dir", str(tmp_path_factory.mktemp("ca"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None and server.stdout is not None
        line = json.loads(server.stdout.readline())
        names = {"ca": line["ca"], "unix": line["unix"] or "", "data": str(HERE / "data")}
        schemes = {"socks": "socks5", "socks_auth": "socks5"}
        for name, port in line.items():
            if isinstance(port, int) and name != "pid":
                scheme = schemes.get(name, "https" if "tls" in name or "https" in name else "http")
                names[name] = f"{scheme}://127.0.0.1:{port}"
                names[f"{name}_port"] = str(port)
        register = urllib.request.Request(names["http"] + "/register", (HERE / "scripts.json").read_bytes())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(register, timeout=30) as answer:
            assert answer.status == 200
        yield names
        server.stdin.close()


def expand(value: typing.Any, names: dict[str, str]) -> typing.Any:
    """A copy in which `{http}` and the other names stand for what they are."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [expand(each, names) for each in value]
    if isinstance(value, dict):
        return {key: expand(each, names) for key, each in value.items()}
    return value


# ---- Comparing


def matches(wanted: typing.Any, found: typing.Any) -> bool:
    """Whether JSON is as wanted: objects may have more members, null is also what is not there, "{any}" is anything."""
    if wanted == "{any}":
        return found is not None
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(matches(each, found.get(key)) for key, each in wanted.items())
    if isinstance(wanted, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(wanted) != len(found):
            return False
        return all(matches(a, b) for a, b in zip(wanted, found))
    return type(wanted) is type(found) and wanted == found


def same(what: str, wanted: typing.Any, found: typing.Any) -> None:
    assert matches(wanted, found), f"{what}: wanted {wanted!r}, got {found!r}"


def pattern_of(data: bytes, wanted: list[int] | None) -> typing.Any:
    """[size, seed] if data is so much of the origin server's pattern, else how long it is."""
    if wanted is None or data != bytes((i + wanted[1]) % 251 for i in range(wanted[0])):
        return len(data)
    return wanted


def likeness(step: dict[str, typing.Any], found: typing.Any, make: typing.Any) -> dict[str, typing.Any]:
    """What a value is said to equal, and what not, if that is true."""
    expect = step.get("expect", {})
    said = {}
    if "equals" in expect:
        said["equals"] = expect["equals"] if found == make(expect["equals"]) else "not equal"
    if "unlike" in expect:
        said["unlike"] = expect["unlike"] if found != make(expect["unlike"]) else "equal"
    return said


def names_of(error: BaseException) -> list[str]:
    """The names that an error has in the tree: its own first."""
    return [each.__name__ for each in type(error).__mro__]


def check_error(wanted: dict[str, typing.Any], error: BaseException) -> None:
    if "raised" in wanted:
        assert isinstance(error, Raised) and str(error) == wanted["raised"], repr(error)
        return
    if isinstance(error, AssertionError):
        raise error
    names = names_of(error)
    built_in = BUILT_IN.get(wanted["code"])
    if built_in:
        assert isinstance(error, built_in), f"wanted {wanted['code']}, got {error!r}"
    else:
        assert names[0] == wanted["code"], f"wanted {wanted['code']}, got {error!r}"
    for each in wanted.get("is_a", []):
        assert each in names, f"{each} is not among {names}"
    for key, value in wanted.items():
        if key == "message":
            same(key, value, str(error))
        elif key == "message_contains":
            assert value in str(error), f"{value!r} is not in {str(error)!r}"
        elif key == "method":
            same(key, value, error.request.method)  # type: ignore[attr-defined]
        elif key == "url":
            same(key, value, str(error.request.url))  # type: ignore[attr-defined]
        elif key == "status":
            same(key, value, error.response.status_code)  # type: ignore[attr-defined]
        elif key not in ("code", "is_a"):
            raise AssertionError(f"unknown expectation of an error: {key}")


# ---- What cases say, as arguments


def pairs(value: list[list[str]]) -> list[typing.Any]:
    return [(key, each) for key, each in value]


def grouped(value: list[list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, each in value:
        found.setdefault(key, []).append(each)
    return found


def data_of(value: dict[str, typing.Any]) -> bytes:
    if "text" in value:
        return typing.cast(bytes, value["text"].encode())
    if "base64" in value:
        return base64.b64decode(value["base64"])
    if "json" in value:
        return json.dumps(value["json"]).encode()
    raise AssertionError(f"unknown content: {value}")


class ChallengeAuth(httpx.Auth):
    """Answers a 401 with a bearer token, or raises then."""

    def __init__(self, token: str, raises: bool) -> None:
        self.token = token
        self.raises = raises

    def auth_flow(self, request: typing.Any) -> typing.Any:
        response = yield request
        if response.status_code == 401:
            if self.raises:
                raise Raised(self.token)
            request.headers["Authorization"] = f"Bearer {self.token}"
            yield request


def auth_of(value: typing.Any) -> typing.Any:
    if value is None:
        return None
    ((kind, argument),) = value.items()
    if kind == "basic":
        return tuple(argument)
    if kind == "digest":
        return httpx.DigestAuth(*argument)
    if kind == "netrc":
        return httpx.NetRCAuth(argument)
    if kind in ("challenge", "raise_when_challenged"):
        return ChallengeAuth(argument, kind != "challenge")

    def function(request: typing.Any) -> typing.Any:
        if kind == "raise":
            raise Raised(argument)
        assert kind == "set_header", f"unknown credentials: {kind}"
        request.headers[argument[0]] = argument[1]
        return request

    return function


def timeout_of(value: typing.Any) -> typing.Any:
    if isinstance(value, dict):
        rest = dict.fromkeys(("connect", "read", "write", "pool"), 5.0)
        return httpx.Timeout(**{**rest, **value})
    return value


def proxy_of(value: typing.Any) -> typing.Any:
    if isinstance(value, str):
        return value
    more: dict[str, typing.Any] = {}
    for key, each in value.items():
        if key == "auth":
            more["auth"] = tuple(each)
        elif key == "headers":
            more["headers"] = pairs(each)
        elif key == "ca":
            more["ssl_context"] = httpx.create_ssl_context(verify=each)
        else:
            assert key == "url", f"unknown setting of a proxy: {key}"
    return httpx.Proxy(value["url"], **more)


def file_of(part: dict[str, typing.Any], open_file: typing.Callable[[str], typing.Any]) -> tuple[str, typing.Any]:
    content = open_file(part["file"]) if "file" in part else data_of(part)
    entry: tuple[typing.Any, ...] = (part.get("filename"), content)
    if "content_type" in part or "headers" in part:
        entry += (part.get("content_type"),)
    if "headers" in part:
        entry += (dict(part["headers"]),)
    return part["name"], entry


# ---- One case


class Run:
    """A case with what it has at hand: a client, the last response, and what was heard."""

    def __init__(self, case: dict[str, typing.Any], asynchronous: bool) -> None:
        self.case = case
        self.asynchronous = asynchronous
        self.events: list[str] = []
        self.response: typing.Any = None
        self.kept: list[typing.Any] = []
        self.client: typing.Any = None
        self.files = contextlib.ExitStack()

    def open_file(self, path: str) -> typing.Any:
        return self.files.enter_context(open(path, "rb"))

    async def now(self, value: typing.Any) -> typing.Any:
        return await value if inspect.isawaitable(value) else value

    def method(self, on: typing.Any, name: str, prefix: str = "a") -> typing.Any:
        return getattr(on, prefix + name if self.asynchronous else name)

    async def run(self) -> None:
        try:
            self.client = self.new_client(self.case.get("client", {}))
        except Exception as error:
            if "client_error" not in self.case:
                raise
            check_error(self.case["client_error"], error)
            return
        assert "client_error" not in self.case, "the client could be made"
        try:
            for step in self.case.get("steps", []):
                await self.step(step)
        finally:
            self.files.close()
            for each in [*self.kept, self.response]:
                if each is not None:
                    await self.now(self.method(each, "close")())
            await self.now(self.method(self.client, "close")())

    # -- the client

    def new_client(self, options: dict[str, typing.Any]) -> typing.Any:
        settings: dict[str, typing.Any] = {"verify": self.case["ca"]}
        connection: dict[str, typing.Any] = {}
        for key, value in options.items():
            if key in ("base_url", "follow_redirects", "max_redirects", "verify", "http1", "http2", "trust_env"):
                settings[key] = value
            elif key in ("params", "headers"):
                settings[key] = pairs(value)
            elif key in ("cookies", "default_encoding"):
                settings[key] = value
            elif key == "auth":
                settings[key] = auth_of(value)
            elif key == "timeout":
                settings[key] = timeout_of(value)
            elif key == "limits":
                settings[key] = httpx.Limits(**{"max_connections": 100, "max_keepalive_connections": 20, **value})
            elif key == "proxy":
                settings[key] = proxy_of(value)
            elif key == "mounts":
                settings[key] = {pattern: self.transport(to) for pattern, to in value}
            elif key == "transport":
                settings[key] = self.transport(value)
            elif key == "hooks":
                settings["event_hooks"] = {kind: [self.hook(each) for each in value[kind]] for kind in value}
            elif key in ("uds", "retries", "local_address"):
                connection[key] = value
            else:
                raise AssertionError(f"unknown option of a client: {key}")
        if connection:
            settings["transport"] = self.http_transport(verify=settings["verify"], **connection)
        return (httpx.AsyncClient if self.asynchronous else httpx.Client)(**settings)

    def http_transport(self, **settings: typing.Any) -> typing.Any:
        return (httpx.AsyncHTTPTransport if self.asynchronous else httpx.HTTPTransport)(**settings)

    def transport(self, value: typing.Any) -> typing.Any:
        if value is None:
            return None
        if "proxy" in value:
            return self.http_transport(verify=self.case["ca"], proxy=proxy_of(value["proxy"]))
        ((kind, argument),) = value.items()
        replies = list(argument) if kind == "replies" else []

        def handler(request: typing.Any) -> typing.Any:
            if kind == "raise":
                raise Raised(argument)
            if kind == "fail":
                raise getattr(httpx, argument["code"])(argument["message"], request=request)
            if kind == "echo":
                headers = {"x-method": request.method, "x-url": str(request.url)}
                return httpx.Response(200, headers=headers, content=request.content)
            assert kind == "replies", f"unknown transport: {kind}"
            return self.made(replies.pop(0) if len(replies) > 1 else replies[0])

        return httpx.MockTransport(handler)

    def made(self, value: dict[str, typing.Any]) -> typing.Any:
        """A response made by hand."""
        more: dict[str, typing.Any] = {}
        for key, each in value.items():
            if key == "headers":
                more[key] = pairs(each)
            elif key == "base64":
                more["content"] = base64.b64decode(each)
            elif key in ("text", "html", "json"):
                more[key] = each
            elif key == "url":
                more["request"] = httpx.Request("GET", each)
            else:
                assert key in ("status", "do", "expect", "expect_compat"), f"unknown part of a response: {key}"
        return httpx.Response(value["status"], **more)

    def hook(self, action: dict[str, typing.Any]) -> typing.Any:
        ((kind, argument),) = action.items()

        async def run(what: typing.Any) -> None:
            answers = hasattr(what, "status_code")
            if kind == "record":
                request = what.request if answers else what
                said = f"response {what.status_code}" if answers else "request"
                self.events.append(f"{said} {request.method} {request.url}")
            elif kind == "set_header":
                what.headers[argument[0]] = argument[1]
            elif kind == "read":
                await self.now(self.method(what, "read")())
            elif kind == "raise":
                raise Raised(argument)
            else:
                raise AssertionError(f"unknown hook: {kind}")

        return run if self.asynchronous else lambda what: at_once(run(what))

    # -- steps

    async def step(self, step: dict[str, typing.Any]) -> None:
        do = getattr(self, "do_" + step["do"], None)
        assert do is not None, f"unknown step: {step['do']}"
        # The package takes HTTPX's place, so it has the library do as HTTPX does.
        expect = step.get("expect_compat", step.get("expect", {}))
        try:
            found = await self.now(do(step))
        except Exception as error:
            if "error" not in expect:
                raise
            check_error(expect["error"], error)
            assert self.events == expect.get("hooks", self.events)
            return
        assert "error" not in expect, f"no error, but {found!r}"
        for key, wanted in expect.items():
            if key == "hooks":
                same(key, wanted, self.events)
            elif hasattr(found, "status_code"):
                await self.check_response(found, key, wanted)
            else:
                assert key in found, f"unknown expectation: {key}"
                same(key, wanted, found[key])

    async def do_request(self, step: dict[str, typing.Any]) -> typing.Any:
        if self.response is not None and step.get("beside"):
            self.kept.append(self.response)
        elif self.response is not None:
            await self.now(self.method(self.response, "close")())
        self.response = None
        settings: dict[str, typing.Any] = {}
        extensions: dict[str, typing.Any] = {}
        headers = pairs(step.get("headers", []))
        for key, value in step.items():
            if key in ("cookies",):
                settings[key] = value
            elif key == "params":
                settings[key] = pairs(value)
            elif key == "body":
                self.body(value, settings, headers)
            elif key == "timeout":
                settings[key] = timeout_of(value)
            elif key == "target":
                extensions["target"] = value.encode()
            elif key == "server_name":
                extensions["sni_hostname"] = value
            else:
                known = (
                    "do",
                    "expect",
                    "expect_compat",
                    "method",
                    "url",
                    "headers",
                    "auth",
                    "follow_redirects",
                    "stream",
                    "beside",
                )
                assert key in (*known, "standalone", "raise_for_status"), f"unknown part of a request: {key}"
        if extensions:
            settings["extensions"] = extensions
        if headers:
            settings["headers"] = headers
        sending: dict[str, typing.Any] = {}
        if "auth" in step:
            sending["auth"] = auth_of(step["auth"])
        if "follow_redirects" in step:
            sending["follow_redirects"] = step["follow_redirects"]
        method = step.get("method", "GET")
        if step.get("standalone"):
            response = httpx.request(method, step["url"], **settings, **sending, verify=self.case["ca"])
        else:
            request = self.client.build_request(method, step["url"], **settings)
            stream = step.get("stream", False)
            response = await self.now(self.client.send(request, stream=stream, **sending))
            self.response = response
        if step.get("raise_for_status"):
            response.raise_for_status()
        return response

    def body(
        self, value: dict[str, typing.Any], settings: dict[str, typing.Any], headers: list[tuple[str, str]]
    ) -> None:
        if "form" in value:
            settings["data"] = grouped(value["form"])
        elif "json" in value:
            settings["json"] = value["json"]
        elif "multipart" in value:
            parts = value["multipart"]
            settings["data"] = grouped(parts.get("fields", []))
            settings["files"] = [file_of(each, self.open_file) for each in parts.get("files", [])]
            if "boundary" in parts:
                headers.append(("Content-Type", f"multipart/form-data; boundary={parts['boundary']}"))
        elif "file" in value:
            content = self.open_file(value["file"])
            settings["content"] = content.read() if self.asynchronous else content
        elif "repeat" in value:
            settings["content"] = value["repeat"][0].encode() * value["repeat"][1]
        elif "chunks" in value:
            settings["content"] = self.chunks(value)
        else:
            settings["content"] = data_of(value)

    def chunks(self, value: dict[str, typing.Any]) -> typing.Any:
        def sync() -> typing.Iterator[bytes]:
            yield from (each.encode() for each in value["chunks"])
            if "raise" in value:
                raise Raised(value["raise"])

        async def asynchronous() -> typing.AsyncIterator[bytes]:
            for each in sync():
                yield each

        return asynchronous() if self.asynchronous else sync()

    async def do_read(self, step: dict[str, typing.Any]) -> typing.Any:
        await self.now(self.method(self.response, "read")())
        return self.response

    def do_content(self, step: dict[str, typing.Any]) -> typing.Any:
        return {"size": len(self.response.content)}

    def do_text(self, step: dict[str, typing.Any]) -> typing.Any:
        return {"text": self.response.text}

    def do_json(self, step: dict[str, typing.Any]) -> typing.Any:
        return {"json": self.response.json()}

    def do_raise_for_status(self, step: dict[str, typing.Any]) -> typing.Any:
        self.response.raise_for_status()
        return self.response

    def do_elapsed(self, step: dict[str, typing.Any]) -> typing.Any:
        return {"elapsed": elapsed_of(self.response)}

    def do_set_encoding(self, step: dict[str, typing.Any]) -> typing.Any:
        self.response.encoding = step["label"]
        return self.response

    async def do_close(self, step: dict[str, typing.Any]) -> typing.Any:
        await self.now(self.method(self.response, "close")())
        return self.response

    async def do_next(self, step: dict[str, typing.Any]) -> typing.Any:
        self.response = await self.now(self.client.send(self.response.next_request))
        return self.response

    async def do_iterate(self, step: dict[str, typing.Any]) -> typing.Any:
        sized = {"chunk_size": step["chunk_size"]} if "chunk_size" in step else {}
        pieces: typing.Any = self.method(self.response, "iter_" + step["kind"])(**sized)
        found: list[typing.Any] = []
        if self.asynchronous:
            async for piece in pieces:
                found.append(piece)
                if len(found) == step.get("take"):
                    break
        else:
            for piece in pieces:
                found.append(piece)
                if len(found) == step.get("take"):
                    break
        whole = b"".join(each if isinstance(each, bytes) else each.encode() for each in found)
        texts = [each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in found]
        return {
            "pieces": texts,
            "count": len(found),
            "size": len(whole),
            "pattern": pattern_of(whole, step.get("expect", {}).get("pattern")),
            "num_bytes_downloaded": self.response.num_bytes_downloaded,
        }

    # -- the client

    async def do_open_client(self, step: dict[str, typing.Any]) -> typing.Any:
        enter = self.client.__aenter__ if self.asynchronous else self.client.__enter__
        await self.now(enter())
        return {}

    async def do_close_client(self, step: dict[str, typing.Any]) -> typing.Any:
        await self.now(self.method(self.client, "close")())
        return {}

    def do_configure(self, step: dict[str, typing.Any]) -> typing.Any:
        for key, value in step["options"].items():
            if key == "auth":
                value = auth_of(value)
            elif key in ("headers", "params"):
                value = pairs(value)
            elif key == "timeout":
                value = timeout_of(value)
            else:
                assert key in ("base_url", "follow_redirects", "max_redirects", "cookies"), f"unknown option {key}"
            setattr(self.client, key, value)
        return {}

    def do_set_cookie(self, step: dict[str, typing.Any]) -> typing.Any:
        self.client.cookies.set(step["name"], step["value"], step.get("domain", ""), step.get("path", "/"))
        return {}

    def do_client(self, step: dict[str, typing.Any]) -> typing.Any:
        return {
            "is_closed": self.client.is_closed,
            "base_url": str(self.client.base_url),
            "cookies": {each.name: each.value for each in self.client.cookies.jar},
            "cookie_count": len(self.client.cookies),
        }

    # -- values

    def do_url(self, step: dict[str, typing.Any]) -> typing.Any:
        text, times = step.get("tail", ("", 0))
        url = httpx.URL(step["url"] + text * times)
        for operation, *arguments in step.get("operations", []):
            if operation == "join":
                url = url.join(*arguments)
            elif operation == "copy_with":
                changes = dict(arguments[0])
                for key in ("userinfo", "netloc", "query", "raw_path"):
                    if isinstance(changes.get(key), str):
                        changes[key] = changes[key].encode()
                if "params" in changes:
                    changes["params"] = pairs(changes["params"])
                url = url.copy_with(**changes)
            elif operation == "merge_params":
                url = url.copy_merge_params(pairs(*arguments))
            else:
                assert operation in ("set_param", "add_param", "remove_param"), f"unknown operation {operation}"
                url = getattr(url, "copy_" + operation)(*arguments)
        return {
            "str": str(url),
            "scheme": url.scheme,
            "userinfo": url.userinfo.decode(),
            "username": url.username,
            "password": url.password,
            "host": url.host,
            "raw_host": url.raw_host.decode(),
            "port": url.port,
            "netloc": url.netloc.decode(),
            "path": url.path,
            "query": url.query.decode(),
            "raw_path": url.raw_path.decode(),
            "fragment": url.fragment,
            "is_absolute": url.is_absolute_url,
            "params": [list(each) for each in url.params.multi_items()],
            **likeness(step, url, httpx.URL),
        }

    def do_query(self, step: dict[str, typing.Any]) -> typing.Any:
        start = step["query"]
        params = httpx.QueryParams(start if isinstance(start, str) else pairs(start))
        for operation, *arguments in step.get("operations", []):
            if operation == "merge":
                params = params.merge(pairs(*arguments))
            else:
                assert operation in ("set", "add", "remove"), f"unknown operation {operation}"
                params = getattr(params, operation)(*arguments)
        expect = step.get("expect", {})
        return {
            "str": str(params),
            "items": [list(each) for each in params.items()],
            "multi_items": [list(each) for each in params.multi_items()],
            "get": {key: params.get(key) for key in expect.get("get", {})},
            "get_list": {key: params.get_list(key) for key in expect.get("get_list", {})},
            "count": len(params),
            **likeness(step, params, httpx.QueryParams),
        }

    def do_header_list(self, step: dict[str, typing.Any]) -> typing.Any:
        headers = httpx.Headers(pairs(step["headers"]))
        for operation, *arguments in step.get("operations", []):
            if operation == "set":
                headers[arguments[0]] = arguments[1]
            elif operation == "remove":
                del headers[arguments[0]]
            elif operation == "set_default":
                headers.setdefault(*arguments)
            elif operation == "update":
                headers.update(httpx.Headers(pairs(*arguments)))
            else:
                raise AssertionError(f"unknown operation {operation}")
        expect = step.get("expect", {})
        return {
            "raw": [[name.decode("latin-1"), value.decode("utf-8")] for name, value in headers.raw],
            "keys": list(headers.keys()),
            "multi_items": [list(each) for each in headers.multi_items()],
            "get": {key: headers.get(key) for key in expect.get("get", {})},
            "get_list": {key: headers.get_list(key) for key in expect.get("get_list", {})},
            "split": {key: headers.get_list(key, split_commas=True) for key in expect.get("split", {})},
            "count": len(headers),
            "encoding": headers.encoding,
            "repr": repr(headers),
            **likeness(step, headers, lambda given: httpx.Headers(pairs(given))),
        }

    def do_jar(self, step: dict[str, typing.Any]) -> typing.Any:
        cookies = httpx.Cookies()
        found: dict[str, typing.Any] = {"get": []}
        for operation, *arguments in step["operations"]:
            if operation == "get":
                found["get"].append(cookies.get(arguments[0], None, *arguments[1:]))
            else:
                assert operation in ("set", "delete", "clear"), f"unknown operation {operation}"
                getattr(cookies, operation)(*arguments)
        found["cookies"] = [[each.name, each.value, each.domain, each.path] for each in cookies.jar]
        found["count"] = len(cookies)
        if "url" in step:
            request = httpx.Request("GET", step["url"])
            cookies.set_cookie_header(request)
            found["header"] = request.headers.get("cookie")
        return found

    def do_status(self, step: dict[str, typing.Any]) -> typing.Any:
        code = step["status"]
        known = code in list(httpx.codes)
        return {
            "phrase": httpx.codes.get_reason_phrase(code),
            "name": httpx.codes(code).name if known else "",
            "is": [each for each in PROPERTIES if getattr(httpx.codes, "is_" + each)(code)],
        }

    def do_make_response(self, step: dict[str, typing.Any]) -> typing.Any:
        self.response = self.made(step)
        return self.response

    # -- a response

    async def check_response(self, response: typing.Any, key: str, wanted: typing.Any) -> None:
        if key == "status":
            same(key, wanted, response.status_code)
        elif key == "reason":
            same(key, wanted, response.reason_phrase)
        elif key in ("http_version", "text", "is_closed", "is_stream_consumed", "num_bytes_downloaded"):
            same(key, wanted, getattr(response, key))
        elif key == "charset":
            same(key, wanted, response.charset_encoding)
        elif key == "url":
            same(key, wanted, str(response.url))
        elif key == "headers":
            same(key, wanted, {name: response.headers.get(name) for name in wanted})
        elif key == "header_lists":
            same(key, wanted, {name: response.headers.get_list(name) for name in wanted})
        elif key == "text_contains":
            assert all(each in response.text for each in wanted), response.text
        elif key == "json":
            same(key, wanted, response.json())
        elif key == "base64":
            same(key, wanted, base64.b64encode(response.content).decode())
        elif key == "size":
            same(key, wanted, len(response.content))
        elif key == "pattern":
            same(key, wanted, pattern_of(response.content, wanted))
        elif key == "links":
            same(key, wanted, {rel: each["url"] for rel, each in response.links.items()})
        elif key == "history":
            same(key, wanted, [each.status_code for each in response.history])
        elif key == "history_urls":
            same(key, wanted, [str(each.url) for each in response.history])
        elif key == "cookies":
            same(key, wanted, {each.name: each.value for each in response.cookies.jar})
            assert len(wanted) == len(response.cookies), response.cookies
        elif key == "is":
            same(key, wanted, [each for each in PROPERTIES if getattr(response, "is_" + each)])
        elif key == "has_redirect_location":
            same(key, wanted, response.has_redirect_location)
        elif key == "next_request":
            next_request = response.next_request
            same(key, wanted, next_request and {"method": next_request.method, "url": str(next_request.url)})
        elif key == "request":
            sent = response.request
            headers = {name: sent.headers.get(name) for name in wanted.get("headers", {})}
            same(key, wanted, {"method": sent.method, "url": str(sent.url), "headers": headers})
        elif key == "elapsed":
            same(key, wanted, elapsed_of(response))
        else:
            raise AssertionError(f"unknown expectation: {key}")


def elapsed_of(response: typing.Any) -> str:
    return ">= 0" if response.elapsed.total_seconds() >= 0 else "< 0"


def at_once(work: typing.Coroutine[typing.Any, typing.Any, typing.Any]) -> typing.Any:
    """Runs what never waits for an event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a blocking call waited for an event loop")


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("case", load())
def test_case(
    case: dict[str, typing.Any], asynchronous: bool, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    case = expand(case, places)
    unknown = set(case) - {"name", "lines", "differs", "env", "client", "client_error", "steps"}
    assert not unknown, f"unknown members of a case: {unknown}"
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value)
    run = Run({**case, "ca": places["ca"]}, asynchronous)
    if asynchronous:
        asyncio.run(run.run())
    else:
        at_once(run.run())
    del run
    gc.collect()
