"""URLs, parameters, headers, cookies, timeouts and exceptions: what httpx's own suite does not ask."""

from __future__ import annotations

import concurrent.futures
import copy
import gc
import http.cookiejar
import pickle
import subprocess
import sys
import typing

import pytest

import libhttpx as httpx
from libhttpx import _codes, _exceptions, errors
from libhttpx._ffi import NULL, error_slot, ffi, lib
from libhttpx._private_names import URLPattern, get_environment_proxies, urlparse


@pytest.mark.parametrize(
    "value",
    [
        httpx.URL("https://jo:secret@example.org:8080/a%20b?c=d#e"),
        httpx.QueryParams([("a", "1"), ("b", "ü"), ("a", None)]),
        httpx.Headers([("A", "1"), ("b", "2"), ("a", "3")]),
        httpx.Headers({"a": "é"}, encoding="utf-8"),
        httpx.Timeout(5.0, read=None),
        httpx.Limits(max_connections=3),
    ],
    ids=repr,
)
def test_values_are_copied_and_pickled(value: typing.Any) -> None:
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert repr(twin) == repr(value)


def test_a_pickled_url_keeps_its_password() -> None:
    url = httpx.URL("https://jo:secret@example.org")
    assert "secret" not in repr(url)
    assert pickle.loads(pickle.dumps(url)).password == "secret"


def test_a_url_is_found_in_a_dictionary_by_its_text() -> None:
    seen = {httpx.URL("HTTPS://Example.org:443/"): 1}
    assert seen[typing.cast("httpx.URL", "https://example.org/")] == 1


def test_a_url_that_is_not_one_is_not_equal_but_invalid() -> None:
    with pytest.raises(httpx.InvalidURL):
        assert httpx.URL("http://h") == "http://h:port"
    assert httpx.URL("http://h") != 5
    assert httpx.URL("http://h") != None


def test_decoded_parts_of_a_url_may_have_any_character() -> None:
    url = httpx.URL("http://u%00v:p%0A@h/a%00b?c#d%00e")
    assert (url.username, url.password, url.path, url.fragment) == ("u\0v", "p\n", "/a\0b", "d\0e")


def test_parts_of_a_url_as_they_stand_in_it() -> None:
    parts = urlparse("http://jo:x@[::1]/?")
    assert (parts.scheme, parts.userinfo, parts.host, parts.port) == ("http", "jo:x", "::1", None)
    assert (parts.path, parts.query, parts.fragment) == ("/", "", None)
    assert httpx.URL("http://h")._uri_reference.path == ""
    assert str(parts.copy_with(path="/a b")) == "http://jo:x@[::1]/a%20b?"


def test_query_params_are_equal_in_any_order_and_hash_alike() -> None:
    one, other = httpx.QueryParams("a=1&b=2"), httpx.QueryParams("b=2&a=1")
    assert one == other
    assert hash(one) == hash(other)


def test_query_params_cannot_be_both_named_and_given() -> None:
    with pytest.raises(AssertionError):
        httpx.QueryParams({"a": "b"}, c="d")
    assert httpx.QueryParams(c="d") == httpx.QueryParams("c=d")


def test_what_headers_said_before_they_changed_is_forgotten() -> None:
    headers = httpx.Headers({"a": "1"})
    assert (headers["a"], headers.raw, headers.get("b")) == ("1", [(b"a", b"1")], None)
    headers["a"], headers["b"] = "2", "3"
    assert (headers["A"], headers["b"], dict(headers)) == ("2", "3", {"a": "2", "b": "3"})
    headers.update({"a": "4"})
    assert headers.multi_items() == [("b", "3"), ("a", "4")]
    del headers["a"]
    assert "a" not in headers
    headers.raw.append((b"c", b"d"))
    assert "c" not in headers


def test_headers_take_what_could_not_be_sent() -> None:
    for name, value in (("a b", "c"), ("a", "b\r\nc: d"), ("", "x"), ("a", " b ")):
        assert httpx.Headers({name: value})[name] == value
    headers = httpx.Headers({"a": "b"})
    headers["a"] = "b\n"
    assert headers["a"] == "b\n"


def test_headers_in_an_unknown_encoding() -> None:
    with pytest.raises(LookupError):
        httpx.Headers({"a": "b"}).encoding = "no-such-thing"


def test_headers_are_read_and_changed_by_many_threads() -> None:
    headers = httpx.Headers({f"x-{number}": str(number) for number in range(20)})

    def work(number: int) -> None:
        for _ in range(200):
            headers[f"x-{number}"] = str(number)
            assert headers[f"x-{number}"] == str(number)
            assert len(headers.raw) == len(headers.multi_items()) == len(headers.copy()) == 20

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [None] * 4


def test_a_jar_that_cookies_were_made_of_shows_what_becomes_of_them() -> None:
    jar = http.cookiejar.CookieJar()
    cookies = httpx.Cookies(jar)
    cookies.set("a", "1", domain="example.org")
    assert cookies.jar is jar
    assert [(cookie.name, cookie.value, cookie.domain) for cookie in jar] == [("a", "1", "example.org")]
    jar.clear()
    assert len(cookies) == 0


def test_the_jar_of_cookies_is_the_cookies_themselves() -> None:
    cookies = httpx.Cookies({"a": "1"})
    [cookie] = cookies.jar
    assert (cookie.name, cookie.value, cookie.domain, cookie.path, cookie.expires) == ("a", "1", "", "/", None)
    cookie.name, cookie.domain, cookie.expires, cookie.secure = "b", "example.org", 4_000_000_000, True
    cookies.jar.set_cookie(cookie)
    assert cookies.get("b", domain="example.org") == "1"
    assert [(cookie.expires, cookie.secure) for cookie in cookies.jar if cookie.name == "b"] == [(4_000_000_000, True)]
    assert len(cookies.jar) == 2
    cookies.jar.clear("example.org", "/", "b")
    assert dict(cookies) == {"a": "1"}
    with pytest.raises(KeyError):
        cookies.jar.clear("example.org", "/", "b")
    cookies.jar.clear()
    assert not cookies


