"""`URL` and `QueryParams`: immutable values over the library's handles, which parse, escape and compare.

What a handle was once asked is kept, as Python's own strings.
"""

from __future__ import annotations

import typing
import warnings

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned
from ._types import QueryParamTypes

if typing.TYPE_CHECKING:
    from ._private_names import ParseResult

__all__ = ["URL", "QueryParams"]

_new = ffi.new
_string: typing.Callable[[typing.Any], bytes] = ffi.string
_unpack: typing.Callable[[typing.Any, int], bytes] = ffi.unpack

# The keyword arguments of URL: the part, and the type that it has to have.
_PARTS: dict[str, tuple[int, type]] = {
    "scheme": (lib.HTTPX_URL_SCHEME, str),
    "username": (lib.HTTPX_URL_USERNAME, str),
    "password": (lib.HTTPX_URL_PASSWORD, str),
    "userinfo": (lib.HTTPX_URL_USERINFO, bytes),
    "host": (lib.HTTPX_URL_HOST, str),
    "port": (lib.HTTPX_URL_PORT, int),
    "netloc": (lib.HTTPX_URL_NETLOC, bytes),
    "path": (lib.HTTPX_URL_PATH, str),
    "query": (lib.HTTPX_URL_QUERY, bytes),
    "raw_path": (lib.HTTPX_URL_RAW_PATH, bytes),
    "fragment": (lib.HTTPX_URL_FRAGMENT, str),
    "params": (lib.HTTPX_URL_PARAMS, object),
}


class _RawURL(typing.NamedTuple):
    """What the deprecated `URL.raw` gives."""

    raw_scheme: bytes
    raw_host: bytes
    port: int | None
    raw_path: bytes


