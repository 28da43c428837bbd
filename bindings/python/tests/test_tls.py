"""Whom a client trusts, said with Python's own SSLContext."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import typing
import warnings
from pathlib import Path

import pytest

import libhttpx as httpx
from libhttpx import errors

if typing.TYPE_CHECKING:
    from conftest import Origin


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
