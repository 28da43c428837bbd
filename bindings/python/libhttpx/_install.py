"""Taking the place of httpx: whoever imports it afterwards gets this package."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import types
import typing

__all__ = ["install_as_httpx", "later"]

_OWN = __name__.rpartition(".")[0]


class _Finder:
    """Finds a name, and what lies below it, as a module of this package: the very same module object."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def find_spec(
        self,
        fullname: str,
        path: typing.Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        first, dot, rest = fullname.partition(".")
        own = self._names.get(first)
        if own is None:
            return None
        spec = importlib.machinery.ModuleSpec(fullname, typing.cast(typing.Any, self))
        spec.loader_state = own + dot + rest
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(spec.loader_state)
        getattr(module, "__all__", None)  # One that was put off is loaded now.
        spec.loader_state = (module, module.__spec__, module.__loader__)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        # The import system has put its own spec into the module: that of its real name comes back.
        spec = module.__spec__
        assert spec is not None
        name, state = spec.name, spec.loader_state
        module.__spec__, module.__loader__ = state[1], state[2]
        sys.modules[name] = module


def install_as_httpx(*, httpcore: bool = False) -> None:
    """Has `import httpx` give this package, and with `httpcore` also `import httpcore` its `libhttpx.httpcore`.

    It has to be called before anything has imported httpx: RuntimeError otherwise.
    """
    names = {"httpx": _OWN}
    if httpcore:
        names["httpcore"] = f"{_OWN}.httpcore"
    for name, own in names.items():
        there = sys.modules.get(name)
        if there is not None and there.__name__ != own:
            raise RuntimeError(f"{name!r} was imported before libhttpx.install_as_httpx() was called.")
    sys.meta_path.insert(0, typing.cast(typing.Any, _Finder(names)))
    # Importing httpx has always brought this with it, and there are programs that go by that.
    importlib.import_module("http.cookiejar")


def later(package: str, name: str) -> types.ModuleType:
    """A module of a package that is loaded when something of it is asked for."""
    spec = importlib.util.find_spec(f"{package}.{name}")
    assert spec is not None and spec.loader is not None
    loader = spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