class URL:
    """A URL, absolute or relative, normalised: `URL("https://example.org/path")`, or a URL and parts that replace its
    own, as in `copy_with`.

    Raises InvalidURL for what is none, TypeError for arguments of a wrong type. It is equal to a string that says the
    same, and can be a dictionary's key.
    """

    _handle: typing.Any
    _str: str | None

    def __init__(self, url: URL | str = "", **kwargs: typing.Any) -> None:
        self._str = None
        if isinstance(url, URL):
            if not kwargs:
                self._handle = url._handle
                self._str = url._str
                return
            out = _new("httpx_url **")
            parts = _parts(kwargs)
            err = error_slot()
            check(lib.httpx_url_copy_with(url._handle, parts, out, err), err)
        elif isinstance(url, str):
            out = _new("httpx_url **")
            text = as_bytes(url)
            if not kwargs:
                if lib.httpx_url_parse(text, len(text), out, NULL):
                    err = error_slot()
                    check(lib.httpx_url_parse(text, len(text), out, err), err)
            else:
                parts = _parts(kwargs)
                err = error_slot()
                check(lib.httpx_url_parse_with(text, len(text), parts, out, err), err)
        else:
            raise TypeError(f"Invalid type for url.  Expected str or httpx.URL, got {type(url)}: {url!r}")
        self._handle = owned(out[0], lib.httpx_url_free)

    @classmethod
    def _wrap(cls, handle: typing.Any) -> URL:
        """The URL of a handle, which is its own from now on."""
        url = cls.__new__(cls)
        url._handle = owned(handle, lib.httpx_url_free)
        url._str = None
        return url

    def _decoded(self, part: typing.Callable[..., typing.Any]) -> str:
        """A part without its escapes, which may have any character in it."""
        length = _new("size_t *")
        pointer = part(self._handle, length)
        return _unpack(pointer, length[0]).decode("utf-8") if length[0] else ""

    @property
    def scheme(self) -> str:
        """In lower case: "http", "https", ""."""
        return _string(lib.httpx_url_scheme(self._handle, NULL)).decode("ascii")

    @property
    def raw_scheme(self) -> bytes:
        """The scheme, as bytes."""
        return _string(lib.httpx_url_scheme(self._handle, NULL))

    @property
    def userinfo(self) -> bytes:
        """Username and password, escaped: b"jo%40email.com:a%20secret"."""
        return _string(lib.httpx_url_userinfo(self._handle, NULL))

    @property
    def username(self) -> str:
        """Without escapes: "jo@email.com"."""
        return self._decoded(lib.httpx_url_username)

    @property
    def password(self) -> str:
        """Without escapes: "a secret"."""
        return self._decoded(lib.httpx_url_password)

    @property
    def host(self) -> str:
        """In lower case, for people: "中国.icom.museum", "::ffff:192.168.0.1"."""
        return self._decoded(lib.httpx_url_host)

    @property
    def raw_host(self) -> bytes:
        """As it is looked up: b"xn--fiqs8s.icom.museum", b"::ffff:192.168.0.1"."""
        return _string(lib.httpx_url_raw_host(self._handle, NULL))

    @property
    def port(self) -> int | None:
        """The port; None if there is none, or the scheme's default one."""
        port = _new("uint16_t *")
        return None if lib.httpx_url_port(self._handle, port, NULL) else port[0]

    @property
    def netloc(self) -> bytes:
        """Host and port, as in a Host header: b"example.org:8080"."""
        return _string(lib.httpx_url_netloc(self._handle, NULL))

    @property
    def path(self) -> str:
        """Without escapes: "/a path"; at least "/"."""
        return self._decoded(lib.httpx_url_path)

    @property
    def query(self) -> bytes:
        """Escaped, without the "?": b"a=b%20c"."""
        return _string(lib.httpx_url_query(self._handle, NULL))

    @property
    def params(self) -> QueryParams:
        """The query's parameters."""
        out = _new("httpx_query_params **")
        err = error_slot()
        check(lib.httpx_url_params(self._handle, out, err), err)
        return QueryParams._wrap(out[0])

    @property
    def raw_path(self) -> bytes:
        """What a request is sent for: path, "?" and query, escaped."""
        return _string(lib.httpx_url_raw_path(self._handle, NULL))

    @property
    def fragment(self) -> str:
        """Without escapes and without the "#"."""
        return self._decoded(lib.httpx_url_fragment)

    @property
    def is_absolute_url(self) -> bool:
        """Whether there are a scheme and a host."""
        return bool(lib.httpx_url_is_absolute_url(self._handle))

    @property
    def is_relative_url(self) -> bool:
        """Whether the scheme or the host is missing."""
        return not lib.httpx_url_is_absolute_url(self._handle)

    def copy_with(self, **kwargs: typing.Any) -> URL:
        """This URL with some parts replaced, or, with None, removed.

        `scheme`, `username`, `password`, `host`, `path`, `fragment` are str, `userinfo`, `netloc`, `query`, `raw_path`
        are bytes, `port` is an int, `params` what QueryParams takes.
        """
        return URL(self, **kwargs)

    def copy_set_param(self, key: str, value: typing.Any = None) -> URL:
        """This URL with a parameter in the place of all with that key."""
        return self.copy_with(params=self.params.set(key, value))

    def copy_add_param(self, key: str, value: typing.Any = None) -> URL:
        """This URL with one more parameter."""
        return self.copy_with(params=self.params.add(key, value))

    def copy_remove_param(self, key: str) -> URL:
        """This URL without the parameters with that key."""
        return self.copy_with(params=self.params.remove(key))

    def copy_merge_params(self, params: QueryParamTypes) -> URL:
        """This URL with these parameters, in the place of those with the same keys."""
        return self.copy_with(params=self.params.merge(params))

    def join(self, url: URL | str) -> URL:
        """A URL, mostly a relative one, resolved against this one."""
        reference = as_bytes(str(URL(url)))
        out = _new("httpx_url **")
        err = error_slot()
        check(lib.httpx_url_join(self._handle, reference, len(reference), out, err), err)
        return URL._wrap(out[0])

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            if other == str(self):
                return True
            other = URL(other)
        return isinstance(other, URL) and bool(lib.httpx_url_equal(self._handle, other._handle))

    def __str__(self) -> str:
        text = self._str
        if text is None:
            text = self._str = _string(lib.httpx_url_str(self._handle, NULL)).decode("ascii")
        return text

    def __repr__(self) -> str:
        masked = _string(lib.httpx_url_masked(self._handle, NULL)).decode("ascii")
        return f"{type(self).__name__}({masked!r})"

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return type(self), (str(self),)

    @property
    def raw(self) -> tuple[bytes, bytes, int | None, bytes]:
        """Deprecated."""
        warnings.warn("URL.raw is deprecated.", stacklevel=2)
        return _RawURL(self.raw_scheme, self.raw_host, self.port, self.raw_path)

    @property
    def _uri_reference(self) -> ParseResult:
        from ._private_names import ParseResult

        return ParseResult(self)


