"""The command line."""

from __future__ import annotations

import json
import subprocess
import sys
import typing
from pathlib import Path

import pytest

if typing.TYPE_CHECKING:
    from conftest import Origin

pytest.importorskip("click")
pytest.importorskip("rich")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "libhttpx", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_it_sends_and_shows_json(origin: Origin) -> None:
    ended = _run(origin.http + "/anything", "-m", "PUT", "-j", '{"a": 1}', "-p", "b", "2", "-h", "X-C", "3")
    assert ended.returncode == 0
    assert ended.stdout.startswith("HTTP/1.1 200 OK")
    shown = json.loads(ended.stdout[ended.stdout.index("\n{") :])
    assert (shown["method"], shown["args"], shown["json"]) == ("PUT", {"b": "2"}, {"a": 1})
    assert shown["headers"]["X-C"] == "3"


def test_verbose_shows_the_request_in_its_place(origin: Origin) -> None:
    ended = _run(origin.http + "/get?a=b", "-v", "--auth", "user", "pass")
    lines = [line.strip() for line in ended.stdout.splitlines()]
    port = origin.port("http")
    assert lines[:4] == [
        "* Connecting to '127.0.0.1'",
        f"* Connected to '127.0.0.1' on port {port}",
        "GET /get?a=b HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
    ]
    assert "Authorization: Basic dXNlcjpwYXNz" in lines
    assert lines.index("HTTP/1.1 200 OK") > lines.index("Authorization: Basic dXNlcjpwYXNz")


def test_it_saves_a_body(origin: Origin, tmp_path: Path) -> None:
    file = tmp_path / "body"
    ended = _run(origin.http + "/bytes/100000", "--download", str(file))
    assert ended.returncode == 0
    assert file.stat().st_size == 100_000


def test_it_ends_with_one_for_an_error(origin: Origin) -> None:
    assert _run(origin.http + "/status/404").returncode == 1
    ended = _run("ftp://h/")
    assert ended.returncode == 1
    assert "UnsupportedProtocol: " in ended.stdout


def test_redirects_are_followed_when_asked_for(origin: Origin) -> None:
    assert _run(origin.http + "/redirect/1").returncode == 1
    ended = _run(origin.http + "/redirect/1", "--follow-redirects")
    assert ended.returncode == 0
    assert ended.stdout.index(" 302 ") < ended.stdout.index(" 200 ")


def test_help_names_every_option() -> None:
    ended = _run("--help")
    assert ended.returncode == 0
    for option in ("--method", "--json", "--proxy", "--http2", "--download", "--no-verify"):
        assert option in ended.stdout
