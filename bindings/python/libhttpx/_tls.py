"""TLS in the words of the standard library: contexts that remember what is loaded into them, for the library to use.

Imported only by those who make or give a context: `ssl` is large.
"""

from __future__ import annotations

import os
import ssl
import sys
import typing
import warnings

from ._config import _new_tls
from ._ffi import NULL, check, error_slot, lib
from ._types import CertTypes

if typing.TYPE_CHECKING:
    from typing_extensions import Buffer, Self

__all__ = ["Context", "context_of", "tls_of_context"]

_Path = typing.Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_Password = typing.Union[str, bytes, bytearray, typing.Callable[[], typing.Union[str, bytes, bytearray]], None]


def context_of(verify: ssl.SSLContext | str | bool, cert: CertTypes | None, trust_env: bool) -> ssl.SSLContext:
    """See `create_ssl_context`."""
    context: ssl.SSLContext
    if isinstance(verify, ssl.SSLContext):
        context = verify
    elif isinstance(verify, str):
        warnings.warn(
            "`verify=<str>` is deprecated. Use `verify=ssl.create_default_context(cafile=...)` or "
            "`verify=ssl.create_default_context(capath=...)` instead.",
            DeprecationWarning,
            stacklevel=3,
        )
        context = _verifying(**{"capath" if os.path.isdir(verify) else "cafile": verify})
    elif verify is False:
        context = Context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust_env and os.environ.get("SSL_CERT_FILE"):
        context = _verifying(cafile=os.environ["SSL_CERT_FILE"])
    elif trust_env and os.environ.get("SSL_CERT_DIR"):
        context = _verifying(capath=os.environ["SSL_CERT_DIR"])
    else:
        context = _verifying()
    if cert:
        warnings.warn(
            "`cert=...` is deprecated. Use `verify=<ssl_context>` instead,"
            "with `.load_cert_chain()` to configure the certificate chain.",
            DeprecationWarning,
            stacklevel=3,
        )
        if isinstance(cert, str):
            context.load_cert_chain(cert)
        else:
            context.load_cert_chain(*cert)
    return context


def _verifying(cafile: str | None = None, capath: str | None = None) -> Context:
    """A context as `ssl.create_default_context` makes it; without a place for them, with the bundled certificates."""
    context = Context()
    if cafile or capath:
        context.load_verify_locations(cafile, capath)
    else:
        # These are for whoever else uses the context; the library has Mozilla's.
        ssl.SSLContext.load_default_certs(context)
        context._roots = lib.HTTPX_ROOTS_BUNDLED
    key_log = os.environ.get("SSLKEYLOGFILE")
    if key_log and not sys.flags.ignore_environment:
        context.keylog_filename = key_log
    return context


