"""Cookies as the standard library shows them. Imported only by those who ask for a `jar`: `http.cookiejar` is large."""

from __future__ import annotations

import typing
from http.cookiejar import Cookie, CookieJar

from ._cookies import Cookies, Stored

__all__ = ["Jar", "cookie_of", "stored"]

_SAME_SITE = {1: "None", 2: "Lax", 3: "Strict"}


def cookie_of(cookie: Stored) -> Cookie:
    """A cookie of a set, for the standard library."""
    rest: dict[str, typing.Any] = {"HttpOnly": None} if cookie.http_only else {}
    if cookie.same_site in _SAME_SITE:
        rest["SameSite"] = _SAME_SITE[cookie.same_site]
    return Cookie(
        version=0,
        name=cookie.name,
        value=cookie.value,
        port=None,
        port_specified=False,
        domain=cookie.domain,
        domain_specified=bool(cookie.domain),
        domain_initial_dot=cookie.domain.startswith("."),
        path=cookie.path,
        path_specified=bool(cookie.path),
        secure=cookie.secure,
        expires=None if cookie.expires < 0 else cookie.expires,
        discard=cookie.expires < 0,
        comment=None,
        comment_url=None,
        rest=rest,
        rfc2109=False,
    )


def stored(cookie: Cookie) -> Stored:
    """A cookie of the standard library's, for a set."""
    same_site = str(cookie.get_nonstandard_attr("SameSite") or "").capitalize()
    return Stored(
        cookie.name,
        cookie.value,
        cookie.domain,
        cookie.path,
        bool(cookie.secure),
        cookie.has_nonstandard_attr("HttpOnly"),
        next((number for number, name in _SAME_SITE.items() if name == same_site), 0),
        -1 if cookie.expires is None else int(cookie.expires),
    )


class Jar(CookieJar):
    """A set of cookies as a CookieJar: it has none itself."""

    def __init__(self, cookies: Cookies) -> None:
        self._set = cookies
        super().__init__()

    @property
    def _cookies(self) -> dict[str, dict[str, dict[str, Cookie]]]:
        """What CookieJar looks at: cookies by domain, path and name."""
        domains: dict[str, dict[str, dict[str, Cookie]]] = {}
        for cookie in self._set._stored():
            domains.setdefault(cookie.domain, {}).setdefault(cookie.path, {})[cookie.name] = cookie_of(cookie)
        return domains

    @_cookies.setter
    def _cookies(self, cookies: object) -> None:
        """CookieJar starts with none, and forgets all by this, too."""

    def set_cookie(self, cookie: Cookie) -> None:
        """Puts a cookie in."""
        self._set._add(stored(cookie))

    def clear(self, domain: str | None = None, path: str | None = None, name: str | None = None) -> None:
        """Removes all cookies, or those of a domain, of a path of it, or one; KeyError for one that is not there."""
        if name is not None:
            if domain is None or path is None:
                raise ValueError("domain and path must be given to remove a cookie by name")
            self._set.delete(name, domain, path)
        else:
            self._set.clear(domain, path)
