"""Runs the code samples of the reference documentation as they stand; only `import httpx` gives libhttpx.

The names in the samples (httpbin.org, example.org, github.com, …) are names of this machine: run in a network and mounts of
its own (`unshare --net --mount`), this puts them into /etc/hosts, and serves them on their usual ports, TLS included.
httpbin.org is httpx-test-server, the others are small pages here. The files that samples open are there, too.

A page's samples share their names, as in a session. Those with prompts (`>>>`) have to show what the page shows, with `...`
for anything. What is no Python (shell, listings) is not run. Outcomes go to JUDGE_RESULTS as judge.py's do; a sample is
called by its page and its number there.
"""

from __future__ import annotations

import ast
import asyncio
import codeop
import contextlib
import doctest
import faulthandler
import http.server
import inspect
import io
import json
import os
import re
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import typing
from pathlib import Path

import trustme

import isolated

FENCE = "```"
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CHECKS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NETRC = b"machine example.org login example-username password example-password\n"
HTTPBIN, OTHERS = "127.0.0.2", "127.0.0.1"
NAMES = {
    HTTPBIN: ["httpbin.org"],
    OTHERS: ["example.org", "www.example.org", "example.com", "www.example.com", "github.com", "api.github.com"]
    + ["api.example.com", "speed.hetzner.de", "docker", "localhost"],
}

# Samples that run, but whose page shows something else than any version prints.
ILLUSTRATIVE = {
    "QuickStart#6": "the page has the parameters in another order",
    "QuickStart#9": "an encoding's name is in lower case",
    "QuickStart#10": "there is a second page with another encoding, which is not named",
    "QuickStart#14": "JSON, half in the repr of Python 2",
    "QuickStart#16": "the keys in another order",
    "QuickStart#18": "the file's content",
    "QuickStart#19": "the file's content",
    "QuickStart#20": "the file's content, and a comma too many",
    "QuickStart#28": "another server's headers",
    "Advanced Usage#48": "the file's content",
    "Advanced Usage#49": "text-content instead of text content",
    "Advanced Usage#66": "Response <200 OK>, which no version prints",
    "Advanced Usage#69": "another server's JSON",
    "Advanced Usage#72": "JSON instead of a dict's repr",
}


class Sample(typing.NamedTuple):
    """A block of the documentation."""

    name: str
    page: str
    source: str


def samples_of(text: str, document: str) -> typing.Iterator[Sample]:
    """The blocks that are Python, or would be if they were complete."""
    page, number, block, begins = document, 0, None, True
    for line in text.splitlines():
        if line.startswith(FENCE):
            if block is None:
                block = []
            else:
                source = "\n".join(block)
                block = None
                number += 1
                if is_python(source):
                    yield Sample(f"{page}#{number}", page, source)
        elif block is not None:
            block.append(line)
        elif line == "## HTTPX":
            begins = True
        elif begins and line.startswith("# "):
            page, number, begins = line[2:].strip(), 0, False


def is_python(source: str) -> bool:
    """Whether a block has prompts, or is a Python program that does more than to name something."""
    if ">>> " in source:
        return True
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, (ast.Call, ast.Await)) for node in tree.body)


class Session:
    """What the samples of a page share: names, and an event loop for what they await."""

    def __init__(self) -> None:
        import httpx

        self.names: dict[str, typing.Any] = {
            "__name__": "__main__",
            "httpx": httpx,
            # What pages take for granted.
            "os": os,
            "ssl": ssl,
            "TOO_LONG": 10_000,
            "url": "https://www.example.org/",
            "kwargs": {},
            "client": httpx.Client(),
            **{name: getattr(httpx, name) for name in ("Client", "Cookies", "Headers", "Request", "URL")},
        }
        self.loop = asyncio.new_event_loop()

    def run(self, source: str, check_output: bool) -> None:
        """Runs a sample; raises what it raises, and AssertionError for output that is not the page's."""
        if ">>> " not in source:
            self._execute(source, "exec")
            return
        for example in doctest.DocTestParser().get_examples(source):
            shown, raised = self._show(example.source)
            if example.want.startswith("Traceback"):
                if raised is None:
                    raise AssertionError(f"{example.source.strip()} has raised nothing")
            elif raised is not None:
                raise raised
            elif (
                check_output and example.want and not doctest.OutputChecker().check_output(example.want, shown, CHECKS)
            ):
                raise AssertionError(f"{example.source.strip()} shows {shown.strip()!r}, not {example.want.strip()!r}")

    def _show(self, source: str) -> tuple[str, Exception | None]:
        shown = io.StringIO()
        try:
            with contextlib.redirect_stdout(shown):
                self._execute(source, "single")
        except Exception as error:  # noqa: BLE001 - a sample may raise anything
            return shown.getvalue(), error
        return shown.getvalue(), None

    def _execute(self, source: str, mode: str) -> None:
        code = compile(source, "<sample>", mode, flags=FLAGS | codeop.PyCF_DONT_IMPLY_DEDENT)
        outcome = eval(code, self.names)
        if inspect.iscoroutine(outcome):
            self.loop.run_until_complete(outcome)


# ---- the surroundings


