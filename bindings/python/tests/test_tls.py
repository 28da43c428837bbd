"""Whom a client trusts, said with Python's own SSLContext."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import typing
import warnings
from pathlib import Path

import pytest

import libhttpx as httpx
from libhttpx import errors

if typing.TYPE_CHECKING:
    from conftest import Origin
    from typing_extensions import Self


def _status(origin: Origin, **arguments: typing.Any) -> int:
    with httpx.Client(**arguments) as client:
        return client.get(origin.https + "/get").status_code


def test_an_authority_that_is_not_known_is_refused(origin: Origin) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        _status(origin)
    assert isinstance(caught.value, errors.CertificateError)
    assert caught.value.request.url == origin.https + "/get"


def test_nothing_is_checked_without_verify(origin: Origin) -> None:
    assert _status(origin, verify=False) == 200
    assert _status(origin, verify=httpx.create_ssl_context(verify=False)) == 200


def test_a_context_of_create_ssl_context_trusts_what_is_loaded_into_it(origin: Origin) -> None:
    context = httpx.create_ssl_context()
    assert isinstance(context, ssl.SSLContext)
    context.load_verify_locations(origin.ca)
    assert _status(origin, verify=context) == 200
    context = httpx.create_ssl_context()
    context.load_verify_locations(cadata=Path(origin.ca).read_text())
    assert _status(origin, verify=context) == 200
    context = httpx.create_ssl_context()
    context.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(Path(origin.ca).read_text()))
    assert _status(origin, verify=context) == 200


def test_what_was_loaded_from_a_file_stays_when_the_file_goes(origin: Origin, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(Path(origin.ca).read_bytes())
    context = httpx.create_ssl_context()
    context.load_verify_locations(file)
    file.unlink()
    assert _status(origin, verify=context) == 200


def test_a_context_of_the_standard_library_with_a_file_of_authorities(origin: Origin) -> None:
    assert _status(origin, verify=ssl.create_default_context(cafile=origin.ca)) == 200


def test_a_context_that_verifies_but_shows_no_authority_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="create_ssl_context"):
        httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_a_context_that_does_not_verify_needs_no_authority(origin: Origin) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    assert _status(origin, verify=context) == 200


def test_names_are_not_checked_if_the_context_says_so(origin: Origin) -> None:
    context = httpx.create_ssl_context()
    context.load_verify_locations(origin.ca)
    wrong = origin.https.replace("127.0.0.1", "127.0.0.2") + "/get"
    with httpx.Client(verify=context) as client, pytest.raises(httpx.ConnectError):
        client.get(wrong, extensions={"sni_hostname": "other.example"})
    context.check_hostname = False
    with httpx.Client(verify=context) as client:
        assert client.get(origin.https + "/get", extensions={"sni_hostname": "other.example"}).status_code == 200


def test_the_versions_of_a_context_count(origin: Origin) -> None:
    context = httpx.create_ssl_context()
    context.load_verify_locations(origin.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert _status(origin, verify=context) == 200
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    assert _status(origin, verify=context) == 200
    context = httpx.create_ssl_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.options |= ssl.OP_NO_TLSv1_3 | ssl.OP_NO_TLSv1_2
    with pytest.raises(ValueError, match=r"TLS 1\.2"):
        httpx.Client(verify=context)


def test_the_environment_says_whom_to_trust(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", origin.ca)
    assert _status(origin) == 200
    assert _status(origin, verify=httpx.create_ssl_context()) == 200
    with pytest.raises(httpx.ConnectError):
        _status(origin, trust_env=False)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", os.path.dirname(origin.ca))
    assert _status(origin) == 200
    assert _status(origin, verify=httpx.create_ssl_context()) == 200


def test_an_authority_of_the_environment_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    with pytest.raises(FileNotFoundError):
        httpx.Client()


def test_a_path_as_verify_still_works(origin: Origin) -> None:
    with pytest.warns(DeprecationWarning, match="verify=<str>"):
        assert _status(origin, verify=origin.ca) == 200
    with pytest.warns(DeprecationWarning, match="verify=<str>"):
        assert _status(origin, verify=os.path.dirname(origin.ca)) == 200


def test_a_certificate_that_is_not_there_still_is_an_error() -> None:
    with pytest.warns(DeprecationWarning, match="cert="), pytest.raises(FileNotFoundError):
        httpx.Client(cert=("/no/such/file", "/no/such/key"))


def test_secrets_of_tls_are_logged_where_the_environment_says(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(file))
    assert _status(origin, verify=False) == 200
    assert "CLIENT_" in file.read_text()


def test_https_needs_no_ssl_module(origin: Origin) -> None:
    program = (
        "import sys, libhttpx\n"
        f"assert libhttpx.get({origin.https + '/get'!r}, verify=False).status_code == 200\n"
        "assert 'ssl' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


class _Asking:
    """A server that wants a client's certificate, and answers each request with the name in it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._stopped:
                    return
                try:
                    self._answer(connection)
                except OSError:
                    continue

    def _answer(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65_536)
            name = str(dict(typing.cast("typing.Any", tls.getpeercert())["subjectAltName"])["email"]).encode()
            tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(name) + name)

    def __enter__(self) -> Self:
        self._stopped = False
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopped = True
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()


def test_a_client_shows_the_certificate_that_was_loaded_into_its_context(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(of_server)
    authority.configure_trust(of_server)
    of_server.verify_mode = ssl.CERT_REQUIRED
    chain = tmp_path / "client.pem"
    authority.issue_cert("me@example.org").private_key_and_cert_chain_pem.write_to_path(str(chain))

    context = httpx.create_ssl_context()
    authority.configure_trust(context)
    foreign = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    foreign.load_cert_chain(chain)
    with _Asking(of_server) as server:
        with pytest.raises(errors.ClientCertificateRequired):
            httpx.get(server.url, verify=context)
        context.load_cert_chain(chain)
        chain.unlink()
        assert httpx.get(server.url, verify=context).text == "me@example.org"
        # What OpenSSL was given by others, it does not give out again.
        with pytest.raises(errors.ClientCertificateRequired):
            httpx.get(server.url, verify=foreign)