def test_pickled_cookies_keep_their_attributes() -> None:
    cookies = httpx.Cookies({"a": "1"})
    [cookie] = cookies.jar
    cookie.expires, cookie.secure = 4_000_000_000, True
    cookies.jar.set_cookie(cookie)
    [twin] = pickle.loads(pickle.dumps(cookies)).jar
    assert (twin.name, twin.expires, twin.secure) == ("a", 4_000_000_000, True)


def test_values_free_their_handles() -> None:
    gc.collect()
    before = lib.httpx_live_handles(lib.HTTPX_KIND_ALL)
    url = httpx.URL("http://h/?a=b").copy_with(path="/c", params={"d": "e"})
    values: list[typing.Any] = [url, url.params, url.join("x"), httpx.Headers({"a": "b"}).copy()]
    values += [httpx.Cookies({"a": "b"}), httpx.Proxy("http://a:b@h")._native(), URLPattern("http://h")]
    with pytest.raises(httpx.InvalidURL):
        httpx.URL("http://h:x")
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) > before
    values.clear()
    del url
    gc.collect()
    assert lib.httpx_live_handles(lib.HTTPX_KIND_ALL) == before


def test_every_code_has_an_exception_below_its_parents() -> None:
    for code, name in _codes.NAMES.items():
        kind = errors.CLASSES[code]
        assert (kind.__name__, kind.code) == (name, code)  # type: ignore[attr-defined]
        parent = lib.httpx_code_parent(code)
        if parent != _codes.OK:
            assert issubclass(kind, errors.CLASSES[parent])
    assert issubclass(errors.ConnectionRefused, httpx.ConnectError)
    assert issubclass(errors.ConnectionRefused, ConnectionRefusedError)
    assert issubclass(errors.FileNotFound, FileNotFoundError)
    assert issubclass(errors.DeadlineExceeded, httpx.TimeoutException)


def _error(code: int, message: str, cause: typing.Any = NULL) -> typing.Any:
    out, raw = ffi.new("httpx_error **"), message.encode()
    assert lib.httpx_error_new(code, raw, len(raw), cause, out, NULL) == lib.HTTPX_OK
    return out[0]


def test_an_error_becomes_the_exception_of_its_code_with_its_causes() -> None:
    cause = ffi.gc(_error(_codes.PERMISSION_DENIED, "locked"), lib.httpx_error_free)
    exception = _exceptions.exception_of(_codes.READ_TIMEOUT, _error(_codes.READ_TIMEOUT, "späť", cause))
    assert type(exception) is httpx.ReadTimeout
    assert (str(exception), exception.code) == ("späť", _codes.READ_TIMEOUT)
    assert isinstance(exception.__cause__, PermissionError)
    with pytest.raises(RuntimeError):
        _ = exception.request


def test_a_code_of_a_newer_library_is_the_nearest_exception() -> None:
    newer = _codes.CONNECTION_REFUSED | 0x90
    exception = _exceptions.exception_of(newer, _error(newer, "it said no"))
    assert type(exception) is errors.ConnectionRefused
    assert exception.code == newer


def test_an_error_without_words_has_those_of_its_code() -> None:
    assert str(_exceptions.exception_of(_codes.POOL_TIMEOUT, NULL)).endswith(".")


def test_every_exception_of_httpx_has_a_code_for_callbacks_that_end_with_it() -> None:
    assert _exceptions.code_of(httpx.PoolTimeout("x")) == _codes.POOL_TIMEOUT
    assert _exceptions.code_of(ValueError("x")) == _codes.READ_ERROR
    failed = SystemExit(5)
    failed.code = 5
    assert _exceptions.code_of(failed) == _codes.READ_ERROR


def test_exceptions_are_pickled() -> None:
    for exception in (httpx.ConnectError("a"), httpx.InvalidURL("b"), httpx.StreamConsumed(), errors.DNSError("d")):
        twin = pickle.loads(pickle.dumps(exception))
        assert (type(twin), str(twin)) == (type(exception), str(exception))
    request = httpx.Request("GET", "http://h")
    failed = httpx.HTTPStatusError("e", request=request, response=httpx.Response(404, request=request))
    twin = pickle.loads(pickle.dumps(failed))
    assert (str(twin), twin.request.url, twin.response.status_code) == ("e", "http://h", 404)


def test_patterns_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "proxy:8080")
    monkeypatch.setenv("no_proxy", "example.org")
    assert get_environment_proxies() == {"http://": "http://proxy:8080", "all://*example.org": None}
    assert URLPattern("all://*.org") == URLPattern("all://*.org")
    assert hash(URLPattern("all://*.org")) == hash(URLPattern("all://*.org"))


def test_a_slot_for_errors_is_empty_at_first() -> None:
    assert error_slot()[0] == NULL


def test_the_package_imports_nothing_that_few_need() -> None:
    program = "import sys, libhttpx; print(' '.join(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    loaded = set(modules.stdout.split())
    assert "libhttpx._client" in loaded
    for name in ("ssl", "asyncio", "trio", "http.cookiejar", "http.client", "click", "rich", "email", "json", "h11"):
        assert name not in loaded, name


def test_all_names_of_the_package_can_be_looked_at() -> None:
    program = "import inspect, libhttpx; [isinstance(each, type) for each in vars(libhttpx).values()]"
    subprocess.run([sys.executable, "-c", program + "; inspect.getmembers(libhttpx)"], check=True, timeout=60)