def _parts(arguments: dict[str, typing.Any]) -> typing.Any:
    """The library's set of changes for the keyword arguments of URL."""
    for name, value in arguments.items():
        if name not in _PARTS:
            raise TypeError(f"{name!r} is an invalid keyword argument for URL()")
        wanted = _PARTS[name][1]
        if value is not None and not isinstance(value, wanted):
            raise TypeError(f"Argument {name!r} must be {wanted.__name__} but got {type(value).__name__}")
    out = _new("httpx_url_parts **")
    err = error_slot()
    check(lib.httpx_url_parts_new(out, err), err)
    parts = owned(out[0], lib.httpx_url_parts_free)
    for name, value in arguments.items():
        part = _PARTS[name][0]
        if name == "params" and value:
            code = lib.httpx_url_parts_params(parts, QueryParams(value)._handle, err)
        elif name == "params":
            code = lib.httpx_url_parts_remove(parts, lib.HTTPX_URL_QUERY, err)
        elif value is None:
            code = lib.httpx_url_parts_remove(parts, part, err)
        elif name == "port":
            code = lib.httpx_url_parts_port(parts, value, err)
        else:
            text = as_bytes(value)
            code = lib.httpx_url_parts_set(parts, part, text, len(text), err)
        check(code, err)
    return parts


