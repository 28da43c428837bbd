"""`Cookies`: a set of cookies over the library's handle, which decides what is set, replaced, expired and sent.

`jar` shows the set as an `http.cookiejar.CookieJar`, for those who want to see a cookie's attributes.
"""

from __future__ import annotations

import sys
import typing

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned
from ._locks import turn
from ._types import CookieTypes

if typing.TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from ._models import Request, Response

__all__ = ["Cookies"]

_new = ffi.new
_unpack: typing.Callable[[typing.Any, int], bytes] = ffi.unpack


class Stored(typing.NamedTuple):
    """One cookie of a set. `domain` is "" for every host, "h" for that host, ".h" for those below it, too."""

    name: str
    value: str | None
    domain: str
    path: str
    secure: bool = False
    http_only: bool = False
    same_site: int = 0
    # Seconds since 1970; -1 lives as long as the set.
    expires: int = -1


def _text(text: str | None) -> tuple[typing.Any, int]:
    """A text that may be missing, as the library takes it."""
    if text is None:
        return NULL, 0
    raw = as_bytes(text)
    return raw, len(raw)


class Cookies(typing.MutableMapping[str, str]):
    """Cookies: of a mapping, of pairs, of other Cookies, or of an `http.cookiejar.CookieJar`, which then shows what
    becomes of them.

    As a mapping it has the values by name; CookieConflict if there are several of a name: `get`, `delete` and `clear`
    take a domain and a path, too.
    """

    _handle: typing.Any
    # The jar that the set was made of, and its cookies when it was last looked at.
    _given: CookieJar | None
    _seen: list[Stored]

    def __init__(self, cookies: CookieTypes | None = None) -> None:
        out = _new("httpx_cookies **")
        err = error_slot()
        check(lib.httpx_cookies_new(out, err), err)
        self._set_up(owned(out[0], lib.httpx_cookies_free))
        if cookies is None:
            return
        if isinstance(cookies, Cookies):
            self.update(cookies)
        elif isinstance(cookies, dict):
            for name, value in cookies.items():
                self.set(name, value)
        elif _is_jar(cookies):
            self._given = typing.cast("CookieJar", cookies)
            self._take_in()
        else:
            for name, value in typing.cast("typing.Iterable[tuple[str, str]]", cookies):
                self.set(name, value)

    def _set_up(self, handle: typing.Any) -> None:
        self._handle = handle
        self._given = None
        self._seen = []

    @classmethod
    def _wrap(cls, handle: typing.Any) -> Cookies:
        """The cookies of a handle, which is theirs from now on."""
        cookies = cls.__new__(cls)
        cookies._set_up(owned(handle, lib.httpx_cookies_free))
        return cookies

    @property
    def jar(self) -> CookieJar:
        """The set as a CookieJar: what is set and cleared in it is set and cleared here."""
        if self._given is not None:
            return self._given
        from ._jar import Jar

        return Jar(self)

    def _take_in(self) -> None:
        """Looks what became of the jar that the set was made of, before the set is used."""
        if self._given is None:
            return
        from ._jar import stored

        present = [stored(cookie) for cookie in self._given]
        if present != self._seen:
            err = error_slot()
            with turn:
                check(lib.httpx_cookies_clear(self._handle, NULL, 0, NULL, 0, err), err)
            for cookie in present:
                self._add(cookie)
            self._seen = present

    def _write_back(self) -> None:
        """Shows what became of the set in the jar that it was made of."""
        if self._given is None:
            return
        from ._jar import cookie_of, stored

        present = self._stored()
        if sorted(present, key=repr) != sorted(self._seen, key=repr):
            self._given.clear()
            for cookie in present:
                self._given.set_cookie(cookie_of(cookie))
        self._seen = [stored(cookie) for cookie in self._given]

    def _add(self, cookie: Stored) -> None:
        """Puts a cookie in, with its attributes."""
        (name, name_len), (domain, domain_len) = _text(cookie.name), _text(cookie.domain)
        (value, value_len), (path, path_len) = _text(str(cookie.value)), _text(cookie.path)
        err = error_slot()
        with turn:
            code = lib.httpx_cookies_add(
                self._handle,
                name,
                name_len,
                value,
                value_len,
                domain,
                domain_len,
                path,
                path_len,
                cookie.secure,
                cookie.http_only,
                cookie.same_site,
                cookie.expires,
                err,
            )
        check(code, err)

    def _stored(self) -> list[Stored]:
        """All cookies, oldest first."""
        texts = _new("const char *[4]")
        lengths = _new("size_t[4]")
        numbers = _new("int32_t[3]")
        expires = _new("int64_t *")
        found = []
        with turn:
            for index in range(lib.httpx_cookies_count(self._handle)):
                lib.httpx_cookies_at(
                    self._handle,
                    index,
                    ffi.cast("const uint8_t **", texts),
                    lengths,
                    ffi.cast("const uint8_t **", texts + 1),
                    lengths + 1,
                    texts + 2,
                    lengths + 2,
                    texts + 3,
                    lengths + 3,
                    NULL,
                )
                name, value, domain, path = (
                    None
                    if texts[i] == NULL
                    else _unpack(texts[i], lengths[i]).decode("utf-8", "replace")
                    if lengths[i]
                    else ""
                    for i in range(4)
                )
                lib.httpx_cookies_attributes_at(self._handle, index, numbers, numbers + 1, numbers + 2, expires, NULL)
                found.append(
                    Stored(
                        name or "",
                        value,
                        domain or "",
                        path or "",
                        bool(numbers[0]),
                        bool(numbers[1]),
                        numbers[2],
                        expires[0],
                    )
                )
        return found

    def extract_cookies(self, response: Response) -> None:
        """Takes in what a response set, as a client does."""
        self._take_in()
        native = response._native()
        err = error_slot()
        with turn:
            check(lib.httpx_cookies_extract(self._handle, native, err), err)
        self._write_back()

    def set_cookie_header(self, request: Request) -> None:
        """Gives a request the Cookie header with those cookies that belong to its URL, unless it has one."""
        self._take_in()
        native = request._native()
        err = error_slot()
        with turn:
            check(lib.httpx_cookies_set_header(self._handle, native, err), err)
        request._refresh()

    def set(self, name: str, value: str, domain: str = "", path: str = "/") -> None:
        """Puts a cookie in, in the place of one with the same name, domain and path. The domain "" is every host."""
        self._take_in()
        self._add(Stored(name, value, domain, path))
        self._write_back()

    def get(  # type: ignore[override]
        self, name: str, default: str | None = None, domain: str | None = None, path: str | None = None
    ) -> str | None:
        """The value of a cookie, or `default`. CookieConflict if there are several."""
        self._take_in()
        slot = _new("const uint8_t **")
        length = _new("size_t *")
        err = error_slot()
        with turn:
            code = lib.httpx_cookies_get(self._handle, *_text(name), *_text(domain), *_text(path), slot, length, err)
            check(code, err)
            if code:
                return default
            return bytes(ffi.buffer(slot[0], length[0])).decode("utf-8", "replace") if length[0] else ""

    def delete(self, name: str, domain: str | None = None, path: str | None = None) -> None:
        """Removes all cookies of a name, or those of a domain and a path; KeyError if there is none with both."""
        self._take_in()
        with turn:
            code = lib.httpx_cookies_delete(self._handle, *_text(name), *_text(domain), *_text(path), NULL)
        if code == lib.HTTPX_E_NOT_FOUND:
            if domain is not None and path is not None:
                raise KeyError(name)
            return
        self._write_back()

    def clear(self, domain: str | None = None, path: str | None = None) -> None:
        """Removes all cookies, or those of a domain, or those of a domain and a path."""
        assert domain is not None or path is None
        self._take_in()
        err = error_slot()
        with turn:
            code = lib.httpx_cookies_clear(self._handle, *_text(domain), *_text(path), err)
        if code == lib.HTTPX_E_NOT_FOUND:
            lib.httpx_error_free(err[0])
            raise KeyError(domain)
        check(code, err)
        self._write_back()

    def update(self, cookies: CookieTypes | None = None) -> None:  # type: ignore[override]
        """Puts these cookies in, in the place of those with the same name, domain and path."""
        other = cookies if isinstance(cookies, Cookies) else Cookies(cookies)
        self._take_in()
        other._take_in()
        err = error_slot()
        with turn:
            check(lib.httpx_cookies_update(self._handle, other._handle, err), err)
        self._write_back()

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __len__(self) -> int:
        self._take_in()
        with turn:
            return int(lib.httpx_cookies_count(self._handle))

    def __iter__(self) -> typing.Iterator[str]:
        self._take_in()
        return iter([cookie.name for cookie in self._stored()])

    def __bool__(self) -> bool:
        return len(self) > 0

    def __repr__(self) -> str:
        self._take_in()
        cookies = ", ".join(f"<Cookie {cookie.name}={cookie.value} for {cookie.domain} />" for cookie in self._stored())
        return f"<Cookies[{cookies}]>"

    def __reduce__(self) -> tuple[typing.Any, ...]:
        self._take_in()
        return _unpickled, (type(self), [tuple(cookie) for cookie in self._stored()])


def _is_jar(cookies: typing.Any) -> bool:
    module = sys.modules.get("http.cookiejar")
    return module is not None and isinstance(cookies, module.CookieJar)


def _unpickled(kind: type[Cookies], stored: list[tuple[typing.Any, ...]]) -> Cookies:
    cookies = kind()
    for cookie in stored:
        cookies._add(Stored(*cookie))
    return cookies
