"""`Headers`: lines of names and values over the library's handle, which decodes, compares and orders them.

What the handle was asked is kept until it changes.
"""

from __future__ import annotations

import typing

from ._ffi import NULL, as_bytes, check, error_slot, ffi, lib, owned
from ._locks import turn
from ._types import HeaderTypes

__all__ = ["Headers"]

_new = ffi.new
_string: typing.Callable[[typing.Any], bytes] = ffi.string
_unpack: typing.Callable[[typing.Any, int], bytes] = ffi.unpack


def _encoded(text: str | bytes, encoding: str) -> bytes:
    return text if isinstance(text, bytes) else text.encode(encoding)


def _value(value: typing.Any, encoding: str) -> bytes:
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"Header value must be str or bytes, not {type(value)}")
    return _encoded(value, encoding)


class Headers(typing.MutableMapping[str, str]):
    """HTTP headers: an ordered list of lines, looked up without regard to case.

    Of a mapping or of pairs, str or bytes; text is taken as ASCII unless an `encoding` is given. As a mapping it has
    each name once, in lower case, with the values of its lines put together with ", ".
    """

    _handle: typing.Any

    def __init__(self, headers: HeaderTypes | None = None, encoding: str | None = None) -> None:
        out = _new("httpx_headers **")
        err = error_slot()
        if isinstance(headers, Headers):
            with turn:
                check(lib.httpx_headers_copy(headers._handle, out, err), err)
        else:
            check(lib.httpx_headers_new(out, err), err)
        handle = owned(out[0], lib.httpx_headers_free)
        self._set_up(handle)
        if isinstance(headers, Headers):
            if headers._encoding != encoding:
                self._set_encoding(encoding)
            return
        if headers is not None:
            lines = headers.items() if isinstance(headers, typing.Mapping) else headers
            codec = encoding or "ascii"
            for name, value in lines:
                # Most values are text in ASCII, and need no look at what they are.
                raw_name, raw_value = _encoded(name, codec), _value(value, codec)
                if lib.httpx_headers_add(handle, raw_name, len(raw_name), raw_value, len(raw_value), NULL):
                    check(lib.httpx_headers_add(handle, raw_name, len(raw_name), raw_value, len(raw_value), err), err)
        if encoding is not None:
            self._set_encoding(encoding)

    def _set_up(self, handle: typing.Any, changed: typing.Callable[[], object] | None = None) -> None:
        # Any bytes, as in HTTPX: what cannot be sent is refused when it is sent.
        lib.httpx_headers_set_lenient(handle, 1, NULL)
        self._handle = handle
        self._changed = changed
        # What `encoding` was set to.
        self._encoding: str | None = None
        # What the handle said: for names (in lower case), all lines as bytes, all lines as text.
        self._texts: dict[str, str | None] = {}
        self._lines: list[tuple[bytes, bytes]] | None = None
        self._items: list[tuple[str, str]] | None = None

    @classmethod
    def _wrap(cls, handle: typing.Any, changed: typing.Callable[[], object] | None = None) -> Headers:
        """The headers of a handle, which is theirs from now on. `changed` is called whenever they have changed."""
        headers = cls.__new__(cls)
        headers._set_up(owned(handle, lib.httpx_headers_free), changed)
        return headers

    def _change(self, change: typing.Callable[..., int], *arguments: typing.Any) -> int:
        """Calls a function that changes the handle, and forgets what the handle said before; returns its code."""
        with turn:
            code = change(self._handle, *arguments)
            if code:
                return code
            self._texts = {}
            self._lines = None
            self._items = None
        if self._changed is not None:
            self._changed()
        return code

    def _set_encoding(self, encoding: str | None) -> None:
        err = error_slot()
        label = as_bytes(encoding) if encoding else b""
        with turn:
            code = lib.httpx_headers_set_encoding(self._handle, label or NULL, len(label), err)
            if code == lib.HTTPX_E_INVALID_ARGUMENT:
                lib.httpx_error_free(err[0])
                raise LookupError(f"unknown encoding: {encoding}")
            check(code, err)
            self._encoding = encoding
            self._texts = {}
            self._items = None

    @property
    def encoding(self) -> str:
        """The encoding in which values are read: what was set, or the first of "ascii", "utf-8" and "iso-8859-1" that
        fits all of them.
        """
        if self._encoding is not None:
            return self._encoding
        with turn:
            return _string(lib.httpx_headers_encoding(self._handle)).decode("ascii")

    @encoding.setter
    def encoding(self, value: str) -> None:
        self._set_encoding(value)

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """All lines as they are on the wire, with the names' case."""
        lines = self._lines
        if lines is None:
            lines = []
            handle = self._handle
            slots = _new("const uint8_t *[2]")
            lengths = _new("size_t[2]")
            with turn:
                for index in range(lib.httpx_headers_count(handle)):
                    lib.httpx_headers_at(handle, index, slots, lengths, slots + 1, lengths + 1, NULL)
                    name, value = ffi.buffer(slots[0], lengths[0]), ffi.buffer(slots[1], lengths[1])
                    lines.append((bytes(name), bytes(value)))
                self._lines = lines
        return list(lines)

    def keys(self) -> typing.KeysView[str]:
        """All names, once each, in lower case."""
        return dict.fromkeys([name for name, _ in self._all()], "").keys()

    def values(self) -> typing.ValuesView[str]:
        """The value of each name; those of lines with the same name are put together with ", "."""
        return self._joined().values()

    def items(self) -> typing.ItemsView[str, str]:
        """Each name with its value, as `keys` and `values`."""
        return self._joined().items()

    def multi_items(self) -> list[tuple[str, str]]:
        """All lines as text, with the names in lower case."""
        return list(self._all())

    def _joined(self) -> dict[str, str]:
        lines = self._all()
        joined = dict(lines)
        if len(joined) != len(lines):
            return {name: self[name] for name in joined}
        return joined

    def _all(self) -> list[tuple[str, str]]:
        """`multi_items`, not to be changed."""
        items = self._items
        if items is None:
            items = []
            handle = self._handle
            slots = _new("const char *[2]")
            lengths = _new("size_t[2]")
            with turn:
                for index in range(lib.httpx_headers_count(handle)):
                    lib.httpx_headers_item_at(handle, index, slots, lengths, slots + 1, lengths + 1, NULL)
                    name = _unpack(slots[0], lengths[0]) if lengths[0] else b""
                    value = _unpack(slots[1], lengths[1]) if lengths[1] else b""
                    items.append((name.decode("utf-8"), value.decode("utf-8")))
                self._items = items
        return items

    def get(self, key: str, default: typing.Any = None) -> typing.Any:
        """The value of a name; those of several lines are put together with ", ". `default` if there is none."""
        value = self._look_up(key)
        return default if value is None else value

    def _look_up(self, key: str) -> str | None:
        name = key.lower()
        try:
            return self._texts[name]
        except KeyError:
            pass
        raw = as_bytes(name)
        slot = _new("const char **")
        length = _new("size_t *")
        with turn:
            text = None
            if not lib.httpx_headers_get(self._handle, raw, len(raw), slot, length, NULL):
                text = _unpack(slot[0], length[0]).decode("utf-8") if length[0] else ""
            self._texts[name] = text
        return text

    def get_list(self, key: str, split_commas: bool = False) -> list[str]:
        """What each line of a name says; with `split_commas`, what stands between their commas."""
        raw = as_bytes(key.lower())
        slot = _new("const char **")
        length = _new("size_t *")
        values: list[str] = []
        with turn:
            while not lib.httpx_headers_get_list_at(
                self._handle, raw, len(raw), split_commas, len(values), slot, length, NULL
            ):
                values.append(_unpack(slot[0], length[0]).decode("utf-8") if length[0] else "")
        return values

    def update(self, headers: HeaderTypes | None = None) -> None:  # type: ignore[override]
        """Puts these headers in, in the place of those with the same names."""
        other = headers if isinstance(headers, Headers) else Headers(headers)
        if other is self:
            return
        err = error_slot()
        check(self._change(lib.httpx_headers_update, other._handle, err), err)

    def copy(self) -> Headers:
        """A copy that nothing here changes."""
        return Headers(self, encoding=self._encoding)

    def __getitem__(self, key: str) -> str:
        value = self._look_up(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: str) -> None:
        codec = self._encoding or "utf-8"
        name, text = _encoded(key, codec), _encoded(value, codec)
        err = error_slot()
        check(self._change(lib.httpx_headers_set, name, len(name), text, len(text), err), err)

    def __delitem__(self, key: str) -> None:
        name = as_bytes(key)
        if self._change(lib.httpx_headers_remove, name, len(name), NULL):
            raise KeyError(key)

    def __contains__(self, key: typing.Any) -> bool:
        return self._look_up(key) is not None

    def __iter__(self) -> typing.Iterator[typing.Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        return lib.httpx_headers_count(self._handle)  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            try:
                other = Headers(typing.cast("HeaderTypes", other))
            except ValueError:
                return False
        with turn:
            return bool(lib.httpx_headers_equal(self._handle, other._handle))

    def __repr__(self) -> str:
        slot = _new("const char **")
        length = _new("size_t *")
        err = error_slot()
        with turn:
            check(lib.httpx_headers_repr(self._handle, slot, length, err), err)
            return _unpack(slot[0], length[0]).decode("utf-8")

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return type(self), (self.raw, self._encoding)

    @property
    def _list(self) -> list[tuple[bytes, bytes, bytes]]:
        """HTTPX's own list, which other packages look at: name, name in lower case, value."""
        return [(name, name.lower(), value) for name, value in self.raw]