class QueryParams(typing.Mapping[str, str]):
    """The parameters of a query, each key with one or more values: `QueryParams("a=1&b=2")`, of a mapping, of pairs, of
    keyword arguments. As a mapping, it has the first value of each key.

    Values may be str, int, float, bool ("true", "false") and None (""), or, in a mapping, a list of these. It is
    immutable: `set`, `add`, `remove` and `merge` give a new one.
    """

    _handle: typing.Any
    _str: str | None
    _lists: dict[str, list[str]] | None

    def __init__(self, *args: QueryParamTypes | None, **kwargs: typing.Any) -> None:
        assert len(args) < 2, "Too many arguments."
        assert not (args and kwargs), "Cannot mix named and unnamed arguments."
        value = args[0] if args else kwargs
        self._str = None
        self._lists = None
        if isinstance(value, QueryParams):
            self._handle = value._handle
            self._str = value._str
            self._lists = value._lists
        elif value is None or isinstance(value, (str, bytes)):
            self._handle = _params_of_text(as_bytes(value or ""))
        elif isinstance(value, (list, tuple)):
            self._handle = _params_of_pairs([(key, [item]) for key, item in value])
        else:
            self._handle = _params_of_pairs(
                [(key, item if isinstance(item, (list, tuple)) else [item]) for key, item in value.items()]
            )

    @classmethod
    def _wrap(cls, handle: typing.Any) -> QueryParams:
        """The parameters of a handle, which is theirs from now on."""
        params = cls.__new__(cls)
        params._handle = owned(handle, lib.httpx_query_params_free)
        params._str = None
        params._lists = None
        return params

    def _values(self) -> dict[str, list[str]]:
        """Every key with its values."""
        lists = self._lists
        if lists is None:
            lists = {}
            handle = self._handle
            slots = _new("const char *[2]")
            lengths = _new("size_t[2]")
            for index in range(lib.httpx_query_params_multi_count(handle)):
                lib.httpx_query_params_multi_item_at(handle, index, slots, lengths, slots + 1, lengths + 1, NULL)
                key = _unpack(slots[0], lengths[0]).decode("utf-8")
                lists.setdefault(key, []).append(_unpack(slots[1], lengths[1]).decode("utf-8"))
            self._lists = lists
        return lists

    def keys(self) -> typing.KeysView[str]:
        """All keys, once each."""
        return self._values().keys()

    def values(self) -> typing.ValuesView[str]:
        """The first value of each key."""
        return dict(self.items()).values()

    def items(self) -> typing.ItemsView[str, str]:
        """All keys, each with its first value."""
        return {key: values[0] for key, values in self._values().items()}.items()

    def multi_items(self) -> list[tuple[str, str]]:
        """All keys with all their values, as pairs."""
        return [(key, value) for key, values in self._values().items() for value in values]

    def get(self, key: typing.Any, default: typing.Any = None) -> typing.Any:
        """The first value of a key, or `default`."""
        values = self._values().get(str(key))
        return values[0] if values else default

    def get_list(self, key: str) -> list[str]:
        """All values of a key."""
        return list(self._values().get(str(key), []))

    def set(self, key: str, value: typing.Any = None) -> QueryParams:
        """These parameters with a key set to one value."""
        return self._changed(lib.httpx_query_params_set, key, value)

    def add(self, key: str, value: typing.Any = None) -> QueryParams:
        """These parameters with one more value for a key."""
        return self._changed(lib.httpx_query_params_add, key, value)

    def remove(self, key: str) -> QueryParams:
        """These parameters without a key, which need not be there."""
        out = _new("httpx_query_params **")
        err = error_slot()
        name = as_bytes(str(key))
        check(lib.httpx_query_params_remove(self._handle, name, len(name), out, err), err)
        return QueryParams._wrap(out[0])

    def merge(self, params: QueryParamTypes | None = None) -> QueryParams:
        """These parameters with others, in the place of those with the same keys."""
        out = _new("httpx_query_params **")
        err = error_slot()
        check(lib.httpx_query_params_merge(self._handle, QueryParams(params)._handle, out, err), err)
        return QueryParams._wrap(out[0])

    def _changed(self, change: typing.Callable[..., int], key: str, value: typing.Any) -> QueryParams:
        out = _new("httpx_query_params **")
        err = error_slot()
        name, text = as_bytes(str(key)), as_bytes(primitive_value_to_str(value))
        check(change(self._handle, name, len(name), text, len(text), out, err), err)
        return QueryParams._wrap(out[0])

    def __getitem__(self, key: typing.Any) -> str:
        return self._values()[key][0]

    def __contains__(self, key: typing.Any) -> bool:
        return key in self._values()

    def __iter__(self) -> typing.Iterator[typing.Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._values())

    def __bool__(self) -> bool:
        return bool(lib.httpx_query_params_count(self._handle))

    def __hash__(self) -> int:
        return hash(int(lib.httpx_query_params_hash(self._handle)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QueryParams):
            return False
        return bool(lib.httpx_query_params_equal(self._handle, other._handle))

    def __str__(self) -> str:
        """The query, escaped like a form: "a=123&a=456&b=two+words"."""
        text = self._str
        if text is None:
            text = self._str = _string(lib.httpx_query_params_str(self._handle, NULL)).decode("ascii")
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return type(self), (str(self),)

    def update(self, params: QueryParamTypes | None = None) -> None:
        """RuntimeError: parameters are immutable."""
        raise RuntimeError("QueryParams are immutable since 0.18.0. Use `q = q.merge(...)` to create an updated copy.")

    def __setitem__(self, key: str, value: str) -> None:
        raise RuntimeError(
            "QueryParams are immutable since 0.18.0. Use `q = q.set(key, value)` to create an updated copy."
        )


def primitive_value_to_str(value: typing.Any) -> str:
    """A parameter's or a form's value as text: "true", "false", "" for None, else str(value)."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "" if value is None else str(value)


def _params_of_text(text: bytes) -> typing.Any:
    """The handle for a query."""
    out = _new("httpx_query_params **")
    err = error_slot()
    check(lib.httpx_query_params_parse(text, len(text), out, err), err)
    return owned(out[0], lib.httpx_query_params_free)


def _params_of_pairs(pairs: typing.Iterable[tuple[typing.Any, typing.Iterable[typing.Any]]]) -> typing.Any:
    """The handle for keys with their values."""
    form = form_of(pairs)
    out = _new("httpx_query_params **")
    err = error_slot()
    check(lib.httpx_query_params_from_form(form, out, err), err)
    return owned(out[0], lib.httpx_query_params_free)


def form_of(pairs: typing.Iterable[tuple[typing.Any, typing.Iterable[typing.Any]]]) -> typing.Any:
    """A form of the library's, of keys with their values, which become text as in `QueryParams`."""
    out = _new("httpx_form **")
    err = error_slot()
    check(lib.httpx_form_new(out, err), err)
    form = owned(out[0], lib.httpx_form_free)
    for key, values in pairs:
        name = as_bytes(str(key))
        for value in values:
            text = as_bytes(primitive_value_to_str(value))
            check(lib.httpx_form_add(form, name, len(name), text, len(text), err), err)
    return form