class Context(ssl.SSLContext):
    """An SSLContext for clients, which remembers certificates and keys: OpenSSL does not give them out again."""

    _roots: int
    _authorities: list[bytes]
    _directories: list[bytes]
    _chains: list[tuple[bytes, bytes, bytes]]

    def __new__(cls, protocol: int = ssl.PROTOCOL_TLS_CLIENT) -> Self:
        context = super().__new__(cls, protocol)
        context._roots = lib.HTTPX_ROOTS_NONE
        context._authorities = []
        context._directories = []
        context._chains = []
        return context

    def load_verify_locations(
        self,
        cafile: _Path | None = None,
        capath: _Path | None = None,
        cadata: str | Buffer | None = None,
    ) -> None:
        """Trusts the certificates in a file, in a directory, or in `cadata` (PEM text, or DER)."""
        super().load_verify_locations(cafile, capath, cadata)
        if cafile is not None:
            self._authorities.append(_content(cafile))
        if cadata is not None:
            self._authorities.append(cadata.encode("ascii") if isinstance(cadata, str) else bytes(cadata))
        if capath is not None and os.path.isdir(capath):
            self._directories.append(os.fsencode(capath))

    def load_default_certs(self, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> None:
        """Trusts the system's certificates, too."""
        super().load_default_certs(purpose)
        self._trust_system()

    def set_default_verify_paths(self) -> None:
        """Trusts the system's certificates, too."""
        super().set_default_verify_paths()
        self._trust_system()

    def _trust_system(self) -> None:
        if self._roots == lib.HTTPX_ROOTS_NONE:
            self._roots = lib.HTTPX_ROOTS_SYSTEM

    def load_cert_chain(self, certfile: _Path, keyfile: _Path | None = None, password: _Password = None) -> None:
        """Shows a client certificate to servers that ask for one. Without `keyfile` the key is in `certfile`."""
        secret = password() if callable(password) else password
        super().load_cert_chain(certfile, keyfile, secret)
        raw = secret.encode("utf-8") if isinstance(secret, str) else bytes(secret or b"")
        self._chains.append((_content(certfile), _content(keyfile) if keyfile is not None else b"", raw))

    def _tls(self) -> typing.Any:
        """The library's settings that say the same, freed with their owner."""
        tls = _new_tls()
        err = error_slot()
        check(lib.httpx_tls_roots(tls, self._roots, err), err)
        for authority in self._authorities:
            check(lib.httpx_tls_ca_data(tls, authority, len(authority), err), err)
        for directory in self._directories:
            check(lib.httpx_tls_ca_path(tls, directory, len(directory), err), err)
        for cert, key, password in self._chains[-1:]:
            check(
                lib.httpx_tls_cert_data(
                    tls, cert, len(cert), key or NULL, len(key), password or NULL, len(password), err
                ),
                err,
            )
        return tls


def _content(path: _Path) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def tls_of_context(context: ssl.SSLContext) -> typing.Any:
    """The library's settings for a context, freed with their owner.

    Of a context that `create_ssl_context` made, all of it. Of others what can be seen: a client's certificate can't.
    ValueError for one that verifies but shows no certificates to verify with.
    """
    err = error_slot()
    if isinstance(context, Context):
        tls = context._tls()
    else:
        tls = _new_tls()
        _trust_visible(tls, context)
    if context.verify_mode == ssl.CERT_NONE:
        check(lib.httpx_tls_verify(tls, 0, err), err)
    elif not context.check_hostname:
        check(lib.httpx_tls_check_hostname(tls, 0, err), err)
    oldest, newest = _versions(context)
    check(lib.httpx_tls_versions(tls, oldest, newest, err), err)
    key_log = getattr(context, "keylog_filename", None)
    if key_log:
        path = os.fsencode(key_log)
        check(lib.httpx_tls_key_log(tls, path, len(path), err), err)
    return tls


def _trust_visible(tls: typing.Any, context: ssl.SSLContext) -> None:
    """Has a context's certificates trusted, which it gives out once it has loaded them."""
    err = error_slot()
    if type(context).__module__.partition(".")[0] == "truststore":
        check(lib.httpx_tls_roots(tls, lib.HTTPX_ROOTS_SYSTEM, err), err)
        return
    authorities = context.get_ca_certs(binary_form=True)
    if not authorities and context.verify_mode != ssl.CERT_NONE:
        raise ValueError(
            "The SSLContext verifies certificates but shows none to verify with: it has none, or finds them in a "
            "directory. Make it with create_ssl_context(), which remembers what is loaded into it, or give it a file: "
            "load_verify_locations(cafile=...)."
        )
    check(lib.httpx_tls_roots(tls, lib.HTTPX_ROOTS_NONE, err), err)
    for authority in authorities:
        check(lib.httpx_tls_ca_data(tls, authority, len(authority), err), err)


def _versions(context: ssl.SSLContext) -> tuple[int, int]:
    """The oldest and the newest version of TLS that the library may speak for a context."""
    both = (lib.HTTPX_TLS_1_2, lib.HTTPX_TLS_1_3)
    allowed = [
        version
        for version, excluded in zip(both, (ssl.OP_NO_TLSv1_2, ssl.OP_NO_TLSv1_3))
        if not context.options & excluded
        and context.minimum_version <= version
        and (context.maximum_version == ssl.TLSVersion.MAXIMUM_SUPPORTED or version <= context.maximum_version)
    ]
    if not allowed:
        raise ValueError("The SSLContext allows neither TLS 1.2 nor TLS 1.3, and no other is spoken.")
    return allowed[0], allowed[-1]
