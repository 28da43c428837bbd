"""Names that HTTPX keeps to itself, and on which other packages lean nevertheless.

They are the library's own answers in the shape of HTTPX's internals. `_urlparse.py` and `_utils.py` have them under the
names by which they are imported. Names that are private there but part of how this package is built stand in the module
of the same name: `_client.UseClientDefault`, `_config.DEFAULT_TIMEOUT_CONFIG`, `_content.IteratorByteStream`,
`_multipart.MultipartStream`.
"""

from __future__ import annotations

import typing

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned
from ._urls import URL

__all__ = ["ParseResult", "URLPattern", "get_environment_proxies", "urlparse"]


class ParseResult:
    """A URL's parts as they stand in it, escaped: `httpx._urlparse.ParseResult`. `query` and `fragment` are None where
    there is no "?" and no "#".
    """

    def __init__(self, url: URL) -> None:
        self._url = url

    def _part(self, part: int) -> str | None:
        length = ffi.new("size_t *")
        pointer = lib.httpx_url_component(self._url._handle, part, length)
        if pointer == NULL:
            return None
        return ffi.unpack(pointer, length[0]).decode("ascii") if length[0] else ""

    @property
    def scheme(self) -> str:
        """In lower case."""
        return self._part(lib.HTTPX_URL_SCHEME) or ""

    @property
    def userinfo(self) -> str:
        """ "username:password"."""
        return self._part(lib.HTTPX_URL_USERINFO) or ""

    @property
    def host(self) -> str:
        """In ASCII, without brackets."""
        return self._part(lib.HTTPX_URL_HOST) or ""

    @property
    def port(self) -> int | None:
        """None for the scheme's default one, too."""
        return self._url.port

    @property
    def path(self) -> str:
        """ "" where the URL has none."""
        return self._part(lib.HTTPX_URL_PATH) or ""

    @property
    def query(self) -> str | None:
        """Without the "?"."""
        return self._part(lib.HTTPX_URL_QUERY)

    @property
    def fragment(self) -> str | None:
        """Without the "#"."""
        return self._part(lib.HTTPX_URL_FRAGMENT)

    @property
    def authority(self) -> str:
        """ "userinfo@host:port"."""
        authority: bytes = ffi.string(lib.httpx_url_authority(self._url._handle, NULL))
        return authority.decode("ascii")

    @property
    def netloc(self) -> str:
        """ "host:port"."""
        return self._url.netloc.decode("ascii")

    def copy_with(self, **kwargs: str | None) -> ParseResult:
        """These parts with others in their places."""
        return urlparse(str(self), **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParseResult) and self._url == other._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __str__(self) -> str:
        return str(self._url)

    def __repr__(self) -> str:
        return (
            f"ParseResult(scheme={self.scheme!r}, userinfo={self.userinfo!r}, host={self.host!r}, port={self.port!r}, "
            f"path={self.path!r}, query={self.query!r}, fragment={self.fragment!r})"
        )


def urlparse(url: str = "", **kwargs: str | None) -> ParseResult:
    """`httpx._urlparse.urlparse`: a URL and parts that replace its own, all as text; InvalidURL for what is none."""
    parts: dict[str, typing.Any] = dict(kwargs)
    for name in ("userinfo", "netloc", "query", "raw_path"):
        if isinstance(parts.get(name), str):
            parts[name] = parts[name].encode("utf-8")
    if isinstance(parts.get("port"), str):
        parts["port"] = int(parts["port"])
    return ParseResult(URL(url, **parts))


class URLPattern:
    """Which URLs a transport is mounted for: "all://", "http://", "https://example.org:8080", "all://*.example.org".

    Patterns compare as they are tried: the most particular ones first.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        out = ffi.new("httpx_url_pattern **")
        err = error_slot()
        text = as_bytes(pattern)
        check(lib.httpx_url_pattern_new(text, len(text), out, err), err)
        self._handle = owned(out[0], lib.httpx_url_pattern_free)

    def matches(self, other: URL) -> bool:
        """Whether the pattern is for a URL."""
        return bool(lib.httpx_url_pattern_matches(self._handle, other._handle))

    def __hash__(self) -> int:
        return hash(int(lib.httpx_url_pattern_hash(self._handle)))

    def __lt__(self, other: URLPattern) -> bool:
        return int(lib.httpx_url_pattern_compare(self._handle, other._handle)) < 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, URLPattern):
            return False
        return bool(lib.httpx_url_pattern_equal(self._handle, other._handle))

    def __repr__(self) -> str:
        return f"URLPattern({self.pattern!r})"


def get_environment_proxies() -> dict[str, str | None]:
    """The proxies of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY): a pattern's URL, None for none."""
    out = ffi.new("httpx_proxy_map **")
    err = error_slot()
    check(lib.httpx_environment_proxies(out, err), err)
    proxies = owned(out[0], lib.httpx_proxy_map_free)
    texts = ffi.new("const char *[2]")
    lengths = ffi.new("size_t[2]")
    found: dict[str, str | None] = {}
    for index in range(lib.httpx_proxy_map_count(proxies)):
        code = lib.httpx_proxy_map_at(proxies, index, texts, lengths, texts + 1, lengths + 1, err)
        check(code, err)
        pattern = ffi.unpack(texts[0], lengths[0]).decode("utf-8")
        found[pattern] = None if texts[1] == NULL else ffi.unpack(texts[1], lengths[1]).decode("utf-8")
    return found