class Pages(http.server.BaseHTTPRequestHandler):
    """example.org and the others."""

    protocol_version = "HTTP/1.1"
    HTML = b"<!doctype html>\n<html>\n<head>\n<title>Example Domain</title>\n</head>\n</html>\n"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers["Host"].partition(":")[0]
        secure = isinstance(self.connection, ssl.SSLSocket)
        if host == "github.com" and not secure:
            self._answer(301, b"", "text/html", Location="https://github.com/")
        elif host in ("api.github.com", "docker"):
            self._answer(200, b'[{"repository": {"open_issues": 0}}]', "application/json")
        else:
            self._answer(200, self.HTML, "text/html; charset=UTF-8")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def do_CONNECT(self) -> None:
        """The samples' proxy: a tunnel to one of the names."""
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response_only(200)
            self.end_headers()
            splice(self.connection, far)
        self.close_connection = True

    def _answer(self, status: int, body: bytes, media_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def splice(one: socket.socket, other: socket.socket) -> None:
    """Passes bytes on in both directions, until one side has ended."""
    ways = {one: other, other: one}
    while True:
        pending = any(isinstance(each, ssl.SSLSocket) and each.pending() for each in ways)
        ready = select.select(ways, [], [])[0] if not pending else list(ways)
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            ways[source].sendall(data)


def serve_pages(place: tuple[str, int], context: ssl.SSLContext | None) -> None:
    server = http.server.ThreadingHTTPServer(place, Pages)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def forward(place: tuple[str, int], to: int, context: ssl.SSLContext | None) -> None:
    """Another port of httpx-test-server's."""

    def serve(near: socket.socket) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", to)) as far:
            splice(context.wrap_socket(near, server_side=True) if context else near, far)

    def accept(listener: socket.socket) -> None:
        while True:
            near, _ = listener.accept()
            threading.Thread(target=serve, args=(near,), daemon=True).start()

    threading.Thread(target=accept, args=(socket.create_server(place),), daemon=True).start()


def start_servers(origin: int, folder: Path) -> None:
    """All names on their usual ports; the authority is what SSL_CERT_FILE says from now on."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*(name for names in NAMES.values() for name in names))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    for secure, port in ((None, 80), (context, 443)):
        serve_pages((OTHERS, port), secure)
        forward((HTTPBIN, port), origin, secure)
    serve_pages((OTHERS, 8000), context)
    serve_pages((OTHERS, 8080), None)
    # Nothing here needs the real one.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    docker = socketserver.ThreadingUnixStreamServer("/run/docker.sock", Pages)
    threading.Thread(target=docker.serve_forever, daemon=True).start()


def name_them(folder: Path) -> None:
    """An /etc/hosts that only this mount namespace sees."""
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{address} {' '.join(names)}\n" for address, names in NAMES.items()))
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def provide_files(folder: Path) -> typing.Iterator[Path]:
    """What samples open: here, and at the two places that they say. Gives what is to be removed."""
    for name in ("report.xls", "foo.png", "bar.png"):
        (folder / name).write_bytes(b"content")
    authority = (folder / "ca.pem").read_bytes()
    own = trustme.CA().issue_cert("client")
    (folder / ".netrc").write_bytes(NETRC)
    (folder / ".netrc").chmod(0o600)
    os.environ["HOME"] = str(folder)
    os.environ["NETRC"] = str(folder / ".netrc")
    near = folder / "path" / "to"
    near.mkdir(parents=True)
    pems = [own.private_key_pem, *own.cert_chain_pems]
    (near / "client.pem").write_bytes(b"".join(pem.bytes() for pem in pems) + authority)
    (near / "client.key").write_bytes(own.private_key_pem.bytes())
    for path, content in (
        (Path("/tmp/client.pem"), authority),
        (Path("/path/to/client.pem"), authority),
        (Path("/path/to/.netrc"), NETRC),
    ):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield path


@contextlib.contextmanager
def surroundings(server: Path) -> typing.Iterator[None]:
    """Everything that samples find: servers, names, files."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        isolated.raise_loopback()
        process = subprocess.Popen(
            [str(server), "--ca-dir", str(folder / "server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None and process.stdout is not None
        start_servers(json.loads(process.stdout.readline())["http"], folder)
        name_them(folder)
        os.chdir(folder)
        provided: list[Path] = []
        try:
            provided.extend(provide_files(folder))
            yield
        finally:
            for path in provided:
                path.unlink()
            with contextlib.suppress(OSError):
                os.removedirs("/path/to")
            process.stdin.close()
            process.wait(30)


def main() -> None:
    """samples.py SERVER DOCUMENT...: runs every sample of every document."""
    server, *documents = map(Path, sys.argv[1:])
    if os.environ.get("JUDGE_STOCK") != "1":
        import libhttpx

        libhttpx.install_as_httpx(httpcore=True)
    with open(os.environ["JUDGE_RESULTS"], "a", encoding="utf-8") as results, surroundings(server):
        sessions: dict[str, Session] = {}
        for document in documents:
            for sample in samples_of(document.read_text(encoding="utf-8"), document.stem):
                outcome, why = "passed", ""
                faulthandler.dump_traceback_later(30, exit=True)
                results.write(json.dumps({"begin": sample.name}) + "\n")
                results.flush()
                try:
                    sessions.setdefault(sample.page, Session()).run(sample.source, sample.name not in ILLUSTRATIVE)
                except Exception as error:  # noqa: BLE001
                    first = next(iter(sample.source.strip().splitlines()), "")
                    outcome, why = "failed", re.sub(r"\s+", " ", f"{first!r}: {type(error).__name__}: {error}")
                faulthandler.cancel_dump_traceback_later()
                results.write(json.dumps({"end": sample.name, "outcome": outcome, "why": why}) + "\n")
                results.flush()


if __name__ == "__main__":
    main()
